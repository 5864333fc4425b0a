"""What needs a trainer today, and trainer and coordinator afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from dostyk.attendance import queries
from dostyk.core.access import Permission, grants_with
from dostyk.core.i18n import clock, language
from dostyk.core.text import localized
from dostyk.core.todo import Todo, provides
from dostyk.people.models import Person


@provides(Permission.MARK_ATTENDANCE)
def rolls_of_today(person: Person, now: datetime) -> Iterator[Todo]:
    """One's own slots of today that have begun, with people who are not marked yet."""
    for one in queries.today(person, grants_with(Permission.MARK_ATTENDANCE), now):
        if one.own and one.unmarked and one.slot.starts_at <= now:
            yield Todo(
                order=10,
                number=one.unmarked,
                title=ngettext(
                    "person to mark: %(slot)s", "people to mark: %(slot)s", one.unmarked, slot=localized(one.slot.title, language())
                ),
                url=url_for("attendance.roll", cohort_code=one.cohort.code, slot_id=one.slot.id),
                detail=", ".join(filter(None, (clock(one.slot.starts_at, one.cohort.time_zone), one.slot.place, one.cohort.code))),
            )


@provides(Permission.MARK_ATTENDANCE)
def rolls_not_taken(person: Person, now: datetime) -> Iterator[Todo]:
    """Cohorts with slots that are over and in which nobody was marked."""
    for cohort in queries.forgotten(grants_with(Permission.MARK_ATTENDANCE), now):
        yield Todo(
            order=30,
            number=cohort.slots,
            title=ngettext(
                "past slot without a roll in %(cohort)s", "past slots without a roll in %(cohort)s", cohort.slots, cohort=cohort.cohort_code
            ),
            url=url_for("attendance.index", cohort_code=cohort.cohort_code),
            detail=_("Their hours count as missed until the roll is taken. %(course)s", course=localized(cohort.title, language())),
        )
