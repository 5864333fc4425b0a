"""The only place that reads the clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def utcnow() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def days_later(at: datetime, days: int, zone: str) -> datetime:
    """The instant so many days later at the same time of day on the clock of `zone`, whatever that clock did meanwhile.

    A time that the clock jumps over on that day is as much later as the clock jumps.
    """
    there = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) + timedelta(days=days)
    return there.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
