"""What pages and rules read about vouchers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload
from sqlalchemy.sql import ColumnElement

from dostyk.cohorts import queries as cohorts
from dostyk.cohorts import reserves
from dostyk.cohorts.models import Cohort, CountrySeats, Enrolment
from dostyk.cohorts.rules import CODE, HOLDING, CohortFacts, EnrolmentState, Seats, SeatTable
from dostyk.core.access import Grant
from dostyk.core.audit import Event
from dostyk.core.database import db
from dostyk.core.text import fold, fold_code
from dostyk.people.models import Organisation, Person
from dostyk.people.rules import OrganisationKind
from dostyk.vouchers.models import Batch, Redemption, Voucher
from dostyk.vouchers.rules import AGAIN_WITHIN, BatchFacts, BatchState, VoucherFacts, VoucherState, replaced_until

REFUSED = "voucher.refused"  # the kind of event that a refused try leaves


def facts(voucher: Voucher) -> VoucherFacts:
    """What decides about `voucher`; its batch is loaded."""
    return VoucherFacts(
        uses_left=voucher.uses - voucher.used,
        revoked=voucher.revoked_at is not None,
        valid_until=voucher.batch.valid_until,
        country=voucher.batch.country,
        email=voucher.email,
    )


# --- One voucher -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """A voucher, what decides about its cohort's seats, and the seat there of whoever asks.

    `gave_it` says whether this voucher gave that seat.
    """

    voucher: Voucher  # with batch, cohort, course and host
    seats: CohortFacts
    seat: Enrolment | None
    gave_it: bool


def found(code: str, person: Person | None, ticket: str | None, now: datetime) -> Found | None:
    """The voucher with a folded code and the seat of `person`, or of the visitor whose form bore `ticket` a moment ago.

    One statement, whether there is such a code or not.
    """
    by_country = sa.exists().where(CountrySeats.cohort_id == Batch.cohort_id).correlate(Batch)
    asked = (
        sa.select(Voucher, Enrolment, Redemption.id, by_country, CountrySeats.seats, CountrySeats.taken)
        .join(Voucher.batch)
        .outerjoin(CountrySeats, (CountrySeats.cohort_id == Batch.cohort_id) & (CountrySeats.country == Batch.country))
        .where(Voucher.code == code)
        .options(contains_eager(Voucher.batch).joinedload(Batch.cohort, innerjoin=True).options(*cohorts.HEAD))
        .execution_options(populate_existing=True)
    )
    held = Enrolment.state.in_(HOLDING)
    if person is not None:
        asked = asked.outerjoin(Enrolment, (Enrolment.cohort_id == Batch.cohort_id) & (Enrolment.person_id == person.id) & held)
        asked = asked.outerjoin(Redemption, (Redemption.voucher_id == Voucher.id) & (Redemption.enrolment_id == Enrolment.id))
    else:
        lately = (Redemption.ticket == (ticket or "")) & (Redemption.at > now - AGAIN_WITHIN)
        asked = asked.outerjoin(Redemption, (Redemption.voucher_id == Voucher.id) & lately)
        asked = asked.outerjoin(Enrolment, (Enrolment.id == Redemption.enrolment_id) & held)
    row = db.session.execute(asked).first()
    if row is None:
        return None
    voucher, seat, redemption_id, holds, seats, taken = row
    cohort = voucher.batch.cohort
    facts = CohortFacts(
        archived=cohort.archived_at is not None, opens=cohort.opens_at, closes=cohort.closes_at,
        capacity=Seats(cohort.capacity, cohort.taken), by_country=holds, country=None if seats is None else Seats(seats, taken),
    )  # fmt: skip
    return Found(voucher, facts, seat, seat is not None and redemption_id is not None)


# --- Lists -----------------------------------------------------------------------------------------------------------


def state_is(state: VoucherState, now: datetime) -> ColumnElement[bool]:
    """`rules.state` as a condition on vouchers joined with their batches; a test holds the two together."""
    revoked, used, over = Voucher.revoked_at.is_not(None), Voucher.used >= Voucher.uses, Batch.valid_until <= now
    return {
        VoucherState.REVOKED: revoked,
        VoucherState.USED: ~revoked & used,
        VoucherState.EXPIRED: ~revoked & ~used & over,
        VoucherState.OPEN: ~revoked & ~used & ~over,
    }[state]


def of_cohort(cohort: Cohort) -> sa.Select[Voucher]:
    """The cohort's vouchers with their batches."""
    return sa.select(Voucher).join(Voucher.batch).where(Batch.cohort_id == cohort.id).options(contains_eager(Voucher.batch))


