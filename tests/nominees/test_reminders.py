"""The reminder by the clock: once, in time, and to nobody who need not be reminded."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from dostyk.core import outbox
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.mail import Mail
from dostyk.nominees import service
from dostyk.nominees.models import Nominee
from dostyk.vouchers.models import Batch, Voucher
from tests import factories as make
from tests.nominees.cast import letters

INVITED = {"invited_at": utcnow() - timedelta(days=3)}


@pytest.fixture
def batch(app):
    return make.a_batch(make.a_cohort(seats={"KG": 9}), 4, valid_until=utcnow() + timedelta(days=4))


def hour(run_jobs):
    db.session.rollback()
    with work():
        outbox.enqueue("nominees.remind")
    run_jobs()
    return [letter.to for letter in letters() if letter.kind == "nominees.reminder"]


def test_everybody_is_reminded_once_in_their_language(batch, run_jobs):
    for number, language in enumerate(("ru", "fa_AF")):
        make.a_nominee(batch, f"Person {'ab'[number]}", email=f"p{number}@example.org", letter_language=language, **INVITED)
    for _ in range(3):
        assert hour(run_jobs) == ["p0@example.org", "p1@example.org"]
    assert [letter.language for letter in letters()] == ["ru", "fa_AF"]


def test_who_redeemed_was_replaced_has_no_address_or_was_never_invited_is_left_alone(app, batch, run_jobs):
    redeemed = make.a_nominee(batch, email="a@example.org", **INVITED)
    make.a_redemption(redeemed.voucher, make.an_enrolment(batch.cohort, make.a_person(), "KG"))
    make.a_nominee(batch, email="b@example.org", ended_at=utcnow(), ended_reason="Ill", **INVITED)
    make.a_nominee(batch, **INVITED)
    make.a_nominee(batch, email="d@example.org")
    assert hour(run_jobs) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("valid_until", timedelta(days=9)),
        ("valid_until", -timedelta(minutes=1)),
        ("invited_at", -timedelta(hours=1)),
    ],
)
def test_not_too_early_not_too_late_and_not_right_after_the_invitation(batch, run_jobs, column, value):
    nominee = make.a_nominee(batch, email="a@example.org", **INVITED)
    with work():
        row = db.session.get_one(Batch, batch.id) if column == "valid_until" else db.session.get_one(Nominee, nominee.id)
        setattr(row, column, utcnow() + value)
    assert hour(run_jobs) == []


def test_zero_days_switch_it_off(app, batch, run_jobs):
    make.a_nominee(batch, email="a@example.org", **INVITED)
    app.config["REMIND_DAYS"] = 0
    assert hour(run_jobs) == []


def test_a_run_that_is_killed_between_two_chunks_goes_on_and_writes_nobody_twice(batch, monkeypatch):
    monkeypatch.setattr("dostyk.nominees.service.inviting.CHUNK", 2)
    for number in range(4):
        make.a_nominee(batch, f"Person {'abcd'[number]}", email=f"p{number}@example.org", **INVITED)

    def killed(_written):
        raise KeyboardInterrupt

    db.session.rollback()
    with pytest.raises(KeyboardInterrupt):
        service.remind_due(utcnow(), 5, killed)
    assert len(letters()) == 2
    assert service.remind_due(utcnow(), 5, lambda _written: None) == 2
    assert [letter.to for letter in letters()] == [f"p{n}@example.org" for n in range(4)]


def test_the_run_takes_the_same_number_of_statements_for_three_people_and_three_hundred(app, statements):
    def counted(number):
        batch = make.a_batch(make.a_cohort(seats={"KG": number}), number, valid_until=utcnow() + timedelta(days=4))
        with work():
            for n, voucher in enumerate(db.session.scalars(sa.select(Voucher).where(Voucher.batch_id == batch.id))):
                db.session.add(Nominee(
                    batch=batch, voucher=voucher, full_name="Person", sort_name="person", name_key="person", named_at=utcnow(),
                    named_by_id=batch.issued_by_id, email=f"p{batch.id}-{n}@example.org", languages=[], **INVITED,
                ))  # fmt: skip
        before = db.session.scalar(sa.select(sa.func.count()).select_from(Mail)) or 0
        db.session.remove()
        with statements() as found:
            assert service.remind_due(utcnow(), 5, lambda _written: None) == number
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Mail)) == before + number
        return len(found)

    assert counted(3) == counted(300)
