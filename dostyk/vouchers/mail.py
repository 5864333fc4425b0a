"""The letter to whoever took a seat."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from dostyk.core.database import db
from dostyk.core.text import localized
from dostyk.messages import kinds
from dostyk.messages import service as messages
from dostyk.messages.kinds import Kind, Placeholder
from dostyk.people import letters, service
from dostyk.people.models import Account
from dostyk.vouchers.service import Given

# One letter, not two: a welcome and an invitation in the same minute look like one of them is false.
WELCOME = kinds.register(
    Kind(
        "vouchers.welcome",
        _l("Welcome"),
        _l("To everybody who takes a seat with a voucher, at once."),
        subject=_l("Your seat: %(course)s"),
        body=_l(
            "Dear %(name)s,\n\n"
            "you have a seat in the course “%(course)s” (%(cohort)s): %(dates)s, %(host)s, %(city)s.\n\n"
            "%(welcome)s\n\n"
            "What comes next, and the timetable:\n%(link)s\n\n"
            "%(password)s\n\n"
            "Your Dostyk team"
        ),
        placeholders=(
            kinds.NAME,
            *kinds.COHORT,
            Placeholder("welcome", _l("What comes next, from the settings of the cohort"), _l("Bring your passport."), long=True),
            Placeholder(
                "link", _l("Address of the page with what comes next"), "https://dostyk.example/redeem/welcome/DIG-2026-01", needed=True
            ),
            Placeholder(
                "password",
                _l("How to choose a password, for those who have none yet; empty for all others"),
                _l("Choose a password, so that you can sign in on any device:\nhttps://dostyk.example/invitation/…"),
                needed=True,
                secret=True,
                long=True,
            ),
        ),
    )
)


def welcome(given: Given, account: Account) -> None:
    """Say which seat it is and what comes next; with a link to choose a password when the account is new."""
    seat, language = given.seat, letters.language_of(account)
    cohort = seat.cohort

    def values() -> Mapping[str, object]:
        return {
            "name": account.person.full_name,
            "welcome": localized(cohort.welcome, language),
            "link": letters.link(f"/redeem/welcome/{cohort.code}"),
            "password": _password(given, account),
        }

    messages.write(WELCOME, account.email, language=language, values=values, person_id=account.person_id, cohort=cohort)


def _password(given: Given, account: Account) -> str:
    """How to choose a password, for a new account; it counts as invited from now on."""
    if given.account is None:
        return ""
    with db.session.no_autoflush:
        account.invited_at = given.seat.enrolled_at
        link = letters.link(f"/invitation/{service.invitation_token(account)}")
    return _(
        "Choose a password, so that you can sign in on any device:\n%(link)s\n%(until)s",
        link=link,
        until=ngettext("The link works for %(num)s day.", "The link works for %(num)s days.", letters.INVITATION_DAYS),
    )
