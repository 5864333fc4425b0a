"""Handing letters to a mail server, or into files where there is none; and what went wrong, in our own terms.

One connection takes many letters. What a server answers to one letter is told apart from what is wrong with the server
itself, and a letter that it surely took from one of which nobody knows.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from flask import current_app

from dostyk.core.clock import utcnow
from dostyk.core.i18n import tag

TIMEOUT = 20.0  # seconds for an answer
# For the answer to a whole letter: RFC 5321 4.5.3.2.6 asks for minutes, because who gives up early has the letter sent twice.
LAST_TIMEOUT = 120.0


class Trouble(StrEnum):
    """Why a letter was not handed over."""

    UNREACHABLE = "unreachable"
    SLOW = "slow"
    ENCRYPTION = "encryption"
    SIGN_IN = "sign_in"
    SENDER = "sender"
    DROPPED = "dropped"
    BUSY = "busy"
    UNCERTAIN = "uncertain"
    ADDRESS = "address"
    CONTENT = "content"
    MALFORMED = "malformed"


# The server's own: whoever waits for it need not try.
OF_THE_SERVER = frozenset({Trouble.UNREACHABLE, Trouble.SLOW, Trouble.ENCRYPTION, Trouble.SIGN_IN, Trouble.SENDER, Trouble.DROPPED})
# No other answer will come, however often it is asked.
FINAL = frozenset({Trouble.ADDRESS, Trouble.CONTENT, Trouble.MALFORMED})


class Undelivered(Exception):
    """A letter was not handed over; `detail` is what the server or the machine said."""

    def __init__(self, trouble: Trouble, detail: object) -> None:
        super().__init__(f"{trouble}: {detail}")
        self.trouble, self.detail = trouble, str(detail)


class Letter(Protocol):
    """What is needed of a `mail.Mail`."""

    id: int
    to: str
    subject: str
    body: str
    language: str
    created_at: datetime


class Post(Protocol):
    def hand_over(self, message: EmailMessage) -> None:
        """Take one letter. Raises Undelivered."""


# One address and nothing else: neither a list of them, nor a name beside it, nor a second line.
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")


def message_of(letter: Letter) -> EmailMessage:
    """The letter as it travels. Raises Undelivered for what is no address."""
    sender = current_app.config["MAIL_FROM"]
    if not _ADDRESS.fullmatch(letter.to):
        raise Undelivered(Trouble.MALFORMED, letter.to)
    local, _, domain = letter.to.rpartition("@")
    message = EmailMessage()
    try:
        address = f"{local}@{domain.encode('idna').decode()}"
        message["Subject"] = letter.subject
        message["From"] = Address(current_app.config["MAIL_FROM_NAME"], addr_spec=sender)
        message["To"] = address
        message["Date"] = format_datetime(letter.created_at)
        # The same letter has the same identity however often it is handed over: a receiving server drops the second.
        message["Message-ID"] = f"<mail-{letter.id}-{letter.created_at:%Y%m%d%H%M%S}@{sender.partition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.body)
        message["Content-Language"] = tag(letter.language)  # after the content, which takes such headers away
    except (ValueError, LookupError, MessageError) as error:
        raise Undelivered(Trouble.MALFORMED, error) from error
    return message


@contextmanager
def post() -> Iterator[Post]:
    """Where letters go: the server of MAIL_URL, or a folder of the instance."""
    if url := current_app.config["MAIL_URL"]:
        server = _Server(url, current_app.config["MAIL_FROM"])
        try:
            yield server
        finally:
            server.close()
    else:
        yield _Folder(Path(current_app.config["INSTANCE"]) / "mail")


class _Folder:
    """Files that a mail program opens."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def hand_over(self, message: EmailMessage) -> None:
        name = message["Message-ID"].strip("<>").partition("@")[0]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / f"{utcnow():%Y%m%d-%H%M%S}-{name}.eml").write_bytes(message.as_bytes())
        except OSError as error:
            raise Undelivered(Trouble.UNREACHABLE, error) from error


