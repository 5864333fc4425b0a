"""How far people have come in a cohort: what a body that sent them may know. The rooms above know it, and tell here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction


@dataclass(frozen=True)
class Progress:
    """Never marks: the share of the hours held so far that was attended (None: none were), and the day of the certificate that stands."""

    attended: Fraction | None = None
    certified_on: date | None = None


Attended = Callable[[Collection[int], datetime], Mapping[int, "Fraction | None"]]
Certified = Callable[[Collection[int]], Mapping[int, date]]
_attended: list[Attended] = []
_certified: list[Certified] = []


def tells_attendance(provider: Attended) -> Attended:
    """Mark a function of (numbers of enrolments, now) as telling the shares; a constant number of statements."""
    _attended.append(provider)
    return provider


def tells_certificates(provider: Certified) -> Certified:
    """Mark a function of the numbers of enrolments as telling who has a certificate since when; a constant number of statements."""
    _certified.append(provider)
    return provider


def progress_of(enrolments: Collection[int], now: datetime) -> Mapping[int, Progress]:
    """How far these enrolments are, by number. A constant number of statements; none for none."""
    if not enrolments:
        return {}
    shares = {number: share for provider in _attended for number, share in provider(enrolments, now).items()}
    days = {number: day for provider in _certified for number, day in provider(enrolments).items()}
    return {number: Progress(shares.get(number), days.get(number)) for number in enrolments}
