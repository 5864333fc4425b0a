"""What the administration reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from dostyk.cohorts.models import Assignment, Cohort
from dostyk.core.audit import Event
from dostyk.core.database import db
from dostyk.core.mail import Mail
from dostyk.core.outbox import Job
from dostyk.people.models import Account


def account(account_id: int) -> Account | None:
    """The account with its person."""
    return db.session.get(Account, account_id)


def roles_of(person_ids: Collection[int]) -> Mapping[int, Sequence[Assignment]]:
    """The roles assigned to these people, with their scopes; one statement for all of them."""
    select = sa.select(Assignment).where(Assignment.person_id.in_(person_ids)).order_by(Assignment.id)
    found: dict[int, list[Assignment]] = {}
    for row in db.session.scalars(select.options(joinedload(Assignment.cohort), joinedload(Assignment.organisation))):
        found.setdefault(row.person_id, []).append(row)
    return found


def assignment(person_id: int, assignment_id: int) -> Assignment | None:
    """A role of this person; None when the number belongs to somebody else's."""
    return db.session.scalar(sa.select(Assignment).where(Assignment.id == assignment_id, Assignment.person_id == person_id))


def cohorts_to_choose() -> Sequence[Cohort]:
    """Cohorts that are not archived, the latest first."""
    select = sa.select(Cohort).where(Cohort.archived_at.is_(None)).options(joinedload(Cohort.course, innerjoin=True))
    return db.session.scalars(select.order_by(Cohort.starts_on.desc(), Cohort.id.desc()).limit(500)).all()


def letter(mail_id: int) -> Mail | None:
    return db.session.get(Mail, mail_id)


def job(job_id: int) -> Job | None:
    return db.session.get(Job, job_id)


def latest_events(subjects: Collection[str], actor_id: int, limit: int = 8) -> Sequence[Event]:
    """What happened lately to these things, or was done by this person; the newest first."""
    about = sa.select(Event).where(sa.or_(Event.subject.in_(subjects), Event.actor_id == actor_id))
    return db.session.scalars(about.order_by(Event.id.desc()).limit(limit)).all()
