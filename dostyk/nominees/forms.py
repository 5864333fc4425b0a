"""What is typed about people who are named, and to change their seats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import EmailField, IntegerField, RadioField, SelectField, SelectMultipleField, StringField, SubmitField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from dostyk.core import i18n
from dostyk.core.forms import Form, LanguagesField, choices, tidy
from dostyk.courses.labels import FINDINGS
from dostyk.courses.rules import Finding
from dostyk.nominees.models import Nominee
from dostyk.nominees.service import NomineeDetails
from dostyk.people.labels import SEXES
from dostyk.people.rules import NAME_LENGTH, Sex


def _reason(asked: object, description: object = "") -> StringField:
    return StringField(_l("Reason"), [DataRequired(asked), Length(max=300)], filters=[tidy], description=description)


class NomineeForm(Form):
    full_name = StringField(
        _l("Full name as in the passport, in Latin letters"),
        [DataRequired(_l("Write the full name as in the passport.")), Length(max=NAME_LENGTH)],
        filters=[tidy],
        description=_l("So it will be printed on the certificate."),
    )
    own_name = StringField(_l("Name in the person's own script"), [Optional(), Length(max=NAME_LENGTH)], filters=[tidy])
    email = EmailField(
        _l("E-mail address"),
        [Optional(), Length(max=255)],
        filters=[lambda value: (value or "").strip()],
        description=_l("The invitation goes there, and only this address can use the code. Without one you print the letter."),
    )
    letter_language = SelectField(
        _l("Language of the letter"), choices=lambda: choices((code, shown.name) for code, shown in i18n.SUPPORTED.items())
    )
    sex = RadioField(_l("Sex"), choices=lambda: choices(SEXES.items()), coerce=str, default=Sex.NOT_STATED.value)
    birth_year = IntegerField(
        _l("Year of birth"),
        [Optional(), NumberRange(1900, 2100, _l("Write a year of four digits."))],
        description=_l("It tells people of the same name apart."),
    )
    employer = StringField(_l("Employer"), [Optional(), Length(max=300)], filters=[tidy])
    post = StringField(_l("Post"), [Optional(), Length(max=200)], filters=[tidy])
    years_of_service = IntegerField(_l("Years of service"), [Optional(), NumberRange(0, 70, _l("A number from 0 to 70."))])
    languages = LanguagesField(_l("Languages in which the person can follow a course"), [Optional()])

    def validate_email(self, field: EmailField) -> None:
        try:
            found = validate_email(field.data or "", check_deliverability=False, allow_smtputf8=False)
        except EmailNotValidError:
            raise ValidationError(str(_l("This is not an e-mail address. Example: name@example.org"))) from None
        field.data = f"{found.local_part}@{found.ascii_domain}".lower()

    def details(self) -> NomineeDetails:
        """What was filled in."""
        names = ("full_name", "own_name", "employer", "post", "email")
        said: dict[str, Any] = {name: self[name].data or "" for name in names}
        years = {name: self[name].data for name in ("birth_year", "years_of_service")}
        languages = tuple(self.languages.data or ())
        return NomineeDetails(**said, **years, sex=Sex(self.sex.data), languages=languages, letter_language=self.letter_language.data)


class ReplaceForm(NomineeForm):
    """Somebody else, and why."""

    reason = _reason(_l("Say why somebody else comes: it is kept."))


class PasteForm(Form):
    table = TextAreaField(_l("Lines"), [DataRequired(_l("Paste at least one line.")), Length(max=200_000)])
    save = SubmitField()


class HandInForm(Form):
    file = FileField(
        _l("File"),
        [FileRequired(_l("Choose a file."))],
        description=_l("XLSX or CSV, at most 12 MB and 20,000 rows. Nothing is changed before you have seen what the file would do."),
    )


class ChosenForm(Form):
    """Some people are ticked, or all are meant."""

    people = SelectMultipleField(coerce=int)
    everybody = SubmitField()
    again = SubmitField()

    def offer(self, numbers: Sequence[int]) -> None:
        self.people.choices = [(number, "") for number in numbers]

    def validate_people(self, field: SelectMultipleField) -> None:
        if not field.data and not self.everybody.data:
            raise ValidationError(str(_l("Tick the people whom you mean.")))


class GiveBackForm(Form):
    number = IntegerField(
        _l("How many seats"),
        [InputRequired(_l("Write how many seats you give back.")), NumberRange(1, 10_000, _l("Write a number from 1."))],
        description=_l("Seats for which nobody is named go first. To give back the seat of somebody, tick the name."),
    )
    people = SelectMultipleField(_l("People who come no more"), coerce=int)
    reason = _reason(_l("Say why: it is kept, and the coordinator reads it."))
    sure = SubmitField()

    def offer(self, people: Sequence[Nominee]) -> None:
        """Who is named, and has not taken the seat."""
        self.people.choices = [(one.id, one.full_name) for one in people]


class DecideForm(Form):
    """A finding, and one of two buttons."""

    finding = SelectField(choices=lambda: choices(FINDINGS.items()), coerce=Finding)
    reason = StringField(_l("Reason"), [Length(max=300)], filters=[tidy])
    accept = SubmitField(_l("Accept"))
    decline = SubmitField(_l("Decline"))
