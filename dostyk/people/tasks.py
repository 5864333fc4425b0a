"""Work by the clock: who is needed no more is anonymised, when the time of keeping is over."""

from __future__ import annotations

from contextlib import suppress

from flask import current_app

from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from dostyk.core.outbox import Progress, hourly
from dostyk.people import records, service
from dostyk.people.models import Person


@hourly("people.anonymise")
def anonymise(progress: Progress) -> None:
    """Everybody whose time is over, each in a unit of work of their own; then what is left of strangers. With 0 years nobody, ever."""
    years, now = current_app.config["RETENTION_YEARS"], utcnow()
    ids = service.due(now, years)
    for done, number in enumerate(ids, 1):
        # Needed again since it was looked up, or held by somebody else: the next hour sees.
        with suppress(Refused), work():
            service.anonymise(db.session.get_one(Person, number), by=None, now=now)
        progress(done, len(ids))
    if (moment := service.begins(now, years)) is not None:
        with work():
            records.lapse(moment)
