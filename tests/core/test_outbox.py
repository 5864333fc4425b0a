from __future__ import annotations

import smtplib
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
import sqlalchemy as sa

from dostyk.core import mail, outbox
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.mail import Mail, MailState
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


def letter() -> Mail:
    with work():
        return mail.send("test", "aigul@example.org", "Сәлем\nInjected: x", "Қайырлы күн!", language="kk")


def test_a_letter_becomes_a_file_where_there_is_no_server(app, run_jobs):
    row = letter()
    assert run_jobs() == 1
    assert row.state is MailState.SENT
    (path,) = (Path(app.config["INSTANCE"]) / "mail").glob(f"*mail-{row.id}-*.eml")
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert message["Subject"] == "Сәлем Injected: x"
    assert message["To"] == "aigul@example.org"
    assert message.get_content().strip() == "Қайырлы күн!"
    path.unlink()


def test_a_letter_is_handed_over_once(app, run_jobs, monkeypatch):
    handed = []
    monkeypatch.setattr(mail, "_hand_over", handed.append)
    row = letter()
    run_jobs()
    mail.deliver(lambda done, total: None, row.id)
    assert len(handed) == 1


def test_a_server_that_is_down_loses_nothing(app, monkeypatch):
    def down(message):
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr(mail, "_hand_over", down)
    row = letter()
    number = db.session.scalar(sa.select(Job.id))
    db.session.rollback()
    with pytest.raises(ConnectionRefusedError):
        outbox.run(number)
    assert (row.state, row.attempts, row.error) == (MailState.QUEUED, 1, "ConnectionRefusedError: nobody there")
    monkeypatch.setattr(mail, "_hand_over", lambda message: None)
    outbox.run(number)
    assert (row.state, row.attempts, row.error) == (MailState.SENT, 2, None)


def test_a_refused_address_is_not_tried_for_ever(app, monkeypatch, run_jobs):
    def refuse(message):
        raise smtplib.SMTPRecipientsRefused({"aigul@example.org": (550, b"no such user")})

    monkeypatch.setattr(mail, "_hand_over", refuse)
    row = letter()
    assert run_jobs() == 1
    assert row.state is MailState.FAILED
    assert "550" in (row.error or "")