class _Server:
    """A connection to a mail server, opened with the first letter: `smtp://user:password@host:587?tls=start`, `smtps://host:465`."""

    def __init__(self, url: str, sender: str) -> None:
        self.parts, self.sender = urlsplit(url), sender
        self.connection: smtplib.SMTP | None = None

    def hand_over(self, message: EmailMessage) -> None:
        if self.connection is None or self.connection.sock is None:
            self.connection = self._connect()
        try:
            self._hand_over(self.connection, message)
        except Undelivered:
            self._start_afresh()
            raise

    def close(self) -> None:
        """Take leave. Whatever goes wrong now, the letters are there."""
        if self.connection is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self.connection.quit()
            self.connection.close()

    def _start_afresh(self) -> None:
        """After a refusal: forget the letter; when that does not work either, the next one opens a new connection."""
        connection = self.connection
        if connection is not None and connection.sock is not None:
            try:
                connection.rset()
            except (OSError, smtplib.SMTPException):
                connection.close()

    def _connect(self) -> smtplib.SMTP:
        secure = self.parts.scheme == "smtps"
        host, port = self.parts.hostname or "localhost", self.parts.port or (465 if secure else 25)
        connection: smtplib.SMTP | None = None
        try:
            if secure:
                connection = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=ssl.create_default_context())
            else:
                connection = smtplib.SMTP(host, port, timeout=TIMEOUT)
            if parse_qs(self.parts.query).get("tls") == ["start"]:
                connection.starttls(context=ssl.create_default_context())
            if self.parts.username:
                self._sign_in(connection, unquote(self.parts.username), unquote(self.parts.password or ""))
            connection.ehlo_or_helo_if_needed()
            if connection.sock is not None:  # the last line of a letter does not wait 40 ms for the one before to be confirmed
                connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, smtplib.SMTPException) as error:
            if connection is not None:
                connection.close()
            raise Undelivered(_why_no_connection(error), _said(error)) from error
        except Undelivered:
            if connection is not None:
                connection.close()
            raise
        return connection

    def _sign_in(self, connection: smtplib.SMTP, user: str, password: str) -> None:
        try:
            connection.login(user, password)
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as error:
            raise Undelivered(Trouble.SIGN_IN, _said(error)) from error

    def _hand_over(self, connection: smtplib.SMTP, message: EmailMessage) -> None:
        to, options, policy = str(message["To"]), [], SMTP
        if not to.isascii():
            if not connection.has_extn("smtputf8"):
                raise Undelivered(Trouble.ADDRESS, "SMTPUTF8")
            options, policy = ["SMTPUTF8", "BODY=8BITMIME"], SMTPUTF8
        data = message.as_bytes(policy=policy)
        try:
            _expect(connection.mail(self.sender, options), Trouble.SENDER)
            _expect(connection.rcpt(to), Trouble.ADDRESS)
            _expect(connection.docmd("DATA"), Trouble.CONTENT, good=354)
            connection.send(re.sub(rb"(?m)^\.", b"..", data))
        except (OSError, smtplib.SMTPException) as error:  # not complete without its last line: no server keeps it
            connection.close()
            raise Undelivered(Trouble.SLOW if _timed_out(error) else Trouble.DROPPED, _said(error)) from error
        try:
            if connection.sock is not None:
                connection.sock.settimeout(LAST_TIMEOUT)
            connection.send(b"" if data.endswith(b"\r\n") else b"\r\n")
            answer = connection.docmd(".")
            if connection.sock is not None:
                connection.sock.settimeout(TIMEOUT)
        except (OSError, smtplib.SMTPException) as error:
            connection.close()
            raise Undelivered(Trouble.UNCERTAIN, _said(error)) from error
        _expect(answer, Trouble.CONTENT)


def _expect(answer: tuple[int, bytes], refused: Trouble, good: int = 250) -> None:
    """Raises Undelivered for any other answer: 4xx is "not now" (RFC 5321 4.2.1), 421 and nonsense the end, 5xx is `refused`."""
    code, said = answer
    if code == good or (good == 250 and code == 251):
        return
    trouble = Trouble.DROPPED if code in (-1, 421) else Trouble.BUSY if code < 500 else refused
    raise Undelivered(trouble, f"{code} {said.decode(errors='replace')}")


def _why_no_connection(error: Exception) -> Trouble:
    if isinstance(error, ssl.SSLError | smtplib.SMTPNotSupportedError):  # a certificate that is not theirs; no STARTTLS
        return Trouble.ENCRYPTION
    if _timed_out(error):
        return Trouble.SLOW
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return Trouble.DROPPED
    return Trouble.UNREACHABLE


def _timed_out(error: Exception) -> bool:
    """smtplib says that the connection is closed, and why only in what came before."""
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return f"{error.smtp_code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
    return f"{type(error).__name__}: {error}"
