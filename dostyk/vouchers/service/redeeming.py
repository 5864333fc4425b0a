"""Who has a voucher takes its seat. Codes never go into a log: events name the batch and the number of the voucher."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from dostyk.cohorts import service as cohorts
from dostyk.cohorts.models import Enrolment
from dostyk.cohorts.rules import EnrolmentState, NoSeat, no_seat
from dostyk.core.audit import Event, gathered, note, record
from dostyk.core.countries import country_name
from dostyk.core.database import changed, db
from dostyk.core.errors import Refused
from dostyk.core.i18n import language, moment
from dostyk.core.text import fold_code, is_code
from dostyk.people import queries as people_queries
from dostyk.people import service as people
from dostyk.people.models import Account, Person
from dostyk.people.rules import PersonDetails, Purpose, missing_consents
from dostyk.vouchers import labels, queries, queues, rules
from dostyk.vouchers.models import Redemption, Voucher
from dostyk.vouchers.rules import Refusal

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Offer:
    """What a good code opens. `seat` is the one that whoever asks holds already; `no_seat` is what is in the way otherwise."""

    voucher: Voucher
    seat: Enrolment | None
    no_seat: NoSeat | None

    @property
    def full(self) -> bool:
        """Whether nothing but the seats is missing: then there is a waiting list."""
        return self.no_seat in (NoSeat.COUNTRY_FULL, NoSeat.FULL) and queues.offered()


@dataclass(frozen=True)
class Given:
    """A seat, the account that was opened for it (None when the person had one), and whether the seat is new."""

    seat: Enrolment
    account: Account | None = None
    new: bool = False

    @property
    def pending(self) -> bool:
        """Whether it is held until a coordinator approves it."""
        return self.seat.state is EnrolmentState.PENDING


@dataclass(frozen=True)
class Queued:
    """Where the place on the waiting list is shown, and the account of who waits."""

    path: str
    account: Account


def ticket(mark: str, code: str) -> str:
    """What is kept of the mark of a visitor's form: who sends the same form for the same code again bears the same ticket."""
    return hashlib.sha256(f"{mark} {fold_code(code)}".encode()).hexdigest()


def offer(typed: str, person: Person | None, ticket: str | None, now: datetime, address: str | None = None) -> Offer:
    """What the typed code opens for `person`, or for a visitor (None). One statement; none for a mistyped code.

    `address` is the e-mail address with which the person signed in; that of a visitor is seen by `redeem`.

    Raises Refused, one neutral sentence for every code that could exist and gives no seat; its note keeps the reason.
    Who holds a seat by this voucher is shown it, whatever has become of the voucher; who holds one by another voucher
    is shown it as long as this one could be used, and does not use it.
    """
    code = fold_code(typed[:100])
    if not is_code(code):
        raise Refused(labels.MISTYPED, field="code")
    found = queries.found(code, person, ticket, now)
    if found is None:
        raise _refused(Refusal.UNKNOWN, code, None, person)
    refusal = rules.why_not(queries.facts(found.voucher), now, person.country if person else None, address)
    if found.seat is not None and (found.gave_it or refusal is None):
        return Offer(found.voucher, found.seat, None)
    if refusal is not None:
        raise _refused(refusal, code, found.voucher, person)
    return Offer(found.voucher, None, no_seat(found.seats, now, back=found.voucher.batch.replaces_id is not None))


def redeem(
    offer: Offer, applicant: Person | PersonDetails | None, consents: Mapping[Purpose, str], *,
    language: str, ticket: str | None = None, now: datetime,
) -> Given:  # fmt: skip
    """Give the applicant the seat that the voucher stands for: a person we know, or one who registers with it.

    Raises Refused when the cohort has no seat (the voucher stays unused), when somebody was faster, when the e-mail
    address has an account, and when a consent is missing without which nobody can be taught.
    """
    voucher = offer.voucher
    if offer.seat is not None:
        return Given(offer.seat)
    if applicant is None:
        raise ValueError("nobody to give the seat to")
    if isinstance(applicant, PersonDetails) and rules.other_address(queries.facts(voucher), applicant.email):
        raise _refused(Refusal.OTHER_ADDRESS, voucher.code, voucher, None)
    if offer.no_seat is not None:
        raise _without_seat(offer.no_seat, voucher, applicant)
    if not _take_one_use(voucher):
        return _overtaken(voucher, applicant, ticket, now)
    with gathered():
        account = None
        if isinstance(applicant, PersonDetails):
            person, account = _new_person(applicant, language, now)
        else:
            person = applicant
        _agree(person, consents, language, now, known=account is None)
        seat = _enrol(person, voucher, applicant, now)
        if seat.enrolled_at != now:
            # The same person had another voucher of this cohort redeemed at the very same moment: this one stays unused.
            _give_back(voucher)
            return Given(seat)
        _redeemed(voucher, seat, ticket, now)
    return Given(seat, account, new=True)


def wait(
    offer: Offer, applicant: Person | PersonDetails | None, consents: Mapping[Purpose, str], *, language: str, now: datetime
) -> Queued:
    """Put the applicant on the waiting list; the voucher stays unused. Raises Refused as `redeem` does."""
    if applicant is None or not offer.full:
        raise ValueError("nobody to wait, or nothing to wait for")
    voucher = offer.voucher
    if isinstance(applicant, PersonDetails) and rules.other_address(queries.facts(voucher), applicant.email):
        raise _refused(Refusal.OTHER_ADDRESS, voucher.code, voucher, None)
    account = None
    if isinstance(applicant, PersonDetails):
        person, account = _new_person(applicant, language, now)
    else:
        person = applicant
    _agree(person, consents, language, now, known=account is None)
    path = queues.join(person, voucher, account, now)
    known = account or people_queries.account_of(person.id)
    if known is None:
        raise ValueError("whoever waits is signed in or has registered")
    return Queued(path, known)


