"""How attendance is recorded and what it amounts to: three percentages, each with its name. Pure.

All hours are academic hours of training; the cultural programme is counted apart, in events. Cancelled slots count
nowhere. Whoever was not marked was not present, whatever the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from dostyk.courses.rules import CompletionRule, ExcusedHours, LateHours


class Status(StrEnum):
    PRESENT = "present"
    LATE = "late"
    EXCUSED = "excused"
    ABSENT = "absent"


class Excuse(StrEnum):
    """Kinds of excuses. Medical details are never asked for."""

    ILLNESS = "illness"
    FAMILY = "family"
    DUTY = "duty"
    CONSULAR = "consular"
    RELIGIOUS = "religious"
    TRAVEL = "travel"


class Source(StrEnum):
    """How a mark came about."""

    TRAINER = "trainer"
    SHEET = "sheet"
    IMPORT = "import"


# --- One mark -------------------------------------------------------------------------------------------------------

# Whoever corrects their own mark within this time had a slip of the finger, and is not asked why.
SLIP = timedelta(minutes=10)
# A roll can be taken from the morning of the slot's day, or this long before a slot that begins just after midnight.
EARLY = timedelta(minutes=30)


@dataclass(frozen=True)
class Presence:
    """What a mark says: a status, the minutes of who came late, the kind of an excuse."""

    status: Status
    late_minutes: int | None = None
    excuse: Excuse | None = None


@dataclass(frozen=True)
class Logged:
    """A mark in the log. `number` is its place in the order in which the server took the marks."""

    number: int
    presence: Presence
    by_id: int
    at: datetime


class NotMarkable(StrEnum):
    """Why nobody can be marked in a slot."""

    ARCHIVED = "archived"
    CANCELLED = "cancelled"
    TOO_EARLY = "too_early"


class Faulty(StrEnum):
    """Why a mark says nothing."""

    LATE_WITHOUT_MINUTES = "late_without_minutes"
    LATE_MINUTES_NOT_POSITIVE = "late_minutes_not_positive"
    LATE_LONGER_THAN_SLOT = "late_longer_than_slot"
    EXCUSED_WITHOUT_KIND = "excused_without_kind"


def current(log: Iterable[Logged]) -> Logged | None:
    """The mark that counts for one person in one slot: the last one in the server's order; None without any.

    The database finds the same with max(id), see `queries.latest`.
    """
    return max(log, key=lambda mark: mark.number, default=None)


def presence(status: Status, late_minutes: int | None, excuse: Excuse | None) -> Presence:
    """What was tapped, without what does not belong to its status, such as minutes left over from an earlier tap."""
    return Presence(status, late_minutes if status is Status.LATE else None, excuse if status is Status.EXCUSED else None)


def faulty(said: Presence, slot_minutes: int) -> Faulty | None:
    """Why a mark in a slot of that length says nothing; None when it does. Who came after the end was absent, not late."""
    if said.status is Status.LATE:
        if said.late_minutes is None:
            return Faulty.LATE_WITHOUT_MINUTES
        if said.late_minutes < 1:
            return Faulty.LATE_MINUTES_NOT_POSITIVE
        if said.late_minutes >= slot_minutes:
            return Faulty.LATE_LONGER_THAN_SLOT
    if said.status is Status.EXCUSED and said.excuse is None:
        return Faulty.EXCUSED_WITHOUT_KIND
    return None


def needs_reason(before: Logged | None, by_id: int, now: datetime) -> bool:
    """Whether a change of the current mark must say why: always, but for a slip of the same person within ten minutes."""
    return before is not None and not (before.by_id == by_id and now - before.at <= SLIP)


def not_markable(*, archived: bool, cancelled: bool, on: date, today: date, starts_at: datetime, now: datetime) -> NotMarkable | None:
    """Why nobody can be marked at `now` in a slot whose day at its venue is `on`; None when they can."""
    checks = (
        (archived, NotMarkable.ARCHIVED),
        (cancelled, NotMarkable.CANCELLED),
        (today < on and now < starts_at - EARLY, NotMarkable.TOO_EARLY),
    )
    return next((reason for applies, reason in checks if applies), None)


# --- What marks amount to -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SlotFacts:
    """A slot as percentages see it. `hundredths` of an academic hour: whole numbers, so that sums are exact and quick.

    `on` is its day at the venue.
    """

    hundredths: int
    minutes: int
    ends_at: datetime
    cultural: bool = False
    cancelled: bool = False
    on: date = date.max


@dataclass(frozen=True)
class Percentages:
    """Shares between 0 and 1; None where there is nothing to divide by.

    of_held      attended hours / hours held so far
    of_planned   attended hours / all planned hours
    possible     (attended hours + hours still to come) / all planned hours: what can be reached at best
    """

    of_held: Fraction | None
    of_planned: Fraction | None
    possible: Fraction | None


@dataclass(frozen=True)
class AttendanceRecord:
    """What one enrolment has to show. Hours are academic hours of training.

    A slot is held for a person once it is over, or as soon as the person was marked in it: while a roll is being taken,
    those further down the list lose nothing. `left_out` are the hours that count for nothing, by the course's rule for
    excused hours; `unmarked` is the number of slots of training that are over and in which the person was not marked,
    `unmarked_hours` what these slots hold.
    """

    planned: Fraction = Fraction(0)
    held: Fraction = Fraction(0)
    attended: Fraction = Fraction(0)
    excused: Fraction = Fraction(0)
    left_out: Fraction = Fraction(0)
    unmarked: int = 0
    unmarked_hours: Fraction = Fraction(0)
    late: int = 0
    absent: int = 0
    cultural_events: int = 0
    cultural_planned: int = 0

    @property
    def counted(self) -> Fraction:
        """The planned hours that count: what the completion rule is a share of."""
        return self.planned - self.left_out

    @property
    def to_come(self) -> Fraction:
        return self.planned - self.held

    @property
    def percentages(self) -> Percentages:
        held, planned = self.held - self.left_out, self.counted
        return Percentages(
            of_held=self.attended / held if held else None,
            of_planned=self.attended / planned if planned else None,
            possible=(self.attended + self.to_come) / planned if planned else None,
        )


@dataclass(frozen=True)
class Timetable:
    """The slots of a cohort, summed up once for all its people who joined on the same day."""

    slots: Mapping[int, SlotFacts]
    planned: int
    over: Mapping[int, SlotFacts]
    over_hours: int
    cultural: int


def timetable(slots: Mapping[int, SlotFacts], now: datetime, since: date | None = None) -> Timetable:
    """The slots that count, and those that are over at `now`. For who joined after the start those count that are `since` that day."""
    counting = {number: slot for number, slot in slots.items() if not slot.cancelled and (since is None or slot.on >= since)}
    training = {number: slot for number, slot in counting.items() if not slot.cultural}
    over = {number: slot for number, slot in training.items() if slot.ends_at <= now}
    return Timetable(
        slots=counting,
        planned=sum(slot.hundredths for slot in training.values()),
        over=over,
        over_hours=sum(slot.hundredths for slot in over.values()),
        cultural=len(counting) - len(training),
    )


def record(table: Timetable, marks: Mapping[int, Presence], rule: CompletionRule) -> AttendanceRecord:
    """What the current marks of one person (by number of the slot) amount to under a course's rule."""
    held, attended, excused, left_out, late, absent, events = table.over_hours, Fraction(0), 0, 0, 0, 0, 0
    whole = 0  # hundredths attended in full, added up as whole numbers
    unmarked, unmarked_hours = len(table.over), table.over_hours
    for number, mark in marks.items():
        slot = table.slots.get(number)
        if slot is None:
            continue
        if slot.cultural:
            events += mark.status in (Status.PRESENT, Status.LATE)
            continue
        if number in table.over:
            unmarked -= 1
            unmarked_hours -= slot.hundredths
        else:
            held += slot.hundredths
        if mark.status is Status.PRESENT:
            whole += slot.hundredths
        elif mark.status is Status.LATE:
            late += 1
            attended += slot.hundredths * _share_of_late(slot.minutes, mark.late_minutes or 0, rule.late)
        elif mark.status is Status.ABSENT:
            absent += 1
        else:
            excused += slot.hundredths
            if rule.excused is ExcusedHours.ATTENDED:
                whole += slot.hundredths
            elif rule.excused is ExcusedHours.LEFT_OUT:
                left_out += slot.hundredths
    return AttendanceRecord(
        planned=Fraction(table.planned, 100),
        held=Fraction(held, 100),
        attended=(attended + whole) / 100,
        excused=Fraction(excused, 100),
        left_out=Fraction(left_out, 100),
        unmarked=unmarked,
        unmarked_hours=Fraction(unmarked_hours, 100),
        late=late,
        absent=absent,
        cultural_events=events,
        cultural_planned=table.cultural,
    )


