"""What is typed to redeem a voucher, and to issue a batch."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from dostyk.cohorts.models import Cohort
from dostyk.core import i18n
from dostyk.core.countries import country_name
from dostyk.core.errors import Refused
from dostyk.core.forms import CountryField, Form, LanguagesField, choices, tidy
from dostyk.core.text import localized
from dostyk.core.web import LARGEST_KEY
from dostyk.people.labels import CONSENT_WORDING, PURPOSES, SEXES
from dostyk.people.models import Organisation
from dostyk.people.rules import NAME_LENGTH, REQUIRED, PersonDetails, Purpose, Sex
from dostyk.vouchers.labels import BATCH_KINDS
from dostyk.vouchers.rules import MOST_AT_ONCE, BatchKind


class RedeemForm(Form):
    code = StringField(
        _l("Voucher code"),
        [DataRequired(_l("Type the code that is printed on your voucher."))],
        description=_l("12 letters and digits. Capitals, spaces and hyphens do not matter."),
    )


def deliverable(form: Form, field: EmailField) -> None:
    """The address as a mail server takes it: the domain in ASCII, small letters; other letters before the @ few servers take."""
    try:
        found = validate_email(field.data or "", check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise ValidationError(str(_l("This is not an e-mail address. Example: name@example.org"))) from None
    field.data = f"{found.local_part}@{found.ascii_domain}".lower()


def _consent(purpose: Purpose) -> BooleanField:
    needed = [InputRequired(_l("Without this consent no seat can be given."))] if purpose in REQUIRED else []
    return BooleanField(PURPOSES[purpose], needed, description=CONSENT_WORDING[purpose])


class ConsentForm(Form):
    """For who signed in: only what they have not agreed to yet."""

    consent_programme = _consent(Purpose.PROGRAMME)
    consent_partner = _consent(Purpose.PARTNER)
    consent_donor = _consent(Purpose.DONOR)
    consent_photo = _consent(Purpose.PHOTO)
    wait = SubmitField(_l("Join the waiting list"))

    refused = False  # whether a rule said no, rather than the form

    def leave_out(self, given: Collection[Purpose]) -> None:
        """Do not ask again for what stands."""
        for purpose in given:
            del self[f"consent_{purpose.value}"]

    @property
    def consent_fields(self) -> list[BooleanField]:
        """The consents that are asked for, in their order."""
        return [field for purpose in Purpose if (field := self._fields.get(f"consent_{purpose.value}")) is not None]

    @property
    def consents(self) -> dict[Purpose, str]:
        """What was ticked, in the words that were read."""
        return {Purpose(f.name.removeprefix("consent_")): str(f.description) for f in self.consent_fields if f.data}

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """As everywhere, but a refusal of the code itself is not about this form: the page for typing a code shows it."""
        refused = None
        with super().refusals():
            try:
                yield
            except Refused as error:
                self.refused = True
                if error.field != "code":
                    raise
                refused = error
        if refused is not None:
            raise refused


class SeatForm(ConsentForm):
    """For a visitor: who they are."""

    full_name = StringField(
        _l("Full name as in the passport, in Latin letters"),
        [DataRequired(_l("Write the full name as in the passport.")), Length(max=NAME_LENGTH)],
        filters=[tidy],
        description=_l("So it will be printed on your certificate."),
    )
    own_name = StringField(
        _l("Your name as you write it in your language"),
        [Optional(), Length(max=NAME_LENGTH)],
        filters=[tidy],
        description=_l("In your own script, for example Өмүрбеков Нүржан or محمدنعیم رحیمی. It is printed as well."),
    )
    family_name = StringField(_l("Family name"), [Optional(), Length(max=100)], filters=[tidy])
    given_name = StringField(_l("Given name"), [Optional(), Length(max=100)], filters=[tidy])
    patronymic = StringField(_l("Patronymic"), [Optional(), Length(max=100)], filters=[tidy])
    sex = RadioField(
        _l("Sex"), [InputRequired(_l("Choose one; “not stated” is an answer, too."))], choices=lambda: choices(SEXES.items()), coerce=str
    )
    employer = StringField(_l("Where you work"), [Optional(), Length(max=300)], filters=[tidy])
    post = StringField(_l("Your post"), [Optional(), Length(max=200)], filters=[tidy])
    languages = LanguagesField(_l("Languages in which you can follow a course"))
    email = EmailField(
        _l("E-mail address"),
        [DataRequired(_l("Write an e-mail address: we announce your certificate there.")), Length(max=255), deliverable],
        filters=[lambda value: (value or "").strip()],
        description=_l("We send you a link to choose a password."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.consent_fields:  # last, as on the page: errors are listed in this order
            self._fields[field.short_name] = self._fields.pop(field.short_name)

    def details(self, country: str) -> PersonDetails:
        """Who it is; the country is the voucher's."""
        names = ("full_name", "own_name", "family_name", "given_name", "patronymic", "employer", "post", "email")
        said: dict[str, Any] = {name: self[name].data or "" for name in names}
        return PersonDetails(**said, sex=Sex(self.sex.data), country=country, languages=tuple(self.languages.data or ()))

    @property
    def parts_given(self) -> bool:
        """Whether the optional parts of the name are to be shown at once."""
        return any(self[name].data or self[name].errors for name in ("family_name", "given_name", "patronymic"))


