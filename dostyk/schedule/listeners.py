"""What this room does when a lower one tells what happened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import ngettext

from dostyk.cohorts.models import Cohort
from dostyk.cohorts.service import cohort_copied
from dostyk.people.models import Person
from dostyk.schedule import service


@cohort_copied.connect
def copy_timetable(cohort: Cohort, *, copy: Cohort, days: int, by: Person, now: datetime, **_more: Any) -> str | None:
    """The timetable is the same, so many days later."""
    number = service.copy_slots(cohort, copy, days, by=by)
    return ngettext("%(num)s slot of the timetable", "%(num)s slots of the timetable", number) if number else None
