"""The letters to whoever took a seat, and about what was decided."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.core.database import db
from dostyk.core.i18n import language
from dostyk.core.text import localized
from dostyk.messages import kinds
from dostyk.messages import service as messages
from dostyk.messages.kinds import Kind, Placeholder
from dostyk.people import letters, service
from dostyk.people import queries as people
from dostyk.people.models import Account

_NEXT = Placeholder("next", _l("What comes next, as the cohort says it"), _l("Bring your passport on the first day."), long=True)
_LINK = Placeholder(
    "link", _l("Address of the page with what comes next"), "https://dostyk.example/redeem/welcome/DIG-2026-01", needed=True
)
_PASSWORD = Placeholder(
    "password", _l("How to choose a password, for who is new"), _l("Choose a password: https://dostyk.example/invitation/…"),
    needed=True, secret=True, long=True,
)  # fmt: skip

WELCOME = kinds.register(
    Kind(
        "vouchers.welcome", _l("Welcome"), _l("Sent to whoever has taken a seat with a voucher."),
        subject=_l("Your seat: %(course)s"),
        body=_l(
            "Dear %(name)s,\n\n"
            "you have a seat in the course “%(course)s” (%(cohort)s): %(dates)s, %(host)s, %(city)s.\n\n"
            "%(next)s\n\n"
            "What comes next, and the timetable:\n%(link)s\n\n"
            "%(password)s\n\n"
            "Your Dostyk team"
        ),
        placeholders=(kinds.NAME, *kinds.COHORT, _NEXT, _LINK, _PASSWORD),
    )
)  # fmt: skip
PENDING = kinds.register(
    Kind(
        "vouchers.pending", _l("Seat held until approved"), _l("Sent to whoever has taken a seat that a coordinator approves first."),
        subject=_l("Your seat is held until it is approved: %(course)s"),
        body=_l(
            "Dear %(name)s,\n\n"
            "a seat in the course “%(course)s” (%(cohort)s) is held for you: %(dates)s, %(host)s, %(city)s."
            " It is yours when the coordinator has approved it; we write to you then.\n\n"
            "Where it stands:\n%(link)s\n\n"
            "%(password)s\n\n"
            "Your Dostyk team"
        ),
        placeholders=(kinds.NAME, *kinds.COHORT, _LINK, _PASSWORD),
    )
)  # fmt: skip
APPROVED = kinds.register(
    Kind(
        "vouchers.approved", _l("Approval"), _l("Sent when a coordinator approves a seat."),
        subject=_l("Your seat is approved: %(course)s"),
        body=_l(
            "Dear %(name)s,\n\n"
            "your seat in the course “%(course)s” (%(cohort)s) is approved: %(dates)s, %(host)s, %(city)s.\n\n"
            "%(next)s\n\n"
            "What comes next, and the timetable:\n%(link)s\n\n"
            "Your Dostyk team"
        ),
        placeholders=(kinds.NAME, *kinds.COHORT, _NEXT, _LINK),
    )
)  # fmt: skip
DECLINED = kinds.register(
    Kind(
        "vouchers.declined", _l("Decline"), _l("Sent when a coordinator declines a seat."),
        subject=_l("No seat for you: %(course)s"),
        body=_l(
            "Dear %(name)s,\n\n"
            "the seat in the course “%(course)s” (%(cohort)s, %(dates)s) that was held for you could not be approved. The reason:\n\n"
            "%(reason)s\n\n"
            "Ask the body that sent you what can be done.\n\n"
            "Your Dostyk team"
        ),
        placeholders=(
            kinds.NAME, *kinds.COHORT,
            Placeholder("reason", _l("Why the seat was declined"), _l("The course is for staff of tax offices."), needed=True, long=True),
        ),
    )
)  # fmt: skip


def welcome(seat: Enrolment, account: Account, *, new: bool, pending: bool) -> None:
    """Say which seat it is and what comes next; with a link to choose a password when the account is new.

    One letter, not two: a welcome and an invitation in the same minute look like one of them is false.
    """
    link = invitation(account, seat.enrolled_at) if new else ""
    kind = PENDING if pending else WELCOME
    messages.write(
        kind, account.email, language=letters.language_of(account), person_id=seat.person_id, cohort=seat.cohort,
        values=lambda: {**_of_seat(seat), "password": password(link)},
    )  # fmt: skip


def approved(seat: Enrolment) -> None:
    """Say that the seat is theirs, and what comes next."""
    _decided(APPROVED, seat)


def declined(seat: Enrolment) -> None:
    """Say that the seat is not theirs, and why."""
    _decided(DECLINED, seat)


def _decided(kind: Kind, seat: Enrolment) -> None:
    account = people.account_of(seat.person_id)
    to, lang = (account.email, letters.language_of(account)) if account else (seat.person.email, None)
    if to:
        values = lambda: {**_of_seat(seat), "reason": seat.decision_reason or ""}  # noqa: E731 -- in the language of the letter
        messages.write(kind, to, language=lang, person_id=seat.person_id, cohort=seat.cohort, values=values)


def _of_seat(seat: Enrolment) -> dict[str, str]:
    return {"name": seat.person.full_name, "next": localized(seat.cohort.welcome, language()), "link": _page(seat.cohort)}


def _page(cohort: Cohort) -> str:
    return letters.link(f"/redeem/welcome/{cohort.code}")


def invitation(account: Account, now: datetime) -> str:
    """The address where a new account gets its password; it counts as invited from now on."""
    with db.session.no_autoflush:
        account.invited_at = now
        return letters.link(f"/invitation/{service.invitation_token(account)}")


def password(link: str) -> str:
    """The paragraph that says how to choose a password, in the language of the letter; "" without a link."""
    if not link:
        return ""
    until = ngettext("The link works for %(num)s day.", "The link works for %(num)s days.", letters.INVITATION_DAYS)
    return _("Choose a password, so that you can sign in on any device:\n%(link)s\n%(until)s", link=link, until=until)
