"""Seats are taken and given back by conditional UPDATEs whose outcome is checked; CHECK constraints stand behind them.

Everything that touches several rows does so in one order: enrolment, seats of the country (by code), cohort. Two units
of work that lock rows in the same order wait for each other, and never for one another in a circle. The cohort comes
last because it is the row that everybody wants: it is held for the shortest time.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from dostyk.cohorts import queries, rules
from dostyk.cohorts.labels import NO_SEAT, NO_SEAT_FOR_STAFF
from dostyk.cohorts.models import Cohort, CountrySeats, Enrolment
from dostyk.cohorts.rules import EnrolmentState, NoSeat
from dostyk.cohorts.service.statements import APART, insert
from dostyk.core.audit import note, record
from dostyk.core.database import changed, db
from dostyk.core.errors import Refused
from dostyk.people.models import Person


def enrol(person: Person, cohort: Cohort, country: str | None, now: datetime, by: Person | None = None) -> Enrolment:
    """Give `person` a seat of `country`; the same enrolment when they already hold one. Five statements.

    `by` is the coordinator who does it for somebody else. Who withdrew before takes a seat anew. Raises Refused with
    what to do next when there is no seat, or another was faster.
    """
    if person.id is None:
        db.session.flush()
    # The unique (cohort, person) decides between two at once: the second waits here for the first, and finds the seat.
    values = {"cohort_id": cohort.id, "person_id": person.id, "country": country, "state": EnrolmentState.ENROLLED, "enrolled_at": now}
    claim = insert(Enrolment).values(**values).on_conflict_do_nothing(index_elements=["cohort_id", "person_id"])
    enrolment = db.session.scalar(claim.returning(Enrolment))
    if enrolment is None:
        enrolment = _again(person, cohort, now)
        if enrolment is None:
            return _existing(cohort, person)
    set_committed_value(enrolment, "person", person)
    set_committed_value(enrolment, "cohort", cohort)
    _take_seat(enrolment, country, now, staff=by is not None and by.id != person.id)
    record("enrolment.given", f"enrolment:{enrolment.id}", by=by or person, cohort=cohort.code, person=person.id, country=enrolment.country)
    return enrolment


def withdraw(enrolment: Enrolment, reason: str, by: Person, now: datetime) -> None:
    """Take the seat back: it returns to its country, once, however often this is asked. Raises Refused without a reason."""
    if not reason:
        raise Refused(_("Say why the person withdraws: it is kept with the seat."), field="reason")
    cohort = enrolment.cohort
    mine = sa.update(Enrolment).where(Enrolment.id == enrolment.id, Enrolment.state == EnrolmentState.ENROLLED)
    values = {"state": EnrolmentState.WITHDRAWN, "withdrawn_at": now, "withdrawn_reason": reason}
    country = db.session.execute(mine.values(values).returning(Enrolment.country), execution_options=APART).one_or_none()
    db.session.refresh(enrolment, ["state", "withdrawn_at", "withdrawn_reason", "country"])
    if country is None:
        return
    if country[0] is not None:
        seats = sa.update(CountrySeats).where(CountrySeats.cohort_id == cohort.id, CountrySeats.country == country[0])
        db.session.execute(seats.values(taken=CountrySeats.taken - 1), execution_options=APART)
        _forget_seats(cohort.id, country[0])
    _count(cohort, -1)
    record("enrolment.withdrawn", f"enrolment:{enrolment.id}", by=by, reason=reason, cohort=cohort.code, person=enrolment.person_id)


def reinstate(enrolment: Enrolment, by: Person, now: datetime) -> None:
    """Undo a withdrawal, if a seat of the same country is free; the window for enrolling does not matter.

    Raises Refused when no seat is free any more.
    """
    if not _back_to_enrolled(enrolment.cohort_id, enrolment.person_id):
        return
    _take_seat(enrolment, enrolment.country, now, staff=True, back=True)
    db.session.refresh(enrolment, ["state", "withdrawn_at", "withdrawn_reason"])
    record("enrolment.reinstated", f"enrolment:{enrolment.id}", by=by, cohort=enrolment.cohort.code, person=enrolment.person_id)


def _again(person: Person, cohort: Cohort, now: datetime) -> Enrolment | None:
    """The withdrawn enrolment, brought back by us; None when the person holds a seat already."""
    if not _back_to_enrolled(cohort.id, person.id, enrolled_at=now):
        return None
    return _existing(cohort, person)


def _back_to_enrolled(cohort_id: int, person_id: int, **values: datetime) -> bool:
    mine = sa.update(Enrolment).where(
        Enrolment.cohort_id == cohort_id, Enrolment.person_id == person_id, Enrolment.state == EnrolmentState.WITHDRAWN
    )
    values_back = {"state": EnrolmentState.ENROLLED, "withdrawn_at": None, "withdrawn_reason": None, **values}
    return changed(db.session.execute(mine.values(values_back), execution_options=APART)) == 1


def _existing(cohort: Cohort, person: Person) -> Enrolment:
    own = sa.select(Enrolment).where(Enrolment.cohort_id == cohort.id, Enrolment.person_id == person.id)
    found = db.session.scalars(own, execution_options={"populate_existing": True}).one()
    set_committed_value(found, "person", person)
    set_committed_value(found, "cohort", cohort)
    return found


def _take_seat(enrolment: Enrolment, country: str | None, now: datetime, *, staff: bool, back: bool = False) -> None:
    """One seat of the country and of the cohort, or Refused: first the rule, which knows why not; then the row, which is never wrong."""
    cohort = enrolment.cohort
    facts = queries.facts(cohort, country)
    reason = rules.no_seat(facts, now, back=back)
    if reason is None and facts.country is not None and not _take_of_country(cohort.id, country):
        reason = NoSeat.COUNTRY_FULL
    if reason is None and not _count(cohort, +1):
        reason = NoSeat.FULL
    if reason is not None:
        raise Refused(
            (NO_SEAT_FOR_STAFF if staff else NO_SEAT)[reason],
            field="country" if staff and reason in (NoSeat.COUNTRY_FULL, NoSeat.COUNTRY_NOT_INVITED) else None,
            note=note("enrolment.refused", f"person:{enrolment.person_id}", reason=reason, cohort=cohort.code, country=country),
        )
    enrolment.country = country if facts.by_country else None


def _take_of_country(cohort_id: int, country: str | None) -> bool:
    mine = sa.update(CountrySeats).where(
        CountrySeats.cohort_id == cohort_id, CountrySeats.country == country, CountrySeats.taken < CountrySeats.seats
    )
    took = changed(db.session.execute(mine.values(taken=CountrySeats.taken + 1), execution_options=APART)) == 1
    _forget_seats(cohort_id, country)
    return took


def _forget_seats(cohort_id: int, country: str | None) -> None:
    """Let a row that the session may hold be read anew when somebody looks at it."""
    if row := db.session().identity_map.get(identity_key(CountrySeats, (cohort_id, country))):
        db.session.expire(row, ["taken"])


def _count(cohort: Cohort, step: int) -> bool:
    """Count one seat more or less of the cohort, unless it is full: one statement, so the last goes to exactly one of many."""
    mine = sa.update(Cohort).where(Cohort.id == cohort.id, Cohort.taken + step <= Cohort.capacity)
    taken = db.session.execute(mine.values(taken=Cohort.taken + step).returning(Cohort.taken), execution_options=APART).scalar_one_or_none()
    if taken is None:
        return False
    set_committed_value(cohort, "taken", taken)
    return True
