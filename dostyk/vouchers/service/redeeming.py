"""Issuing, revoking and redeeming vouchers. Nothing here commits.

Rows are locked in one order: voucher, then what `cohorts.service.enrol` locks. Codes never go into a log: events name
the batch and the number of the voucher.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.exc import IntegrityError

from dostyk.cohorts import service as cohorts
from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.cohorts.rules import NoSeat, last_day, no_seat
from dostyk.core.audit import Event, gathered, note, record
from dostyk.core.countries import country_name
from dostyk.core.database import changed, db
from dostyk.core.errors import Refused
from dostyk.core.i18n import day, language, moment
from dostyk.core.text import fold_code, is_code, new_code
from dostyk.people import queries as people_queries
from dostyk.people import service as people
from dostyk.people.models import Account, Organisation, Person
from dostyk.people.rules import PersonDetails, Purpose, missing_consents
from dostyk.vouchers import labels, queries, rules
from dostyk.vouchers.models import Batch, Redemption, Voucher
from dostyk.vouchers.rules import BatchFacts, NoBatch, Refusal

log = logging.getLogger(__name__)

# --- Redeeming -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Offer:
    """What a good code opens. `seat` is the one that whoever asks holds already; `no_seat` is what is in the way otherwise."""

    voucher: Voucher
    seat: Enrolment | None
    no_seat: NoSeat | None


@dataclass(frozen=True)
class Given:
    """A seat, the account that was opened for it (None when the person had one), and whether the seat is new."""

    seat: Enrolment
    account: Account | None = None
    new: bool = False


def ticket(mark: str, code: str) -> str:
    """What is kept of the mark of a visitor's form: who sends the same form for the same code again bears the same ticket."""
    return hashlib.sha256(f"{mark} {fold_code(code)}".encode()).hexdigest()


