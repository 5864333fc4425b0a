"""What pages and rules read of attendance. Everything here takes a constant number of statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import aliased, contains_eager, joinedload

from dostyk.attendance import rules
from dostyk.attendance.models import Mark
from dostyk.attendance.rules import AttendanceRecord, Logged, Overview, Presence, SlotFacts, Standing, Timetable
from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.cohorts.queries import HEAD, within
from dostyk.cohorts.rules import EnrolmentState
from dostyk.core.access import Grant
from dostyk.core.database import LocalizedText, db
from dostyk.people.models import Person
from dostyk.schedule.models import Slot
from dostyk.schedule.queries import around, of_today, slots_of
from dostyk.schedule.rules import SlotKind

ATTENDED = (EnrolmentState.ENROLLED, EnrolmentState.WITHDRAWN)  # who is, or was, among those who are marked

# --- A cohort -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PersonRow:
    """One enrolment with what it amounts to."""

    enrolment_id: int
    full_name: str
    own_name: str
    sort_name: str
    search: str
    country: str | None
    withdrawn: bool
    record: AttendanceRecord
    standing: Standing
    counts_from: date | None = None


@dataclass(frozen=True)
class Sheet:
    """A cohort's attendance: its slots, how many of the enrolled people are marked in each, and everybody's record."""

    slots: Sequence[Slot]
    marked: Mapping[int, int]
    enrolled: int
    people: Sequence[PersonRow]
    overview: Overview

    def forgotten(self, now: datetime) -> list[Slot]:
        """Slots of training that are over and in which nobody at all is marked."""
        over = (s for s in self.slots if s.cancelled_at is None and s.kind is SlotKind.TRAINING and s.ends_at <= now)
        return [slot for slot in over if self.enrolled and not self.marked.get(slot.id)]


def minutes_of(slot: Slot) -> int:
    """How long a slot lasts."""
    return int((slot.ends_at - slot.starts_at).total_seconds()) // 60


def slot_facts(slot: Slot, cohort: Cohort) -> SlotFacts:
    """A slot of the cohort as the rules see it."""
    cultural, cancelled = slot.kind is SlotKind.CULTURAL, slot.cancelled_at is not None
    return SlotFacts(int(slot.academic_hours * 100), minutes_of(slot), slot.ends_at, cultural, cancelled, cohort.today(slot.starts_at))


class Tables:
    """The timetable of a cohort for all who joined from the start, and for each day on which somebody joined later."""

    def __init__(self, cohort: Cohort, slots: Iterable[Slot], now: datetime) -> None:
        self._slots, self._now = {slot.id: slot_facts(slot, cohort) for slot in slots}, now
        self._made: dict[date | None, Timetable] = {}

    def since(self, day: date | None) -> Timetable:
        if day not in self._made:
            self._made[day] = rules.timetable(self._slots, self._now, day)
        return self._made[day]


def records(cohort: Cohort, now: datetime) -> dict[int, AttendanceRecord]:
    """What each enrolment of the cohort has to show at `now`, withdrawn ones too, by its number. Three statements."""
    enrolments = db.session.execute(sa.select(Enrolment.id, Enrolment.counts_from).where(Enrolment.cohort_id == cohort.id)).all()
    tables = Tables(cohort, slots_of(cohort), now)
    marks, rule = latest(cohort), cohort.course.completion_rule
    return {number: rules.record(tables.since(day), marks.get(number, {}), rule) for number, day in enrolments}


def records_of(seats: Sequence[Enrolment], now: datetime) -> dict[int, AttendanceRecord]:
    """`records` for seats in any cohorts, in two statements; a test holds the two together."""
    cohorts = {seat.cohort_id: seat.cohort for seat in seats}
    slots: dict[int, list[Slot]] = {number: [] for number in cohorts}
    for slot in db.session.scalars(sa.select(Slot).where(Slot.cohort_id.in_(cohorts))):
        slots[slot.cohort_id].append(slot)
    tables = {number: Tables(cohorts[number], found, now) for number, found in slots.items()}
    last = sa.select(sa.func.max(Mark.id)).where(Mark.enrolment_id.in_([s.id for s in seats])).group_by(Mark.slot_id, Mark.enrolment_id)
    said: dict[int, dict[int, Presence]] = {}
    marks = sa.select(Mark.enrolment_id, Mark.slot_id, Mark.status, Mark.late_minutes, Mark.excuse).where(Mark.id.in_(last))
    for enrolment_id, slot_id, status, late_minutes, excuse in db.session.execute(marks):
        said.setdefault(enrolment_id, {})[slot_id] = Presence(status, late_minutes, excuse)
    since = {s.id: tables[s.cohort_id].since(s.counts_from) for s in seats}
    return {s.id: rules.record(since[s.id], said.get(s.id, {}), s.cohort.course.completion_rule) for s in seats}


def seats(numbers: Collection[int]) -> Sequence[Enrolment]:
    """The enrolments of these numbers with their cohorts and courses. One statement."""
    found = sa.select(Enrolment).join(Enrolment.cohort).where(Enrolment.id.in_(numbers))
    return db.session.scalars(found.options(contains_eager(Enrolment.cohort).options(*HEAD))).all()


def latest(cohort: Cohort) -> dict[int, dict[int, Presence]]:
    """The current marks of a cohort: number of the enrolment -> number of the slot -> what the last mark says. One statement.

    The same as `rules.current` over each log; a test holds the two together.
    """
    last = (
        sa.select(sa.func.max(Mark.id))
        .join(Slot, Slot.id == Mark.slot_id)
        .where(Slot.cohort_id == cohort.id)
        .group_by(Mark.slot_id, Mark.enrolment_id)
    )
    select = sa.select(Mark.enrolment_id, Mark.slot_id, Mark.status, Mark.late_minutes, Mark.excuse).where(Mark.id.in_(last))
    found: dict[int, dict[int, Presence]] = {}
    for enrolment_id, slot_id, status, late_minutes, excuse in db.session.execute(select):
        found.setdefault(enrolment_id, {})[slot_id] = Presence(status, late_minutes, excuse)
    return found


def sheet(cohort: Cohort, now: datetime) -> Sheet:
    """Everything the attendance page of a cohort shows. Three statements."""
    enrolments = db.session.execute(
        sa.select(Enrolment.id, Enrolment.state, Enrolment.country, Enrolment.counts_from, Person)
        .join(Person, Person.id == Enrolment.person_id)
        .where(Enrolment.cohort_id == cohort.id, Enrolment.state.in_(ATTENDED))
        .order_by(Person.sort_name, Enrolment.id)
    ).all()
    slots, marks, rule = slots_of(cohort), latest(cohort), cohort.course.completion_rule
    tables = Tables(cohort, slots, now)
    people = []
    marked: dict[int, int] = {}
    for number, state, country, since, person in enrolments:
        own = marks.get(number, {})
        record = rules.record(tables.since(since), own, rule)
        withdrawn = state is EnrolmentState.WITHDRAWN
        people.append(
            PersonRow(
                number, person.full_name, person.own_name, person.sort_name, person.search, country or person.country, withdrawn, record,
                rules.standing(record, rule), since,
            )
        )  # fmt: skip
        for slot_id in () if withdrawn else own:
            marked[slot_id] = marked.get(slot_id, 0) + 1
    present = [person for person in people if not person.withdrawn]
    return Sheet(slots, marked, len(present), people, rules.overview([person.record for person in present], rule))


# --- One slot -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RollRow:
    """A person on the roll of a slot, with the mark that counts."""

    enrolment_id: int
    full_name: str
    own_name: str
    country: str | None
    mark: Logged | None = None
    by_name: str = ""


@dataclass(frozen=True)
class Marked:
    """How far a roll is: how many of the enrolled people are marked."""

    marked: int
    enrolled: int


Marker = aliased(Person, name="marker")


def _last(slot_id: int | sa.BindParameter[int]) -> sa.ScalarSelect[int]:
    """The number of the current mark of an enrolment in a slot."""
    mark = aliased(Mark)
    return (
        sa.select(sa.func.max(mark.id))
        .where(mark.slot_id == slot_id, mark.enrolment_id == Enrolment.id)
        .correlate(Enrolment)
        .scalar_subquery()
    )


def logged(mark: Mark) -> Logged:
    """A mark as the rules see it."""
    return Logged(mark.id, Presence(mark.status, mark.late_minutes, mark.excuse), mark.by_id, mark.at)


def roll_row(enrolment: Enrolment, person: Person, mark: Mark | None = None, by_name: str | None = None) -> RollRow:
    """A row of the roll from what was read or just written."""
    country = enrolment.country or person.country
    return RollRow(enrolment.id, person.full_name, person.own_name, country, logged(mark) if mark else None, by_name or "")


def roll(cohort: Cohort, slot: Slot, only: int | None = None) -> list[RollRow]:
    """The people who hold a seat in the cohort, by name, with their current marks in a slot; `only` one of them. One statement."""
    select = (
        sa.select(Enrolment, Person, Mark, Marker.full_name)
        .join(Person, Person.id == Enrolment.person_id)
        .outerjoin(Mark, Mark.id == _last(slot.id))
        .outerjoin(Marker, Marker.id == Mark.by_id)
        .where(Enrolment.cohort_id == cohort.id, Enrolment.state == EnrolmentState.ENROLLED)
        .order_by(Person.sort_name, Enrolment.id)
    )
    if only is not None:
        select = select.where(Enrolment.id == only)
    return [roll_row(*found) for found in db.session.execute(select)]


# A tap must cost as little as it can: these two statements are built once.
_SLOT, _ENROLMENT = sa.bindparam("slot", type_=sa.Integer), sa.bindparam("enrolment", type_=sa.Integer)
_SEAT_AND_SLOT = (
    sa.select(Enrolment, Person, Slot)
    .join(Person, Person.id == Enrolment.person_id)
    .join(Slot, Slot.cohort_id == Enrolment.cohort_id)
    .where(
        Enrolment.id == _ENROLMENT,
        Enrolment.cohort_id == sa.bindparam("cohort", type_=sa.Integer),
        Enrolment.state == EnrolmentState.ENROLLED,
        Slot.id == _SLOT,
    )
    .with_for_update(of=Enrolment, key_share=True)
)
_Sent = aliased(Mark, name="sent")
_MARKED = (
    sa.select(sa.func.count(sa.distinct(Mark.enrolment_id)))
    .join(Enrolment, Enrolment.id == Mark.enrolment_id)
    .where(Mark.slot_id == _SLOT, Enrolment.state == EnrolmentState.ENROLLED)
    .correlate(None)
    .scalar_subquery()
)
_ON_THE_ROLL = (  # not Cohort.taken, which counts seats that wait for approval, too
    sa.select(sa.func.count())
    .where(Enrolment.cohort_id == sa.bindparam("cohort", type_=sa.Integer), Enrolment.state == EnrolmentState.ENROLLED)
    .correlate(None)
    .scalar_subquery()
)
_BEFORE = (
    sa.select(Mark, Marker.full_name, _MARKED, _Sent, _ON_THE_ROLL)
    .select_from(Enrolment)
    .outerjoin(Mark, Mark.id == _last(_SLOT))
    .outerjoin(Marker, Marker.id == Mark.by_id)
    .outerjoin(_Sent, _Sent.client_id == sa.bindparam("client", type_=sa.String))
    .where(Enrolment.id == _ENROLMENT)
)


def seat_and_slot(cohort: Cohort, slot_id: int, enrolment_id: int) -> tuple[Enrolment, Person, Slot] | None:
    """A seat held in the cohort and one of its slots, the seat locked until the unit of work ends; None for anything foreign.

    The lock puts two trainers who mark the same person at once one behind the other.
    """
    found = db.session.execute(_SEAT_AND_SLOT, {"cohort": cohort.id, "slot": slot_id, "enrolment": enrolment_id}).one_or_none()
    return (found[0], found[1], found[2]) if found else None


def lock_seats(cohort: Cohort, only: Collection[int] | None = None) -> set[int]:
    """The numbers of the seats held in the cohort, locked until the unit of work ends; of `only` when told."""
    select = sa.select(Enrolment.id).where(Enrolment.cohort_id == cohort.id, Enrolment.state == EnrolmentState.ENROLLED)
    if only is not None:
        select = select.where(Enrolment.id.in_(only))
    return set(db.session.scalars(select.order_by(Enrolment.id).with_for_update(key_share=True)))


def before(cohort: Cohort, slot_id: int, enrolment_id: int, client_id: str | None) -> tuple[Mark | None, str | None, Marked, Mark | None]:
    """What a new mark is compared with: the current mark and who made it, how far the roll is, and the mark that the same
    tap made already. One statement."""
    given = {"slot": slot_id, "enrolment": enrolment_id, "client": client_id, "cohort": cohort.id}
    mark, name, number, same, enrolled = db.session.execute(_BEFORE, given).one()
    return mark, name, Marked(number, enrolled), same


def current_marks(slot_id: int) -> dict[int, Logged]:
    """The current marks of a slot by the number of the enrolment. One statement."""
    last = sa.select(sa.func.max(Mark.id)).where(Mark.slot_id == slot_id).group_by(Mark.enrolment_id)
    return {mark.enrolment_id: logged(mark) for mark in db.session.scalars(sa.select(Mark).where(Mark.id.in_(last)))}


def history(slot_id: int, enrolment_id: int) -> list[Mark]:
    """All marks of a person in a slot, the first one first, with who made them. One statement."""
    select = sa.select(Mark).where(Mark.slot_id == slot_id, Mark.enrolment_id == enrolment_id)
    return list(db.session.scalars(select.options(joinedload(Mark.by)).order_by(Mark.id)))


def enrolment_in(cohort: Cohort, enrolment_id: int) -> Enrolment | None:
    """A seat in the cohort, withdrawn or not, with its person."""
    select = sa.select(Enrolment).where(Enrolment.id == enrolment_id, Enrolment.cohort_id == cohort.id)
    return db.session.scalar(select.options(joinedload(Enrolment.person)))


# --- A person's own -------------------------------------------------------------------------------------------------


def own_enrolment(cohort_code: str, person_id: int) -> Enrolment | None:
    """A person's seat in a cohort, withdrawn or not, with the cohort; None when they never had one."""
    return db.session.scalar(
        sa.select(Enrolment)
        .join(Enrolment.cohort)
        .where(Cohort.code == cohort_code.upper(), Enrolment.person_id == person_id, Enrolment.state.in_(ATTENDED))
        .options(contains_eager(Enrolment.cohort).options(*HEAD))
    )


