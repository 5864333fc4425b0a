"""Roles that people have in a cohort, an organisation, a country or everywhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm.attributes import set_committed_value

from dostyk.cohorts.models import Assignment, Cohort
from dostyk.cohorts.service.statements import APART, insert
from dostyk.core.access import Role
from dostyk.core.audit import record
from dostyk.core.database import changed, db
from dostyk.core.errors import Refused
from dostyk.people.models import Organisation, Person


def assign(
    person: Person, role: Role, by: Person | None, now: datetime, *,
    cohort: Cohort | None = None, organisation: Organisation | None = None, country: str | None = None,
) -> Assignment:  # fmt: skip
    """Give `person` a role for one cohort, one organisation, one country or (none of them) everywhere; the same one when they have it.

    Raises Refused for the role of a participant, which comes with a seat.
    """
    if role is Role.PARTICIPANT:
        raise Refused(_("Participants get their role with their seat: enrol the person in a cohort."), field="role")
    if person.id is None:
        db.session.flush()
    scope: dict[str, Any] = {"cohort_id": cohort and cohort.id, "organisation_id": organisation and organisation.id, "country": country}
    values = {"person_id": person.id, "role": role, "given_at": now, **scope}
    given = db.session.scalar(insert(Assignment).values(**values).on_conflict_do_nothing().returning(Assignment))
    if given is None:
        same = [getattr(Assignment, name).is_not_distinct_from(value) for name, value in scope.items()]
        return db.session.scalars(sa.select(Assignment).where(Assignment.person_id == person.id, Assignment.role == role, *same)).one()
    for name, value in (("person", person), ("cohort", cohort), ("organisation", organisation)):
        set_committed_value(given, name, value)
    record("role.given", f"person:{person.id}", by=by, cohort=cohort.code if cohort else None, role=role, **scope)
    return given


def unassign(assignment: Assignment, by: Person | None, now: datetime) -> None:
    """Take a role back. The last administrator stays: nobody could give the role again.

    Raises Refused when it is the last administrator's.
    """
    scope: dict[str, Any] = {
        "cohort_id": assignment.cohort_id,
        "organisation_id": assignment.organisation_id,
        "country": assignment.country,
    }
    if assignment.role is Role.ADMIN and assignment.grant.everywhere:
        other = sa.select(Assignment.id).where(
            Assignment.role == Role.ADMIN, Assignment.id != assignment.id, Assignment.cohort_id.is_(None),
            Assignment.organisation_id.is_(None), Assignment.country.is_(None), Assignment.person_id != assignment.person_id,
        )  # fmt: skip
        # Locked, so that two administrators cannot remove each other at the same moment.
        if db.session.scalars(other.with_for_update()).first() is None:
            raise Refused(_("This is the last administrator. Give the role to somebody else first."))
    if changed(db.session.execute(sa.delete(Assignment).where(Assignment.id == assignment.id), execution_options=APART)):
        code = db.session.scalar(sa.select(Cohort.code).where(Cohort.id == assignment.cohort_id)) if assignment.cohort_id else None
        record("role.taken", f"person:{assignment.person_id}", by=by, cohort=code, role=assignment.role, **scope)
