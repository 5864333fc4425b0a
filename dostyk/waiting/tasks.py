"""By the clock: offers end, seats are handed back and shared out, and what is free is offered to who waits."""

from __future__ import annotations

import logging

from dostyk.cohorts.models import Cohort
from dostyk.core import outbox
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from dostyk.core.outbox import Progress
from dostyk.waiting import queries, service

log = logging.getLogger(__name__)


@outbox.hourly("waiting.go_on")
def go_on(progress: Progress) -> None:
    """Cohort by cohort, each in a unit of work of its own; done twice is done once."""
    numbers = queries.due(utcnow())
    db.session.rollback()
    for done, number in enumerate(numbers):
        progress(done, len(numbers))
        try:
            with work():
                service.go_on(db.session.get_one(Cohort, number), utcnow())
        except Refused:  # a seat or a place changed at this very moment: the next hour finds it
            log.warning("a waiting list changed meanwhile", extra={"cohort": number})
        db.session.expire_all()
    progress(len(numbers), len(numbers))
