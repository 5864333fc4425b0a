"""The last seats go to exactly so many: real processes and threads, on both databases, and proof that the test can fail."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from dostyk.cohorts import queries as cohorts
from dostyk.cohorts.models import Cohort, CountrySeats, Enrolment
from dostyk.cohorts.rules import HOLDING, EnrolmentState
from dostyk.core.audit import Event
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from dostyk.people.models import Account, Person
from dostyk.people.rules import REQUIRED, PersonDetails, Sex
from dostyk.vouchers import service
from dostyk.vouchers.models import Batch, Redemption, Voucher
from tests import factories

pytestmark = pytest.mark.xdist_group("races")  # the racing processes are started once
SEATS, TRIES = 5, 60
CONSENTS = dict.fromkeys(REQUIRED, "I agree.")


def somebody_new(number: int) -> PersonDetails:
    return PersonDetails(f"Nurzhan Omurbekov {number}", sex=Sex.MALE, country="KG", email=f"person{number}@example.org")


def redeem(code: str, applicant: PersonDetails | Person) -> str:
    """What the view does, without the page."""
    try:
        with work():
            known = applicant if isinstance(applicant, Person) else None
            offer = service.offer(code, known, None, utcnow())
            given = service.redeem(offer, applicant, CONSENTS, language="en", now=utcnow())
        return "new" if given.new else "same"
    except Refused:
        return "refused"


def as_somebody_new(app: Flask, argument: tuple[str, int]) -> str:
    code, number = argument
    with app.test_request_context("/redeem", method="POST"):
        return redeem(code, somebody_new(number))


def as_known_person(app: Flask, argument: tuple[str, int]) -> str:
    code, person_id = argument
    with app.test_request_context("/redeem", method="POST"):
        return redeem(code, db.session.get_one(Person, person_id))


def naively(app: Flask, argument: tuple[str, int]) -> str:
    """The same by reading, checking and writing: right for one person at a time."""
    code, number = argument
    with app.test_request_context("/redeem", method="POST"), work():
        voucher = db.session.scalars(sa.select(Voucher).where(Voucher.code == code)).one()
        cohort = voucher.batch.cohort
        seats = db.session.get_one(CountrySeats, (cohort.id, "KG"))
        if voucher.used >= voucher.uses or cohort.taken >= cohort.capacity or seats.taken >= seats.seats:
            return "refused"
        time.sleep(0.01)
        person = Person(full_name=f"Person {number}", country="KG", created_at=utcnow(), languages=[])
        seat = Enrolment(cohort=cohort, person=person, country="KG", state=EnrolmentState.ENROLLED, enrolled_at=utcnow())
        voucher.used, cohort.taken, seats.taken = voucher.used + 1, cohort.taken + 1, seats.taken + 1
        db.session.add(Redemption(voucher=voucher, enrolment=seat, at=utcnow()))
        return "new"


def codes(seats: int, vouchers: int) -> list[str]:
    return [v.code for v in factories.vouchers_of(factories.a_batch(factories.a_cohort(seats={"KG": seats}), vouchers))]


def number_of(model: Any, *conditions: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*conditions)) or 0


def taken() -> tuple[int, int, int, int, int]:
    """Enrolments, redemptions, used vouchers, seats counted by the cohort and by the country."""
    used = db.session.scalar(sa.select(sa.func.sum(Voucher.used))) or 0
    counted = db.session.scalars(sa.select(Cohort.taken)).one(), db.session.scalars(sa.select(CountrySeats.taken)).one()
    return number_of(Enrolment), number_of(Redemption), used, *counted


def test_the_last_seats_go_to_exactly_so_many(app, racers):
    tries = list(zip(codes(SEATS, TRIES), range(TRIES), strict=True))
    outcomes = Counter(racers.race(as_somebody_new, tries))
    assert outcomes == {"new": SEATS, "refused": TRIES - SEATS}
    assert taken() == (SEATS,) * 5
    # Who got none has left nothing behind but the note of the try; their vouchers stay unused.
    assert number_of(Account) == SEATS
    assert number_of(Person, Person.email != "") == SEATS
    assert number_of(Voucher, Voucher.used == 0) == TRIES - SEATS
    assert number_of(Event, Event.kind == "voucher.refused", Event.reason == "country_full") == TRIES - SEATS


def test_one_voucher_gives_one_seat_whoever_tries(app, racers):
    (code,) = codes(TRIES, 1)
    outcomes = Counter(racers.race(as_somebody_new, [(code, number) for number in range(TRIES)]))
    assert outcomes == {"new": 1, "refused": TRIES - 1}
    assert taken() == (1,) * 5


def test_one_person_gets_one_seat_however_often_they_press(app, racers):
    (code,) = codes(9, 1)
    person = factories.a_person(country="KG")
    outcomes = Counter(racers.race(as_known_person, [(code, person.id)] * 32))
    assert outcomes == {"new": 1, "same": 31}
    assert taken() == (1,) * 5


def test_one_person_with_many_vouchers_at_once_uses_one_of_them(app, racers):
    person = factories.a_person(country="KG")
    outcomes = Counter(racers.race(as_known_person, [(code, person.id) for code in codes(32, 32)]))
    assert outcomes == {"new": 1, "same": 31}
    assert taken() == (1,) * 5


def test_a_group_code_gives_as_many_seats_as_it_has_uses(app, racers):
    (code,) = codes(TRIES, 1)
    with work():
        db.session.execute(sa.update(Voucher).values(uses=3))
    outcomes = Counter(racers.race(as_somebody_new, [(code, number) for number in range(50)]))
    assert outcomes == {"new": 3, "refused": 47}
    assert taken() == (3,) * 5


def issue_one(app: Flask, argument: tuple[str, int, int]) -> str:
    """A coordinator issues one voucher more: half of them as a batch of its own, half by raising the same batch."""
    code, batch_id, number = argument
    with app.test_request_context("/", method="POST"):
        cohort, now = db.session.scalars(sa.select(Cohort).where(Cohort.code == code)).one(), utcnow()
        batch = db.session.get_one(Batch, batch_id)
        try:
            with work():
                if number % 2:
                    through = cohort.today(now) + timedelta(days=2)
                    service.issue(cohort, service.Order(batch.organisation, "KG", 1, through, "en"), batch.issued_by, now)
                else:
                    db.session.refresh(batch, ["quantity"], with_for_update=True)
                    service.change_quantity(batch, batch.quantity + 1, "one more", batch.issued_by, now)
        except Refused:
            return "refused"
        return "issued"


def test_coordinators_who_issue_at_once_promise_no_seat_twice(app, racers):
    cohort = factories.a_cohort(seats={"KG": SEATS + 1})
    batch = factories.a_batch(cohort, 1)
    outcomes = Counter(racers.race(issue_one, [(cohort.code, batch.id, number) for number in range(40)]))
    assert outcomes == {"issued": SEATS, "refused": 40 - SEATS}
    table = cohorts.seat_table(cohort, utcnow())
    assert (table.countries["KG"].reserved, table.countries["KG"].free) == (SEATS + 1, 0)


def withdraw_or_decide(app: Flask, argument: tuple[int, int]) -> str:
    """The participant withdraws, a coordinator approves, another declines, all at the same moment."""
    enrolment_id, number = argument
    with app.test_request_context("/", method="POST"):
        seat = db.session.get_one(Enrolment, enrolment_id)
        with work():
            match number % 3:
                case 0:
                    service.leave(seat, "ill", utcnow())
                case 1:
                    service.approve(seat, seat.person, utcnow())
                case _:
                    service.decline(seat, "no", seat.person, utcnow())
        return "done"


def test_a_seat_goes_back_once_whoever_lets_go_of_it(app, racers):
    cohort = factories.a_cohort(seats={"KG": 9})
    seats = [factories.an_enrolment(cohort, country="KG", state=EnrolmentState.PENDING) for _ in range(4)]
    outcomes = Counter(racers.race(withdraw_or_decide, [(seat.id, number) for number in range(12) for seat in seats]))
    assert outcomes == {"done": 48}
    held = number_of(Enrolment, Enrolment.state.in_(HOLDING))
    assert (held, taken()[3:]) == (0, (0, 0))


def test_these_tests_can_fail(app, racers):
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        pytest.skip("SQLite lets one writer in at a time, so the naive way happens to be right")
    tries = list(zip(codes(SEATS, TRIES), range(TRIES), strict=True))
    outcomes = Counter(racers.race(naively, tries))
    assert outcomes["new"] > SEATS
    assert number_of(Enrolment) > SEATS
