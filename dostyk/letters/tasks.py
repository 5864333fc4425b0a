"""Work by the clock: details of passports go when the course is over."""

from __future__ import annotations

from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.core.outbox import Progress, hourly
from dostyk.letters import service


@hourly("letters.forget")
def forget(_progress: Progress) -> None:
    """Delete what has no use any more."""
    with work():
        service.forget_what_is_over(utcnow())
