from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from dostyk.core import outbox
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.outbox import Job, JobState


@pytest.fixture
def seen(monkeypatch):
    """What the job `test.note` was given; it fails while `seen` says so."""
    calls: list[object] = []

    def handler(progress, what, fail=0):
        calls.append(what)
        if len(calls) <= fail:
            raise RuntimeError("not yet")
        progress(1, 1)

    monkeypatch.setitem(outbox.HANDLERS, "test.note", handler)
    return calls


def ask(**payload) -> int:
    with work():
        row = outbox.enqueue("test.note", **payload)
    return row.id


def state(number: int) -> JobState:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Job, number).state


def test_a_job_is_carried_out_once(app, seen):
    number = ask(what="a")
    assert outbox.run(number) is True
    assert outbox.run(number) is False
    assert seen == ["a"]
    assert state(number) is JobState.DONE


def test_a_rolled_back_job_never_was(app, seen, run_jobs):
    with pytest.raises(ValueError), work():
        outbox.enqueue("test.note", what="a")
        raise ValueError
    assert run_jobs() == 0


def test_a_failing_job_is_tried_again(app, seen):
    number = ask(what="a", fail=2)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            outbox.run(number)
        assert state(number) is JobState.QUEUED
    outbox.run(number)
    assert state(number) is JobState.DONE
    assert db.session.get_one(Job, number).attempts == 3


def test_a_job_that_always_fails_ends_as_failed_with_its_error(app, seen):
    number = ask(what="a", fail=99)
    for _ in range(outbox.ATTEMPTS - 1):
        with pytest.raises(RuntimeError):
            outbox.run(number)
    outbox.run(number)
    assert state(number) is JobState.FAILED
    assert "not yet" in (db.session.get_one(Job, number).error or "")


def test_a_job_whose_worker_died_is_taken_up_again(app, seen):
    number = ask(what="a")
    with work():
        db.session.execute(sa.update(Job).values(state=JobState.RUNNING, beat_at=utcnow() - timedelta(minutes=5)))
    assert outbox.sweep(utcnow()) == [number]
    assert outbox.run(number) is True


def test_a_job_that_shows_life_is_left_alone(app, seen):
    ask(what="a")
    with work():
        db.session.execute(sa.update(Job).values(state=JobState.RUNNING))
    assert outbox.sweep(utcnow()) == []
