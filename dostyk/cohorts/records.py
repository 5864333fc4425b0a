"""What this room keeps about people: their seats, their roles, and what they decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy.orm import aliased, joinedload
from sqlalchemy.sql import ColumnElement

from dostyk.cohorts.models import Assignment, Cohort, Enrolment, SeatMove
from dostyk.cohorts.rules import HOLDING
from dostyk.core.access import Permission, can
from dostyk.core.database import db
from dostyk.core.i18n import label, language
from dostyk.core.tables import Filter
from dostyk.core.text import localized
from dostyk.courses.models import Course, Programme, Project
from dostyk.courses.queries import programmes
from dostyk.people.models import Person
from dostyk.people.panels import narrowing
from dostyk.people.records import Clash, Fate, Section, forgets, link, needs_until, subjects, tells


def _two_seats(stays: Person, goes: Person) -> Sequence[Clash]:
    """One person has one seat in a cohort: of two, one must have been given back, and it must be that of the record that goes."""
    other = aliased(Enrolment)
    twice = sa.select(Enrolment).join(other, sa.and_(other.cohort_id == Enrolment.cohort_id, other.person_id == stays.id))
    found = []
    seats = twice.where(Enrolment.person_id == goes.id).options(joinedload(Enrolment.cohort)).order_by(Enrolment.id)
    for seat in db.session.scalars(seats):
        if seat.state in HOLDING:
            sentence = _(
                "Both have had a seat in %(cohort)s, and the record that goes still holds its one."
                " Withdraw that seat, or merge the other way round.",
                cohort=seat.cohort.code,
            )
            found.append(Clash(seat.id, Fate.STOPS, sentence))
        else:
            sentence = _("The seat in %(cohort)s that was given back stays with the old record, marks included.", cohort=seat.cohort.code)
            found.append(Clash(seat.id, Fate.STAYS, sentence))
    return found


def _two_roles(stays: Person, goes: Person) -> Sequence[Clash]:
    """The same role for the same reach is had once."""
    other = aliased(Assignment)
    alike = [getattr(other, name).is_not_distinct_from(getattr(Assignment, name)) for name in ("cohort_id", "organisation_id", "country")]
    same = sa.exists().where(other.person_id == stays.id, other.role == Assignment.role, *alike)
    rows = db.session.scalars(sa.select(Assignment).where(Assignment.person_id == goes.id, same).order_by(Assignment.id))
    return [Clash(row.id, Fate.GOES, _("Both have the role: %(role)s.", role=label(row.role))) for row in rows]


link(Enrolment.person_id, lambda n: ngettext("%(num)s seat", "%(num)s seats", n), _two_seats)
link(Assignment.person_id, lambda n: ngettext("%(num)s role", "%(num)s roles", n), _two_roles, power=True)
link(Enrolment.decided_by_id, lambda n: ngettext("%(num)s decision about a seat", "%(num)s decisions about seats", n))
link(SeatMove.by_id, lambda n: ngettext("%(num)s move of seats", "%(num)s moves of seats", n))


@subjects
def _seats(people: Sequence[int]) -> Sequence[str]:
    return [f"enrolment:{number}" for number in db.session.scalars(sa.select(Enrolment.id).where(Enrolment.person_id.in_(people)))]


@needs_until
def _in_a_cohort(moment: datetime) -> ColumnElement[bool]:
    """Until their last cohort has ended; whoever has a role, as long as they have it."""
    seated = sa.exists().where(Enrolment.person_id == Person.id, Enrolment.cohort_id == Cohort.id, Cohort.ends_on >= moment.date())
    return sa.or_(seated, sa.exists().where(Assignment.person_id == Person.id))


@forgets
def _reasons(people: Sequence[int], _now: datetime) -> None:
    """Why somebody withdrew may tell of an illness; that they did is counted."""
    theirs = sa.update(Enrolment).where(Enrolment.person_id.in_(people))
    db.session.execute(theirs.values(withdrawn_reason=None, decision_reason=None), execution_options={"synchronize_session": False})


@tells(40)
def _told_seats(person: Person) -> Section:
    columns = [
        ("cohort", _l("Cohort")), ("course", _l("Course")), ("starts_on", _l("First day")), ("ends_on", _l("Last day")),
        ("state", _l("State")), ("enrolled_at", _l("Enrolled on")), ("withdrawn_at", _l("Withdrawn on")),
        ("withdrawn_reason", _l("Reason")),
    ]  # fmt: skip
    seats = sa.select(Enrolment).where(Enrolment.person_id == person.id).options(joinedload(Enrolment.cohort).joinedload(Cohort.course))
    rows = [
        [
            e.cohort.code, localized(e.cohort.course.title, language()), e.cohort.starts_on, e.cohort.ends_on, e.state, e.enrolled_at,
            e.withdrawn_at, e.withdrawn_reason,
        ]
        for e in db.session.scalars(seats.order_by(Enrolment.id))
    ]  # fmt: skip
    return Section("seats", _l("Seats"), columns, rows)


@tells(50)
def _told_roles(person: Person) -> Section:
    columns = [("role", _l("Role")), ("cohort", _l("Cohort")), ("country", _l("Country")), ("given_at", _l("Given on"))]
    roles = sa.select(Assignment.role, Cohort.code, Assignment.country, Assignment.given_at).join(Assignment.cohort, isouter=True)
    rows = db.session.execute(roles.where(Assignment.person_id == person.id).order_by(Assignment.id))
    return Section("roles", _l("Roles"), columns, [list(row) for row in rows])


# --- By what the list of people can be narrowed ---------------------------------------------------------------------


def _in_courses(courses: ColumnElement[bool]) -> ColumnElement[bool]:
    seated = sa.select(Enrolment.person_id).join(Cohort, Cohort.id == Enrolment.cohort_id).join(Course).join(Project).join(Programme)
    return Person.id.in_(seated.where(courses))


@narrowing(10)
def by_programme() -> Filter:
    """Who has or had a seat in a course of a programme. One statement."""
    lang = language()
    choices = [(p.code, localized(p.title, lang)) for p in programmes()] if can(Permission.SEE_COURSES) else []
    return Filter("programme", _l("Programme"), choices, lambda code: _in_courses(Programme.code == code))


@narrowing(20)
def by_course() -> Filter:
    """Who has or had a seat in a course. One statement."""
    lang = language()
    courses = (
        db.session.execute(sa.select(Course.slug, Course.title).order_by(Course.search, Course.id)) if can(Permission.SEE_COURSES) else ()
    )
    choices = [(slug, localized(title, lang)) for slug, title in courses]
    return Filter("course", _l("Course"), choices, lambda slug: _in_courses(Course.slug == slug))
