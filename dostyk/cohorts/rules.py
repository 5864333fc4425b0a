"""When a cohort has a seat for somebody, and what its dates and seats must satisfy. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, available_timezones


class EnrolmentState(StrEnum):
    """What became of a seat. Enrolled and pending ones are held; the others went back to their country."""

    ENROLLED = "enrolled"
    PENDING = "pending"  # waits for the coordinator's approval
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"


HOLDING = (EnrolmentState.ENROLLED, EnrolmentState.PENDING)


class MoveKind(StrEnum):
    """Why seats moved between a country and the common pool."""

    PLANNED = "planned"  # by the coordinator
    HANDED_BACK = "handed_back"  # by the country, or because its day to use them was over
    PROMOTED = "promoted"  # for somebody on the waiting list


class Phase(StrEnum):
    """Where a cohort stands in time, on the calendar of its venue."""

    UPCOMING = "upcoming"
    RUNNING = "running"
    FINISHED = "finished"
    ARCHIVED = "archived"


class NoSeat(StrEnum):
    """Why there is no seat in a cohort."""

    ARCHIVED = "archived"
    NOT_OPEN = "not_open"
    CLOSED = "closed"
    COUNTRY_NOT_INVITED = "country_not_invited"
    COUNTRY_FULL = "country_full"
    FULL = "full"


class SeatsError(StrEnum):
    """What is wrong with a plan of seats. Below taken: enrolled, or reserved by open vouchers and offers."""

    OVER_CAPACITY = "over_capacity"
    BELOW_TAKEN = "below_taken"
    COUNTRY_BELOW_TAKEN = "country_below_taken"


class PlanError(StrEnum):
    """What is wrong with the dates, the clock or the code of a cohort."""

    DATES_REVERSED = "dates_reversed"
    WINDOW_REVERSED = "window_reversed"
    WINDOW_AFTER_END = "window_after_end"
    ZONE_UNKNOWN = "zone_unknown"
    CODE_SHAPE = "code_shape"
    HAND_BACK_LATE = "hand_back_late"
    REPLACE_LATE = "replace_late"


@dataclass(frozen=True)
class Seats:
    """Seats of a cohort, of a country in it, or of its common pool: `taken + reserved + free = held`, always.

    Reserved ones are promised, by open vouchers or to who waits, and not yet taken. `free` is below 0 only where more
    were promised than there are, which takes a permission of its own.
    """

    held: int
    taken: int
    reserved: int = 0

    @property
    def free(self) -> int:
        return self.held - self.taken - self.reserved


@dataclass(frozen=True)
class SeatTable:
    """All seats of a cohort: those of countries, by code, the common pool, and the total, which is the capacity.

    `reserved` is what is promised to each country, also where the cohort holds no seats for countries.
    """

    countries: Mapping[str, Seats]
    pool: Seats
    total: Seats
    reserved: Mapping[str, int] = field(default_factory=dict)

    def of(self, country: str | None) -> Seats | None:
        """Where seats for `country` come from: its own, else the pool of a cohort that holds none for countries."""
        return self.countries.get(country or "") if self.countries else self.pool


def seat_table(capacity: int, taken: int, held: Mapping[str, tuple[int, int]], reserved: Mapping[str, int]) -> SeatTable:
    """The seats of a cohort from its capacity, the number taken, what countries hold and have taken, and what is promised to each."""
    countries = {code: Seats(seats, used, reserved.get(code, 0)) for code, (seats, used) in sorted(held.items())}
    pool = Seats(
        capacity - sum(row.held for row in countries.values()),
        taken - sum(row.taken for row in countries.values()),
        sum(reserved.values()) - sum(row.reserved for row in countries.values()),
    )
    return SeatTable(countries, pool, Seats(capacity, taken, sum(reserved.values())), reserved)


@dataclass(frozen=True)
class CohortFacts:
    """What decides whether a seat can be given. `country` is None when the cohort has seats for that country no more than for any."""

    archived: bool
    opens: datetime
    closes: datetime  # exclusive
    capacity: Seats
    by_country: bool  # whether the cohort's seats are held by countries
    country: Seats | None


def no_seat(cohort: CohortFacts, now: datetime, *, back: bool = False) -> NoSeat | None:
    """The first reason why nobody of that country can be enrolled at `now`; None when somebody can.

    `back`: the window for enrolling does not matter, because the seat was given before and withdrawn by mistake, is
    that of somebody who left after the start, or was offered to who waited.
    """
    checks = (
        (cohort.archived, NoSeat.ARCHIVED),
        (not back and now < cohort.opens, NoSeat.NOT_OPEN),
        (not back and now >= cohort.closes, NoSeat.CLOSED),
        (cohort.by_country and cohort.country is None, NoSeat.COUNTRY_NOT_INVITED),
        (cohort.country is not None and cohort.country.free < 1, NoSeat.COUNTRY_FULL),
        (cohort.capacity.free < 1, NoSeat.FULL),
    )
    return next((reason for failed, reason in checks if failed), None)


def seats_errors(capacity: int, held: Mapping[str, int], present: SeatTable) -> dict[SeatsError, list[str]]:
    """What is wrong with holding `held` seats for countries within `capacity`, with the countries concerned.

    Seats that are taken or reserved stay where they are; what is overbooked at `present` may stay as it is, not get worse.
    """
    errors: dict[SeatsError, list[str]] = {}
    if sum(held.values()) + (present.pool.taken if held else 0) > capacity:
        errors[SeatsError.OVER_CAPACITY] = []
    if _too_few(capacity, present.total):
        errors[SeatsError.BELOW_TAKEN] = []
    below = [c for c, seats in present.countries.items() if _too_few(held.get(c, 0), seats)]
    if held:  # what was promised while the seats were nobody's own needs seats of the country now
        below += [c for c, number in present.reserved.items() if c not in present.countries and held.get(c, 0) < number]
    if below:
        errors[SeatsError.COUNTRY_BELOW_TAKEN] = sorted(below)
    return errors


def _too_few(seats: int, present: Seats) -> bool:
    return seats < min(present.held, present.taken + present.reserved)


def may_move(seats: int, source: Seats) -> bool:
    """Whether `seats` of what a country or the pool holds can go elsewhere: free ones only."""
    return 0 < seats <= source.free


def phase(starts_on: date, ends_on: date, archived: bool, today: date) -> Phase:
    """Where a cohort stands on `today`, which is the day at its venue."""
    if archived:
        return Phase.ARCHIVED
    if today < starts_on:
        return Phase.UPCOMING
    return Phase.RUNNING if today <= ends_on else Phase.FINISHED


# --- Plans ----------------------------------------------------------------------------------------------------------

# The Academy of Public Administration opens enrolment 30 days before the start and closes it 5 days before.
# Source: https://www.apa.kz/en/about-professional-development/
OPENS_BEFORE, CLOSES_BEFORE = timedelta(days=30), timedelta(days=5)


def midnight(day: date, zone: str) -> datetime:
    """The instant at which `day` begins on the clock of `zone`."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def usual_window(starts_on: date, zone: str) -> tuple[datetime, datetime]:
    """When enrolment usually opens and closes (exclusive), on the clock of the venue."""
    return midnight(starts_on - OPENS_BEFORE, zone), midnight(starts_on - CLOSES_BEFORE, zone)


