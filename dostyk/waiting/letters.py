"""The letters to whoever waits: a place on the list, a seat that is offered, an offer that has ended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from flask import current_app
from flask_babel import lazy_gettext as _l
from itsdangerous import BadSignature, URLSafeSerializer

from dostyk.cohorts.models import Cohort
from dostyk.core.i18n import moment
from dostyk.messages import kinds
from dostyk.messages import service as messages
from dostyk.messages.kinds import Kind, Placeholder
from dostyk.messages.queries import language_for
from dostyk.messages.service import Letter
from dostyk.people import letters
from dostyk.people.models import Account, Person
from dostyk.vouchers import letters as vouchers
from dostyk.waiting.models import WaitingEntry
from dostyk.waiting.queries import Reader

_PLACE = Placeholder("link", _l("Address of the page that shows the place"), "https://dostyk.example/waiting/DIG-2026-01", needed=True)

JOINED = kinds.register(
    Kind(
        "waiting.joined", _l("Place on the waiting list"), _l("Sent to whoever joins a waiting list."),
        subject=_l("You are on the waiting list: %(course)s"),
        body=_l(
            "Dear %(name)s,\n\n"
            "all seats of the course “%(course)s” (%(cohort)s, %(dates)s, %(host)s, %(city)s) are taken. You are on the waiting list:"
            " number %(position)s. When it is your turn we offer you a seat by e-mail; you then have some days to confirm it.\n\n"
            "Where you stand, and how to leave the list:\n%(link)s\n\n"
            "%(password)s\n\n"
            "Your Dostyk team"
        ),
        placeholders=(
            kinds.NAME, *kinds.COHORT, Placeholder("position", _l("Position on the list"), "3"), _PLACE,
            Placeholder(
                "password", _l("How to choose a password, for who is new"), _l("Choose a password: https://dostyk.example/invitation/…"),
                needed=True, secret=True, long=True,
            ),
        ),
    )
)  # fmt: skip
PROMOTED = kinds.register(
    Kind(
        "waiting.promoted", _l("A seat for who waited"), _l("Sent to whoever is offered a seat from the waiting list."),
        subject=_l("A seat for you, if you confirm: %(course)s"),
        body=_l(
            "Dear %(name)s,\n\n"
            "a seat in the course “%(course)s” (%(cohort)s) is held for you: %(dates)s, %(host)s, %(city)s."
            " Confirm it by %(until)s; after that it goes on to who waits next.\n\n"
            "Confirm the seat, or let it go:\n%(link)s\n\n"
            "Your Dostyk team"
        ),
        placeholders=(
            kinds.NAME, *kinds.COHORT,
            Placeholder("until", _l("Until when the seat can be confirmed"), _l("25 November 2026, 18:00 (Asia/Almaty)"), needed=True),
            Placeholder(
                "link", _l("Address where the seat is confirmed"), "https://dostyk.example/waiting/offer/…", needed=True, secret=True
            ),
        ),
    )
)  # fmt: skip
LAPSED = kinds.register(
    Kind(
        "waiting.lapsed", _l("Seat not confirmed in time"), _l("Sent when a seat from the waiting list was not confirmed in time."),
        subject=_l("The seat was not confirmed: %(course)s"),
        body=_l(
            "Dear %(name)s,\n\n"
            "the seat in the course “%(course)s” (%(cohort)s, %(dates)s) that was held for you was not confirmed in time."
            " It goes on to who waits next.\n\n"
            "If you still want to take part, join the waiting list again, at its end:\n%(link)s\n\n"
            "Your Dostyk team"
        ),
        placeholders=(kinds.NAME, *kinds.COHORT, _PLACE),
    )
)  # fmt: skip


# --- The link that confirms -----------------------------------------------------------------------------------------


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="waiting-offer")


def sign(entry_id: int, offered_at: datetime) -> str:
    """The mark of one offer to one person: who has it confirms the seat, or lets it go, and can do nothing else."""
    return str(_serializer().dumps([entry_id, offered_at.isoformat()]))


def read(token: str) -> tuple[int, datetime] | None:
    """The entry and the moment of the offer of a mark; None when it is forged."""
    try:
        entry_id, offered_at = _serializer().loads(token)
    except BadSignature:
        return None
    return int(entry_id), datetime.fromisoformat(offered_at)


# --- Writing them ---------------------------------------------------------------------------------------------------


def address_of(person: Person, account: Account | None) -> str:
    """Where letters to a person go; "" when nobody knows."""
    return account.email if account else person.email


def joined(entry: WaitingEntry, position: int, account: Account | None, *, new: bool) -> None:
    """Say which place it is; with a link to choose a password when the account is new."""
    if not (to := address_of(entry.person, account)):
        return
    link = vouchers.invitation(account, entry.joined_at) if new and account else ""
    messages.write(
        JOINED, to, language=_language(entry.person, account), person_id=entry.person_id, cohort=entry.cohort,
        values=lambda: {
            "name": entry.person.full_name, "position": position, "link": page(entry.cohort), "password": vouchers.password(link),
        },
    )  # fmt: skip


def promoted(cohort: Cohort, readers: Iterable[Reader]) -> int:
    """Say that a seat is held for them, and until when; how many letters."""
    return messages.write_all(PROMOTED, (_offer(cohort, r.entry, r.account) for r in readers if address_of(r.entry.person, r.account)))


def lapsed(cohort: Cohort, readers: Iterable[Reader]) -> int:
    """Say that the time to confirm is over; how many letters."""
    return messages.write_all(
        LAPSED,
        (
            _to(cohort, r.entry, r.account, name=r.entry.person.full_name, link=page(cohort))
            for r in readers
            if address_of(r.entry.person, r.account)
        ),
    )


def _offer(cohort: Cohort, entry: WaitingEntry, account: Account | None) -> Letter:
    if entry.offered_at is None or entry.offered_until is None:
        raise ValueError("no seat is offered")
    path, until, zone = f"/waiting/offer/{sign(entry.id, entry.offered_at)}", entry.offered_until, cohort.time_zone
    name = entry.person.full_name
    language = language_for(_language(entry.person, account))
    values = lambda: {"name": name, "link": letters.link(path), "until": f"{moment(until, zone)} ({zone})"}  # noqa: E731 -- in its language
    return Letter(address_of(entry.person, account), language, values, entry.person_id, cohort)


def _to(cohort: Cohort, entry: WaitingEntry, account: Account | None, **values: str) -> Letter:
    return Letter(address_of(entry.person, account), language_for(_language(entry.person, account)), values, entry.person_id, cohort)


def _language(person: Person, account: Account | None) -> str | None:
    if account is not None:
        return letters.language_of(account)
    return next(iter(person.languages or ()), None)


def page(cohort: Cohort) -> str:
    return letters.link(f"/waiting/{cohort.code}")