def _share_of_late(slot_minutes: int, late_minutes: int, rule: LateHours) -> Fraction:
    if rule is LateHours.FULL or slot_minutes <= 0:
        return Fraction(1)
    return 1 - Fraction(min(late_minutes, slot_minutes), slot_minutes)


# --- Against the completion rule ------------------------------------------------------------------------------------


class Standing(StrEnum):
    """How somebody stands with the course's rule of attendance, which asks for a share of the planned hours."""

    REACHED = "reached"
    ON_THE_WAY = "on_the_way"
    BEHIND = "behind"  # of the hours held so far less than the rule's share, but it can still be reached
    ROLLS_MISSING = "rolls_missing"  # whether it can be reached depends on slots that are over and were not marked
    OUT_OF_REACH = "out_of_reach"  # whatever is still marked
    NOTHING_PLANNED = "nothing_planned"


def standing(of: AttendanceRecord, rule: CompletionRule) -> Standing:
    """How a record stands with the rule."""
    shares = of.percentages
    if shares.of_planned is None or shares.possible is None:
        return Standing.NOTHING_PLANNED
    if shares.of_planned >= rule.attendance:
        return Standing.REACHED
    if shares.possible < rule.attendance:
        missing = of.unmarked_hours / of.counted
        return Standing.ROLLS_MISSING if shares.possible + missing >= rule.attendance else Standing.OUT_OF_REACH
    return Standing.BEHIND if shares.of_held is not None and shares.of_held < rule.attendance else Standing.ON_THE_WAY


def hours_needed(of: AttendanceRecord, rule: CompletionRule) -> Fraction:
    """The academic hours that still have to be attended to meet the rule; 0 once it is met."""
    return max(Fraction(0), rule.attendance * of.counted - of.attended)


@dataclass(frozen=True)
class Overview:
    """A cohort's attendance in a few figures. `of_held` is over all people: attended hours of all / held hours of all."""

    of_held: Fraction | None
    standings: Mapping[Standing, int] = field(default_factory=dict)


def overview(records: Iterable[AttendanceRecord], rule: CompletionRule) -> Overview:
    """The figures of a cohort."""
    attended, held = Fraction(0), Fraction(0)
    standings: dict[Standing, int] = dict.fromkeys(Standing, 0)
    for one in records:
        attended += one.attended
        held += one.held - one.left_out
        standings[standing(one, rule)] += 1
    return Overview(attended / held if held else None, standings)
