"""What this room does when a lower one tells what happened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import ngettext

from dostyk.cohorts.models import Cohort
from dostyk.cohorts.service import cohort_copied
from dostyk.core.database import db
from dostyk.messages import queries
from dostyk.messages.models import MessageTemplate
from dostyk.people.models import Person


@cohort_copied.connect
def copy_texts(cohort: Cohort, *, copy: Cohort, by: Person, now: datetime, **_more: Any) -> str | None:
    """The letters that were written for the cohort alone are its copy's as well."""
    texts = queries.own_of(cohort)
    for text in texts:
        same = {"kind": text.kind, "language": text.language, "subject": text.subject, "body": text.body}
        db.session.add(MessageTemplate(cohort_id=copy.id, edited_at=now, edited_by_id=by.id, **same))
    return ngettext("%(num)s text of a letter", "%(num)s texts of letters", len(texts)) if texts else None
