"""Many name people in one batch at the same moment: each voucher goes to one of them, and nobody is lost."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from dostyk.core.mail import Mail
from dostyk.courses.rules import Finding
from dostyk.nominees import service
from dostyk.nominees.models import Nominee
from dostyk.nominees.service import NomineeDetails
from dostyk.people.models import Person
from dostyk.vouchers.models import Batch, Redemption, Voucher
from tests import factories as make
from tests.races.test_last_seats import redeem, somebody_new

pytestmark = pytest.mark.xdist_group("races")  # the racing processes are started once
SEATS, TRIES = 7, 32


def name(app: Flask, argument: tuple[int, int, int]) -> str:
    batch_id, by_id, number = argument
    with app.test_request_context("/name", method="POST"), work():
        batch, by = db.session.get_one(Batch, batch_id), db.session.get_one(Person, by_id)
        details = NomineeDetails(f"Person {'abcdefghij'[number // 10]}{'abcdefghij'[number % 10]}", email=f"p{number}@example.org")
        return "seat" if service.name(batch, details, by, utcnow()).voucher_id else "none"


def name_or_redeem(app: Flask, argument: tuple[int, int, int, str]) -> str:
    """Every second one redeems a code of the batch, as whoever found it might."""
    *rest, code = argument
    if rest[2] % 2:
        with app.test_request_context("/redeem", method="POST"):
            return f"redeem {redeem(code, somebody_new(rest[2]))}"
    return name(app, tuple(rest))


def invite(app: Flask, argument: tuple[int, int]) -> str:
    nominee_id, by_id = argument
    with app.test_request_context("/invite", method="POST"), work():
        nominee, by = db.session.get_one(Nominee, nominee_id), db.session.get_one(Person, by_id)
        return f"{service.invite([nominee], by, utcnow()).letters} letters"


def replace_or_redeem(app: Flask, argument: tuple[int, int, int, str]) -> str:
    nominee_id, by_id, number, code = argument
    with app.test_request_context("/replace", method="POST"):
        if number % 2:
            return f"redeem {redeem(code, somebody_new(number))}"
        try:
            with work():
                nominee, by = db.session.get_one(Nominee, nominee_id), db.session.get_one(Person, by_id)
                service.replace(nominee, NomineeDetails(f"Other {'abcdefghijklmnopqrstuvwxyzabcdefgh'[number]}"), "Ill", by, utcnow())
        except Refused:
            return "refused"
        return "replaced"


def decide_or_replace(app: Flask, argument: tuple[int, int, int]) -> str:
    nominee_id, by_id, number = argument
    with app.test_request_context("/decide", method="POST"):
        try:
            with work():
                nominee, by = db.session.get_one(Nominee, nominee_id), db.session.get_one(Person, by_id)
                if number % 2:
                    service.decide(nominee, Finding.LANGUAGE, accept=False, reason="Not this time", by=by, now=utcnow())
                else:
                    service.replace(nominee, NomineeDetails(f"Other {'abcdefghijklmnopqrstuvwxyz'[number]}"), "Ill", by, utcnow())
        except Refused:
            pass
        return "done"


def rows(select: sa.Select[Any]) -> list[Any]:
    db.session.rollback()
    return list(db.session.scalars(select))


@pytest.fixture
def batch(app):
    return make.a_batch(make.a_cohort(seats={"KG": SEATS}), SEATS)


def test_two_namings_never_take_the_same_voucher(batch, racers):
    by = make.a_person()
    outcomes = Counter(racers.race(name, [(batch.id, by.id, n) for n in range(TRIES)]))
    assert outcomes == {"seat": SEATS, "none": TRIES - SEATS}
    given = rows(sa.select(Nominee.voucher_id).where(Nominee.voucher_id.is_not(None)))
    assert len(given) == len(set(given)) == SEATS
    locked = {v.id: v.email for v in rows(sa.select(Voucher))}
    db.session.rollback()
    assert {n.voucher_id: n.email for n in rows(sa.select(Nominee)) if n.voucher_id} == locked


def test_nobody_is_given_a_voucher_that_somebody_redeems_at_that_moment(batch, racers):
    by, codes = make.a_person(), [v.code for v in make.vouchers_of(batch)]
    tries = [(batch.id, by.id, n, codes[n % SEATS]) for n in range(TRIES)]
    outcomes = Counter(racers.race(name_or_redeem, tries))
    assert set(outcomes) <= {"seat", "none", "redeem new", "redeem refused"}
    used = set(rows(sa.select(Redemption.voucher_id)))
    given = set(rows(sa.select(Nominee.voucher_id).where(Nominee.voucher_id.is_not(None))))
    assert used & given == set()
    assert len(used) + len(given) == SEATS


def test_one_invitation_is_written_however_many_press_the_button(batch, racers):
    by = make.a_person()
    nominee = make.a_nominee(batch, email="aigul@example.org")
    outcomes = Counter(racers.race(invite, [(nominee.id, by.id)] * TRIES))
    assert outcomes == {"1 letters": 1, "0 letters": TRIES - 1}
    assert rows(sa.select(Mail.to)) == ["aigul@example.org"]


def test_a_place_is_either_taken_or_given_to_one_other(batch, racers):
    by, nominee = make.a_person(), make.a_nominee(batch)
    tries = [(nominee.id, by.id, n, nominee.voucher.code) for n in range(TRIES)]
    outcomes = Counter(racers.race(replace_or_redeem, tries))
    assert outcomes["replaced"] + outcomes["redeem new"] == 1
    assert set(outcomes) <= {"replaced", "refused", "redeem new", "redeem refused"}
    assert len(rows(sa.select(Nominee))) == 1 + outcomes["replaced"]


def test_who_decides_and_who_replaces_never_wait_for_each_other(batch, racers):
    with work():
        batch.cohort.course.languages = ["fa_AF"]
    by, people = make.a_person(), [make.a_nominee(batch, f"Person {letter}", languages=["ru"]) for letter in "abc"]
    assert Counter(racers.race(decide_or_replace, [(one.id, by.id, n) for n in range(8) for one in people])) == {"done": 24}
