"""What this room keeps about people: the details of their passports, while a letter of invitation needs them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from dostyk.cohorts.models import Enrolment
from dostyk.core.database import db
from dostyk.letters.models import VisaDetails
from dostyk.people.models import Person
from dostyk.people.records import Section, forgets, tells


@tells(80)
def _told(person: Person) -> Section:
    columns = [
        ("cohort", _l("Cohort")), ("passport_number", _l("Number of the passport")), ("passport_expires_on", _l("Valid until")),
        ("born_on", _l("Born on")), ("citizenship", _l("Citizenship")), ("consulate", _l("Consulate")), ("given_at", _l("Given on")),
    ]  # fmt: skip
    kept = sa.select(VisaDetails).join(VisaDetails.enrolment).where(Enrolment.person_id == person.id)
    rows = [
        [v.enrolment.cohort.code, v.passport_number, v.passport_expires_on, v.born_on, v.citizenship, v.consulate, v.given_at]
        for v in db.session.scalars(kept.options(joinedload(VisaDetails.enrolment).joinedload(Enrolment.cohort)))
    ]
    return Section("visa", _l("For the visa"), columns, rows)


@forgets
def _passports(people: Sequence[int], _now: datetime) -> None:
    theirs = sa.select(Enrolment.id).where(Enrolment.person_id.in_(people))
    db.session.execute(sa.delete(VisaDetails).where(VisaDetails.enrolment_id.in_(theirs)), execution_options={"synchronize_session": False})
