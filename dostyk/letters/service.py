"""The details of a passport are given, changed and deleted; the log says that, and never what they are."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from dostyk.cohorts.models import Enrolment
from dostyk.cohorts.rules import EnrolmentState
from dostyk.core.audit import record
from dostyk.core.database import changed, db
from dostyk.core.errors import Refused
from dostyk.letters import queries, rules
from dostyk.letters.labels import FIELDS, FLAWS
from dostyk.letters.models import VisaDetails
from dostyk.letters.rules import Passport
from dostyk.people.models import Person


def give(enrolment: Enrolment, passport: Passport, *, by: Person, now: datetime) -> VisaDetails:
    """Keep what the letter prints, or change it. Raises Refused, at its field, when the letter would be of no use, or is not needed."""
    cohort = enrolment.cohort
    if enrolment.state is not EnrolmentState.ENROLLED or not rules.needed(
        cohort.ends_on, cohort.archived_at is not None, cohort.today(now)
    ):
        raise Refused(_("A letter of invitation is made for people with a seat, until the course is over."))
    if wrong := rules.flaw(passport, cohort.ends_on):
        raise Refused(FLAWS[wrong], field=FIELDS[wrong])
    row = db.session.get(VisaDetails, enrolment.id, with_for_update=True) or VisaDetails(enrolment=enrolment)
    for name, value in asdict(passport).items():
        setattr(row, name, value)
    row.given_at = now
    db.session.add(row)
    db.session.flush()
    _record("visa_details.given", enrolment, by)
    return row


def forget(enrolment: Enrolment, *, by: Person) -> bool:
    """Delete the details at once. False when there were none."""
    gone = sa.delete(VisaDetails).where(VisaDetails.enrolment_id == enrolment.id)
    done = changed(db.session.execute(gone, execution_options={"synchronize_session": "fetch"})) == 1
    if done:
        _record("visa_details.deleted", enrolment, by)
    return done


def forget_what_is_over(now: datetime) -> int:
    """Delete the details that have no use any more. Returns how many there were."""
    over = queries.needed_no_more(rules.ended_before(now.date()))
    gone = sa.delete(VisaDetails).where(VisaDetails.enrolment_id.in_(over))
    number = changed(db.session.execute(gone, execution_options={"synchronize_session": False}))
    if number:
        record("visa_details.expired", "visa_details", number=number)
    return number


def fetched(enrolment: Enrolment, *, by: Person) -> None:
    """Somebody took the letter: the log says who saw a passport."""
    _record("visa_letter.fetched", enrolment, by)


def _record(kind: str, enrolment: Enrolment, by: Person) -> None:
    record(kind, f"enrolment:{enrolment.id}", by=by, cohort=enrolment.cohort.code, person=enrolment.person_id)
