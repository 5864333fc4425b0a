"""What the first page of each role shows. Each part is a constant number of statements."""

from __future__ import annotations

from collections.abc import Sequence
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
from dostyk.people.models import Organisation
from dostyk.schedule import queries as schedule
from dostyk.schedule.models import Slot
from dostyk.vouchers.models import Batch, Voucher

SHOWN = 6  # of each list; the lists themselves are one click away
_A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class BatchFigures:
    """A batch in one line: how many vouchers it has, how many were redeemed, how many still can be."""

    batch: Batch
    used: int
    revoked: int

    @property
    def open(self) -> int:
        return self.batch.quantity - self.used - self.revoked


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


def batches_of(grants: Sequence[Grant]) -> list[BatchFigures]:
    """The latest batches that were handed to the bodies and countries of `grants`. One statement."""
    organisations = [g.organisation_id for g in grants if g.organisation_id is not None]
    countries = [g.country for g in grants if g.country is not None]
    used = sa.func.coalesce(sa.func.sum(Voucher.used), 0)
    unused = sa.and_(Voucher.revoked_at.is_not(None), Voucher.used == 0)
    revoked = sa.func.coalesce(sa.func.sum(sa.case((unused, 1), else_=0)), 0)
    everywhere = sa.true() if any(g.everywhere for g in grants) else sa.false()
    mine = sa.or_(everywhere, Batch.organisation_id.in_(organisations), Batch.country.in_(countries))
    latest = sa.select(Batch.id).where(mine).order_by(Batch.id.desc()).limit(SHOWN).subquery()
    sums = sa.select(Voucher.batch_id, used.label("used"), revoked.label("revoked")).join(latest, latest.c.id == Voucher.batch_id)
    counted = sums.group_by(Voucher.batch_id).subquery()
    found = (
        sa.select(Batch, counted.c.used, counted.c.revoked)
        .join(counted, counted.c.batch_id == Batch.id)
        .options(joinedload(Batch.cohort, innerjoin=True).options(*HEAD), joinedload(Batch.organisation, innerjoin=True))
        .order_by(Batch.id.desc())
    )
    return [BatchFigures(batch, int(n), int(m)) for batch, n, m in db.session.execute(found).unique()]


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


def bodies(grants: Sequence[Grant]) -> list[Organisation]:
    """The organisations for which `grants` were given, by number. One statement."""
    ids = [g.organisation_id for g in grants if g.organisation_id is not None]
    return list(db.session.scalars(sa.select(Organisation).where(Organisation.id.in_(ids)).order_by(Organisation.id)))