def use(voucher: Voucher, give: Callable[[], Enrolment], now: datetime) -> Enrolment:
    """The seat that `give` gives, and one use of the voucher for it if it has one left: for who waited with a voucher in hand."""
    took = rules.why_not(queries.facts(voucher), now) is None and _take_one_use(voucher)
    seat = give()
    if took and seat.enrolled_at == now:
        _redeemed(voucher, seat, None, now)
    elif took:
        _give_back(voucher)
    return seat


def _redeemed(voucher: Voucher, seat: Enrolment, ticket: str | None, now: datetime) -> None:
    batch = voucher.batch
    db.session.add(Redemption(voucher=voucher, enrolment=seat, ticket=ticket, at=now))
    record("voucher.redeemed", queries.subject(batch), by=seat.person, cohort=batch.cohort.code, voucher=voucher.id, enrolment=seat.id)


def no_seat_sentence(offer: Offer) -> str:
    """What the holder of a good code is told when the cohort has no seat; "" when it has."""
    return "" if offer.no_seat is None else _sentence(offer.no_seat, offer.voucher)


def _without_seat(reason: NoSeat, voucher: Voucher, applicant: Person | PersonDetails) -> Refused:
    """The refusal for a good code whose cohort has no seat; its note is for the coordinator."""
    person = applicant if isinstance(applicant, Person) else None
    return Refused(_sentence(reason, voucher), note=_tried(reason.value, voucher, person))


def _sentence(reason: NoSeat, voucher: Voucher) -> str:
    cohort = voucher.batch.cohort
    return str(labels.NO_SEAT[reason]) % {
        "opens": moment(cohort.opens_at, cohort.time_zone),
        "closes": moment(cohort.closes_at, cohort.time_zone),
        "country": country_name(voucher.batch.country, language()),
    }


def _take_one_use(voucher: Voucher) -> bool:
    """Count one use, unless the last is gone, or the voucher was revoked or locked to an address meanwhile.

    One statement, so that the last goes to exactly one.
    """
    mine = sa.update(Voucher).where(
        Voucher.id == voucher.id,
        Voucher.used < Voucher.uses,
        Voucher.revoked_at.is_(None),
        Voucher.email.is_not_distinct_from(voucher.email),
    )
    took = db.session.execute(mine.values(used=Voucher.used + 1), execution_options={"synchronize_session": False})
    return changed(took) == 1


def _give_back(voucher: Voucher) -> None:
    mine = sa.update(Voucher).where(Voucher.id == voucher.id).values(used=Voucher.used - 1)
    db.session.execute(mine, execution_options={"synchronize_session": False})


def _overtaken(voucher: Voucher, applicant: Person | PersonDetails, ticket: str | None, now: datetime) -> Given:
    """Somebody took the last use a moment ago: perhaps the same person, who pressed the button twice."""
    person = applicant if isinstance(applicant, Person) else None
    found = queries.found(voucher.code, person, ticket, now)
    if found is not None and found.seat is not None and found.gave_it:
        return Given(found.seat)
    raise _refused(Refusal.USED, voucher.code, voucher, person)


def _new_person(details: PersonDetails, language: str, now: datetime) -> tuple[Person, Account]:
    person = people.register(details, by=None, now=now)
    try:
        return person, people.open_account(person, details.email, language, now)
    except Refused as refused:
        if refused.field != "email":
            raise
        raise Refused(labels.ADDRESS_HAS_ACCOUNT, field="email") from refused


def _agree(person: Person, consents: Mapping[Purpose, str], language: str, now: datetime, *, known: bool) -> None:
    given = {*consents, *(people_queries.standing_consents(person.id) if known else ())}
    if missing_consents(given):
        raise Refused(_("Without the consents marked as required no seat can be given. Tick them to go on."))
    people.consent(person, consents, language, now, new=not known)


def _enrol(person: Person, voucher: Voucher, applicant: Person | PersonDetails, now: datetime) -> Enrolment:
    """The seat; a refusal says that the code is right, and its note is for the coordinator of the batch."""
    batch = voucher.batch
    try:
        return cohorts.enrol(
            person, batch.cohort, batch.country, now, promised=True, pending=batch.approval,
            late=batch.replaces_id is not None, replaces=batch.replaces if batch.replaces_id is not None else None,
        )  # fmt: skip
    except Refused as refused:
        reason = NoSeat(refused.note.reason) if refused.note is not None and refused.note.reason else None
        if reason is None:
            raise
        raise _without_seat(reason, voucher, applicant) from refused


def _refused(refusal: Refusal, code: str, voucher: Voucher | None, person: Person | None) -> Refused:
    """One sentence and one number of statements, whatever the reason; a note for those who may know it."""
    log.info("a code was refused", extra={"reason": refusal.value, "voucher": voucher.id if voucher else None})
    if voucher is None:
        event = note(queries.REFUSED, f"code:{code[:3]}…", by=person, reason=refusal.value)
    else:
        event = _tried(refusal.value, voucher, person)
    return Refused(labels.GIVES_NO_SEAT, field="code", note=event)


def _tried(reason: str, voucher: Voucher, person: Person | None) -> Event:
    batch = voucher.batch
    return note(queries.REFUSED, queries.subject(batch), by=person, reason=reason, cohort=batch.cohort.code, voucher=voucher.id)
