"""When a voucher gives a seat, and how many may be issued until when. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

# A batch is valid until so many days before the start, unless the coordinator says otherwise: time to name somebody else.
DAYS_BEFORE_START = 5
MOST_AT_ONCE = 1000  # vouchers of one batch
# A visitor whose answer was lost on the way may send the same form again for so long, and gets the seat it gave.
AGAIN_WITHIN = timedelta(minutes=15)
SOON = timedelta(days=7)  # unredeemed vouchers that end so soon are pointed out


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
    COUNTRY_NOT_INVITED = "country_not_invited"
    TOO_MANY = "too_many"
    ENDS_IN_THE_PAST = "ends_in_the_past"
    ENDS_AFTER_WINDOW = "ends_after_window"


@dataclass(frozen=True)
class SeatsLeft:
    """Seats that are neither taken nor promised by an open voucher: `held - taken - promised`."""

    held: int
    taken: int
    promised: int

    @property
    def free(self) -> int:
        return max(self.held - self.taken - self.promised, 0)


@dataclass(frozen=True)
class BatchFacts:
    """What decides whether vouchers of a cohort can be issued for a country. `seats` is None when it holds none for that country."""

    archived: bool
    closes: datetime  # of the window for enrolling, exclusive
    time_zone: str
    seats: SeatsLeft | None


def why_no_batch(cohort: BatchFacts, quantity: int, last_day: date, now: datetime) -> NoBatch | None:
    """The first reason why `quantity` vouchers valid through `last_day` cannot be issued at `now`; None when they can."""
    checks = (
        (cohort.archived, NoBatch.ARCHIVED),
        (now >= cohort.closes, NoBatch.WINDOW_CLOSED),
        (cohort.seats is None, NoBatch.COUNTRY_NOT_INVITED),
        (cohort.seats is not None and quantity > cohort.seats.free, NoBatch.TOO_MANY),
        (end_of_day(last_day, cohort.time_zone) <= now, NoBatch.ENDS_IN_THE_PAST),
        (last_day > last_day_of(cohort.closes, cohort.time_zone), NoBatch.ENDS_AFTER_WINDOW),
    )
    return next((reason for failed, reason in checks if failed), None)


def end_of_day(day: date, time_zone: str) -> datetime:
    """The instant at which `day` is over on the clock of `time_zone`: what is valid through that day ends then, exclusively."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(time_zone))


def last_day_of(end: datetime, time_zone: str) -> date:
    """The last day on which something is valid that ends, exclusively, at `end`."""
    return (end - timedelta(microseconds=1)).astimezone(ZoneInfo(time_zone)).date()


def usual_last_day(starts_on: date, closes: datetime, time_zone: str, now: datetime) -> date:
    """What is proposed: some days before the start, but within the window and not in the past."""
    today = now.astimezone(ZoneInfo(time_zone)).date()
    return max(min(starts_on - timedelta(days=DAYS_BEFORE_START), last_day_of(closes, time_zone)), today)
