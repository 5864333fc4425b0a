"""The shape of what is typed about users and their roles."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, RadioField, SelectField, StringField
from wtforms.validators import Email, InputRequired, Length, Optional, StopValidation

from dostyk.admin import queries
from dostyk.admin.service import Given
from dostyk.cohorts.labels import ROLES
from dostyk.core.access import Role
from dostyk.core.forms import CountryField, Form, choices, tidy
from dostyk.core.i18n import SUPPORTED, language
from dostyk.core.text import localized
from dostyk.people import queries as people

REACHES = (
    ("everywhere", _l("Everywhere")),
    ("cohort", _l("One cohort")),
    ("organisation", _l("One organisation")),
    ("country", _l("One country")),
)


def _number(value: Any) -> int | None:
    return int(value) if value else None


class NeededFor:
    """Must be chosen when the role reaches so far, and does not matter otherwise."""

    def __init__(self, reach: str, message: object) -> None:
        self.reach, self.message = reach, message

    def __call__(self, form: Any, field: Any) -> None:
        needed = form.reach.data == self.reach
        if not needed or not field.data:
            field.errors = []
            raise StopValidation(str(self.message) if needed else "")


class RoleForm(Form):
    """A role and how far it reaches."""

    role = RadioField(
        _l("Role"), [InputRequired(_l("Choose a role."))],
        choices=lambda: choices((role.value, word) for role, word in ROLES.items() if role is not Role.PARTICIPANT),
    )  # fmt: skip
    reach = RadioField(_l("Where"), [InputRequired(_l("Choose where the role holds."))], choices=lambda: choices(REACHES))
    cohort_id = SelectField(_l("Cohort"), [NeededFor("cohort", _l("Choose the cohort."))], coerce=_number)
    organisation_id = SelectField(_l("Organisation"), [NeededFor("organisation", _l("Choose the organisation."))], coerce=_number)
    country = CountryField(_l("Country"), [NeededFor("country", _l("Choose a country."))], empty=_l("None"))

    def offer(self) -> None:
        """The cohorts and organisations to choose from; two statements."""
        lang = language()
        self._cohorts = {cohort.id: cohort for cohort in queries.cohorts_to_choose()}
        self._organisations = {row.id: row for row in people.organisations()}
        named = ((c.id, f"{c.code} · {localized(c.course.title, lang)}") for c in self._cohorts.values())
        self.cohort_id.choices = choices(named, empty=_l("None"))  # type: ignore[arg-type]
        self.organisation_id.choices = choices(((o.id, localized(o.name, lang)) for o in self._organisations.values()), empty=_l("None"))  # type: ignore[misc]

    def given(self) -> Given:
        """What was chosen; what does not belong to the reach is left out."""
        reach = self.reach.data
        return Given(
            Role(self.role.data),
            self._cohorts[self.cohort_id.data] if reach == "cohort" else None,
            self._organisations[self.organisation_id.data] if reach == "organisation" else None,
            self.country.data if reach == "country" else None,
        )


class InviteForm(RoleForm):
    """A new user."""

    full_name = StringField(
        _l("Full name"),
        [InputRequired(_l("Write the full name as in the passport.")), Length(max=200)],
        description=_l("In Latin letters, as in the passport."),
        filters=[tidy],
    )
    email = EmailField(
        _l("E-mail address"),
        [
            InputRequired(_l("Write the address to which the invitation goes.")),
            Length(max=255),
            Email(message=_l("This is not an e-mail address. Example: name@example.org")),
        ],
        description=_l("The invitation goes there, and the person signs in with it."),
    )
    language = SelectField(
        _l("Language of the letter"), [Optional()], choices=lambda: choices((tongue.code, tongue.name) for tongue in SUPPORTED.values())
    )
