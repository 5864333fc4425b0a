"""What needs coordinators now: people who wait for a seat."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from dostyk.core.access import Permission, grants_with
from dostyk.core.i18n import day, language
from dostyk.core.text import localized
from dostyk.core.todo import Todo, provides
from dostyk.people.models import Person
from dostyk.waiting import queries


@provides(Permission.EDIT_COHORT)
def people_waiting(person: Person, now: datetime) -> Iterator[Todo]:
    """Cohorts in which people wait. One statement."""
    for cohort, number in queries.waiting_by_cohort(grants_with(Permission.EDIT_COHORT), now):
        title = ngettext("person waits for a seat in %(code)s", "people wait for a seat in %(code)s", number, code=cohort.code)
        back = cohort.hand_back_on
        detail = _("Unused seats are shared out after %(day)s.", day=day(back)) if back else localized(cohort.course.title, language())
        yield Todo(35, number, title, url_for("waiting.index", cohort_code=cohort.code), detail)