def own_record(enrolment: Enrolment, now: datetime) -> tuple[list[tuple[Slot, Mark | None]], AttendanceRecord]:
    """The slots of the cohort with the person's current mark in each, and what they amount to. Two statements."""
    cohort, slots = enrolment.cohort, slots_of(enrolment.cohort)
    last = sa.select(sa.func.max(Mark.id)).where(Mark.enrolment_id == enrolment.id).group_by(Mark.slot_id)
    marks = {mark.slot_id: mark for mark in db.session.scalars(sa.select(Mark).where(Mark.id.in_(last)))}
    table = Tables(cohort, slots, now).since(enrolment.counts_from)
    said = {number: logged(mark).presence for number, mark in marks.items()}
    return [(slot, marks.get(slot.id)) for slot in slots], rules.record(table, said, cohort.course.completion_rule)


# --- Today, and what was forgotten ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class TodaySlot:
    """A slot of today and how far its roll is."""

    slot: Slot
    marked: int
    enrolled: int
    own: bool

    @property
    def cohort(self) -> Cohort:
        return self.slot.cohort

    @property
    def unmarked(self) -> int:
        return max(0, self.enrolled - self.marked)


def today(person: Person, grants: Sequence[Grant], now: datetime) -> list[TodaySlot]:
    """The slots of today in the cohorts that `grants` reach: the person's own first. Three statements.

    One's own are those that one gives, and those that nobody gives yet in a cohort to which one is assigned by name.
    """
    slots = of_today(db.session.scalars(around(now).where(within(grants))).unique(), now)
    by_name = {grant.cohort_id for grant in grants}
    counted, enrolled = marked_counts([slot.id for slot in slots]), enrolled_counts({slot.cohort_id for slot in slots})
    found = [
        TodaySlot(
            slot,
            counted.get(slot.id, 0),
            enrolled.get(slot.cohort_id, 0),
            slot.trainer_id == person.id or (slot.trainer_id is None and slot.cohort_id in by_name),
        )
        for slot in slots
    ]
    return sorted(found, key=lambda one: (not one.own, one.slot.starts_at, one.slot.id))


