"""What pages and rules read about cohorts."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload
from sqlalchemy.sql import ColumnElement

from dostyk.cohorts.models import Assignment, Cohort, CountrySeats, Enrolment
from dostyk.cohorts.rules import EnrolmentState
from dostyk.core.access import Grant, Permission, Role, grants_with
from dostyk.core.database import db
from dostyk.courses.models import Course, Project

# What every page of a cohort shows in its head: one statement.
HEAD = (joinedload(Cohort.course, innerjoin=True).joinedload(Course.project, innerjoin=True).joinedload(Project.programme, innerjoin=True), joinedload(Cohort.host, innerjoin=True))


def by_code(code: str) -> Cohort | None:
    """The cohort with its course, programme and host."""
    return db.session.scalar(sa.select(Cohort).where(Cohort.code == code.upper()).options(*HEAD))


def grants_of(person_id: int) -> Sequence[Grant]:
    """The grants of a person: the roles assigned to them, and participant in every cohort where they hold a seat. One statement."""
    assigned = sa.select(Assignment.role, Assignment.cohort_id, Assignment.organisation_id, Assignment.country).where(Assignment.person_id == person_id)
    enrolled = sa.select(sa.literal(Role.PARTICIPANT.value), Enrolment.cohort_id, sa.null(), sa.null()).where(
        Enrolment.person_id == person_id, Enrolment.state == EnrolmentState.ENROLLED
    )
    return [Grant(Role(role), *scope) for role, *scope in db.session.execute(sa.union_all(assigned, enrolled))]


def covers(cohort: Cohort, grant: Grant) -> bool:
    """Whether a grant that is not everywhere reaches `cohort`: its own, its host's, its donor's, or one of its countries'.

    The same as SQL: `within`. A test holds the two together.
    """
    if grant.cohort_id is not None:
        return grant.cohort_id == cohort.id
    if grant.organisation_id is not None:
        return grant.organisation_id in (cohort.host_id, cohort.course.project.donor_id)
    return bool(db.session.scalar(sa.select(sa.literal(1)).where(CountrySeats.cohort_id == cohort.id, CountrySeats.country == grant.country)))


def within(grants: Sequence[Grant]) -> ColumnElement[bool]:
    """The cohorts that any of `grants` reaches, as a condition: `covers` for lists."""
    if any(grant.everywhere for grant in grants):
        return sa.true()
    organisations = [g.organisation_id for g in grants if g.organisation_id is not None]
    countries = [g.country for g in grants if g.country is not None]
    conditions: list[ColumnElement[bool]] = [sa.false(), Cohort.id.in_([g.cohort_id for g in grants if g.cohort_id is not None])]
    if organisations:
        donated = sa.select(Course.id).join(Project).where(Project.donor_id.in_(organisations))
        conditions += [Cohort.host_id.in_(organisations), Cohort.course_id.in_(donated)]
    if countries:
        conditions.append(Cohort.id.in_(sa.select(CountrySeats.cohort_id).where(CountrySeats.country.in_(countries))))
    return sa.or_(*conditions)


def visible(permission: Permission) -> sa.Select[tuple[Cohort]]:
    """The cohorts in which whoever is signed in has `permission`."""
    return sa.select(Cohort).where(within(grants_with(permission)))