def of_batch(batch: Batch) -> sa.Select[Voucher]:
    """The vouchers of a batch."""
    return sa.select(Voucher).join(Voucher.batch).where(Voucher.batch_id == batch.id).options(contains_eager(Voucher.batch))


def open_of(batch: Batch, sheet: tuple[int, int], now: datetime) -> Sequence[Voucher]:
    """The vouchers of one sheet of a batch (numbers of issue, both included) that can be redeemed, in the order of issue."""
    first, last = sheet
    numbered = sa.select(Voucher.id).where(Voucher.batch_id == batch.id).order_by(Voucher.id).offset(first - 1).limit(last - first + 1)
    on_it = Voucher.id.in_(sa.select(numbered.subquery().c.id))
    return db.session.scalars(of_batch(batch).where(on_it, state_is(VoucherState.OPEN, now)).order_by(Voucher.id)).all()


def one_open(batch: Batch, voucher_id: int, now: datetime) -> Sequence[Voucher]:
    """This voucher of the batch, if it can be redeemed."""
    mine = of_batch(batch).where(Voucher.id == min(max(voucher_id, 0), 2**31 - 1), state_is(VoucherState.OPEN, now))
    return db.session.scalars(mine).all()


def voucher_of(batch: Batch, voucher_id: int) -> Voucher | None:
    """A voucher of this batch; None when the number belongs to another."""
    return db.session.scalar(of_batch(batch).where(Voucher.id == voucher_id))


def number_of(batch: Batch) -> int:
    """How many vouchers a batch has, dead or alive: the numbers on its sheets never shift."""
    return db.session.scalar(sa.select(sa.func.count()).where(Voucher.batch_id == batch.id)) or 0


def found_by(text: str) -> ColumnElement[bool]:
    """The vouchers whose code begins with what was typed, or that somebody of such a name redeemed."""
    code, words = fold_code(text), fold(text).split()
    named = sa.select(Redemption.voucher_id).join(Redemption.enrolment).join(Enrolment.person)
    named = named.where(*(Person.search.contains(word, autoescape=True) for word in words))
    conditions = [Voucher.code.startswith(code)] if code else []
    return sa.or_(sa.false(), *conditions, Voucher.id.in_(named) if words else sa.false())


def redemptions(vouchers: Iterable[Voucher]) -> Mapping[int, Sequence[Redemption]]:
    """Who redeemed these vouchers, by voucher, the first first: one statement."""
    ids = [v.id for v in vouchers]
    rows = db.session.scalars(
        sa.select(Redemption)
        .where(Redemption.voucher_id.in_(ids))
        .options(joinedload(Redemption.enrolment, innerjoin=True).joinedload(Enrolment.person, innerjoin=True))
        .order_by(Redemption.id)
    )
    by_voucher: dict[int, list[Redemption]] = {}
    for row in rows:
        by_voucher.setdefault(row.voucher_id, []).append(row)
    return by_voucher


def exported(vouchers: sa.Select[Any]) -> Iterator[tuple[Voucher, Redemption | None, Person | None]]:
    """The vouchers of a list with who redeemed them, a row for each redemption; one statement, read in portions."""
    rows = (
        vouchers.outerjoin(Redemption, Redemption.voucher_id == Voucher.id)
        .outerjoin(Enrolment, Enrolment.id == Redemption.enrolment_id)
        .outerjoin(Person, Person.id == Enrolment.person_id)
        .add_columns(Redemption, Person)
    )
    for voucher, redemption, person in db.session.execute(rows.execution_options(yield_per=500)):  # noqa: UP028 -- rows, as tuples
        yield voucher, redemption, person


