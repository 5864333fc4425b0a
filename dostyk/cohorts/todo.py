"""What needs a coordinator now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from dostyk.cohorts import queries, rules
from dostyk.core.access import Permission
from dostyk.core.i18n import day
from dostyk.core.todo import Todo, provides
from dostyk.people.models import Person

SOON, TEACHING_SOON = timedelta(days=7), timedelta(days=14)


@provides(Permission.EDIT_COHORT)
def free_seats(person: Person, now: datetime) -> Iterator[Todo]:
    """Seats that will stay empty, while something can still be done."""
    for cohort in queries.closing_with_free_seats(now, now + SOON):
        free = cohort.capacity - cohort.taken
        title = ngettext("seat is still free in %(code)s", "seats are still free in %(code)s", free, code=cohort.code)
        closes = day(rules.last_day(cohort.closes_at, cohort.time_zone))
        yield Todo(30, free, title, url_for("cohorts.show", cohort_code=cohort.code), _("The last day to enrol is %(day)s.", day=closes))


@provides(Permission.EDIT_COHORT)
def no_trainer(person: Person, now: datetime) -> Iterator[Todo]:
    """Cohorts in which nobody can mark attendance."""
    for cohort in queries.without_trainer(now, (now + TEACHING_SOON).date()):
        starts = _("It begins on %(day)s.", day=day(cohort.starts_on)) if cohort.starts_on > cohort.today(now) else _("It has begun.")
        yield Todo(20, 1, _("cohort has no trainer: %(code)s", code=cohort.code), url_for("cohorts.staff", cohort_code=cohort.code), starts)
