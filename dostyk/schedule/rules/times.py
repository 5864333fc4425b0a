"""Slots in time: typed on the clock of the venue, kept as instants; ends are exclusive, so slots that touch do not overlap. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction
from zoneinfo import ZoneInfo


class SlotKind(StrEnum):
    TRAINING = "training"
    CULTURAL = "cultural"


MOST_HOURS = Decimal("999.99")
LONG = timedelta(hours=12)


@dataclass(frozen=True)
class Span:
    """A stretch of time; the end is exclusive."""

    starts_at: datetime
    ends_at: datetime

    @property
    def minutes(self) -> Fraction:
        return Fraction((self.ends_at - self.starts_at) // timedelta(seconds=1), 60)


class SpanError(StrEnum):
    """Why a day and two times of day are no stretch of time."""

    NO_LENGTH = "no_length"
    NO_SUCH_TIME = "no_such_time"  # the clocks of the zone jump over it


class SlotWarning(StrEnum):
    """What a coordinator should look at twice. Never a refusal."""

    OUTSIDE_DATES = "outside_dates"
    LONG = "long"
    MORE_HOURS_THAN_TIME = "more_hours_than_time"
    OVERLAPS = "overlaps"


def span(on: date, start: time, end: time, zone: str) -> Span | SpanError:
    """The stretch from `start` to `end` on the clock of `zone`; an end that is earlier than the start lies on the next day."""
    if start == end:
        return SpanError.NO_LENGTH
    starts_at = _instant(on, start, zone)
    ends_at = _instant(on if end > start else on + timedelta(days=1), end, zone)
    if starts_at is None or ends_at is None:
        return SpanError.NO_SUCH_TIME
    return Span(starts_at, ends_at) if ends_at > starts_at else SpanError.NO_LENGTH


def _instant(on: date, at: time, zone: str) -> datetime | None:
    """The instant, the earlier one of two; None for a time that the clocks jump over."""
    local = datetime.combine(on, at, ZoneInfo(zone))
    instant = local.astimezone(UTC)
    return instant if instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local.replace(tzinfo=None) else None


def overlap(one: Span, other: Span) -> bool:
    """Whether two stretches share time; touching ends do not."""
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def academic_hours(length: Span, minutes_per_hour: int) -> Decimal:
    """The academic hours that a stretch of time holds, to two decimals."""
    exact = length.minutes / minutes_per_hour
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def warnings(
    length: Span, hours: Decimal, *, zone: str, minutes_per_hour: int, starts_on: date, ends_on: date, others: Iterable[Span] = ()
) -> list[SlotWarning]:
    """What is unusual about a slot in a cohort that lasts from `starts_on` to `ends_on`, beside the slots `others`."""
    first = length.starts_at.astimezone(ZoneInfo(zone)).date()
    told = {
        SlotWarning.OUTSIDE_DATES: not starts_on <= first <= ends_on,
        SlotWarning.LONG: length.ends_at - length.starts_at > LONG,
        SlotWarning.MORE_HOURS_THAN_TIME: hours > academic_hours(length, minutes_per_hour),
        SlotWarning.OVERLAPS: any(overlap(length, other) for other in others),
    }
    return [warning for warning, applies in told.items() if applies]


def overlapping(spans: Mapping[int, Span]) -> set[int]:
    """The keys of those stretches that share time with another one: one pass over the order of their beginnings."""
    found: set[int] = set()
    latest: tuple[datetime, int] | None = None
    for key, one in sorted(spans.items(), key=lambda item: (item[1].starts_at, item[1].ends_at)):
        if latest is not None and one.starts_at < latest[0]:
            found |= {key, latest[1]}
        if latest is None or one.ends_at > latest[0]:
            latest = (one.ends_at, key)
    return found
