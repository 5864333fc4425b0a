"""Letters as rows: written once, claimed by one, tried again for three days; whatever a name holds stays a name."""

from __future__ import annotations

import threading
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
import sqlalchemy as sa

from dostyk.core import mail, outbox, post
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.mail import Draft, Mail, MailState
from dostyk.core.outbox import Job
from dostyk.core.post import Trouble, Undelivered


class Fake:
    """A server that takes everything, or fails as it is told."""

    def __init__(self):
        self.taken, self.failure, self.meanwhile = [], None, None

    def hand_over(self, message):
        if self.meanwhile:
            self.meanwhile()
        if self.failure:
            raise self.failure
        self.taken.append(message)


@pytest.fixture
def server(app, monkeypatch):
    fake = Fake()
    monkeypatch.setattr(post, "_Folder", lambda folder: fake)
    return fake


def letter(**values) -> Mail:
    with work():
        return mail.send(
            **{"kind": "test", "to": "aigul@example.org", "subject": "Сәлем", "body": "Қайырлы күн!", "language": "kk", **values}
        )


def again(row: Mail) -> Mail:
    db.session.rollback()
    return db.session.get_one(Mail, row.id, populate_existing=True)


def deliver(*rows: Mail) -> None:
    numbers = [row.id for row in rows]
    db.session.rollback()
    mail.deliver_many(lambda done, total: None, numbers)


def files(app) -> list[Path]:
    return sorted((Path(app.config["INSTANCE"]) / "mail").glob("*.eml"))


def test_a_letter_becomes_a_file_where_there_is_no_server(app, run_jobs):
    row = letter()
    assert run_jobs() == 1
    assert again(row).state is MailState.SENT
    (path,) = files(app)
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert message["Subject"] == "Сәлем"
    assert message["To"] == "aigul@example.org"
    assert message["Content-Language"] == "kk"
    assert message.get_content().strip() == "Қайырлы күн!"


def test_a_letter_is_written_and_queued_in_two_statements(app, statements):
    with statements() as found, work():
        mail.send("test", "aigul@example.org", "Letter", "Text", language="en")
    assert len(found) == 2


def test_ten_thousand_letters_take_a_statement_for_a_thousand(app, statements):
    drafts = [Draft("test", f"person{n}@example.org", "Letter", "Text", "en", person_id=n) for n in range(2500)]
    with statements() as found, work():
        assert mail.send_all(drafts) == 2500
    assert len(found) <= 4, found
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Mail)) == 2500
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Job)) == 1


def test_no_letter_is_no_statement(app, statements):
    with statements() as found, work():
        assert mail.send_all([]) == 0
    assert found == []


@pytest.mark.parametrize(
    ("subject", "kept"),
    [
        ("Seat\r\nBcc: thief@example.org", "Seat Bcc: thief@example.org"),
        ("Seat\u2028Bcc: x\x0b\x00", "Seat Bcc: x"),
        ("Ваше место: Цифровые услуги", "Ваше место: Цифровые услуги"),
        ("جای شما: خدمات دیجیتال", "جای شما: خدمات دیجیتال"),
        ("x" * 400, "x" * 299 + "…"),
        ("Ә" * 400, "Ә" * 299 + "…"),
        ("", ""),
    ],
)
def test_a_subject_is_one_line_of_text_and_no_header(app, run_jobs, subject, kept):
    row = letter(subject=subject)
    assert row.subject == kept
    run_jobs()
    (path,) = files(app)
    raw = path.read_bytes()
    message = message_from_bytes(raw, policy=default)
    assert message["Subject"] == kept
    assert message["Bcc"] is None
    assert max(map(len, raw.splitlines())) <= 998


@pytest.mark.parametrize(
    "to",
    [
        "aigul@example.org\nBcc: thief@example.org",
        "aigul@example.org, thief@example.org",
        "Aigul <aigul@example.org>",
        "aigul",
        "",
        "a@b@c d",
        "@",
    ],
)
def test_what_is_no_address_gets_no_letter_and_is_not_tried_again(app, server, run_jobs, to):
    row = letter(to=to)
    run_jobs()
    assert (again(row).state, again(row).trouble) == (MailState.FAILED, Trouble.MALFORMED)
    assert server.taken == []


def test_an_address_in_another_script_keeps_its_domain(app, server, run_jobs):
    letter(to="aigul@пошта.example")
    run_jobs()
    assert [str(m["To"]) for m in server.taken] == ["aigul@xn--80a1acn3a.example"]


@pytest.mark.parametrize("body", ["ڪورس په ۵ جون پیل کېږي.\nسلام Aigul (DIG-2026-01)", "Я" * 5000, ".\n..\n.leading", "a\x00b", ""])
def test_a_text_arrives_as_it_was_written(app, run_jobs, body):
    letter(body=body)
    run_jobs()
    (path,) = files(app)
    assert message_from_bytes(path.read_bytes(), policy=default).get_content().rstrip("\n") == body.replace("\0", "")


def test_a_letter_is_handed_over_once_though_its_job_runs_twice(app, server):
    row = letter()
    deliver(row, row)
    deliver(row)
    assert len(server.taken) == 1
    assert (again(row).attempts, again(row).state) == (1, MailState.SENT)


