"""When a voucher gives a seat, and how many may be issued until when. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from dostyk.cohorts.rules import CLOSES_BEFORE, HOLDING, EnrolmentState, Phase, Seats, last_day, midnight

MOST_AT_ONCE = 10_000  # vouchers of one batch
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
    OTHER_ADDRESS = "other_address"


@dataclass(frozen=True)
class VoucherFacts:
    """What decides about a voucher; `country` is the one it was issued for, `email` the only address that may redeem it (None: any)."""

    uses_left: int
    revoked: bool
    valid_until: datetime  # exclusive
    country: str
    email: str | None = None


def compared(address: str) -> str:
    """An e-mail address as addresses are compared and kept with a voucher."""
    return address.strip().lower()


def other_address(voucher: VoucherFacts, address: str | None) -> bool:
    """Whether the voucher is locked to another e-mail address than this one (None: not known)."""
    return voucher.email is not None and address is not None and compared(address) != voucher.email


def why_not(voucher: VoucherFacts, now: datetime, country: str | None = None, address: str | None = None) -> Refusal | None:
    """The first reason why the voucher gives no seat at `now` to somebody of `country` with this e-mail `address`; None when it does.

    None for what is not known: a visitor has not said yet who they are.
    """
    checks = (
        (voucher.revoked, Refusal.REVOKED),
        (voucher.uses_left < 1, Refusal.USED),
        (now >= voucher.valid_until, Refusal.EXPIRED),
        (country is not None and country != voucher.country, Refusal.FOREIGN),
        (other_address(voucher, address), Refusal.OTHER_ADDRESS),
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


def too_late_to_leave(phase: Phase) -> bool:
    """Whether a participant cannot give their seat back any more."""
    return phase in (Phase.FINISHED, Phase.ARCHIVED)


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
class BatchFacts:
    """What decides whether vouchers of a cohort can be issued for a country.

    `seats` is None when the cohort holds none for that country; `body_country` is that of the body which gets them, None
    for one that stands for several countries.
    """

    archived: bool
    closes: datetime  # of the window for enrolling, or for taking the place of who left; exclusive
    time_zone: str
    country: str
    body_country: str | None
    seats: Seats | None


def why_no_batch(
    facts: BatchFacts, quantity: int, through: date, now: datetime, *, reserves: bool = True, overbook: bool = False
) -> NoBatch | None:
    """The first reason why `quantity` vouchers valid through that day cannot be issued at `now`; None when they can.

    A draft `reserves` nothing yet; who may `overbook` promises more seats than are free.
    """
    free = 0 if facts.seats is None else facts.seats.free
    checks = (
        (facts.archived, NoBatch.ARCHIVED),
        (now >= facts.closes, NoBatch.WINDOW_CLOSED),
        (facts.body_country is not None and facts.body_country != facts.country, NoBatch.OTHER_COUNTRY),
        (facts.seats is None, NoBatch.COUNTRY_NOT_INVITED),
        (reserves and not overbook and quantity > free, NoBatch.TOO_MANY),
    )
    first = next((reason for failed, reason in checks if failed), None)
    return first or why_no_end(through, facts.closes, facts.time_zone, now)


def why_no_end(through: date, closes: datetime, time_zone: str, now: datetime) -> NoBatch | None:
    """Why vouchers cannot be valid through that day: it is over, or enrolment is over before."""
    if through < now.astimezone(ZoneInfo(time_zone)).date():
        return NoBatch.ENDS_IN_THE_PAST
    return NoBatch.ENDS_AFTER_WINDOW if through > last_day(closes, time_zone) else None


class NoChange(StrEnum):
    """Why a batch stays as it is."""

    NOT_A_DRAFT = "not_a_draft"
    NOT_ISSUED = "not_issued"
    EXPIRED = "expired"
    BELOW_USED = "below_used"
    ABOVE_MOST = "above_most"
    SAME = "same"


def why_no_quantity(quantity: int, present: int, used: int, expired: bool) -> NoChange | None:
    """Why a batch of `present` seats, `used` of them, cannot become one of `quantity`."""
    checks = (
        (quantity < used, NoChange.BELOW_USED),
        (quantity > MOST_AT_ONCE, NoChange.ABOVE_MOST),
        (quantity == present, NoChange.SAME),
        (expired and quantity > present, NoChange.EXPIRED),
    )
    return next((reason for failed, reason in checks if failed), None)


class NoReplacement(StrEnum):
    """Why nobody can be given the place of a person."""

    STILL_HELD = "still_held"
    ARCHIVED = "archived"
    OVER = "over"
    REPLACED = "replaced"
    NO_SEAT = "no_seat"


def replaced_until(closes: datetime, replace_until: date | None, time_zone: str) -> datetime:
    """Until when (exclusive) somebody can take the place of who left: as long as people enrol, and through a day that the cohort states."""
    return closes if replace_until is None else max(closes, end_of_day(replace_until, time_zone))


def why_no_replacement(
    state: EnrolmentState, *, archived: bool, until: datetime, replaced: bool, seats: Seats | None, now: datetime
) -> NoReplacement | None:
    """Why nobody can take the place of a seat in this `state`; None when somebody can. `seats` are those of its country."""
    checks = (
        (state in HOLDING, NoReplacement.STILL_HELD),
        (archived, NoReplacement.ARCHIVED),
        (now >= until, NoReplacement.OVER),
        (replaced, NoReplacement.REPLACED),
        (seats is None or seats.free < 1, NoReplacement.NO_SEAT),
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


def usual_last_day(starts_on: date, closes: datetime, time_zone: str, now: datetime, hand_back_on: date | None = None) -> date:
    """What is proposed: some days before the start, so that somebody else can still be named; within the window, not in the past.

    Not after the day on which countries hand back what they did not use: a voucher that ends then frees its seat for it.
    The days are those of the Academy of Public Administration (see cohorts.rules).
    """
    today = now.astimezone(ZoneInfo(time_zone)).date()
    return max(min(starts_on - CLOSES_BEFORE, last_day(closes, time_zone), hand_back_on or date.max), today)
