"""Words for what people reads and shows."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from dostyk.core.i18n import labels
from dostyk.core.web import constraint_says
from dostyk.people.rules import OrganisationKind, Purpose, Sex

ORGANISATION_KINDS: dict[OrganisationKind, Any] = labels(
    {
        # Translators: a kind of organisation: the agency for international development that runs the programme
        OrganisationKind.AGENCY: _l("Agency"),
        # Translators: a kind of organisation: a university that holds courses
        OrganisationKind.HOST: _l("Host university"),
        # Translators: a kind of organisation: a body of a partner country's government
        OrganisationKind.PARTNER: _l("Partner government body"),
        OrganisationKind.DONOR: _l("Donor"),
    }
)
SEXES: dict[Sex, Any] = labels({Sex.FEMALE: _l("Female"), Sex.MALE: _l("Male"), Sex.NOT_STATED: _l("Not stated")})
PURPOSES: dict[Purpose, Any] = labels(
    {
        # Translators: what personal data are used for
        Purpose.PROGRAMME: _l("Taking part in the programme"),
        Purpose.PARTNER: _l("Reports to the government that sent me"),
        Purpose.DONOR: _l("Reports to donors"),
        Purpose.PHOTO: _l("Photographs and videos"),
    }
)
# What a person reads and agrees to; it is kept word for word with the consent.
CONSENT_WORDING: dict[Purpose, Any] = {
    Purpose.PROGRAMME: _l(
        "I agree that my name, sex, country, employer, post, contact details, attendance and certificates are collected and used"
        " by the agency and by the university that hosts the course, so that I can be enrolled, taught and certified."
    ),
    Purpose.PARTNER: _l(
        "I agree that the government body that gave me the voucher is told that I took my seat, whether I attended,"
        " and whether I received a certificate."
    ),
    Purpose.DONOR: _l("I agree that my data are counted in reports to donors, without my name."),
    Purpose.PHOTO: _l(
        "I agree that photographs and videos taken at the course and its cultural events show me and may be published by the programme."
    ),
}

ADDRESS_TAKEN = _l("There is already an account with this e-mail address. Choose another address.")
for _name in ("uq_account_email", "account.email"):
    constraint_says(_name, ADDRESS_TAKEN)
for _name in ("uq_account_person_id", "account.person_id"):
    constraint_says(_name, _l("This person already has an account."))

# What two records of one person may say differently.
MERGED_FIELDS: dict[str, Any] = {
    "full_name": _l("Full name"), "own_name": _l("Name in the own script"), "family_name": _l("Family name"),
    "given_name": _l("Given name"),
    "patronymic": _l("Patronymic"), "birth_year": _l("Year of birth"), "sex": _l("Sex"), "country": _l("Country"),
    "email": _l("E-mail address"), "phone": _l("Phone"), "organisation_id": _l("Organisation"), "employer": _l("Employer"),
    "post": _l("Post"), "languages": _l("Languages"),
}  # fmt: skip
