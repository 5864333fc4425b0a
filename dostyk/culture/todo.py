"""What needs a coordinator: every cohort has a cultural programme, and it is forgotten first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _

from dostyk.core.access import Permission, grants_with
from dostyk.core.i18n import language
from dostyk.core.text import localized
from dostyk.core.todo import Todo, provides
from dostyk.culture import queries
from dostyk.people.models import Person


@provides(Permission.EDIT_SCHEDULE)
def cohorts_without_programme(person: Person, now: datetime) -> Iterator[Todo]:
    """Cohorts that begin soon or run, without a single cultural event."""
    for cohort in queries.without_programme(grants_with(Permission.EDIT_SCHEDULE), now):
        yield Todo(
            order=40,
            number=1,
            title=_("%(cohort)s has no cultural programme yet", cohort=cohort.code),
            url=url_for("culture.index", cohort_code=cohort.code),
            detail=localized(cohort.course.title, language()),
        )
