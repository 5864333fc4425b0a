"""The letter that says that a certificate is ready."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dostyk.certificates.models import Certificate
from dostyk.cohorts.models import Cohort
from dostyk.core import i18n, mail
from dostyk.core.database import db
from dostyk.core.text import localized
from dostyk.messages import kinds
from dostyk.people.models import Account, Person

kinds.fixed("certificates.ready", _l("Certificate is ready"))


def addresses(person_ids: Iterable[int]) -> dict[int, tuple[str, str | None]]:
    """E-mail and language of the accounts of these people; one statement."""
    found = sa.select(Account.person_id, Account.email, Account.language).where(Account.person_id.in_(list(person_ids)))
    return {person_id: (email, language) for person_id, email, language in db.session.execute(found)}


def certificate_ready(certificate: Certificate, person: Person, cohort: Cohort, accounts: Mapping[int, tuple[str, str | None]]) -> None:
    """Write to the holder, in the language of the account, once for a certificate; nobody without an address is written to."""
    email, chosen = accounts.get(person.id, (person.email, None))
    language = i18n.known(chosen) or next((code for code in person.languages if i18n.known(code)), i18n.DEFAULT)
    if not email:
        return
    site, printed = current_app.config["PUBLIC_URL"], certificate.snapshot["printed"]
    with force_locale(language):
        subject = _("Your certificate %(number)s is ready", number=certificate.number)
        said = {"name": person.full_name, "course": localized(printed["course"], language), "verification": printed["url"]}
        if person.id in accounts:
            body = _(
                "Dear %(name)s,\n\n"
                "your certificate for “%(course)s” has been issued. Sign in and download it here:\n%(document)s\n\n"
                "Anyone can check that it is genuine, by its QR code or here:\n%(verification)s\n\n"
                "Your Dostyk team",
                document=f"{site}/me/certificates/{certificate.number}.pdf",
                **said,
            )
        else:  # nothing to sign in with
            body = _(
                "Dear %(name)s,\n\n"
                "your certificate for “%(course)s” has been issued. The coordinator of your course gives you the document.\n\n"
                "Anyone can check that it is genuine, by its QR code or here:\n%(verification)s\n\n"
                "Your Dostyk team",
                **said,
            )
    mail.send("certificates.ready", email, subject, body, language=language, person_id=person.id, cohort=cohort.code)
