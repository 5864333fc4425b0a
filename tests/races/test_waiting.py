"""The last seat and the waiting list: who comes too late waits in an order without gaps, and an offer is confirmed once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from dostyk.cohorts import queries as cohorts
from dostyk.cohorts import service as seats
from dostyk.cohorts.models import Cohort, CountrySeats, Enrolment
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from dostyk.core.mail import Mail
from dostyk.people.models import Person
from dostyk.vouchers import service as vouchers
from dostyk.vouchers.models import Voucher
from dostyk.waiting import queries, service
from dostyk.waiting.models import WaitingEntry
from dostyk.waiting.rules import WaitingState
from tests import factories as make
from tests.waiting.cast import CONSENTS, a_full_cohort, a_seat_is_free, go_on, waiting

pytestmark = pytest.mark.xdist_group("races")  # the racing processes are started once
PEOPLE = 20


def take_or_wait(app: Flask, argument: tuple[str, int]) -> str:
    """What the page does when the button is pressed: the seat, or a place on the list."""
    code, person_id = argument
    with app.test_request_context("/redeem", method="POST"):
        person = db.session.get_one(Person, person_id)
        for _ in range(2):
            try:
                with work():
                    offer = vouchers.offer(code, person, None, utcnow())
                    if offer.full:
                        vouchers.wait(offer, person, CONSENTS, language="en", now=utcnow())
                        return "waits"
                    vouchers.redeem(offer, person, CONSENTS, language="en", now=utcnow())
                    return "seat"
            except Refused:  # the last seat went between the look and the button: the page then offers the list
                db.session.expire_all()
        return "refused"


def join(app: Flask, argument: tuple[int, int]) -> str:
    cohort_id, person_id = argument
    with app.test_request_context("/waiting", method="POST"), work():
        service.join(db.session.get_one(Cohort, cohort_id), db.session.get_one(Person, person_id), utcnow())
    return "joined"


def confirm(app: Flask, entry_id: int) -> str:
    with app.test_request_context("/waiting", method="POST"):
        try:
            with work():
                entry = queries.entry(entry_id)
                assert entry is not None
                return f"seat {service.confirm(entry, CONSENTS, 'en', utcnow()).id}"
        except Refused:
            return "refused"


def promote(app: Flask, cohort_id: int) -> str:
    with app.test_request_context("/waiting", method="POST"):
        try:
            with work():
                return str(len(service.go_on(db.session.get_one(Cohort, cohort_id), utcnow()).plan.offers))
        except Refused:
            return "changed"


def anything(app: Flask, argument: tuple[str, int, int]) -> str:
    """One of many things that happen to the seats of a cohort at the same time."""
    verb, cohort_id, number = argument
    if verb == "promote":
        promote(app, cohort_id)
    elif verb == "confirm":
        confirm(app, number)
    else:
        with app.test_request_context("/", method="POST"):
            try:
                with work():
                    cohort, person = db.session.get_one(Cohort, cohort_id), db.session.get_one(Person, number)
                    if verb == "enrol":
                        seats.enrol(person, cohort, "KG", utcnow(), by=person)
                    elif (seat := cohorts.enrolment_of(cohort_id, number)) is not None:
                        seats.withdraw(seat, "ill", person, utcnow())
            except Refused:
                pass
    return "done"


def count(model: type, *conditions: sa.ColumnElement[bool]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*conditions)) or 0


def test_of_twenty_people_for_the_last_seat_one_has_it_and_nineteen_wait_in_an_order_without_gaps(app, racers):
    cohort = make.a_cohort(seats={"KG": 1}, starts_on=(utcnow() + timedelta(days=14)).date())
    codes = [v.code for v in make.vouchers_of(make.a_batch(cohort, PEOPLE, override_reason="the minister asked"))]
    people = [make.a_person(country="KG") for _ in range(PEOPLE)]
    for person in people:
        make.an_account(person)
    outcomes = Counter(racers.race(take_or_wait, [(code, person.id) for code, person in zip(codes, people, strict=True)]))
    assert outcomes == {"seat": 1, "waits": PEOPLE - 1}
    entries = db.session.scalars(sa.select(WaitingEntry).order_by(WaitingEntry.joined_at, WaitingEntry.id)).all()
    assert [queries.position(entry) for entry in entries] == list(range(1, PEOPLE))
    assert (count(Enrolment), db.session.get_one(Cohort, cohort.id).taken) == (1, 1)
    assert db.session.scalar(sa.select(sa.func.sum(Voucher.used))) == 1


def test_one_person_who_joins_many_times_at_once_has_one_place(app, racers):
    cohort, person = a_full_cohort({"KG": 1}), make.a_person(country="KG", email="aigul@example.org")
    assert Counter(racers.race(join, [(cohort.id, person.id)] * 32)) == {"joined": 32}
    assert (count(WaitingEntry), count(Mail)) == (1, 1)


def test_one_offer_is_confirmed_once_however_often_it_is_pressed(app, racers):
    cohort = a_full_cohort({"KG": 1})
    (entry,) = waiting(cohort, 1)
    a_seat_is_free(cohort)
    go_on(cohort)
    outcomes = set(racers.race(confirm, [entry.id] * 32))
    assert outcomes == {f"seat {db.session.scalars(sa.select(WaitingEntry.enrolment_id)).one()}"}
    assert db.session.get_one(Cohort, cohort.id).taken == 1


def test_many_who_carry_out_the_same_plan_offer_each_seat_once(app, racers):
    cohort = a_full_cohort({"KG": 3})
    waiting(cohort, 6)
    a_seat_is_free(cohort, number=3)
    outcomes = Counter(racers.race(promote, [cohort.id] * 16))
    assert outcomes == {"3": 1, "0": 15}
    assert count(WaitingEntry, WaitingEntry.state == WaitingState.OFFERED) == 3
    assert count(Mail, Mail.kind == "waiting.promoted") == 3


def test_whatever_happens_at_once_there_are_never_more_people_and_promises_than_seats(app, racers):
    cohort = a_full_cohort({"KG": 4})
    entries = waiting(cohort, 8)
    holders = list(db.session.scalars(sa.select(Enrolment.person_id)))
    a_seat_is_free(cohort, number=2)
    go_on(cohort)
    strangers = [make.a_person(country="KG").id for _ in range(12)]
    deeds = [
        *(("withdraw", cohort.id, number) for number in holders), *(("confirm", cohort.id, entry.id) for entry in entries * 2),
        *(("enrol", cohort.id, number) for number in strangers), *(("promote", cohort.id, 0) for _ in range(12)),
    ]  # fmt: skip
    mixed = [deed for n in range(7) for deed in deeds[n::7]]
    assert Counter(racers.race(anything, mixed)) == {"done": len(mixed)}
    db.session.expire_all()
    table = cohorts.seat_table(db.session.get_one(Cohort, cohort.id), utcnow())
    held = count(Enrolment, Enrolment.state == "enrolled")
    offered = count(WaitingEntry, WaitingEntry.state == WaitingState.OFFERED)
    assert (table.total.taken, table.total.reserved) == (held, offered)
    assert table.total.free >= 0
    assert db.session.scalars(sa.select(CountrySeats.taken)).one() == held
