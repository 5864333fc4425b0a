"""What this room does when a lower one tells what happened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import ngettext

from dostyk.cohorts.models import Cohort
from dostyk.cohorts.service import cohort_copied
from dostyk.messages import service
from dostyk.people.models import Person


@cohort_copied.connect
def copy_texts(cohort: Cohort, *, copy: Cohort, by: Person, now: datetime, **_more: Any) -> str | None:
    """The letters that were written for the cohort alone are its copy's as well."""
    number = service.copy_texts(cohort, copy, by=by, now=now)
    return ngettext("%(num)s text of a letter", "%(num)s texts of letters", number) if number else None
