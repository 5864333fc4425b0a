"""What the timetable shows on a cohort's overview."""

from __future__ import annotations

from datetime import datetime

from dostyk.cohorts.models import Cohort
from dostyk.cohorts.panels import Panel, panel
from dostyk.core.access import Permission
from dostyk.schedule import queries
from dostyk.schedule.labels import zone_words


@panel(10, Permission.SEE_SCHEDULE)
def next_slots(cohort: Cohort, now: datetime) -> Panel | None:
    """What is going on and what comes next, for everybody who may see the timetable."""
    slots = queries.next_slots(cohort, now)
    if not slots:
        return None
    return Panel("schedule/_next.html", {"days": queries.days(slots, cohort.time_zone), "zone": zone_words(cohort.time_zone, now)})
