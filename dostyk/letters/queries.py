"""What pages and the letter read about passports and seats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload

from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.cohorts.rules import EnrolmentState
from dostyk.core.database import db
from dostyk.letters.models import VisaDetails
from dostyk.people.models import Organisation
from dostyk.vouchers.models import Batch, Redemption, Voucher


def details_of(enrolment: Enrolment) -> VisaDetails | None:
    """What is kept of the passport of this enrolment, if anything."""
    return db.session.get(VisaDetails, enrolment.id)


def seats(cohort: Cohort) -> sa.Select[Enrolment]:
    """The people who hold a seat, with their names."""
    return (
        sa.select(Enrolment)
        .join(Enrolment.person)
        .where(Enrolment.cohort_id == cohort.id, Enrolment.state == EnrolmentState.ENROLLED)
        .options(contains_eager(Enrolment.person))
    )


def given(enrolments: Sequence[Enrolment]) -> Mapping[int, VisaDetails]:
    """The details of these enrolments, by number: one statement."""
    rows = db.session.scalars(sa.select(VisaDetails).where(VisaDetails.enrolment_id.in_([e.id for e in enrolments])))
    return {row.enrolment_id: row for row in rows}


def has_details() -> sa.ColumnElement[bool]:
    """Whether an enrolment has details, as a condition."""
    return sa.exists().where(VisaDetails.enrolment_id == Enrolment.id)


def body_of(enrolment: Enrolment) -> Organisation | None:
    """The body whose voucher gave the seat: it sends the person. None for who was enrolled by a coordinator."""
    batch = (
        sa.select(Batch)
        .join(Voucher, Voucher.batch_id == Batch.id)
        .join(Redemption, Redemption.voucher_id == Voucher.id)
        .where(Redemption.enrolment_id == enrolment.id)
        .options(joinedload(Batch.organisation, innerjoin=True))
        .order_by(Redemption.id.desc())
    )
    found = db.session.scalars(batch.limit(1)).first()
    return found.organisation if found else None


def needed_no_more(before: date) -> sa.Select[int]:
    """The enrolments whose details have no use any more: the cohort ended before that day or is archived, or the seat was given back."""
    over = sa.or_(Cohort.ends_on < before, Cohort.archived_at.is_not(None), Enrolment.state != EnrolmentState.ENROLLED)
    return sa.select(VisaDetails.enrolment_id).join(VisaDetails.enrolment).join(Enrolment.cohort).where(over)
