"""A cohort that is over, its people with their marks, and everything that certificates are printed with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from dostyk.attendance.models import Mark
from dostyk.attendance.rules import Source, Status
from dostyk.certificates import queries, service
from dostyk.certificates.models import Certificate, Signatory
from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.outbox import Job
from dostyk.people.models import Person
from dostyk.people.rules import OrganisationKind
from dostyk.schedule.models import Slot
from tests import factories as make

AGENCY = {"en": "Agency of Development", "ru": "Агентство развития", "kk": "Даму агенттігі"}


def an_agency() -> None:
    make.an_organisation(OrganisationKind.AGENCY, "KZ", name=AGENCY)


def a_signatory(cohort: Cohort) -> None:
    post = {"en": "Chair", "ru": "Председатель", "kk": "Төраға"}
    make.save(Signatory(programme_id=cohort.course.project.programme_id, name={"en": "A. Seitkali", "ru": "А. Сейткали"}, post=post))


def a_finished_cohort(code: str = "", *, slots: int = 2, printed: bool = True, **values: Any) -> Cohort:
    """Over since yesterday, with `slots` slots of two academic hours; `printed`: with signatory and agency."""
    programme = make.a_programme(code) if code else None
    course = make.a_course(make.a_project(programme) if programme else None, **values.pop("course", {}))
    today = utcnow().astimezone(make.ZONE).date()
    cohort = make.a_cohort(course, starts_on=today - timedelta(days=5), **{"capacity": 400, **values})
    for number in range(slots):
        make.a_slot(cohort, day=number % 5, hour=9 + 2 * (number // 5))
    if printed:
        a_signatory(cohort)
        an_agency()
    return cohort


def mark(seats: Sequence[Enrolment], present: int | None = None) -> None:
    """Everybody present in the first `present` slots of the cohort (all, when not told), absent in the others."""
    slots = db.session.scalars(sa.select(Slot).where(Slot.cohort_id == seats[0].cohort_id).order_by(Slot.starts_at)).all()
    by = make.a_person("Trainer")
    with work():
        for seat in seats:
            for number, slot in enumerate(slots):
                status = Status.PRESENT if present is None or number < present else Status.ABSENT
                db.session.add(Mark(slot_id=slot.id, enrolment_id=seat.id, status=status, at=utcnow(), by_id=by.id, source=Source.TRAINER))


def people_in(cohort: Cohort, number: int = 3, *, present: int | None = None, **values: Any) -> list[Enrolment]:
    """People who hold a seat and were marked."""
    seats = [make.an_enrolment(cohort, make.a_person(f"Aigul Sydykova {n + 1:03}", **values), "KG") for n in range(number)]
    mark(seats, present)
    return seats


def seen(cohort: Cohort, enrolment_id: int | None = None, now: datetime | None = None) -> str:
    """What the coordinator's page says it showed."""
    found = queries.fingerprint(queries.to_issue(queries.candidates(cohort, now or utcnow()), enrolment_id))
    db.session.rollback()
    return found


def order(cohort: Cohort, by: Person, enrolment_id: int | None = None) -> Job:
    shown = seen(cohort, enrolment_id)
    with work():
        return service.issue(cohort, shown, enrolment_id=enrolment_id, by=by, now=utcnow())


def certificates() -> list[Certificate]:
    """All of them, in the order in which they were issued; read anew."""
    db.session.rollback()
    return list(db.session.scalars(sa.select(Certificate).order_by(Certificate.id).execution_options(populate_existing=True)))
