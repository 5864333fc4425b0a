"""Seats are taken and given back by conditional UPDATEs whose outcome is checked; CHECK constraints stand behind them.

Everything that touches several rows does so in one order: voucher or offer, enrolment, seats of countries (by code),
cohort. Two units of work that lock rows in the same order wait for each other, and never for one another in a circle.
The cohort comes last because it is the row that everybody wants: it is held for the shortest time.

Whoever takes what is free (enrols without a voucher, issues vouchers, moves seats) counts it with `queries.seat_table(lock=True)`;
whoever takes a seat that is promised to them needs no count: the promise and the seat are one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from dostyk.cohorts import queries, rules
from dostyk.cohorts.labels import NO_SEAT, NO_SEAT_FOR_STAFF
from dostyk.cohorts.models import Cohort, CountrySeats, Enrolment
from dostyk.cohorts.rules import HOLDING, CohortFacts, EnrolmentState, NoSeat
from dostyk.cohorts.service.statements import APART, insert
from dostyk.core.audit import note, record
from dostyk.core.database import changed, db
from dostyk.core.errors import Refused
from dostyk.people.models import Person


def enrol(
    person: Person, cohort: Cohort, country: str | None, now: datetime, by: Person | None = None, *,
    promised: bool = False, pending: bool = False, late: bool = False, replaces: Enrolment | None = None,
) -> Enrolment:  # fmt: skip
    """Give `person` a seat of `country`; the same enrolment when they already hold one. Five statements for a promised one.

    `by` is the coordinator who does it for somebody else. `promised`: a seat that a voucher or an offer reserved, which
    the caller has just used up; without it only a seat is given that nobody was promised. `pending`: held until
    `approve` or `decline`. `late`: the window for enrolling does not matter. `replaces`: whose place it is; attendance
    then counts from today. Who withdrew before takes a seat anew. Raises Refused with what to do next when there is no
    seat, or another was faster.
    """
    if person.id is None:
        db.session.flush()
    given: dict[str, Any] = {
        "state": EnrolmentState.PENDING if pending else EnrolmentState.ENROLLED,
        "enrolled_at": now,
        "counts_from": _counts_from(cohort, now),
        "replaces_id": replaces.id if replaces else None,
    }
    # The unique (cohort, person) decides between two at once: the second waits here for the first, and finds the seat.
    values = {"cohort_id": cohort.id, "person_id": person.id, "country": country, **given}
    claim = insert(Enrolment).values(**values).on_conflict_do_nothing(index_elements=["cohort_id", "person_id"])
    enrolment = db.session.scalar(claim.returning(Enrolment))
    if enrolment is None:
        if not _back(cohort.id, person.id, **given):
            return _existing(cohort, person)
        enrolment = _existing(cohort, person)
    set_committed_value(enrolment, "person", person)
    set_committed_value(enrolment, "cohort", cohort)
    staff = by is not None and by.id != person.id
    _take_seat(enrolment, country, now, staff=staff, back=late, promised=promised)
    record("enrolment.given", f"enrolment:{enrolment.id}", by=by or person, cohort=cohort.code, person=person.id, country=enrolment.country)
    return enrolment


def _counts_from(cohort: Cohort, now: datetime) -> date | None:
    """The day of joining for who joins after the start; None while all of it is still to come."""
    today = cohort.today(now)
    return today if today > cohort.starts_on else None


def withdraw(enrolment: Enrolment, reason: str, by: Person, now: datetime) -> None:
    """Take the seat back: it returns to its country, once, however often this is asked. Raises Refused without a reason."""
    if not reason:
        raise Refused(_("Say why the person withdraws: it is kept with the seat."), field="reason")
    if _give_back(enrolment, HOLDING, state=EnrolmentState.WITHDRAWN, withdrawn_at=now, withdrawn_reason=reason):
        _record("enrolment.withdrawn", enrolment, by, reason)


def approve(enrolment: Enrolment, by: Person, now: datetime) -> bool:
    """Turn a pending seat into an enrolment. False when it is not pending: approved before, say."""
    mine = sa.update(Enrolment).where(Enrolment.id == enrolment.id, Enrolment.state == EnrolmentState.PENDING)
    values = {"state": EnrolmentState.ENROLLED, "decided_at": now, "decided_by_id": by.id}
    approved = changed(db.session.execute(mine.values(values), execution_options=APART)) == 1
    db.session.refresh(enrolment, ["state", "decided_at", "decided_by_id"])
    if approved:
        _record("enrolment.approved", enrolment, by)
    return approved


def decline(enrolment: Enrolment, reason: str, by: Person, now: datetime) -> bool:
    """Refuse a pending seat: it returns to its country, once. False when it is not pending any more. Raises Refused without a reason."""
    if not reason:
        raise Refused(_("Say why the seat is declined: the person reads it."), field="reason")
    values = {"state": EnrolmentState.DECLINED, "decided_at": now, "decided_by_id": by.id, "decision_reason": reason}
    if not _give_back(enrolment, (EnrolmentState.PENDING,), **values):
        return False
    _record("enrolment.declined", enrolment, by, reason)
    return True


def _give_back(enrolment: Enrolment, held: Sequence[EnrolmentState], **values: Any) -> bool:
    """Let go of a seat that is `held`, to its country and the cohort. False when it was not."""
    cohort = enrolment.cohort
    mine = sa.update(Enrolment).where(Enrolment.id == enrolment.id, Enrolment.state.in_(held))
    country = db.session.execute(mine.values(values).returning(Enrolment.country), execution_options=APART).one_or_none()
    db.session.refresh(enrolment, [*values, "country"])
    if country is None:
        return False
    if country[0] is not None:
        seats = sa.update(CountrySeats).where(CountrySeats.cohort_id == cohort.id, CountrySeats.country == country[0])
        db.session.execute(seats.values(taken=CountrySeats.taken - 1), execution_options=APART)
        forget_seats(cohort.id, country[0])
    _count(cohort, -1)
    return True


def _record(kind: str, enrolment: Enrolment, by: Person, reason: str | None = None) -> None:
    record(kind, f"enrolment:{enrolment.id}", by=by, reason=reason, cohort=enrolment.cohort.code, person=enrolment.person_id)


def reinstate(enrolment: Enrolment, by: Person, now: datetime) -> None:
    """Undo a withdrawal, if a seat of the same country is free; the window for enrolling does not matter.

    Raises Refused when no seat is free any more.
    """
    if not _back(enrolment.cohort_id, enrolment.person_id, state=EnrolmentState.ENROLLED):
        return
    _take_seat(enrolment, enrolment.country, now, staff=True, back=True)
    db.session.refresh(enrolment, ["state", *_UNDECIDED])
    _record("enrolment.reinstated", enrolment, by)


_UNDECIDED = ("withdrawn_at", "withdrawn_reason", "decided_at", "decided_by_id", "decision_reason")


def _back(cohort_id: int, person_id: int, **values: Any) -> bool:
    """Bring an enrolment back that was withdrawn or declined; False when there is none, or the person holds a seat."""
    mine = sa.update(Enrolment).where(Enrolment.cohort_id == cohort_id, Enrolment.person_id == person_id, Enrolment.state.not_in(HOLDING))
    return changed(db.session.execute(mine.values({**dict.fromkeys(_UNDECIDED), **values}), execution_options=APART)) == 1


def _existing(cohort: Cohort, person: Person) -> Enrolment:
    own = sa.select(Enrolment).where(Enrolment.cohort_id == cohort.id, Enrolment.person_id == person.id)
    found = db.session.scalars(own, execution_options={"populate_existing": True}).one()
    set_committed_value(found, "person", person)
    set_committed_value(found, "cohort", cohort)
    return found


def _take_seat(
    enrolment: Enrolment, country: str | None, now: datetime, *, staff: bool, back: bool = False, promised: bool = False
) -> None:
    """One seat of the country and of the cohort, or Refused: first the rule, which knows why not; then the row, which is never wrong."""
    cohort = enrolment.cohort
    by_country, reason = True, None
    if not (promised and _take_at_once(cohort, country, now, back=back)):
        facts = queries.facts(cohort, country, promised=promised, now=now)
        by_country, reason = facts.by_country, rules.no_seat(facts, now, back=back)
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
    enrolment.country = country if by_country else None


def _take_at_once(cohort: Cohort, country: str | None, now: datetime, *, back: bool) -> bool:
    """Take a seat of the country that was promised, which nearly always is there: nothing has to be read first. False: look why not."""
    in_time = CohortFacts(
        archived=cohort.archived_at is not None,
        opens=cohort.opens_at,
        closes=cohort.closes_at,
        capacity=rules.Seats(1, 0),
        by_country=False,
        country=None,
    )
    return country is not None and rules.no_seat(in_time, now, back=back) is None and _take_of_country(cohort.id, country)


def _take_of_country(cohort_id: int, country: str | None) -> bool:
    mine = sa.update(CountrySeats).where(
        CountrySeats.cohort_id == cohort_id, CountrySeats.country == country, CountrySeats.taken < CountrySeats.seats
    )
    took = changed(db.session.execute(mine.values(taken=CountrySeats.taken + 1), execution_options=APART)) == 1
    forget_seats(cohort_id, country)
    return took


def forget_seats(cohort_id: int, country: str | None) -> None:
    """Let a row that the session may hold be read anew when somebody looks at it."""
    if row := db.session().identity_map.get(identity_key(CountrySeats, (cohort_id, country))):
        db.session.expire(row, ["seats", "taken"])


def _count(cohort: Cohort, step: int) -> bool:
    """Count one seat more or less of the cohort, unless it is full: one statement, so the last goes to exactly one of many."""
    mine = sa.update(Cohort).where(Cohort.id == cohort.id, Cohort.taken + step <= Cohort.capacity)
    taken = db.session.execute(mine.values(taken=Cohort.taken + step).returning(Cohort.taken), execution_options=APART).scalar_one_or_none()
    if taken is None:
        return False
    set_committed_value(cohort, "taken", taken)
    return True
