"""The shape of what is typed about people and organisations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, IntegerField, RadioField, SelectField, StringField, TelField, URLField
from wtforms.validators import URL, Email, InputRequired, Length, NumberRange, Optional, Regexp

from dostyk.core.forms import CountryField, Form, LanguagesField, LocalizedField, choices, tidy
from dostyk.core.i18n import language
from dostyk.core.text import localized
from dostyk.people.labels import ORGANISATION_KINDS, SEXES
from dostyk.people.models import Organisation
from dostyk.people.rules import NAME_LENGTH, OrganisationDetails, OrganisationKind, PersonDetails, Sex

NO_ADDRESS = _l("This is not an e-mail address. Example: name@example.org")
WHOLE = _l("Write the whole address, beginning with https://")
TEXTS = ("full_name", "own_name", "family_name", "given_name", "patronymic", "email", "phone", "employer", "post")
EMAIL = [Optional(), Length(max=255), Email(message=NO_ADDRESS)]


class NamesForm(Form):
    """What a person tells of themselves."""

    full_name = StringField(
        _l("Full name"),
        [InputRequired(_l("Write the full name as in the passport.")), Length(max=NAME_LENGTH)],
        description=_l("In Latin letters, as in the passport. So it stands on certificates."),
        filters=[tidy],
    )
    own_name = StringField(
        _l("Name in your own script"),
        [Optional(), Length(max=NAME_LENGTH)],
        description=_l("In any script: Өмүрбеков Нүржан, احمد شاه."),
        filters=[tidy],
    )
    family_name = StringField(
        _l("Family name"),
        [Optional(), Length(max=100)],
        description=_l("Lists are sorted by it. Leave it empty if there is none."),
        filters=[tidy],
    )
    given_name = StringField(_l("Given name"), [Optional(), Length(max=100)], filters=[tidy])
    patronymic = StringField(_l("Patronymic"), [Optional(), Length(max=100)], filters=[tidy])
    birth_year = IntegerField(
        _l("Year of birth"),
        [Optional(), NumberRange(1900, 2020, message=_l("Write the year in four digits, such as 1985."))],
        description=_l("Tells people of the same name apart."),
    )
    sex = RadioField(_l("Sex"), choices=lambda: choices(SEXES.items()), default=Sex.NOT_STATED, coerce=Sex)
    country = CountryField(_l("Country"), [Optional()], empty=_l("Not stated"))
    email = EmailField(_l("E-mail address"), EMAIL, description=_l("Where we write to."))
    phone = TelField(_l("Phone"), [Optional(), Length(max=40)], description=_l("With the country code: +996 555 123 456."), filters=[tidy])
    employer = StringField(_l("Employer"), [Optional(), Length(max=300)], filters=[tidy])
    post = StringField(_l("Post"), [Optional(), Length(max=200)], filters=[tidy])
    languages = LanguagesField(_l("Languages"), description=_l("In which the person can follow a course."))

    def details(self, organisation_id: int | None = None) -> PersonDetails:
        """What was typed."""
        text: dict[str, Any] = {name: self[name].data or "" for name in TEXTS}
        return PersonDetails(
            **text,
            sex=self.sex.data,
            country=self.country.data or None,
            organisation_id=organisation_id,
            languages=tuple(self.languages.data or ()),
            birth_year=self.birth_year.data,
        )


class ProfileForm(NamesForm):
    """One's own names and contact."""


class PersonForm(NamesForm):
    """A person, as the office knows them."""

    own_name = StringField(
        _l("Name in the person's own script"),
        [Optional(), Length(max=NAME_LENGTH)],
        description=_l("In any script: Өмүрбеков Нүржан, احمد شاه."),
        filters=[tidy],
    )
    organisation_id = SelectField(
        _l("Organisation"),
        [Optional()],
        description=_l("For staff and partners. Participants have an employer."),
        coerce=lambda v: int(v) if v else None,
    )

    def offer(self, organisations: Sequence[Organisation], present: Organisation | None = None) -> None:
        """The organisations to choose from; the present one even when it is archived."""
        rows = [*organisations, *([present] if present and present not in organisations else [])]
        lang = language()
        self.organisation_id.choices = choices(((row.id, localized(row.name, lang)) for row in rows), empty=_l("None"))  # type: ignore[misc]

    def details(self, organisation_id: int | None = None) -> PersonDetails:
        return super().details(self.organisation_id.data)


class OrganisationForm(Form):
    """An organisation."""

    kind = RadioField(_l("Kind"), [InputRequired(_l("Choose the kind."))], choices=lambda: choices(ORGANISATION_KINDS.items()))
    name = LocalizedField(_l("Name"), required=True)
    short_name = StringField(_l("Short name"), [Optional(), Length(max=80)], filters=[tidy])
    country = CountryField(_l("Country"), [InputRequired(_l("Choose a country."))])
    city = LocalizedField(_l("City"))
    website = URLField(_l("Website"), [Optional(), Length(max=300), Regexp("^https?://", message=WHOLE), URL(message=WHOLE)])
    email = EmailField(_l("E-mail address"), EMAIL)

    def details(self) -> OrganisationDetails:
        """What was typed."""
        return OrganisationDetails(
            kind=OrganisationKind(self.kind.data), name=self.name.data, country=self.country.data or "",
            short_name=self.short_name.data or "",
            city=self.city.data, website=(self.website.data or "").strip(),
            email=(self.email.data or "").strip().lower(),
        )  # fmt: skip
