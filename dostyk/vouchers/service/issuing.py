"""Drafts, and what a batch reserves when it is issued."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.exc import IntegrityError

from dostyk.cohorts import queries as cohorts
from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.cohorts.rules import last_day
from dostyk.core.audit import record
from dostyk.core.countries import country_name
from dostyk.core.database import db
from dostyk.core.errors import Refused
from dostyk.core.i18n import day, language
from dostyk.core.text import new_code
from dostyk.people.models import Organisation, Person
from dostyk.vouchers import labels, queries, rules
from dostyk.vouchers.models import Batch, Voucher
from dostyk.vouchers.rules import BatchFacts, BatchKind, BatchState, NoBatch, NoChange


@dataclass(frozen=True)
class Order:
    """What a coordinator asks for. A draft reserves nothing until it is issued.

    `overbook` is the reason why it may promise more seats than are free; only who has Permission.OVERBOOK_SEATS gives one.
    """

    organisation: Organisation
    country: str
    quantity: int
    valid_through: date  # on the calendar of the venue
    language: str  # of the sheet
    note: str = ""
    kind: BatchKind = BatchKind.SINGLE
    approval: bool = False  # whether a coordinator approves each redemption
    draft: bool = False
    overbook: str = ""


def issue(cohort: Cohort, order: Order, by: Person, now: datetime) -> Batch:
    """A batch with its vouchers, or a draft without any. Raises Refused, with the numbers, when so many seats are not free."""
    facts = _facts(cohort, order.organisation, order.country, now)
    if reason := rules.why_no_batch(
        facts, order.quantity, order.valid_through, now, reserves=not order.draft, overbook=bool(order.overbook)
    ):
        raise _no_batch(reason, facts, order.country)
    batch = Batch(cohort=cohort, state=BatchState.DRAFT, created_at=now, issued_by=by, **_columns(cohort, order))
    db.session.add(batch)
    if order.draft:
        db.session.flush()
        _record("batch.drafted", batch, by)
    else:
        _give(batch, order.overbook, facts, by, now)
    return batch


def edit_draft(batch: Batch, order: Order, by: Person, now: datetime) -> None:
    """Change what a draft asks for. Raises Refused as `issue` does, and when it was issued meanwhile."""
    hold(batch, BatchState.DRAFT)
    facts = _facts(batch.cohort, order.organisation, order.country, now, lock=False)
    if reason := rules.why_no_batch(facts, order.quantity, order.valid_through, now, reserves=False):
        raise _no_batch(reason, facts, order.country)
    for name, value in _columns(batch.cohort, order).items():
        setattr(batch, name, value)
    _record("batch.edited", batch, by)


def issue_draft(batch: Batch, by: Person, now: datetime, overbook: str = "") -> None:
    """Make the vouchers of a draft, and reserve their seats. Raises Refused as `issue` does, and when it was issued before."""
    hold(batch, BatchState.DRAFT)
    facts = _facts(batch.cohort, batch.organisation, batch.country, now)
    through = rules.valid_through(batch.valid_until, batch.cohort.time_zone)
    if reason := rules.why_no_batch(facts, batch.quantity, through, now, overbook=bool(overbook)):
        raise _no_batch(reason, facts, batch.country)
    batch.issued_by = by
    _give(batch, overbook, facts, by, now)


def discard(batch: Batch, by: Person) -> None:
    """Throw a draft away: it promised nothing to anybody. Raises Refused when it was issued."""
    hold(batch, BatchState.DRAFT)
    _record("batch.discarded", batch, by)
    db.session.delete(batch)


def replacement(enrolment: Enrolment, by: Person, now: datetime) -> Batch:
    """A batch of one voucher with which somebody takes the place of who left, also after the start, as long as the cohort allows.

    It is handed to the body that had sent who left. Raises Refused when the place is held, or given to somebody else by now.
    """
    cohort = enrolment.cohort
    gave = queries.batch_that_gave(enrolment)
    country = enrolment.country or (gave.country if gave else enrolment.person.country)
    if country is None:
        raise Refused(_("Say in the person's profile from which country they are: their place is given to somebody of it."))
    seats = cohorts.seat_table(cohort, now, lock=True)
    until = queries.end_of(cohort, replaces=True)
    if reason := rules.why_no_replacement(
        enrolment.state,
        archived=cohort.archived_at is not None,
        until=until,
        replaced=queries.replaced(enrolment, now),
        seats=seats.of(country),
        now=now,
    ):
        raise Refused(labels.NO_REPLACEMENT[reason])
    body = gave.organisation if gave else enrolment.person.organisation or cohort.host
    batch = Batch(
        cohort=cohort, organisation=body, country=country, quantity=1, kind=BatchKind.SINGLE, state=BatchState.DRAFT,
        language=gave.language if gave else language(), replaces=enrolment, valid_until=until, created_at=now, issued_by=by,
    )  # fmt: skip
    db.session.add(batch)
    _give(batch, "", queries.batch_facts(cohort, body, country, seats, replaces=True), by, now)
    return batch


def hold(batch: Batch, state: BatchState) -> None:
    """Read a batch anew and keep others from changing it until the unit of work ends. Raises Refused unless it is in `state`."""
    db.session.flush()  # what another verb of this unit of work changed is not to be read away
    db.session.refresh(batch, ["state", "quantity", "valid_until"], with_for_update={"key_share": True})
    if batch.state is not state:
        raise Refused(labels.NO_CHANGE[NoChange.NOT_A_DRAFT if state is BatchState.DRAFT else NoChange.NOT_ISSUED])


def insert_codes(batch: Batch, number: int, uses: int = 1, email: str | None = None) -> list[str]:
    """So many new vouchers of a batch in one go. A code that exists (one in 10^16 tries) fails the constraint: then all are drawn again."""
    for last_try in (False, False, True):
        codes = {new_code() for _ in range(number)}
        while len(codes) < number:
            codes.add(new_code())
        try:
            with db.session.begin_nested():
                rows = [{"batch_id": batch.id, "code": code, "uses": uses, "used": 0, "email": email} for code in codes]
                db.session.execute(sa.insert(Voucher), rows)
        except IntegrityError:
            if last_try:
                raise
        else:
            return list(codes)
    raise AssertionError("the last try returns or raises")


def _facts(cohort: Cohort, body: Organisation, country: str, now: datetime, *, lock: bool = True) -> BatchFacts:
    """Two coordinators at the same moment: the second waits here, and then counts the vouchers of the first."""
    db.session.refresh(cohort, ["closes_at", "archived_at", "replace_until"])
    return queries.batch_facts(cohort, body, country, cohorts.seat_table(cohort, now, lock=lock))


def _columns(cohort: Cohort, order: Order) -> dict[str, Any]:
    names = ("organisation", "country", "quantity", "language", "note", "kind", "approval")
    return {**{name: getattr(order, name) for name in names}, "valid_until": rules.end_of_day(order.valid_through, cohort.time_zone)}


def _give(batch: Batch, overbook: str, facts: BatchFacts, by: Person, now: datetime) -> None:
    """Issue a batch whose seats are locked and counted. The reason for overbooking is kept where more are promised than are free."""
    over = facts.seats is not None and batch.quantity > facts.seats.free
    batch.state, batch.issued_at = BatchState.ISSUED, now
    batch.override_reason = overbook or None if over else None
    db.session.flush()
    single = batch.kind is BatchKind.SINGLE
    insert_codes(batch, batch.quantity if single else 1, 1 if single else batch.quantity)
    _record("batch.issued", batch, by, reason=batch.override_reason)


def _record(kind: str, batch: Batch, by: Person, reason: str | None = None) -> None:
    extra = {} if batch.replaces is None else {"replaces": batch.replaces.id}
    record(
        kind, queries.subject(batch), by=by, reason=reason, cohort=batch.cohort.code,
        organisation=batch.organisation.id, country=batch.country, quantity=batch.quantity,
        valid_through=rules.valid_through(batch.valid_until, batch.cohort.time_zone).isoformat(), **extra,
    )  # fmt: skip


def _no_batch(reason: NoBatch, facts: BatchFacts, country_code: str) -> Refused:
    country = country_name(country_code, language())
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
        case NoBatch.TOO_MANY:
            return Refused(too_many(facts, country), field="quantity")
        case _:
            return no_end(reason, facts.closes, facts.time_zone)


def no_end(reason: NoBatch, closes: datetime, time_zone: str) -> Refused:
    """What to do when vouchers cannot be valid through that day."""
    if reason is NoBatch.ENDS_IN_THE_PAST:
        return Refused(_("This day is over. Choose a later one."), field="valid_through")
    last = day(last_day(closes, time_zone))
    return Refused(_("Enrolment closes on %(day)s: choose this day or an earlier one.", day=last), field="valid_through")


def too_many(facts: BatchFacts, country: str) -> str:
    """That so many seats of the country are not free, with the numbers."""
    if facts.seats is None:
        raise ValueError("too many of no seats")
    seats = facts.seats
    numbers = {"country": country, "held": seats.held, "taken": seats.taken, "promised": seats.reserved}
    if seats.free < 1:
        return _(
            "No seat is free for %(country)s: of %(held)s seats %(taken)s are taken and %(promised)s reserved."
            " Revoke open vouchers, or add seats in the settings.",
            **numbers,
        )
    return ngettext(
        "Only %(num)s seat is free for %(country)s: of %(held)s seats %(taken)s are taken and %(promised)s reserved.",
        "Only %(num)s seats are free for %(country)s: of %(held)s seats %(taken)s are taken and %(promised)s reserved.",
        seats.free,
        **numbers,
    )
