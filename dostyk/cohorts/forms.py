"""The shape of what coordinators fill in about cohorts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup, escape
from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    SubmitField,
)
from wtforms import Form as PlainForm
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import html_params

from dostyk.cohorts.models import Cohort, CountrySeats
from dostyk.cohorts.queries import STAFF
from dostyk.cohorts.rules import usual_window
from dostyk.cohorts.service import CohortDetails
from dostyk.core.countries import countries
from dostyk.core.forms import Form, LocalizedField, Years, ZonedField, choices, tidy
from dostyk.core.i18n import label

# The region and its neighbours first; whoever holds a cohort elsewhere finds the rest below.
NEAR = (
    "Asia/Almaty",
    "Asia/Bishkek",
    "Asia/Dushanbe",
    "Asia/Tashkent",
    "Asia/Samarkand",
    "Asia/Ashgabat",
    "Asia/Kabul",
    "Asia/Ulaanbaatar",
    "Asia/Hovd",
    "Asia/Baku",
    "Asia/Tbilisi",
    "Asia/Yerevan",
)
MOST_SEATS = 10_000
BLANK_ROWS = 3
number_of_seats = NumberRange(min=1, max=MOST_SEATS, message=_l("A number from 1 to 10,000."))


@cache
def _zones() -> tuple[list[str], list[str]]:
    return [z for z in NEAR if z in available_timezones()], sorted(
        z for z in available_timezones() - set(NEAR) if "/" in z and not z.startswith("Etc/")
    )


def zone_choices() -> list[SelectChoice]:
    """Time zones by their names, those of the region first."""
    near, far = _zones()
    return [SelectChoice(z, _plain(z), optgroup=_("In the region")) for z in near] + [
        SelectChoice(z, _plain(z), optgroup=_("Elsewhere")) for z in far
    ]


def _plain(zone: str) -> str:
    return zone.replace("_", " ")


@cache
def _country_options(language: str) -> tuple[tuple[str, str], ...]:
    return tuple((code, f'<option value="{code}">{escape(name)}</option>') for code, name in countries(language))


class CountryOptions:
    """The widget of a row: a select whose options are written once and kept, because a page has many such rows."""

    input_type = ""

    def __call__(self, field: Any, **kwargs: Any) -> Markup:
        options = "".join(
            html.replace('">', '" selected>', 1) if code == field.data else html
            for code, html in _country_options(str(get_locale() or "en"))
        )
        attributes, none = html_params(name=field.name, id=field.id, **kwargs), escape(_("No country"))
        return Markup(f'<select {attributes}><option value="">{none}</option>{options}</select>')  # noqa: S704 -- escaped above


class SeatsCountryField(StringField):
    """The country of a row, or none."""

    widget = CountryOptions()

    def pre_validate(self, form: Any) -> None:
        if self.data and self.data not in {code for code, _html in _country_options("en")}:
            raise ValidationError(_("Choose a country from the list."))


class SeatsRow(PlainForm):
    """Seats for one country; an empty row is no row."""

    country = SeatsCountryField(_l("Country"), [Optional()], filters=[tidy])
    seats = IntegerField(_l("Seats"), [Optional(), number_of_seats])

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if self.country.data and self.seats.data is None and not self.seats.errors:
            self.seats.errors = [_("Write how many seats this country has, or choose no country.")]
            return False
        if self.seats.data is not None and not self.country.data:
            self.country.errors = [_("Choose the country that has these seats.")]
            return False
        return bool(valid)


class CountryCodes(StringField):
    """Countries in an order, by their codes: `KG, TJ`."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = list(dict.fromkeys(re.findall(r"\w+", valuelist[0].upper()))) if valuelist else []

    def _value(self) -> str:
        return ", ".join(self.data or ())

    def pre_validate(self, form: Any) -> None:
        known = {code for code, _html in _country_options("en")}
        if wrong := [code for code in self.data or () if code not in known]:
            raise ValidationError(_("No country has the code %(code)s. Write two-letter codes, such as KG, TJ.", code=wrong[0][:20]))


