"""What needs coordinators now: letters that did not arrive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask import url_for
from flask_babel import ngettext

from dostyk.core.access import Permission
from dostyk.core.todo import Todo, provides
from dostyk.messages import queries
from dostyk.people.models import Person


@provides(Permission.SEE_MESSAGES)
def not_delivered(person: Person, now: datetime) -> Iterator[Todo]:
    """Letters that were given up and not sent again, by cohort. One statement."""
    for code, number in queries.failed_by_cohort():
        title = ngettext("letter was not delivered: %(code)s", "letters were not delivered: %(code)s", number, code=code)
        yield Todo(30, number, title, url_for("messages.log", cohort_code=code, state="failed"))
