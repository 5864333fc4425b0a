"""What needs focal points and coordinators now: seats without names, people not invited, findings to decide."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask import url_for
from flask_babel import ngettext

from dostyk.core.access import Grant, Permission, Role, grants, grants_with
from dostyk.core.i18n import language
from dostyk.core.text import localized
from dostyk.core.todo import Todo, provides
from dostyk.nominees import queries
from dostyk.people.models import Person


def _own() -> list[Grant]:
    """The grants of a focal point: coordinators may name people, too, but it is not on them to do it."""
    return [grant for grant in grants() if grant.role is Role.FOCAL_POINT]


@provides(Permission.NAME_PEOPLE)
def seats_without_names(person: Person, now: datetime) -> Iterator[Todo]:
    """Open vouchers that belong to nobody. Two statements."""
    for batch, number in queries.without_names(_own(), now):
        course = localized(batch.cohort.course.title, language())
        title = ngettext("seat has no name yet: %(course)s", "seats have no names yet: %(course)s", number, course=course)
        yield Todo(24, number, title, url_for("nominees.people", batch_id=batch.id), batch.cohort.code)


@provides(Permission.NAME_PEOPLE)
def not_invited(person: Person, now: datetime) -> Iterator[Todo]:
    """People who are named and have an address, but no invitation. Two statements."""
    for batch, number in queries.to_invite(_own(), now):
        course = localized(batch.cohort.course.title, language())
        title = ngettext("person is not invited yet: %(course)s", "people are not invited yet: %(course)s", number, course=course)
        yield Todo(23, number, title, url_for("nominees.people", batch_id=batch.id, stage="named"), batch.cohort.code)


@provides(Permission.DECIDE_NOMINEES)
def to_decide(person: Person, now: datetime) -> Iterator[Todo]:
    """Findings that stop an invitation. A constant number of statements."""
    for cohort, number in queries.to_decide(grants_with(Permission.DECIDE_NOMINEES), now.date()):
        title = ngettext("person waits for your decision: %(code)s", "people wait for your decision: %(code)s", number, code=cohort.code)
        url = url_for("nominees.index", cohort_code=cohort.code, findings="decide")
        yield Todo(16, number, title, url, localized(cohort.course.title, language()))