def test_a_letter_that_two_workers_take_at_once_is_handed_over_once(app, server):
    """The second worker comes while the first one talks to the server."""
    row = letter()
    number = row.id

    def second():
        server.meanwhile = None

        def work_too():
            with app.app_context():
                mail.deliver_many(lambda done, total: None, [number])
                db.session.remove()

        worker = threading.Thread(target=work_too)
        worker.start()
        worker.join(timeout=20)
        assert not worker.is_alive(), "the first worker holds a lock while it waits for the server"

    server.meanwhile = second
    deliver(row)
    assert len(server.taken) == 1
    assert again(row).attempts == 1


def test_a_letter_whose_worker_was_killed_is_taken_up_with_its_old_identity(app, server, clock):
    row = letter()
    with work():
        db.session.execute(sa.update(Mail).values(claimed_at=utcnow(), attempts=1))
    deliver(row)
    assert server.taken == []
    clock.shift(mail.CLAIM + timedelta(seconds=1))
    deliver(row)
    assert [m["Message-ID"] for m in server.taken] == [post.message_of(row)["Message-ID"]]


def test_a_server_that_is_down_for_hours_loses_nothing(app, server, clock, run_jobs):
    rows = [letter(), letter()]
    server.failure = Undelivered(Trouble.UNREACHABLE, "ConnectionRefusedError: nobody there")
    run_jobs()
    assert [(again(r).state, again(r).trouble, again(r).error) for r in rows] == [
        (MailState.QUEUED, Trouble.UNREACHABLE, "ConnectionRefusedError: nobody there")
    ] * 2
    for _ in range(12 * 60):
        clock.shift(timedelta(minutes=1))
        outbox.look_around(utcnow())
        run_jobs()
    assert [again(r).state for r in rows] == [MailState.QUEUED] * 2
    assert [again(r).attempts for r in rows] == [12, 12]
    server.failure = None
    clock.shift(mail.LONGEST_WAIT)
    outbox.look_around(utcnow())
    run_jobs()
    assert [(again(r).state, again(r).trouble, again(r).error) for r in rows] == [(MailState.SENT, None, None)] * 2
    assert len(server.taken) == 2


def test_the_pauses_double_up_to_two_hours():
    pauses = [mail.wait(n) for n in range(1, 60)]
    assert pauses[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert pauses == sorted(pauses)
    assert pauses[7:] == [timedelta(hours=2)] * 52


def test_after_three_days_it_is_given_up_and_says_why(app, server, clock, run_jobs):
    rows = [letter(), letter()]
    clock.shift(mail.LIFETIME)
    server.failure = Undelivered(Trouble.SLOW, "timed out")
    deliver(*rows)
    assert [(again(r).state, again(r).trouble) for r in rows] == [(MailState.FAILED, Trouble.SLOW)] * 2
    clock.shift(mail.LONGEST_WAIT)
    outbox.look_around(utcnow())
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.name == "mail.deliver_many")) == 0


def test_where_the_server_is_the_trouble_the_others_are_not_tried_one_by_one(app, server):
    rows = [letter() for _ in range(5)]
    calls = []
    server.meanwhile = lambda: calls.append(1)
    server.failure = Undelivered(Trouble.SIGN_IN, "535 no")
    deliver(*rows)
    assert len(calls) == 1
    assert [(again(r).attempts, again(r).trouble) for r in rows] == [(1, Trouble.SIGN_IN)] * 5


def test_many_letters_let_others_have_their_turn(app, server, run_jobs):
    with work():
        mail.send_all([Draft("test", f"person{n}@example.org", "Letter", "Text", "en") for n in range(mail.ONE_TURN + 5)])
    letter(to="reset@example.org")
    run_jobs()
    assert [str(m["To"]) for m in server.taken].index("reset@example.org") == mail.ONE_TURN
    assert len(server.taken) == mail.ONE_TURN + 6
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Mail).where(Mail.state == MailState.SENT)) == mail.ONE_TURN + 6


def test_where_one_address_is_the_trouble_the_others_are_delivered(app, server):
    rows = [letter(to="aigul"), letter(), letter()]
    deliver(*rows)
    assert [again(r).state for r in rows] == [MailState.FAILED, MailState.SENT, MailState.SENT]


def test_a_letter_whose_job_was_lost_is_queued_anew_and_only_once(app, server, clock, run_jobs):
    row = letter()
    with work():
        db.session.execute(sa.delete(Job))
    outbox.look_around(utcnow())
    assert run_jobs() == 0
    clock.shift(mail.LOST)
    outbox.look_around(utcnow())
    outbox.look_around(utcnow())
    assert run_jobs() == 1
    assert again(row).state is MailState.SENT


def test_looking_for_what_is_due_takes_the_same_statements_for_few_and_many(app, clock, statements):
    counts = []
    for number in (3, 100):
        with work():
            mail.send_all([Draft("test", "a@example.org", "Letter", "Text", "en")] * number)
        clock.shift(mail.LOST)
        with statements() as found:
            outbox.look_around(utcnow())
        counts.append(len(found))
    assert counts[0] == counts[1]