# --- Batches ---------------------------------------------------------------------------------------------------------

_WHOLE = (joinedload(Batch.organisation, innerjoin=True), joinedload(Batch.cohort, innerjoin=True).options(*cohorts.HEAD))


def batch(batch_id: int) -> Batch | None:
    """A batch with its body and cohort."""
    return db.session.scalar(sa.select(Batch).where(Batch.id == batch_id).options(*_WHOLE))


def batch_of(cohort: Cohort, batch_id: int) -> Batch | None:
    """A batch of this cohort, with its body and who issued it."""
    return db.session.scalar(
        sa.select(Batch)
        .where(Batch.id == batch_id, Batch.cohort_id == cohort.id)
        .options(joinedload(Batch.organisation, innerjoin=True), joinedload(Batch.issued_by, innerjoin=True))
    )


def batches_of(cohort: Cohort) -> Sequence[Batch]:
    """The batches of a cohort with their bodies, the newest first."""
    found = sa.select(Batch).where(Batch.cohort_id == cohort.id).order_by(Batch.id.desc())
    return db.session.scalars(found.options(joinedload(Batch.organisation, innerjoin=True))).all()


def covers(batch: Batch, grant: Grant) -> bool:
    """Whether a grant that is not everywhere reaches `batch`: its cohort's, its body's or its country's. As SQL: `within`."""
    if grant.cohort_id is not None:
        return grant.cohort_id == batch.cohort_id
    if grant.organisation_id is not None:
        return grant.organisation_id == batch.organisation_id
    return grant.country == batch.country


def within(grants: Sequence[Grant]) -> ColumnElement[bool]:
    """The batches that any of `grants` reaches, as a condition: `covers` for lists."""
    if any(grant.everywhere for grant in grants):
        return sa.true()
    return sa.or_(
        Batch.cohort_id.in_([g.cohort_id for g in grants if g.cohort_id is not None]),
        Batch.organisation_id.in_([g.organisation_id for g in grants if g.organisation_id is not None]),
        Batch.country.in_([g.country for g in grants if g.country is not None]),
    )


def cohorts_within(grants: Sequence[Grant]) -> ColumnElement[bool]:
    """The batches of the cohorts that any of `grants` reaches, as a condition on batches joined with their cohorts."""
    return cohorts.within(grants)


def reached_by(grants: Sequence[Grant]) -> sa.Select[Batch]:
    """The batches that any of `grants` reaches, joined with their cohorts."""
    return sa.select(Batch).join(Batch.cohort).where(within(grants))


WHOLE = (contains_eager(Batch.cohort).joinedload(Cohort.course, innerjoin=True), joinedload(Batch.organisation, innerjoin=True))


def counts(batches: Iterable[Batch], now: datetime) -> Mapping[int, Mapping[VoucherState, int]]:
    """How many seats the vouchers of each batch gave, and how many more those of each other state give: one statement."""
    ids = [b.id for b in batches]
    left = Voucher.uses - Voucher.used
    by_state = [
        sa.func.sum(Voucher.used if state is VoucherState.USED else sa.case((state_is(state, now), left), else_=0)).label(state.value)
        for state in VoucherState
    ]
    rows = db.session.execute(
        sa.select(Voucher.batch_id, *by_state).join(Voucher.batch).where(Voucher.batch_id.in_(ids)).group_by(Voucher.batch_id)
    )
    none = dict.fromkeys(VoucherState, 0)
    return {**dict.fromkeys(ids, none), **{row[0]: dict(zip(VoucherState, row[1:], strict=True)) for row in rows}}


