"""The shape of what a coordinator fills in about programmes, projects and courses."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, DecimalField, IntegerField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp, ValidationError
from wtforms.widgets import TextInput

from dostyk.core.forms import Form, LanguagesField, LocalizedField, Years, choices, tidy
from dostyk.courses.labels import EXCUSED, FINDINGS, KINDS, LATE
from dostyk.courses.rules import ENFORCEABLE, CourseKind, ExcusedHours, LateHours
from dostyk.courses.service import CourseDetails, ProgrammeDetails, ProjectDetails


class HoursField(DecimalField):
    """Academic hours with at most two decimals; a comma is as good as a point, so it is no number field of the browser."""

    widget = TextInput()

    def __init__(self, label: object = None, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, places=None, **kwargs)

    def process_formdata(self, valuelist: Any) -> None:
        super().process_formdata([value.strip().replace(",", ".") for value in valuelist])

    def _value(self) -> str:
        return f"{self.data.normalize():f}" if not self.raw_data and self.data is not None else str(super()._value())

    def pre_validate(self, form: Any) -> None:
        if self.data is not None and self.data.is_finite() and int(self.data.normalize().as_tuple().exponent) < -2:
            raise ValidationError(str(_l("At most two digits after the point.")))


class ProgrammeForm(Form):
    code = StringField(
        _l("Code"),
        [InputRequired(), Length(max=8), Regexp(r"^[A-Z0-9]+$", message=_l("Use Latin capital letters and digits only, such as DIG."))],
        filters=[lambda text: tidy(text).upper()],
        description=_l("A few letters, such as DIG. It stands in the codes of cohorts and the numbers of certificates."),
    )
    title = LocalizedField(_l("Title"), required=True)
    summary = LocalizedField(_l("Summary"), long=True)

    def details(self) -> ProgrammeDetails:
        return ProgrammeDetails(self.code.data or "", self.title.data, self.summary.data)


class ProjectForm(Form):
    title = LocalizedField(_l("Title"), required=True)
    donor_id = SelectField(_l("Donor"), coerce=lambda value: int(value) if value else None)
    starts_on = DateField(_l("Begins on"), [Optional(), Years()])
    ends_on = DateField(_l("Ends on"), [Optional(), Years()])

    def offer(self, donors: Iterable[tuple[int, str]]) -> None:
        """The donors to choose from, as (number, name)."""
        self.donor_id.choices = choices(((str(number), name) for number, name in donors), empty=_l("No donor"))

    def details(self) -> ProjectDetails:
        return ProjectDetails(self.title.data, self.donor_id.data, self.starts_on.data, self.ends_on.data)


class CourseForm(Form):
    project_id = SelectField(_l("Project"), [InputRequired()], coerce=lambda value: int(value) if value else None)
    title = LocalizedField(_l("Title"), required=True)
    summary = LocalizedField(_l("Summary"), long=True, description=_l("What participants learn, for whom it is, how it is taught."))
    kind = RadioField(
        _l("Kind"), [InputRequired()], choices=choices((k.value, word) for k, word in KINDS.items()), default=CourseKind.ADVANCED.value
    )
    academic_hours = HoursField(
        _l("Academic hours"),
        [InputRequired(), NumberRange(min=Decimal("0.01"), max=9999, message=_l("More than 0 and at most 9,999 academic hours."))],
    )
    minutes_per_hour = IntegerField(
        _l("Minutes of an academic hour"),
        [InputRequired(), NumberRange(min=40, max=50, message=_l("An academic hour has 40 to 50 minutes."))],
        default=45, description=_l("40 to 50, as the host's statute says. It is printed on certificates."),
    )  # fmt: skip
    languages = LanguagesField(_l("Languages of instruction"), [InputRequired(message=_l("Choose at least one language."))])
    least_attendance = IntegerField(
        _l("Least attendance, in percent of the academic hours"),
        [InputRequired(), NumberRange(min=0, max=100, message=_l("A number from 0 to 100."))],
        default=80,
    )
    excused_hours = RadioField(
        _l("Excused hours"),
        [InputRequired()],
        choices=choices((k.value, word) for k, word in EXCUSED.items()),
        default=ExcusedHours.LEFT_OUT.value,
    )
    late_hours = RadioField(
        _l("Coming late"), [InputRequired()], choices=choices((k.value, word) for k, word in LATE.items()), default=LateHours.FULL.value
    )
    least_cultural_events = IntegerField(
        _l("Least number of cultural events"),
        [InputRequired(), NumberRange(min=0, max=100, message=_l("A number from 0 to 100."))],
        default=0,
    )
    years_of_service = IntegerField(
        _l("Least years of service"),
        [Optional(), NumberRange(min=0, max=60, message=_l("A number from 0 to 60."))],
        default=0, description=_l("That people named for a seat should have; 0: it does not matter."),
    )  # fmt: skip
    enforced_checks = SelectMultipleField(
        _l("Checks that stop an invitation until a coordinator decides"),
        choices=lambda: choices((finding.value, FINDINGS[finding]) for finding in ENFORCEABLE),
        description=_l("The others are only shown beside the name."),
    )
    public = BooleanField(_l("Visitors see this course"), default=True)
    slug = StringField(
        _l("Address"), [Optional(), Length(max=80)], filters=[lambda text: tidy(text).lower()],
        description=_l("The last part of the page's address. Leave it empty to make it from the title; it stays once a cohort exists."),
    )  # fmt: skip

    def offer(self, projects: Iterable[tuple[int, str]]) -> None:
        """The projects to choose from, as (number, title)."""
        self.project_id.choices = [
            SelectChoice("", _l("Choose a project")),
            *(SelectChoice(str(number), title) for number, title in projects),
        ]

    def details(self, slug: str = "") -> CourseDetails:
        """What was filled in; `slug` is what an empty address means."""
        return CourseDetails(
            project_id=self.project_id.data, title=self.title.data, summary=self.summary.data, kind=CourseKind(self.kind.data),
            academic_hours=self.academic_hours.data or Decimal(0), minutes_per_hour=self.minutes_per_hour.data or 45,
            languages=list(self.languages.data or ()), least_attendance=self.least_attendance.data or 0,
            excused_hours=ExcusedHours(self.excused_hours.data), late_hours=LateHours(self.late_hours.data),
            least_cultural_events=self.least_cultural_events.data or 0, public=bool(self.public.data), slug=self.slug.data or slug,
            years_of_service=self.years_of_service.data or 0, enforced_checks=list(self.enforced_checks.data or ()),
        )  # fmt: skip
