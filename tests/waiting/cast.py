"""People who wait for a seat of a cohort in which none is left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from dostyk.cohorts import queries as cohorts
from dostyk.cohorts import service as seats
from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.cohorts.rules import EnrolmentState
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.people.models import Consent, Person
from dostyk.people.rules import REQUIRED
from dostyk.waiting import queries, service
from dostyk.waiting.models import WaitingEntry
from tests import factories as make

CONSENTS = dict.fromkeys(REQUIRED, "I agree.")


def a_full_cohort(seats: dict[str, int] | None = None, **values: Any) -> Cohort:
    """A cohort in a fortnight whose seats are all taken."""
    start = (utcnow() + timedelta(days=14)).date()
    cohort = make.a_cohort(seats=seats, starts_on=values.pop("starts_on", start), **values)
    for country, number in (seats or {None: cohort.capacity}).items():
        for _ in range(number):
            make.an_enrolment(cohort, country=country)
    return cohort


def a_reader(country: str | None = "KG", **values: Any) -> Person:
    """Somebody with an account who has agreed to what is needed."""
    person = make.a_person(country=country, **values)
    make.an_account(person)
    with work():
        db.session.add_all(
            Consent(person_id=person.id, purpose=purpose, wording="I agree.", language="en", given_at=utcnow()) for purpose in REQUIRED
        )
    return person


def waiting(cohort: Cohort, number: int, country: str = "KG") -> list[WaitingEntry]:
    """So many people who joined one after the other."""
    first = utcnow() - timedelta(hours=number)
    return [make.a_place(cohort, a_reader(country), joined_at=first + timedelta(minutes=n)) for n in range(number)]


def a_seat_is_free(cohort: Cohort, country: str | None = "KG", number: int = 1) -> None:
    """Some of the people with seats of the country withdraw."""
    by = make.a_person()
    with work():
        held = sa.select(Enrolment).where(
            Enrolment.cohort_id == cohort.id, Enrolment.country == country, Enrolment.state == EnrolmentState.ENROLLED
        )
        for seat in db.session.scalars(held.order_by(Enrolment.id).limit(number)).all():
            seats.withdraw(seat, "ill", by, utcnow())


def go_on(cohort: Cohort, **how: Any) -> queries.Outlook:
    with work():
        return service.go_on(cohort, how.pop("now", None) or utcnow(), **how)


def states(entries: list[WaitingEntry]) -> list[str]:
    db.session.expire_all()
    return [entry.state.value for entry in entries]


def free(cohort: Cohort, country: str | None = "KG") -> int:
    db.session.expire_all()
    table = cohorts.seat_table(cohort, utcnow())
    return table.countries[country].free if country else table.pool.free
