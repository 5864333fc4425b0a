"""What coordinators decide about who redeemed a voucher of a batch with approval."""

from __future__ import annotations

from datetime import datetime

from dostyk.cohorts import service as cohorts
from dostyk.cohorts.models import Enrolment
from dostyk.people.models import Person
from dostyk.vouchers import letters


def approve(enrolment: Enrolment, by: Person, now: datetime) -> bool:
    """Turn a pending seat into an enrolment, and tell the person. False when it is not pending any more."""
    if not cohorts.approve(enrolment, by, now):
        return False
    letters.approved(enrolment)
    return True


def decline(enrolment: Enrolment, reason: str, by: Person, now: datetime) -> bool:
    """Refuse a pending seat: it returns to its country, and the person reads why. False when it is not pending any more."""
    if not cohorts.decline(enrolment, reason, by, now):
        return False
    letters.declined(enrolment)
    return True