def marked_counts(slot_ids: Collection[int]) -> dict[int, int]:
    """How many of those who hold a seat are marked, by the number of the slot. One statement."""
    select = (
        sa.select(Mark.slot_id, sa.func.count(sa.distinct(Mark.enrolment_id)))
        .join(Enrolment, Enrolment.id == Mark.enrolment_id)
        .where(Mark.slot_id.in_(slot_ids), Enrolment.state == EnrolmentState.ENROLLED)
        .group_by(Mark.slot_id)
    )
    return dict(db.session.execute(select).all())


def enrolled_counts(cohort_ids: Collection[int]) -> dict[int, int]:
    """How many people are on the rolls of these cohorts: without those who wait for approval. One statement."""
    held = sa.select(Enrolment.cohort_id, sa.func.count()).where(
        Enrolment.cohort_id.in_(cohort_ids), Enrolment.state == EnrolmentState.ENROLLED
    )
    return dict(db.session.execute(held.group_by(Enrolment.cohort_id)).all())


@dataclass(frozen=True)
class Forgotten:
    """A cohort with slots that were held without a roll."""

    cohort_code: str
    title: LocalizedText
    slots: int


def forgotten(grants: Sequence[Grant], now: datetime) -> list[Forgotten]:
    """Cohorts with slots of training of the last two months that ended half a day ago or more and have no mark. One statement."""
    marked = sa.exists().where(Mark.slot_id == Slot.id)
    counted = (
        sa.select(Cohort.id, sa.func.count(Slot.id).label("slots"))
        .join(Slot, Slot.cohort_id == Cohort.id)
        .where(
            within(grants), Cohort.archived_at.is_(None), Cohort.taken > 0, Slot.kind == SlotKind.TRAINING, Slot.cancelled_at.is_(None),
            Slot.ends_at < now - timedelta(hours=12), Slot.ends_at > now - timedelta(days=60), ~marked,
        )
        .group_by(Cohort.id)
        .order_by(Cohort.id.desc())
        .limit(10)
        .subquery()
    )  # fmt: skip
    found = sa.select(Cohort, counted.c.slots).join(counted, counted.c.id == Cohort.id).options(*HEAD).order_by(Cohort.starts_on, Cohort.id)
    return [Forgotten(cohort.code, cohort.course.title, slots) for cohort, slots in db.session.execute(found)]