def _closes(closes: datetime, cohort: Cohort) -> str:
    said = {"closes": i18n.moment(closes, cohort.time_zone), "zone": cohort.time_zone}
    return _("Through the end of that day at the venue. Enrolment closes on %(closes)s (%(zone)s).", **said)


class IssueForm(Form):
    organisation_id = SelectField(
        _l("Handed to"), [InputRequired(_l("Choose the body that names the people."))], coerce=lambda v: int(v) if v else None
    )
    country = CountryField(
        _l("Country"), [InputRequired(_l("Choose a country."))], description=_l("Only people of this country can redeem the vouchers.")
    )
    quantity = IntegerField(
        _l("Number of vouchers"),
        [
            InputRequired(_l("Write how many vouchers you want.")),
            NumberRange(1, MOST_AT_ONCE, _l("From 1 to %(max)s vouchers can be issued at once.", max=MOST_AT_ONCE)),
        ],
    )
    valid_through = DateField(_l("Valid through"), [InputRequired(_l("Choose the last day on which the vouchers can be redeemed."))])
    language = SelectField(
        _l("Language of the printed sheet"), choices=lambda: choices((code, shown.name) for code, shown in i18n.SUPPORTED.items())
    )
    kind = RadioField(_l("Codes"), choices=lambda: choices(BATCH_KINDS.items()), coerce=str, default=BatchKind.SINGLE.value)
    approval = BooleanField(
        _l("A coordinator approves each person"),
        description=_l("Whoever redeems a code waits until somebody approves or declines; the seat is held meanwhile."),
    )
    note = TextAreaField(_l("Note"), [Optional(), Length(max=1000)], description=_l("For coordinators only. It is not printed."))
    overbook = StringField(
        _l("Reason for promising more seats than are free"),
        [Optional(), Length(max=300)],
        filters=[tidy],
        description=_l("Only if you must. It is kept with the batch; some of its vouchers may find no seat."),
    )
    draft = SubmitField(_l("Save as a draft"))

    def offer(self, bodies: Sequence[Organisation], cohort: Cohort) -> None:
        """The bodies to choose from, with their countries, and until when vouchers of this cohort can be valid."""
        self.valid_through.description = _closes(cohort.closes_at, cohort)
        lang = i18n.language()
        pairs: list[tuple[Any, object]] = [(row.id, f"{localized(row.name, lang)} · {country_name(row.country, lang)}") for row in bodies]
        self.organisation_id.choices = choices(pairs, empty=_l("Choose a body"))


class DraftForm(IssueForm):
    """A draft that is changed, or issued."""


def _reason(asked: object, description: object = "") -> StringField:
    return StringField(_l("Reason"), [DataRequired(asked), Length(max=300)], filters=[tidy], description=description)


class ChangeForm(Form):
    quantity = IntegerField(
        _l("Number of seats"),
        [
            InputRequired(_l("Write how many seats the batch is to have.")),
            NumberRange(0, MOST_AT_ONCE, _l("From 0 to %(max)s seats are possible.", max=MOST_AT_ONCE)),
        ],
        description=_l("Those that were taken with it are counted. Fewer: open vouchers that nobody has are revoked, the newest first."),
    )
    valid_through = DateField(_l("Valid through"), [InputRequired(_l("Choose the last day on which the vouchers can be redeemed."))])
    reason = _reason(_l("Say why the batch is changed."), _l("It is kept with the batch, and can be shown to the body."))

    def offer(self, closes: datetime, cohort: Cohort) -> None:
        """Until when vouchers of this batch can be valid."""
        self.valid_through.description = _closes(closes, cohort)


class ReasonForm(Form):
    reason = _reason(_l("Say why: it is kept with the batch."))
    voucher = IntegerField(validators=[Optional(), NumberRange(1, LARGEST_KEY)])


class LeaveForm(Form):
    reason = _reason(_l("Say why you give the seat back."), _l("The coordinators of the course read it."))


class DecideForm(Form):
    """Some of who wait are ticked; one of two buttons is pressed."""

    enrolments = SelectMultipleField(coerce=int)
    reason = StringField(
        _l("Reason, if you decline"), [Length(max=300)], filters=[tidy], description=_l("Whoever is declined reads it in the letter.")
    )
    approve = SubmitField(_l("Approve"))
    decline = SubmitField(_l("Decline"))

    def offer(self, numbers: Sequence[int]) -> None:
        """The seats that may be ticked."""
        self.enrolments.choices = [(number, "") for number in numbers]

    def validate_enrolments(self, field: SelectMultipleField) -> None:
        if not field.data:
            raise ValidationError(str(_l("Tick the people about whom you decide.")))

    def validate_reason(self, field: StringField) -> None:
        if self.decline.data and not field.data:
            raise ValidationError(str(_l("Say why: the person reads it.")))