def tries(batch: Batch, limit: int = 20) -> Sequence[Event]:
    """The last refused tries with vouchers of this batch, the newest first."""
    return db.session.scalars(
        sa.select(Event).where(Event.subject == subject(batch), Event.kind == REFUSED).order_by(Event.id.desc()).limit(limit)
    ).all()


def codes(ids: Iterable[int]) -> Mapping[int, str]:
    """The codes of these vouchers."""
    rows = db.session.execute(sa.select(Voucher.id, Voucher.code).where(Voucher.id.in_(list(ids))))
    return {row.id: row.code for row in rows}


def subject(batch: Batch) -> str:
    """Under which name the audit log keeps what happened to a batch and with its vouchers."""
    return f"batch:{batch.id}"


# --- Seats -----------------------------------------------------------------------------------------------------------


@reserves.provides
def promised(cohort_id: int, now: datetime) -> Mapping[str, int]:
    """Seats that open vouchers of a cohort promise, by country: one statement."""
    left = sa.func.sum(Voucher.uses - Voucher.used)
    rows = db.session.execute(
        sa.select(Batch.country, left)
        .join(Voucher.batch)
        .where(Batch.cohort_id == cohort_id, Batch.state == BatchState.ISSUED, state_is(VoucherState.OPEN, now))
        .group_by(Batch.country)
    )
    return {country: int(number) for country, number in rows}


def seats_left(batch: Batch) -> sa.Select[int]:
    """How many seats the vouchers of a batch can still give, unless it is over."""
    left = sa.func.coalesce(sa.func.sum(Voucher.uses - Voucher.used), 0)
    return sa.select(left).where(Voucher.batch_id == batch.id, Voucher.revoked_at.is_(None))


def batch_facts(cohort: Cohort, body: Organisation, country: str, seats: SeatTable, *, replaces: bool = False) -> BatchFacts:
    """What decides whether vouchers of `cohort` can be issued to `body` for `country`; no statement."""
    return BatchFacts(
        archived=cohort.archived_at is not None, closes=end_of(cohort, replaces=replaces), time_zone=cohort.time_zone, country=country,
        body_country=body.country if body.kind is OrganisationKind.PARTNER else None, seats=seats.of(country),
    )  # fmt: skip


def end_of(cohort: Cohort, *, replaces: bool) -> datetime:
    """Until when (exclusive) vouchers of a cohort can be redeemed, or those with which somebody takes the place of another."""
    return replaced_until(cohort.closes_at, cohort.replace_until, cohort.time_zone) if replaces else cohort.closes_at


# --- Approval --------------------------------------------------------------------------------------------------------


def waiting(cohort: Cohort) -> sa.Select[Enrolment]:
    """The seats of a cohort that wait for approval, with their people."""
    mine = sa.select(Enrolment).join(Enrolment.person).where(Enrolment.cohort_id == cohort.id, Enrolment.state == EnrolmentState.PENDING)
    return mine.options(contains_eager(Enrolment.person))


def pending(cohort: Cohort, enrolment_id: int) -> Enrolment | None:
    """One of them; None when it does not wait, or is of another cohort."""
    return db.session.scalar(waiting(cohort).where(Enrolment.id == enrolment_id))


def pending_among(cohort: Cohort, ids: Iterable[int]) -> Sequence[int]:
    """Which of these numbers are seats of the cohort, waiting or not: who was decided about meanwhile is no error."""
    return db.session.scalars(sa.select(Enrolment.id).where(Enrolment.cohort_id == cohort.id, Enrolment.id.in_(list(ids)))).all()


def number_pending(cohort: Cohort) -> int:
    """How many seats of a cohort wait for approval."""
    return db.session.scalar(waiting(cohort).with_only_columns(sa.func.count(), maintain_column_froms=True)) or 0


