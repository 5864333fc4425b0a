"""What the first page of each role shows. Each part is a constant number of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload

from dostyk.certificates.models import Certificate
from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.cohorts.queries import HEAD, within
from dostyk.cohorts.rules import EnrolmentState
from dostyk.core.access import Grant
from dostyk.core.database import db
from dostyk.schedule import queries as schedule
from dostyk.schedule.models import Slot
from dostyk.vouchers import queries as vouchers
from dostyk.vouchers.models import Batch
from dostyk.vouchers.rules import VoucherState

SHOWN = 6  # of each list; the lists themselves are one click away
_A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Counts:
    """What an observer sees: numbers, never people."""

    cohorts: int
    running: int
    seats: int
    certificates: int


def seats_of(person_id: int) -> list[Enrolment]:
    """The seats a person holds, the latest first, with their cohorts. One statement."""
    held = sa.select(Enrolment).join(Enrolment.cohort).where(Enrolment.person_id == person_id, Enrolment.state == EnrolmentState.ENROLLED)
    loaded = held.options(contains_eager(Enrolment.cohort).options(*HEAD), joinedload(Enrolment.person, innerjoin=True))
    return list(db.session.scalars(loaded.order_by(Cohort.starts_on.desc(), Enrolment.id.desc())).unique())


def today_of_participant(seats: Sequence[Enrolment], now: datetime) -> list[Slot]:
    """The slots of today, by the calendar of each venue, in the cohorts of these seats, without those that are over. One statement."""
    cohorts = [seat.cohort_id for seat in seats]
    slots = db.session.scalars(schedule.around(now).where(Slot.cohort_id.in_(cohorts), Slot.ends_at > now)).unique()
    return schedule.of_today(slots, now)


def current_cohorts(grants: Sequence[Grant], now: datetime) -> list[Cohort]:
    """The first of the cohorts that `grants` reach and that are running or to come, in the order in which they begin. One statement."""
    # A day more on either side: the calendar of the venue decides, and a cohort that ended yesterday does no harm.
    found = sa.select(Cohort).where(within(grants), Cohort.archived_at.is_(None), Cohort.ends_on >= (now - _A_DAY).date())
    cohorts = db.session.scalars(found.options(*HEAD).order_by(Cohort.starts_on, Cohort.id).limit(SHOWN)).unique()
    return [cohort for cohort in cohorts if cohort.ends_on >= cohort.today(now)]


def batches_of(grants: Sequence[Grant], now: datetime) -> list[tuple[Batch, Mapping[VoucherState, int]]]:
    """The latest batches that were handed to the bodies and countries of `grants`, with their vouchers by state. Two statements."""
    latest = vouchers.reached_by(grants).options(*vouchers.WHOLE).order_by(Batch.id.desc()).limit(SHOWN)
    batches = db.session.scalars(latest).unique().all()
    counted = vouchers.counts(batches, now)
    return [(batch, counted[batch.id]) for batch in batches]


def counts(grants: Sequence[Grant], now: datetime) -> Counts:
    """How many cohorts, seats and certificates `grants` reach. One statement."""
    today = now.date()
    reached = sa.select(Cohort.id, Cohort.taken, Cohort.starts_on, Cohort.ends_on).where(within(grants)).subquery()
    running = sa.case((sa.and_(reached.c.starts_on <= today, reached.c.ends_on >= today), 1), else_=0)
    certificates = (
        sa.select(sa.func.count())
        .select_from(Certificate)
        .join(Enrolment, Certificate.enrolment_id == Enrolment.id)
        .where(Enrolment.cohort_id.in_(sa.select(reached.c.id)), Certificate.revoked_at.is_(None))
        .scalar_subquery()
    )
    whole, total = sa.func.coalesce, sa.func.sum
    columns = (sa.func.count(), whole(total(running), 0), whole(total(reached.c.taken), 0), certificates)
    row = db.session.execute(sa.select(*columns).select_from(reached)).one()
    return Counts(*(int(n) for n in row))