def last_day(closes: datetime, zone: str) -> date:
    """The last day of a window that closes at `closes` (exclusive), on the clock of `zone`."""
    return (closes - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date()


def plan_errors(starts_on: date, ends_on: date, zone: str, opens: datetime, closes: datetime) -> frozenset[PlanError]:
    """Everything that is wrong with the dates of a cohort; empty when nothing is."""
    if zone not in available_timezones():
        return frozenset({PlanError.ZONE_UNKNOWN})
    failing = {
        PlanError.DATES_REVERSED: ends_on < starts_on,
        PlanError.WINDOW_REVERSED: closes <= opens,
        PlanError.WINDOW_AFTER_END: ends_on >= starts_on and closes > midnight(ends_on + timedelta(days=1), zone),
    }
    return frozenset(error for error, fails in failing.items() if fails)


CODE = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*")
RESERVED_CODES = frozenset({"NEW"})  # a word of our own addresses under /cohorts/


def hand_back_error(hand_back_on: date | None, replace_until: date | None, ends_on: date, zone: str, closes: datetime) -> PlanError | None:
    """What is wrong with the last days on which countries can use their seats, and on which a place can be taken over.

    Seats that are handed back must still find somebody: the day lies before the last one of enrolment.
    """
    if hand_back_on is not None and midnight(hand_back_on + timedelta(days=1), zone) >= closes:
        return PlanError.HAND_BACK_LATE
    return PlanError.REPLACE_LATE if replace_until is not None and replace_until > ends_on else None


def code_error(code: str) -> PlanError | None:
    """Whether a code can stand in an address and in print: Latin capitals, digits and single hyphens."""
    return None if CODE.fullmatch(code) and 3 <= len(code) <= 24 and code not in RESERVED_CODES else PlanError.CODE_SHAPE


def next_code(programme: str, year: int, taken: Collection[str]) -> str:
    """The code after the highest of a programme's codes of that year: DIG-2026-02 after DIG-2026-01."""
    prefix = f"{programme}-{year}-"
    numbers = [int(code.removeprefix(prefix)) for code in taken if re.fullmatch(re.escape(prefix) + r"[0-9]{1,6}", code)]
    return f"{prefix}{max(numbers, default=0) + 1:02d}"


def day_number(starts_on: date, ends_on: date, today: date) -> tuple[int, int]:
    """Which day of how many `today` is, counting calendar days from 1; below 1 before the start, above the end after it."""
    return (today - starts_on).days + 1, (ends_on - starts_on).days + 1