class CohortForm(Form):
    """What creating and editing share."""

    host_id = SelectField(_l("Host"), [InputRequired(message=_l("Choose the host."))], coerce=lambda value: int(value) if value else None)
    city = LocalizedField(_l("City"), required=True)
    time_zone = SelectField(
        _l("Time zone"),
        [InputRequired()],
        choices=zone_choices,
        default="Asia/Almaty",
        description=_l("The clock of the venue: all times of the cohort are shown on it."),
    )
    starts_on = DateField(_l("First day"), [InputRequired(), Years()])
    ends_on = DateField(_l("Last day"), [InputRequired(), Years()])
    opens_at = ZonedField(_l("Enrolment begins"), [Optional(), Years()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
    closes_at = ZonedField(_l("Enrolment ends"), [Optional(), Years()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
    capacity = IntegerField(_l("Seats in all"), [InputRequired(), number_of_seats])
    seats = FieldList(FormField(SeatsRow), _l("Seats held for countries"))
    hand_back_on = DateField(
        _l("Unused seats are handed back after"),
        [Optional(), Years()],
        description=_l("The last day on which countries can use their seats. Then free ones go to the pool, and to the waiting lists."),
    )
    country_order = CountryCodes(
        _l("Which waiting list the pool serves first"),
        description=_l("Codes of countries in order, such as KG, TJ. The others follow by code; within a country, who waits longest."),
    )
    confirm_hours = IntegerField(
        _l("Hours to confirm a seat that is offered from a waiting list"),
        [Optional(), NumberRange(min=1, max=720, message=_l("A number from 1 to 720."))],
        default=72,
        description=_l("Left empty: 72."),
    )
    replace_until = DateField(
        _l("Places can be taken over through"),
        [Optional(), Years()],
        description=_l("The last day on which somebody can take the place of a person who left. Left empty: as long as people enrol."),
    )
    welcome = LocalizedField(
        _l("Welcome"),
        long=True,
        description=_l("What participants read when they have their seat: where to arrive, what to bring, whom to ask."),
    )
    more = SubmitField(_l("More rows"))

    def offer(self, hosts: Iterable[tuple[int, str]]) -> None:
        """The hosts to choose from, as (number, name)."""
        self.host_id.choices = choices(((str(number), name) for number, name in hosts), empty=_l("Choose a host"))

    def add_rows(self, count: int = BLANK_ROWS) -> None:
        """Empty rows for countries, to be filled without scripts."""
        for _row in range(count):
            self.seats.append_entry()

    def validate_seats(self, field: Any) -> None:
        """Each country once."""
        seen: set[str] = set()
        for entry in field.entries:
            country = entry.form.country
            if country.data and country.data in seen:
                country.errors = [*country.errors, _("This country has a row already.")]
                field.errors = [*field.errors, entry.errors]
            seen.add(country.data)

    def details(self) -> CohortDetails:
        """What was filled in; an empty window is the usual one."""
        zone, starts_on = self.time_zone.data, self.starts_on.data
        opens, closes = usual_window(starts_on, zone)
        return CohortDetails(
            host_id=self.host_id.data,
            city=self.city.data,
            time_zone=zone,
            starts_on=starts_on,
            ends_on=self.ends_on.data,
            opens_at=self.opens_at.instant(zone) or opens,
            closes_at=self.closes_at.instant(zone) or closes,
            capacity=self.capacity.data,
            welcome=self.welcome.data,
            hand_back_on=self.hand_back_on.data,
            country_order=self.country_order.data or (),
            confirm_hours=self.confirm_hours.data or 72,
            replace_until=self.replace_until.data,
            seats={row.form.country.data: row.form.seats.data for row in self.seats.entries if row.form.country.data},
        )


class NewForm(CohortForm):
    course_id = SelectField(
        _l("Course"), [InputRequired(message=_l("Choose the course."))], coerce=lambda value: int(value) if value else None
    )
    code = StringField(
        _l("Code"),
        [Optional(), Length(max=24)],
        filters=[lambda text: tidy(text).upper()],
        description=_l("Leave it empty to get the programme's code, the year and the next number, such as DIG-2026-01. It stays for good."),
    )

    def offer_courses(self, courses: Iterable[tuple[int, str]]) -> None:
        """The courses to choose from, as (number, title)."""
        self.course_id.choices = choices(((str(number), title) for number, title in courses), empty=_l("Choose a course"))


class CopyForm(Form):
    starts_on = DateField(_l("First day"), [InputRequired(), Years()], description=_l("All other days keep their distance from it."))
    code = StringField(_l("Code"), [Optional(), Length(max=24)], filters=[lambda text: tidy(text).upper()])
    staff = BooleanField(_l("The same coordinators and trainers"), default=True)


class SettingsForm(CohortForm):
    version = HiddenField()

    @property
    def seen(self) -> int:
        """Which state of the cohort the person saw; one that never was when the page was tampered with."""
        return int(self.version.data) if (self.version.data or "").isdecimal() and len(self.version.data) < 10 else 0


def filled_from(cohort: Cohort, seats: Sequence[CountrySeats]) -> dict[str, Any]:
    """The present state of a cohort as a form shows it, its window on the clock of the venue."""
    zone = ZoneInfo(cohort.time_zone)
    same = {
        name: getattr(cohort, name)
        for name in (
            "host_id", "city", "time_zone", "starts_on", "ends_on", "capacity", "welcome", "hand_back_on", "country_order",
            "confirm_hours", "replace_until",
        )
    }  # fmt: skip
    return {
        **same,
        "version": str(cohort.version),
        "seats": [{"country": row.country, "seats": row.seats} for row in seats],
        "opens_at": cohort.opens_at.astimezone(zone).replace(tzinfo=None),
        "closes_at": cohort.closes_at.astimezone(zone).replace(tzinfo=None),
    }


class StaffForm(Form):
    """A role in the cohort, for somebody chosen from the list or named by their address."""

    role = RadioField(
        _l("Role"), [InputRequired()], choices=lambda: [SelectChoice(r.value, label(r)) for r in reversed(STAFF)], default="trainer"
    )
    person_id = SelectField(_l("Somebody who teaches or coordinates already"), coerce=lambda value: int(value) if value else None)
    email = StringField(_l("or the e-mail address of anybody else"), [Optional(), Length(max=255)], filters=[tidy])

    def offer(self, people: Iterable[tuple[int, str]]) -> None:
        """The people to choose from, as (number, name)."""
        self.person_id.choices = choices(((str(number), name) for number, name in people), empty=_l("Choose a person"))


class EnrolForm(Form):
    """A seat for somebody who was found by the search."""

    person_id = RadioField(_l("Person"), [InputRequired(message=_l("Choose the person."))], coerce=int)
    country = SelectField(
        _l("Whose seat"), description=_l("The seat counts for this country, and returns to it when the person withdraws.")
    )

    def offer(self, people: Iterable[tuple[int, str]], countries: Iterable[tuple[str, str]]) -> None:
        """The people found, as (number, name), and the countries with seats; none of them: the seats are for all alike."""
        self.person_id.choices = [SelectChoice(number, name) for number, name in people]
        offered = list(countries)
        if offered:
            self.country.choices = choices(offered, empty=_l("The person's country"))
        else:
            del self.country
