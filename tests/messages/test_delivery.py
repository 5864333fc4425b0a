"""Letters and a real mail server that fails in every way a mail server can."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from dostyk.core import mail, outbox, post
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.mail import Mail, MailState
from dostyk.core.post import Trouble


class Box:
    """What the server got, and what it answers."""

    def __init__(self):
        self.got, self.answers, self.commands = [], {}, []

    async def handle_MAIL(self, server, session, envelope, address, options):
        self.commands.append("MAIL")
        envelope.mail_from, envelope.mail_options = address, options
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        self.got.append(message_from_bytes(envelope.original_content, policy=default))
        return self.answers.get("DATA", "250 taken")


def checked(server, session, envelope, mechanism, given):
    return AuthResult(success=(given.login, given.password) == (b"dostyk", b"right"), handled=False)


@contextmanager
def listening(handler, port=None, **options):
    controller = Controller(handler, hostname="127.0.0.1", port=port or free_port(), **options)
    controller.start()
    try:
        yield controller
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def box(app):
    box = Box()
    with listening(box) as controller:
        app.config["MAIL_URL"] = f"smtp://127.0.0.1:{controller.port}"
        yield box


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(post, "TIMEOUT", 0.3)
    monkeypatch.setattr(post, "LAST_TIMEOUT", 0.3)


def letter(**values) -> Mail:
    with work():
        return mail.send(**{"kind": "test", "to": "aigul@example.org", "subject": "Letter", "body": "Text", "language": "en", **values})


def letters(*addresses) -> list[Mail]:
    return [letter(to=to) for to in addresses]


def deliver(*rows: Mail) -> None:
    numbers = [row.id for row in rows]
    db.session.rollback()
    mail.deliver_many(lambda done, total: None, numbers)


def fate(row: Mail) -> tuple[MailState, Trouble | None]:
    db.session.rollback()
    row = db.session.get_one(Mail, row.id, populate_existing=True)
    return row.state, row.trouble


def later(clock, run_jobs) -> None:
    clock.shift(mail.LONGEST_WAIT)
    outbox.look_around(utcnow())
    run_jobs()


SENT, WAITS, FAILED = (MailState.SENT, None), MailState.QUEUED, MailState.FAILED


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("Ваше место: Цифровые услуги", "Уважаемая Айгүл!\n.\n..\nЖауап керек."),
        ("جای شما", "محترم Aigul (DIG-2026-01)،\n\nhttps://dostyk.example/redeem/7H3K9QMX4TRW"),
        ("Seat\r\nBcc: thief@example.org", "Text\r\n.\r\nMAIL FROM:<x@example.org>"),
        ("Ә" * 400, "Ұзын " * 3000),
    ],
)
def test_a_letter_arrives_word_for_word(app, box, subject, body):
    row = letter(subject=subject, body=body)
    deliver(row)
    assert fate(row) == SENT
    (got,) = box.got
    assert got["Subject"] == row.subject
    assert got["To"] == "aigul@example.org"
    assert got["Bcc"] is None
    assert got.get_content().replace("\r\n", "\n").strip() == body.replace("\r\n", "\n").strip()


def test_many_letters_go_through_one_connection(app, box):
    connections = []
    real = post._Server._connect
    rows = letters(*(f"person{n}@example.org" for n in range(20)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(post._Server, "_connect", lambda self: connections.append(1) or real(self))
        deliver(*rows)
    assert [got["To"] for got in box.got] == [row.to for row in rows]
    assert len(connections) == 1


def test_a_server_that_is_down_loses_nothing_and_gets_each_letter_once(app, clock, run_jobs):
    port = free_port()
    app.config["MAIL_URL"] = f"smtp://127.0.0.1:{port}"
    rows = letters("a@example.org", "b@example.org")
    run_jobs()
    assert [fate(r) for r in rows] == [(WAITS, Trouble.UNREACHABLE)] * 2
    box = Box()
    with listening(box, port):
        later(clock, run_jobs)
        later(clock, run_jobs)
    assert [fate(r) for r in rows] == [SENT] * 2
    assert [got["To"] for got in box.got] == ["a@example.org", "b@example.org"]


def test_a_name_that_is_no_server_is_told_as_one(app):
    app.config["MAIL_URL"] = "smtp://no-such-host.invalid:25"
    row = letter()
    deliver(row)
    assert fate(row) == (WAITS, Trouble.UNREACHABLE)


def test_one_address_that_is_refused_does_not_keep_the_others(app, box):
    box.answers["gone@example.org"] = "550 5.1.1 no such user"
    rows = letters("a@example.org", "gone@example.org", "b@example.org")
    deliver(*rows)
    assert [fate(r) for r in rows] == [SENT, (FAILED, Trouble.ADDRESS), SENT]
    assert db.session.get_one(Mail, rows[1].id).error == "550 5.1.1 no such user"
    assert [got["To"] for got in box.got] == ["a@example.org", "b@example.org"]


def test_an_address_that_is_refused_for_now_is_tried_again(app, box, clock, run_jobs):
    box.answers["slow@example.org"] = "451 4.7.1 greylisted, come back"
    rows = letters("slow@example.org", "b@example.org")
    deliver(*rows)
    assert [fate(r) for r in rows] == [(WAITS, Trouble.BUSY), SENT]
    box.answers.clear()
    later(clock, run_jobs)
    assert [fate(r) for r in rows] == [SENT, SENT]
    assert sorted(got["To"] for got in box.got) == ["b@example.org", "slow@example.org"]


@pytest.mark.parametrize(
    ("answer", "becomes"), [("452 disk full", (WAITS, Trouble.BUSY)), ("554 looks like spam", (FAILED, Trouble.CONTENT))]
)
def test_a_refused_text_is_told_from_a_server_without_room(app, box, answer, becomes):
    box.answers["DATA"] = answer
    row = letter()
    deliver(row)
    assert fate(row) == becomes


def test_a_server_that_does_not_know_our_address_stops_all(app, box):
    box.answers["MAIL"] = "550 sender not allowed"
    rows = letters("a@example.org", "b@example.org")
    deliver(*rows)
    assert [fate(r) for r in rows] == [(WAITS, Trouble.SENDER)] * 2
    assert box.commands == ["MAIL"]


def test_a_server_that_says_goodbye_stops_all(app, box):
    box.answers["MAIL"] = "421 closing"
    rows = letters("a@example.org", "b@example.org")
    deliver(*rows)
    assert [fate(r) for r in rows] == [(WAITS, Trouble.DROPPED)] * 2


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize(("password", "becomes"), [("right", SENT), ("wrong", (WAITS, Trouble.SIGN_IN))])
def test_a_wrong_password_is_told_and_nothing_is_lost(app, password, becomes):
    box = Box()
    with listening(box, authenticator=checked, auth_required=True, auth_require_tls=False) as controller:
        app.config["MAIL_URL"] = f"smtp://dostyk:{password}@127.0.0.1:{controller.port}"
        row = letter()
        deliver(row)
    assert fate(row) == becomes
    assert "wrong" not in (db.session.get_one(Mail, row.id).error or "")


def test_a_server_without_encryption_gets_no_letter_where_it_is_asked_for(app, box):
    app.config["MAIL_URL"] += "?tls=start"
    row = letter()
    deliver(row)
    assert fate(row) == (WAITS, Trouble.ENCRYPTION)
    assert box.got == []


# --- Servers that break off: at what point decides what can be known ------------------------------------------------


class Scripted:
    """A server of plain lines, for what no good one does. `script` gets a way to say and a way to hear."""

    def __init__(self, script):
        self.script, self.heard, self.connections = script, [], 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            with connection, connection.makefile("rb") as lines:

                def hear():
                    line = lines.readline()
                    self.heard.append(line.strip())
                    return line.strip()

                with suppress(OSError):
                    self.script(lambda text, to=connection: to.sendall(text.encode() + b"\r\n"), hear)

    def close(self):
        self.socket.close()


@pytest.fixture
def scripted(app):
    made = []

    def make(script):
        made.append(Scripted(script))
        app.config["MAIL_URL"] = f"smtp://127.0.0.1:{made[-1].port}"
        return made[-1]

    yield make
    for server in made:
        server.close()


def greet(say, hear, until=b"DATA"):
    """Answer politely up to a command."""
    say("220 test")
    while line := hear():
        if line.upper().startswith(until):
            return
        say("250 OK")


def whole_text(hear):
    while hear() != b".":
        pass


def test_a_connection_dropped_at_the_greeting_stops_all(app, scripted):
    server = scripted(lambda say, hear: None)
    rows = letters("a@example.org", "b@example.org")
    deliver(*rows)
    assert [fate(r) for r in rows] == [(WAITS, Trouble.DROPPED)] * 2
    assert server.connections == 1


def test_a_connection_dropped_before_the_text_was_surely_not_a_delivery(app, scripted):
    scripted(greet)
    row = letter()
    deliver(row)
    assert fate(row) == (WAITS, Trouble.DROPPED)


def test_a_connection_dropped_after_the_text_is_told_as_uncertain_and_comes_again_as_the_same_letter(app, scripted, clock, run_jobs):
    identities = []

    def script(say, hear):
        greet(say, hear)
        say("354 go on")
        while (line := hear()) != b".":
            if line.startswith(b"Message-ID:"):
                identities.append(line)
        if len(identities) > 1:
            say("250 taken")
            hear()

    scripted(script)
    row = letter()
    deliver(row)
    assert fate(row) == (WAITS, Trouble.UNCERTAIN)
    later(clock, run_jobs)
    assert fate(row) == SENT
    assert len(identities) == 2
    assert len(set(identities)) == 1


def test_a_connection_dropped_after_the_answer_is_a_delivery(app, scripted, clock, run_jobs):
    def script(say, hear):
        greet(say, hear)
        say("354 go on")
        whole_text(hear)
        say("250 taken")  # and gone, before anybody says goodbye

    server = scripted(script)
    row = letter()
    deliver(row)
    assert fate(row) == SENT
    later(clock, run_jobs)
    assert server.connections == 1


def test_after_a_dropped_connection_the_next_letter_opens_another(app, scripted):
    def script(say, hear):
        greet(say, hear)
        say("354 go on")
        whole_text(hear)
        say("250 taken")

    server = scripted(script)
    rows = letters("a@example.org", "b@example.org")
    deliver(*rows)
    assert fate(rows[0]) == SENT
    assert fate(rows[1])[0] in (MailState.SENT, WAITS)  # the second may learn of it only when it is halfway
    assert server.connections <= 2


@pytest.mark.parametrize(("silent_at", "becomes"), [(b"EHLO", Trouble.SLOW), (b"MAIL", Trouble.SLOW), (b"DATA", Trouble.SLOW)])
def test_a_server_that_is_silent_is_not_waited_for_by_every_letter(app, scripted, quick, silent_at, becomes):
    done = threading.Event()

    def script(say, hear):
        greet(say, hear, until=silent_at)
        done.wait(5)

    server = scripted(script)
    rows = letters("a@example.org", "b@example.org")
    deliver(*rows)
    done.set()
    assert [fate(r) for r in rows] == [(WAITS, becomes)] * 2
    assert server.connections == 1


def test_a_server_that_is_silent_after_the_text_may_have_it(app, scripted, quick):
    done = threading.Event()

    def script(say, hear):
        greet(say, hear)
        say("354 go on")
        whole_text(hear)
        done.wait(5)

    scripted(script)
    row = letter()
    deliver(row)
    done.set()
    assert fate(row) == (WAITS, Trouble.UNCERTAIN)


def test_a_server_that_takes_its_time_over_the_text_is_waited_for(app, scripted, monkeypatch):
    monkeypatch.setattr(post, "TIMEOUT", 0.2)

    def script(say, hear):
        greet(say, hear)
        say("354 go on")
        whole_text(hear)
        time.sleep(0.6)
        say("250 taken")
        hear()

    scripted(script)
    row = letter()
    deliver(row)
    assert fate(row) == SENT


@pytest.mark.parametrize("nonsense", ["hello", "999", "\x00\xff", "250", "-1 no"])
def test_a_server_that_talks_nonsense_breaks_nothing(app, scripted, quick, nonsense):
    scripted(lambda say, hear: say(nonsense))
    row = letter()
    deliver(row)
    assert fate(row)[0] is WAITS
