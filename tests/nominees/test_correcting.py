"""What is left of an address that was wrong, and of one that is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.nominees import queries, service
from dostyk.people import records
from dostyk.vouchers.models import Voucher
from tests import factories as make
from tests.nominees.cast import alive, details, fresh, letters, named


@pytest.fixture
def cohort(app):
    return make.a_cohort(seats={"KG": 9})


@pytest.fixture
def batch(cohort):
    return make.a_batch(cohort, 3)


@pytest.fixture
def who(app):
    return make.a_person("Focal Point")


def invited(batch, who, email="old@example.org"):
    nominee = named(batch, who, email=email)
    with work():
        service.invite([nominee], who, utcnow())
    return nominee


def edited(nominee, who, **values):
    with work():
        service.edit(nominee, details(**values), who, utcnow())
    return fresh(nominee)


@pytest.mark.parametrize("email", ["new@example.org", ""])
def test_the_letter_that_went_to_a_wrong_address_holds_a_dead_code(batch, who, email):
    nominee = invited(batch, who)
    old = nominee.voucher_id
    nominee = edited(nominee, who, email=email)
    dead = db.session.get_one(Voucher, old)
    assert (dead.revoked_at is None, dead.email) == (False, None)
    assert (nominee.voucher.revoked_at, nominee.voucher.email, nominee.invited_at) == (None, email or None, None)
    assert len(alive(batch)) == 3
    with work():
        service.invite([fresh(nominee)], who, utcnow())
    assert [letter.to for letter in letters()][1:] == [email] * bool(email)


def test_who_was_not_invited_yet_keeps_the_code(batch, who):
    nominee = named(batch, who, email="old@example.org")
    before = nominee.voucher_id
    nominee = edited(nominee, who, email="new@example.org")
    assert (nominee.voucher_id, nominee.voucher.email) == (before, "new@example.org")


def test_anything_else_that_is_corrected_leaves_the_code_alive(batch, who):
    nominee = invited(batch, who)
    before, at = nominee.voucher_id, nominee.invited_at
    nominee = edited(nominee, who, email="old@example.org", post="Minister")
    assert (nominee.voucher_id, nominee.voucher.revoked_at, nominee.invited_at) == (before, None, at)


def test_what_was_decided_after_the_end_of_the_batch_is_kept(batch, cohort, who):
    nominee = named(batch, who)
    with work():
        cohort.course.languages, batch.valid_until = ["fa_AF"], utcnow() - timedelta(days=1)
    with work():
        (found,) = queries.check([nominee])[nominee.id]
        service.decide(nominee, found.finding, accept=False, reason="Not this time", by=who, now=utcnow())
    assert queries.standings([fresh(nominee)], utcnow())[0].journey.declined


def test_an_address_that_lapses_stays_on_no_voucher(batch, who):
    nominee, other = invited(batch, who), named(batch, who, "OMURBEKOV Nurzhan", email="other@example.org")
    edited(nominee, who, email="new@example.org")
    with work():
        fresh(nominee).named_at = utcnow() - timedelta(days=4000)
    with work():
        records.lapse(utcnow() - timedelta(days=3000))
    assert (fresh(nominee).email, fresh(other).voucher.email) == ("", "other@example.org")
    assert {v.email for v in make.vouchers_of(batch)} == {None, "other@example.org"}


def test_letters_of_another_body_to_the_same_address_are_not_shown(cohort, batch, who):
    mine = invited(batch, who, "same@example.org")
    assert [letter.kind for letter in queries.letters_to(fresh(mine))] == ["nominees.invitation"]
    theirs = invited(make.a_batch(cohort, 1, organisation=make.an_organisation(country="KG")), who, "same@example.org")
    assert [list(queries.letters_to(fresh(one))) for one in (mine, theirs)] == [[], []]