def offer(typed: str, person: Person | None, ticket: str | None, now: datetime) -> Offer:
    """What the typed code opens for `person`, or for a visitor (None). One statement; none for a mistyped code.

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
    refusal = rules.why_not(queries.facts(found.voucher), now, person.country if person else None)
    if found.seat is not None and (found.gave_it or refusal is None):
        return Offer(found.voucher, found.seat, None)
    if refusal is not None:
        raise _refused(refusal, code, found.voucher, person)
    return Offer(found.voucher, None, no_seat(found.seats, now))


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
        db.session.add(Redemption(voucher=voucher, enrolment=seat, ticket=ticket, at=now))
        batch = voucher.batch
        record("voucher.redeemed", queries.subject(batch), by=person, cohort=batch.cohort.code, voucher=voucher.id, enrolment=seat.id)
    return Given(seat, account, new=True)


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
    """Count one use, unless the last is gone or the voucher was revoked meanwhile: one statement, so the last goes to exactly one."""
    mine = sa.update(Voucher).where(Voucher.id == voucher.id, Voucher.used < Voucher.uses, Voucher.revoked_at.is_(None))
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
    try:
        return cohorts.enrol(person, voucher.batch.cohort, voucher.batch.country, now)
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


# --- Issuing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Order:
    """What a coordinator asks for."""

    organisation: Organisation
    country: str
    quantity: int
    valid_through: date  # on the calendar of the venue
    language: str  # of the sheet
    note: str = ""


def issue(cohort: Cohort, order: Order, *, by: Person, now: datetime) -> Batch:
    """A batch with its vouchers. Raises Refused, with the numbers, when the cohort has no free seats for so many."""
    # Two coordinators at the same moment: the second waits here, and then counts the vouchers of the first.
    db.session.refresh(cohort, ["capacity", "taken", "closes_at", "archived_at"], with_for_update={"key_share": True})
    facts = queries.batch_facts(cohort, order.organisation, order.country, now)
    if reason := rules.why_no_batch(facts, order.quantity, order.valid_through, now):
        raise _no_batch(reason, facts, order)
    batch = Batch(
        cohort=cohort, organisation=order.organisation, country=order.country,
        quantity=order.quantity, language=order.language, note=order.note,
        valid_until=rules.end_of_day(order.valid_through, cohort.time_zone), created_at=now, issued_at=now, issued_by=by,
    )  # fmt: skip
    db.session.add(batch)
    db.session.flush()
    _insert_codes(batch)
    record(
        "batch.issued", queries.subject(batch), by=by, cohort=cohort.code,
        organisation=order.organisation.id, country=order.country, quantity=order.quantity, valid_through=order.valid_through.isoformat(),
    )  # fmt: skip
    return batch


def revoke(batch: Batch, reason: str, *, by: Person, now: datetime, voucher_id: int | None = None) -> int:
    """Revoke one voucher of the batch, or all that are not used; they stay, with when and why. Returns how many.

    Raises Refused when there is none left to revoke.
    """
    unused = sa.update(Voucher).where(Voucher.batch_id == batch.id, Voucher.used < Voucher.uses, Voucher.revoked_at.is_(None))
    if voucher_id is not None:
        unused = unused.where(Voucher.id == voucher_id)
    done = unused.values(revoked_at=now, revoked_reason=reason).execution_options(synchronize_session=False)
    number = changed(db.session.execute(done))
    if number == 0 and voucher_id is not None:
        raise Refused(_("This voucher was used or revoked before."))
    if number == 0:
        raise Refused(_("No voucher of this batch is left to revoke: all are used or revoked."))
    one = {} if voucher_id is None else {"voucher": voucher_id}
    record("vouchers.revoked", queries.subject(batch), by=by, reason=reason, cohort=batch.cohort.code, number=number, **one)
    return number


def _insert_codes(batch: Batch) -> None:
    """All vouchers of a batch in one go. A code that exists (one in 10^16 tries) fails the constraint: then all are drawn again."""
    for last_try in (False, False, True):
        codes = {new_code() for _ in range(batch.quantity)}
        while len(codes) < batch.quantity:
            codes.add(new_code())
        try:
            with db.session.begin_nested():
                rows = [{"batch_id": batch.id, "code": code, "uses": 1, "used": 0} for code in codes]
                db.session.execute(sa.insert(Voucher), rows)
        except IntegrityError:
            if last_try:
                raise
        else:
            return


def _no_batch(reason: NoBatch, facts: BatchFacts, order: Order) -> Refused:
    country = country_name(order.country, language())
    closes = day(last_day(facts.closes, facts.time_zone))
    match reason:
        case NoBatch.ARCHIVED:
            return Refused(_("This cohort is archived. Restore it in the settings before you issue vouchers."))
        case NoBatch.WINDOW_CLOSED:
            return Refused(_("Enrolment closed on %(day)s: extend it in the settings before you issue vouchers.", day=closes))
        case NoBatch.OTHER_COUNTRY:
            other = country_name(facts.body_country or "", language())
            said = _("This body belongs to %(other)s. Choose a body of %(country)s, or the other country.", other=other, country=country)
            return Refused(said, field="country")
        case NoBatch.COUNTRY_NOT_INVITED:
            said = _("The cohort holds no seats for %(country)s. Add them in the settings, or choose another country.", country=country)
            return Refused(said, field="country")
        case NoBatch.ENDS_IN_THE_PAST:
            return Refused(_("This day is over. Choose a later one."), field="valid_through")
        case NoBatch.ENDS_AFTER_WINDOW:
            return Refused(_("Enrolment closes on %(day)s: choose this day or an earlier one.", day=closes), field="valid_through")
        case NoBatch.TOO_MANY:
            return Refused(_too_many(facts, country), field="quantity")


def _too_many(facts: BatchFacts, country: str) -> str:
    if facts.seats is None:
        raise ValueError("too many of no seats")
    seats = facts.seats
    numbers = {"country": country, "held": seats.held, "taken": seats.taken, "promised": seats.promised}
    if not seats.free:
        return _(
            "No seat is free for %(country)s: of %(held)s seats %(taken)s are taken and %(promised)s reserved by open vouchers."
            " Revoke open vouchers, or add seats in the settings.",
            **numbers,
        )
    return ngettext(
        "Only %(num)s seat is free for %(country)s: of %(held)s seats %(taken)s are taken and %(promised)s reserved by open vouchers.",
        "Only %(num)s seats are free for %(country)s: of %(held)s seats %(taken)s are taken and %(promised)s reserved by open vouchers.",
        seats.free,
        **numbers,
    )
