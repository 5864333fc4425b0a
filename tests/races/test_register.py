"""Records are merged once, anonymised once, and copies of a cohort have codes of their own, whoever does it at the same moment."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from dostyk.cohorts import service as cohorts
from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.core.audit import Event
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from dostyk.people import service
from dostyk.people.models import Person
from tests import factories as make

pytestmark = pytest.mark.xdist_group("races")


def merge(app: Flask, argument: tuple[int, int]) -> str:
    with app.test_request_context("/people/", method="POST"):
        stays, goes = (db.session.get_one(Person, number) for number in argument)
        try:
            with work():
                service.merge(stays, goes, (), powers=True, by=stays, now=utcnow())
        except Refused:
            return "refused"
        return "merged"


def anonymise(app: Flask, person_id: int) -> str:
    with app.test_request_context("/people/", method="POST"):
        try:
            with work():
                service.anonymise(db.session.get_one(Person, person_id), by=None, now=utcnow())
        except Refused:
            return "refused"
        return "anonymised"


def copy(app: Flask, argument: tuple[int, int]) -> str:
    cohort_id, person_id = argument
    with app.test_request_context("/cohorts/", method="POST"), work():
        cohort, by = db.session.get_one(Cohort, cohort_id), db.session.get_one(Person, person_id)
        return cohorts.copy(cohort, "", date(2027, 3, 8), staff=True, by=by, now=utcnow()).cohort.code


def test_two_records_are_merged_once_whichever_way_round(app, racers):
    one, other = make.a_person(), make.a_person()
    make.an_enrolment(person=one)
    make.an_enrolment(person=other)
    pairs = [(one.id, other.id), (other.id, one.id)] * 8
    assert sorted(racers.race(merge, pairs)) == ["merged"] + ["refused"] * 15
    left = db.session.scalars(sa.select(Person.id).where(Person.merged_into_id.is_(None))).one()
    assert set(db.session.scalars(sa.select(Enrolment.person_id))) == {left}


def test_a_person_is_anonymised_once(app, racers):
    person = make.a_person(created_at=utcnow() - timedelta(days=4000))
    assert sorted(racers.race(anonymise, [person.id] * 16)) == ["anonymised"] + ["refused"] * 15
    assert db.session.scalar(sa.select(sa.func.count()).where(Event.kind == "person.anonymised")) == 1


def test_copies_made_at_once_have_codes_of_their_own(app, racers):
    window = {"opens_at": utcnow() - timedelta(days=40), "closes_at": utcnow() - timedelta(days=20)}
    cohort = make.a_cohort(seats={"KG": 3}, **window)
    make.a_slot(cohort)
    codes = racers.race(copy, [(cohort.id, make.a_person().id)] * 16)
    programme = cohort.course.project.programme.code
    assert sorted(codes) == [f"{programme}-2027-{number:02}" for number in range(1, 17)]
