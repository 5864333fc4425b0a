"""What pages and rules read about waiting lists."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import aliased, contains_eager, joinedload, lazyload
from sqlalchemy.sql import ColumnElement

from dostyk.cohorts import queries as cohorts
from dostyk.cohorts import reserves
from dostyk.cohorts.models import Cohort, CountrySeats, Enrolment
from dostyk.cohorts.rules import HOLDING, SeatTable
from dostyk.core.access import Grant
from dostyk.core.database import db
from dostyk.people.models import Account, Person
from dostyk.vouchers import queries as vouchers
from dostyk.vouchers.models import Batch, Voucher
from dostyk.vouchers.rules import BatchState, VoucherState
from dostyk.waiting import rules
from dostyk.waiting.models import WaitingEntry
from dostyk.waiting.rules import STANDING, Plan, Waiter, WaitingState

WHOLE = (
    joinedload(WaitingEntry.person, innerjoin=True),
    joinedload(WaitingEntry.voucher).joinedload(Voucher.batch),
    joinedload(WaitingEntry.cohort, innerjoin=True).options(*cohorts.HEAD),
)


def end_of(cohort: Cohort) -> datetime:
    """Until when (exclusive) seats are offered and confirmed: as long as people enrol, or can take the place of who left."""
    return vouchers.end_of(cohort, replaces=True)


def is_over(cohort: Cohort, now: datetime) -> bool:
    """Whether nobody is promoted from a waiting list of the cohort any more."""
    return cohort.archived_at is not None or now >= end_of(cohort)


def seated(entry: type[WaitingEntry] = WaitingEntry) -> ColumnElement[bool]:
    """The entries of people who hold a seat of the cohort by now, as a condition."""
    return sa.exists().where(Enrolment.cohort_id == entry.cohort_id, Enrolment.person_id == entry.person_id, Enrolment.state.in_(HOLDING))


def offer_stands(now: datetime) -> ColumnElement[bool]:
    """The entries to which a seat is offered that nobody else can have, as a condition."""
    return sa.and_(WaitingEntry.state == WaitingState.OFFERED, WaitingEntry.offered_until > now, ~seated())


def entry_of(cohort_id: int, person_id: int) -> WaitingEntry | None:
    """The place of a person on the waiting list of a cohort, whatever became of it, with cohort and course."""
    mine = sa.select(WaitingEntry).where(WaitingEntry.cohort_id == cohort_id, WaitingEntry.person_id == person_id)
    return db.session.scalar(mine.options(*WHOLE), execution_options={"populate_existing": True})


def entry(entry_id: int) -> WaitingEntry | None:
    """A place on a waiting list, with person, cohort and course."""
    return db.session.scalar(sa.select(WaitingEntry).where(WaitingEntry.id == entry_id).options(*WHOLE))


def entry_in(cohort: Cohort, entry_id: int) -> WaitingEntry | None:
    """The same; None when the number belongs to another cohort."""
    found = entry(entry_id)
    return found if found is not None and found.cohort_id == cohort.id else None


# --- Seats held for offers ------------------------------------------------------------------------------------------


def _left(now: datetime) -> ColumnElement[int]:
    """How many seats the voucher of an entry can still give: those it reserves."""
    is_open = sa.and_(Batch.state == BatchState.ISSUED, vouchers.state_is(VoucherState.OPEN, now))
    return sa.case((is_open, Voucher.uses - Voucher.used), else_=0)


@reserves.provides
def promised(cohort_id: int, now: datetime) -> Mapping[str, int]:
    """Seats that offers of a cohort hold, by country, beyond those that open vouchers of the same people hold. One statement."""
    rows = db.session.execute(
        sa.select(WaitingEntry.country, WaitingEntry.voucher_id, sa.func.count(), sa.func.max(_left(now)))
        .outerjoin(WaitingEntry.voucher)
        .outerjoin(Voucher.batch)
        .where(WaitingEntry.cohort_id == cohort_id, offer_stands(now))
        .group_by(WaitingEntry.country, WaitingEntry.voucher_id)
    )
    held: Counter[str] = Counter()
    for country, _voucher, number, left in rows:
        held[country] += max(number - left, 0)
    return held


@dataclass(frozen=True)
class Line:
    """Who waits in a cohort, in order, and the seats of each country that are held for offers."""

    waiting: Sequence[Waiter]
    offered: Mapping[str, int]


def line(cohort: Cohort, now: datetime) -> Line:
    """The waiting lists of a cohort at `now`. One statement."""
    rows = db.session.execute(
        sa.select(WaitingEntry.id, WaitingEntry.country, WaitingEntry.state, WaitingEntry.voucher_id, _left(now))
        .outerjoin(WaitingEntry.voucher)
        .outerjoin(Voucher.batch)
        .where(
            WaitingEntry.cohort_id == cohort.id, sa.or_(WaitingEntry.state == WaitingState.WAITING, offer_stands(now)), ~seated()
        )
        .order_by(sa.case((WaitingEntry.state == WaitingState.OFFERED, 0), else_=1), WaitingEntry.joined_at, WaitingEntry.id)
    )  # fmt: skip
    waiting, offered, used = [], Counter[str](), Counter[int]()
    for number, country, state, voucher_id, left in rows:
        covered = False
        if voucher_id is not None and used[voucher_id] < left:
            covered, used[voucher_id] = True, used[voucher_id] + 1
        if state is WaitingState.OFFERED:
            offered[country] += 1
        else:
            waiting.append(Waiter(number, country, covered))
    return Line(waiting, offered)


@dataclass(frozen=True)
class Outlook:
    """What would happen in a cohort now: whose offers end, which seats move, to whom seats are offered."""

    lapsing: tuple[int, ...]
    plan: Plan

    @property
    def mark(self) -> str:
        """What tells one outlook from another."""
        return hashlib.sha256(repr((self.lapsing, self.plan)).encode()).hexdigest()

    def __bool__(self) -> bool:
        return bool(self.lapsing or self.plan)


def outlook(cohort: Cohort, now: datetime, *, share: bool, lock: bool = False) -> Outlook:
    """What would happen now. Three statements, and one for each room that promises seats.

    Once the day to hand back is over, seats go to the pool as long as people enrol: later they stay, so that somebody of
    the same country can take the place of who left. `share`: hand back, and share out the pool, before that day.
    `lock` holds the offers that end, and the seats, until the unit of work ends.
    """
    ended = _ended(cohort, now)
    lapsing = tuple(db.session.scalars(ended.with_for_update() if lock else ended))
    if is_over(cohort, now):
        return Outlook(lapsing, Plan())
    table, found = cohorts.seat_table(cohort, now, lock=lock), line(cohort, now)
    due = rules.hand_back_due(cohort.hand_back_on, cohort.today(now))
    hand_back = share or (due and now < cohort.closes_at)
    planned = rules.plan(table, found.waiting, found.offered, cohort.country_order, hand_back=hand_back, share=share or due)
    return Outlook(lapsing, planned)


def _ended(cohort: Cohort, now: datetime) -> sa.Select[int]:
    ended = sa.select(WaitingEntry.id).where(WaitingEntry.cohort_id == cohort.id, WaitingEntry.state == WaitingState.OFFERED)
    return ended.where(WaitingEntry.offered_until <= now, ~seated()).order_by(WaitingEntry.id)


def due(now: datetime) -> Sequence[int]:
    """The cohorts in which something may be due: somebody waits or was offered a seat, or the day to hand back is over. One statement."""
    standing = sa.exists().where(WaitingEntry.cohort_id == Cohort.id, WaitingEntry.state.in_(STANDING))
    # A day more: the calendar of the venue decides.
    hand_back = sa.and_(Cohort.hand_back_on < (now + timedelta(days=1)).date(), Cohort.closes_at > now)
    found = sa.select(Cohort.id).where(sa.or_(standing, sa.and_(hand_back, Cohort.archived_at.is_(None)))).order_by(Cohort.id)
    return db.session.scalars(found).all()


@dataclass(frozen=True)
class Reader:
    """Somebody to whom a letter goes: their entry, and the account with which they sign in."""

    entry: WaitingEntry
    account: Account | None


def readers(ids: Sequence[int]) -> list[Reader]:
    """These entries with their people and accounts, in the order given. One statement for five hundred."""
    found: dict[int, Reader] = {}
    for start in range(0, len(ids), 500):
        rows = db.session.execute(
            sa.select(WaitingEntry, Account)
            .join(WaitingEntry.person)
            .outerjoin(Account, Account.person_id == WaitingEntry.person_id)
            .where(WaitingEntry.id.in_(ids[start : start + 500]))
            # The person is loaded by the entry; loaded by the account, they would leave out who has none.
            .options(contains_eager(WaitingEntry.person), lazyload(Account.person))
            .execution_options(populate_existing=True)
        )
        found.update({row.id: Reader(row, account) for row, account in rows})
    return [found[number] for number in ids if number in found]


# --- Positions ------------------------------------------------------------------------------------------------------


def by_country(cohort: Cohort) -> bool:
    """Whether each country of the cohort has a list of its own; else there is one for all."""
    return db.session.scalar(sa.select(CountrySeats.cohort_id).where(CountrySeats.cohort_id == cohort.id).limit(1)) is not None


def positions(cohort: Cohort) -> Mapping[int, int]:
    """The positions of all who wait, by entry: 1, 2, 3 without a gap, in each country or, where none has a list of its own, in all.

    Two statements. A list would not be faster for asking only for the rows it shows: all are counted anyway.
    """
    lists = WaitingEntry.country if by_country(cohort) else None
    position = sa.func.row_number().over(partition_by=lists, order_by=(WaitingEntry.joined_at, WaitingEntry.id))
    mine = sa.select(WaitingEntry.id, position)
    mine = mine.where(WaitingEntry.cohort_id == cohort.id, WaitingEntry.state == WaitingState.WAITING, ~seated())
    return {number: int(place) for number, place in db.session.execute(mine)}


_ahead = aliased(WaitingEntry)
# How many wait on the same list, up to and with an entry.
POSITION = (
    sa.select(sa.func.count())
    .where(
        _ahead.cohort_id == WaitingEntry.cohort_id,
        _ahead.state == WaitingState.WAITING,
        sa.tuple_(_ahead.joined_at, _ahead.id) <= sa.tuple_(WaitingEntry.joined_at, WaitingEntry.id),
        sa.or_(_ahead.country == WaitingEntry.country, ~sa.exists().where(CountrySeats.cohort_id == WaitingEntry.cohort_id)),
        ~sa.exists().where(
            Enrolment.cohort_id == _ahead.cohort_id, Enrolment.person_id == _ahead.person_id, Enrolment.state.in_(HOLDING)
        ),
    )
    .correlate(WaitingEntry)
    .scalar_subquery()
)  # fmt: skip


def position(place: WaitingEntry) -> int:
    """The position of somebody who waits, counted from 1. One statement."""
    return db.session.scalar(sa.select(POSITION).select_from(WaitingEntry).where(WaitingEntry.id == place.id)) or 0


def waiting_there(cohort: Cohort, country: str | None, table: SeatTable) -> int:
    """How many people wait where somebody of this country would. One statement."""
    mine = sa.select(sa.func.count()).where(WaitingEntry.cohort_id == cohort.id, WaitingEntry.state == WaitingState.WAITING, ~seated())
    return db.session.scalar(mine.where(WaitingEntry.country == country) if table.countries else mine) or 0


def standing_of(person_id: int, now: datetime) -> Sequence[tuple[WaitingEntry, int]]:
    """The places of a person on waiting lists, and their positions; offers first. One statement."""
    mine = (
        sa.select(WaitingEntry, POSITION)
        .join(WaitingEntry.cohort)
        .where(
            WaitingEntry.person_id == person_id, sa.or_(WaitingEntry.state == WaitingState.WAITING, offer_stands(now)), ~seated(),
            Cohort.archived_at.is_(None), Cohort.ends_on >= (now - timedelta(days=1)).date(),
        )
        .options(contains_eager(WaitingEntry.cohort).options(*cohorts.HEAD))
        .order_by(sa.case((WaitingEntry.state == WaitingState.OFFERED, 0), else_=1), Cohort.starts_on, WaitingEntry.id)
    )  # fmt: skip
    return [(row[0], int(row[1])) for row in db.session.execute(mine)]


# --- For coordinators -----------------------------------------------------------------------------------------------


def number_waiting(cohort: Cohort) -> int:
    """How many people wait for a seat of a cohort."""
    mine = sa.select(sa.func.count()).where(WaitingEntry.cohort_id == cohort.id, WaitingEntry.state == WaitingState.WAITING, ~seated())
    return db.session.scalar(mine) or 0


def countries_in(cohort: Cohort) -> Sequence[str]:
    """The countries from which people wait or waited."""
    return db.session.scalars(sa.select(WaitingEntry.country).where(WaitingEntry.cohort_id == cohort.id).distinct()).all()


def waiting_by_cohort(grants: Sequence[Grant], now: datetime, limit: int = 5) -> Sequence[tuple[Cohort, int]]:
    """The cohorts that any of `grants` reaches in which people wait, and how many, the soonest first. One statement."""
    number = sa.func.count(WaitingEntry.id).label("number")
    found = sa.select(WaitingEntry.cohort_id, number).where(WaitingEntry.state == WaitingState.WAITING, ~seated())
    found_by = found.group_by(WaitingEntry.cohort_id).subquery()
    rows = sa.select(Cohort, found_by.c.number).join(found_by, found_by.c.cohort_id == Cohort.id).options(*cohorts.HEAD)
    rows = rows.where(cohorts.within(grants), Cohort.archived_at.is_(None), Cohort.ends_on >= (now - timedelta(days=1)).date())
    return [(row[0], int(row[1])) for row in db.session.execute(rows.order_by(Cohort.starts_on, Cohort.id).limit(limit))]


def lists() -> sa.Select[WaitingEntry]:
    """Entries with their people, to be narrowed."""
    return sa.select(WaitingEntry).join(Person, Person.id == WaitingEntry.person_id).options(contains_eager(WaitingEntry.person))