def pending_by_cohort(grants: Sequence[Grant], limit: int = 5) -> Sequence[tuple[Cohort, int]]:
    """The cohorts that any of `grants` reaches in which people wait for approval, and how many. One statement."""
    number = sa.func.count(Enrolment.id).label("number")
    found = sa.select(Enrolment.cohort_id, number).where(Enrolment.state == EnrolmentState.PENDING).group_by(Enrolment.cohort_id).subquery()
    rows = sa.select(Cohort, found.c.number).join(found, found.c.cohort_id == Cohort.id).options(*cohorts.HEAD)
    rows = rows.where(cohorts.within(grants), Cohort.archived_at.is_(None)).order_by(Cohort.starts_on, Cohort.id).limit(limit)
    return [(row[0], int(row[1])) for row in db.session.execute(rows)]


def cohort_and_seat(cohort_code: str, person_id: int) -> tuple[Cohort, Enrolment | None] | None:
    """A cohort and the seat that a person holds there; None when there is no such cohort. One statement."""
    if not CODE.fullmatch(cohort_code.upper()):
        return None
    held = (Enrolment.cohort_id == Cohort.id) & (Enrolment.person_id == person_id) & Enrolment.state.in_(HOLDING)
    asked = sa.select(Cohort, Enrolment).outerjoin(Enrolment, held).where(Cohort.code == cohort_code.upper())
    row = db.session.execute(asked.options(*cohorts.HEAD)).one_or_none()
    return None if row is None else (row[0], row[1])


def pending_of(person_id: int) -> Sequence[Enrolment]:
    """The seats of a person that wait for approval, with their cohorts, the soonest first. One statement."""
    mine = sa.select(Enrolment).join(Enrolment.cohort).where(Enrolment.person_id == person_id, Enrolment.state == EnrolmentState.PENDING)
    return db.session.scalars(mine.options(contains_eager(Enrolment.cohort).options(*cohorts.HEAD)).order_by(Cohort.starts_on)).all()


# --- Replacements ----------------------------------------------------------------------------------------------------


def replaced(enrolment: Enrolment, now: datetime) -> bool:
    """Whether somebody has taken the place of this seat, or holds an open voucher for it. One statement."""
    taken = sa.exists().where(Enrolment.replaces_id == enrolment.id, Enrolment.state.in_(HOLDING))
    offered = sa.exists().where(Batch.replaces_id == enrolment.id, Voucher.batch_id == Batch.id, state_is(VoucherState.OPEN, now))
    return bool(db.session.scalar(sa.select(sa.or_(taken, offered))))


def batch_that_gave(enrolment: Enrolment) -> Batch | None:
    """The batch whose voucher gave a seat, the last one, with its body; None when it was given without."""
    return db.session.scalar(
        sa.select(Batch)
        .join(Voucher, Voucher.batch_id == Batch.id)
        .join(Redemption, Redemption.voucher_id == Voucher.id)
        .where(Redemption.enrolment_id == enrolment.id)
        .options(joinedload(Batch.organisation, innerjoin=True))
        .order_by(Redemption.id.desc())
        .limit(1)
    )


# --- What runs out ---------------------------------------------------------------------------------------------------


def unredeemed(condition: ColumnElement[bool], now: datetime, until: datetime | None = None, limit: int = 5) -> Sequence[tuple[Batch, int]]:
    """Batches with vouchers that are still open (and end before `until`), and how many; what ends first, first. One statement."""
    number = sa.func.count(Voucher.id)
    asked = (
        sa.select(Batch.id, number.label("number"))
        .join(Voucher, Voucher.batch_id == Batch.id)
        .join(Batch.cohort)
        .where(condition, Cohort.archived_at.is_(None), state_is(VoucherState.OPEN, now))
        .group_by(Batch.id)
    )
    if until is not None:
        asked = asked.where(Batch.valid_until < until)
    few = asked.order_by(Batch.valid_until, Batch.id).limit(limit).subquery()
    rows = db.session.execute(
        sa.select(Batch, few.c.number).join(few, few.c.id == Batch.id).options(*_WHOLE).order_by(Batch.valid_until, Batch.id)
    )
    return [(row[0], int(row[1])) for row in rows]
