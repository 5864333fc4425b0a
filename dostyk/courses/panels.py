"""What the room above tells about courses: when each is held. Courses know nothing of cohorts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dostyk.core.database import LocalizedText


@dataclass(frozen=True)
class Held:
    """One time that a course is held, as visitors may know it."""

    code: str
    host: LocalizedText
    city: LocalizedText
    starts_on: date
    ends_on: date
    open_: bool  # whether one can enrol now
    time_zone: str
    closes_at: datetime
    full: bool = False  # all seats are taken, while people can enrol


Coming = Callable[[Collection[int], datetime], Mapping[int, Sequence[Held]]]
InUse = Callable[[int], bool]
_coming: list[Coming] = []
_course_in_use: list[InUse] = []
_programme_in_use: list[InUse] = []


def tells(*, coming: Coming, course_in_use: InUse, programme_in_use: InUse) -> None:
    """The room above tells: the coming dates of courses (by number), and whether a course or a programme has been held at all."""
    _coming[:], _course_in_use[:], _programme_in_use[:] = [coming], [course_in_use], [programme_in_use]


def coming(courses: Collection[int], now: datetime) -> Mapping[int, Sequence[Held]]:
    """When the courses of these numbers will be held, the soonest first. One statement for all of them."""
    return _coming[0](courses, now) if _coming and courses else {}


def course_in_use(course_id: int) -> bool:
    """Whether a course has a cohort: its address then stays."""
    return any(told(course_id) for told in _course_in_use)


def programme_in_use(programme_id: int) -> bool:
    """Whether a course of the programme has a cohort: the code, printed on vouchers and certificates, then stays."""
    return any(told(programme_id) for told in _programme_in_use)
