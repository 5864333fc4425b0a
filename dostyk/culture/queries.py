"""What pages read of cultural programmes. So far a cultural event is a slot of the timetable."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from dostyk.cohorts.models import Cohort
from dostyk.cohorts.queries import HEAD, within
from dostyk.core.access import Grant
from dostyk.core.database import db
from dostyk.schedule.models import Slot
from dostyk.schedule.queries import Day, days, slots_of
from dostyk.schedule.rules import SlotKind


def programme(cohort: Cohort) -> list[Day]:
    """The cultural programme of a cohort, day by day, cancelled events too. One statement."""
    return days(slots_of(cohort, SlotKind.CULTURAL), cohort.time_zone)


def without_programme(grants: Sequence[Grant], now: datetime) -> list[Cohort]:
    """The cohorts that any of `grants` reaches, that begin within a month or are running, and have no cultural event. One statement."""
    events = sa.exists().where(Slot.cohort_id == Cohort.id, Slot.kind == SlotKind.CULTURAL, Slot.cancelled_at.is_(None))
    today = now.date()
    select = sa.select(Cohort).where(
        within(grants), Cohort.archived_at.is_(None), Cohort.starts_on <= today + timedelta(days=31), Cohort.ends_on >= today, ~events
    )
    return list(db.session.scalars(select.options(*HEAD).order_by(Cohort.starts_on, Cohort.id).limit(20)))
