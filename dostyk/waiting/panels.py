"""What the overview of a cohort shows of its waiting lists."""

from __future__ import annotations

from datetime import datetime

from flask import url_for
from flask_babel import ngettext

from dostyk.cohorts.models import Cohort
from dostyk.cohorts.panels import Figure, figure
from dostyk.core.access import Permission
from dostyk.waiting import queries


@figure(35, Permission.EDIT_COHORT)
def waiting(cohort: Cohort, now: datetime) -> Figure | None:
    """How many people wait for a seat; nothing when nobody does."""
    number = queries.number_waiting(cohort)
    if not number:
        return None
    return Figure(
        number, ngettext("person waits for a seat", "people wait for a seat", number), url_for("waiting.index", cohort_code=cohort.code)
    )
