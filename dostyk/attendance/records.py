"""What this room keeps about people: their marks, and those that they made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy.orm import contains_eager

from dostyk.attendance import queries
from dostyk.attendance.models import Mark
from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.cohorts.queries import HEAD, within
from dostyk.core.access import Permission, grants_with
from dostyk.core.clock import utcnow
from dostyk.core.database import db
from dostyk.core.i18n import language
from dostyk.core.text import localized
from dostyk.people.models import Person
from dostyk.people.panels import panel
from dostyk.people.records import Section, forgets, link, tells
from dostyk.schedule.models import Slot

link(Mark.by_id, lambda n: ngettext("%(num)s mark made", "%(num)s marks made", n))


@panel(30)
def percentages(person: Person) -> tuple[str, dict[str, Any]] | None:
    """What a person attended in each cohort whose attendance one may see. Three statements."""
    grants = grants_with(Permission.SEE_ATTENDANCE)
    mine = sa.select(Enrolment).join(Enrolment.cohort).where(Enrolment.person_id == person.id, within(grants))
    loaded = mine.options(contains_eager(Enrolment.cohort).options(*HEAD)).order_by(Cohort.starts_on.desc(), Cohort.id.desc())
    seats = db.session.scalars(loaded).unique().all() if grants else ()
    records = queries.records_of(seats, utcnow()) if seats else {}
    attended = [(seat, records[seat.id].percentages) for seat in seats]
    return ("attendance/_of_person.html", {"attended": attended}) if attended else None


@tells(70)
def _told(person: Person) -> Section:
    columns = [
        ("cohort", _l("Cohort")), ("starts_at", _l("When")), ("slot", _l("Slot")), ("status", _l("Mark")),
        ("late_minutes", _l("Minutes late")), ("excuse", _l("Excuse")), ("reason", _l("Reason")), ("at", _l("Marked on")),
    ]  # fmt: skip
    marks = (
        sa.select(Cohort.code, Slot.starts_at, Slot.title, Mark.status, Mark.late_minutes, Mark.excuse, Mark.reason, Mark.at)
        .join(Slot, Slot.id == Mark.slot_id)
        .join(Cohort, Cohort.id == Slot.cohort_id)
        .join(Enrolment, Enrolment.id == Mark.enrolment_id)
        .where(Enrolment.person_id == person.id)
        .order_by(Slot.starts_at, Mark.id)
    )
    rows = [[code, starts, localized(title, language()), *rest] for code, starts, title, *rest in db.session.execute(marks)]
    return Section("attendance", _l("Attendance"), columns, rows)


@forgets
def _reasons(people: Sequence[int], _now: datetime) -> None:
    """Why somebody was absent, in words; the marks stay, so that figures stay right."""
    theirs = sa.select(Enrolment.id).where(Enrolment.person_id.in_(people))
    blank = sa.update(Mark).where(Mark.enrolment_id.in_(theirs), Mark.reason.is_not(None)).values(reason=None)
    db.session.execute(blank, execution_options={"synchronize_session": False})
