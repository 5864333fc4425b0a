"""When a voucher gives a seat, and how many may be issued until when. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from dostyk.cohorts.rules import CLOSES_BEFORE, last_day, midnight

MOST_AT_ONCE = 1000  # vouchers of one batch
PER_SHEET = 100  # vouchers of one printed file: about a second of work
# A visitor whose answer was lost on the way may send the same form again for so long, and gets the seat it gave.
AGAIN_WITHIN = timedelta(minutes=15)
SOON = timedelta(days=7)  # unredeemed vouchers that end so soon are pointed out


class BatchState(StrEnum):
    """Where a batch stands: drafts reserve nothing and can be thrown away; closed ones give no seat any more."""

    DRAFT = "draft"
    ISSUED = "issued"
    CLOSED = "closed"


class BatchKind(StrEnum):
    """One code a person, or one code for all of the batch."""

    SINGLE = "single"
    GROUP = "group"


class VoucherState(StrEnum):
    """What a list says of a voucher."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Refusal(StrEnum):
    """Why a code gives no seat. Kept for the log and the coordinator; the outside hears one neutral sentence.

    Only `mistyped` is told: the check character shows it, and says nothing of whether a code exists.
    """

    UNKNOWN = "unknown"
    MISTYPED = "mistyped"
    REVOKED = "revoked"
    EXPIRED = "expired"
    USED = "used"
    FOREIGN = "foreign"


@dataclass(frozen=True)
class VoucherFacts:
    """What decides about a voucher; `country` is the one it was issued for."""

    uses_left: int
    revoked: bool
    valid_until: datetime  # exclusive
    country: str


def why_not(voucher: VoucherFacts, now: datetime, country: str | None = None) -> Refusal | None:
    """The first reason why the voucher gives no seat at `now` to somebody of `country` (None: not known); None when it does."""
    checks = (
        (voucher.revoked, Refusal.REVOKED),
        (voucher.uses_left < 1, Refusal.USED),
        (now >= voucher.valid_until, Refusal.EXPIRED),
        (country is not None and country != voucher.country, Refusal.FOREIGN),
    )
    return next((refusal for failed, refusal in checks if failed), None)


def state(voucher: VoucherFacts, now: datetime) -> VoucherState:
    """The one word for a voucher in a list."""
    match why_not(voucher, now):
        case Refusal.REVOKED:
            return VoucherState.REVOKED
        case Refusal.USED:
            return VoucherState.USED
        case Refusal.EXPIRED:
            return VoucherState.EXPIRED
        case _:
            return VoucherState.OPEN


# --- Issuing ---------------------------------------------------------------------------------------------------------


class NoBatch(StrEnum):
    """Why a batch cannot be issued."""

    ARCHIVED = "archived"
    WINDOW_CLOSED = "window_closed"
    OTHER_COUNTRY = "other_country"
    COUNTRY_NOT_INVITED = "country_not_invited"
    TOO_MANY = "too_many"
    ENDS_IN_THE_PAST = "ends_in_the_past"
    ENDS_AFTER_WINDOW = "ends_after_window"


@dataclass(frozen=True)
class SeatsLeft:
    """Seats of a country, or of the cohort, and how many are taken or promised by open vouchers."""

    held: int
    taken: int
    promised: int

    @property
    def free(self) -> int:
        return max(self.held - self.taken - self.promised, 0)


@dataclass(frozen=True)
class BatchFacts:
    """What decides whether vouchers of a cohort can be issued for a country.

    `seats` is None when the cohort holds none for that country; `body_country` is that of the body which gets them, None
    for one that stands for several countries.
    """

    archived: bool
    closes: datetime  # of the window for enrolling, exclusive
    time_zone: str
    country: str
    body_country: str | None
    seats: SeatsLeft | None


def why_no_batch(facts: BatchFacts, quantity: int, through: date, now: datetime) -> NoBatch | None:
    """The first reason why `quantity` vouchers valid through that day cannot be issued at `now`; None when they can."""
    today = now.astimezone(ZoneInfo(facts.time_zone)).date()
    checks = (
        (facts.archived, NoBatch.ARCHIVED),
        (now >= facts.closes, NoBatch.WINDOW_CLOSED),
        (facts.body_country is not None and facts.body_country != facts.country, NoBatch.OTHER_COUNTRY),
        (facts.seats is None, NoBatch.COUNTRY_NOT_INVITED),
        (facts.seats is not None and quantity > facts.seats.free, NoBatch.TOO_MANY),
        (through < today, NoBatch.ENDS_IN_THE_PAST),
        (through > last_day(facts.closes, facts.time_zone), NoBatch.ENDS_AFTER_WINDOW),
    )
    return next((reason for failed, reason in checks if failed), None)


def end_of_day(day: date, time_zone: str) -> datetime:
    """The instant at which `day` is over on the clock of `time_zone`: what is valid through that day ends then, exclusively."""
    return midnight(day + timedelta(days=1), time_zone)


def valid_through(valid_until: datetime, time_zone: str) -> date:
    """The last day on which what ends, exclusively, at `valid_until` can be used."""
    return last_day(valid_until, time_zone)


def sheets(quantity: int) -> list[tuple[int, int]]:
    """The first and last number of the vouchers on each printed file of a batch. The numbers are those of issue: they never shift."""
    return [(first, min(first + PER_SHEET - 1, quantity)) for first in range(1, quantity + 1, PER_SHEET)]


def usual_last_day(starts_on: date, closes: datetime, time_zone: str, now: datetime) -> date:
    """What is proposed: some days before the start, so that somebody else can still be named; within the window, not in the past.

    The days are those of the Academy of Public Administration (see cohorts.rules).
    """
    today = now.astimezone(ZoneInfo(time_zone)).date()
    return max(min(starts_on - CLOSES_BEFORE, last_day(closes, time_zone)), today)
