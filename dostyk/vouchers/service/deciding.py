"""What is decided about seats that were taken: by coordinators, and by the participants themselves."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from dostyk.cohorts import service as cohorts
from dostyk.cohorts.models import Enrolment
from dostyk.core.errors import Refused
from dostyk.people.models import Person
from dostyk.vouchers import letters, rules


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


def leave(enrolment: Enrolment, reason: str, now: datetime) -> None:
    """The participants themselves give their seat back, once. Raises Refused without a reason, and when the course is over."""
    if rules.too_late_to_leave(enrolment.cohort.phase(now)):
        raise Refused(_("The course is over: its seats cannot be given back any more."))
    cohorts.withdraw(enrolment, reason, enrolment.person, now)
