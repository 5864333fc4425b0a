"""Mail: written as a row in the transaction that is its reason, sent by the worker to SMTP or into files."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Mapped, mapped_column

from dostyk.core.clock import utcnow
from dostyk.core.database import Codes, Instant, Model, db, work
from dostyk.core.outbox import Progress, enqueue, job
from dostyk.core.text import clean_name

LONGEST_SUBJECT = 300
GROUP = 100  # letters that one job hands over through one connection
_NUL = re.compile("\0")  # PostgreSQL holds none


class MailState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class Mail(Model):
    """One letter to one address: what was said, when it was handed over, or why not."""

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(64))
    to: Mapped[str] = mapped_column("recipient", sa.String(255), index=True)
    subject: Mapped[str] = mapped_column(sa.String(LONGEST_SUBJECT))
    body: Mapped[str] = mapped_column(sa.Text)
    language: Mapped[str] = mapped_column(sa.String(16))
    person_id: Mapped[int | None] = mapped_column(index=True)  # whom it is about: a person of `people`, known here by number only
    cohort: Mapped[str | None] = mapped_column(sa.String(40), index=True)  # the code of the cohort it is about
    again_of_id: Mapped[int | None] = mapped_column(sa.ForeignKey("mail.id"), unique=True)  # the letter that this one repeats: once at most
    hidden: Mapped[Codes] = mapped_column(default=list)  # codes and links in the body that nobody but the reader may see
    state: Mapped[MailState] = mapped_column(default=MailState.QUEUED, index=True)
    error: Mapped[str | None] = mapped_column(sa.Text)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Instant]
    sent_at: Mapped[Instant | None]


@dataclass(frozen=True)
class Draft:
    """A letter as it is asked for; see the columns of `Mail`."""

    kind: str
    to: str
    subject: str
    body: str
    language: str
    person_id: int | None = None
    cohort: str | None = None
    hidden: Sequence[str] = ()
    again_of_id: int | None = None


def send(
    kind: str, to: str, subject: str, body: str, *, language: str,
    person_id: int | None = None, cohort: str | None = None, hidden: Sequence[str] = (), again_of_id: int | None = None,
) -> Mail:  # fmt: skip
    """Write a letter in the present unit of work; the worker sends it after the commit, with retries. Two statements."""
    letter = Mail(**_row(Draft(kind, to, subject, body, language, person_id, cohort, hidden, again_of_id), utcnow()))
    db.session.add(letter)
    db.session.flush()
    enqueue("mail.deliver", subject=f"mail:{letter.id}", mail_id=letter.id)
    return letter


def send_all(drafts: Sequence[Draft]) -> int:
    """Write many letters, in the present unit of work: one statement for a thousand of them, and one for their jobs. How many."""
    now = utcnow()
    if not drafts:
        return 0
    ids = db.session.scalars(sa.insert(Mail).returning(Mail.id), [_row(draft, now) for draft in drafts]).all()
    for start in range(0, len(ids), GROUP):
        enqueue("mail.deliver_many", mail_ids=list(ids[start : start + GROUP]))
    return len(ids)


def _row(draft: Draft, now: datetime) -> dict[str, Any]:
    return {
        **asdict(draft), "to": draft.to.strip(), "subject": _subject(draft.subject), "body": _NUL.sub("", draft.body),
        "hidden": list(draft.hidden), "state": MailState.QUEUED, "attempts": 0, "created_at": now,
    }  # fmt: skip


def _subject(text: str) -> str:
    """One line, as long as the column: whatever stands in a name becomes no header of its own."""
    line = clean_name(text)
    return line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 1]}…"


@job("mail.deliver")
def deliver(_progress: Progress, mail_id: int) -> None:
    """Hand one letter over. Run twice, it sends once; a letter whose server failed stays queued and is tried again."""
    letter = db.session.get_one(Mail, mail_id)
    if letter.state is MailState.SENT:
        return
    error = None
    try:
        _hand_over(_message(letter))
    except (OSError, smtplib.SMTPException) as failure:
        error = failure
    now = utcnow()
    with work():
        letter.attempts += 1
        letter.state = MailState.SENT if error is None else MailState.QUEUED
        letter.sent_at = now if error is None else None
        letter.error = None if error is None else f"{type(error).__name__}: {error}"
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            letter.state = MailState.FAILED
    if error is not None and letter.state is MailState.QUEUED:
        raise error


@job("mail.deliver_many")
def deliver_many(progress: Progress, mail_ids: Sequence[int]) -> None:
    """Hand over letters that were written together."""
    for number, mail_id in enumerate(mail_ids, 1):
        deliver(progress, mail_id)
        progress(number, len(mail_ids))


def _message(letter: Mail) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = letter.subject
    message["From"] = Address(current_app.config["MAIL_FROM_NAME"], addr_spec=current_app.config["MAIL_FROM"])
    message["To"] = letter.to
    message["Date"] = format_datetime(letter.created_at)
    # The same letter has the same identity however often it is handed over: a receiving server drops the second.
    message["Message-ID"] = f"<mail-{letter.id}-{letter.created_at:%Y%m%d%H%M%S}@{current_app.config['MAIL_FROM'].partition('@')[2]}>"
    message["Content-Language"] = letter.language
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.body)
    return message


def _hand_over(message: EmailMessage) -> None:
    if url := current_app.config["MAIL_URL"]:
        _to_server(url, message)
    else:
        _to_file(Path(current_app.config["INSTANCE"]) / "mail", message, utcnow())


def _to_server(url: str, message: EmailMessage) -> None:
    """`smtp://user:password@host:587?tls=start`, `smtps://host:465`, `smtp://host:25`."""
    parts = urlsplit(url)
    secure = parts.scheme == "smtps"
    host, port = parts.hostname or "localhost", parts.port or (465 if secure else 25)
    connection = (
        smtplib.SMTP_SSL(host, port, timeout=20, context=ssl.create_default_context()) if secure else smtplib.SMTP(host, port, timeout=20)
    )
    with connection as server:
        if parse_qs(parts.query).get("tls") == ["start"]:
            server.starttls(context=ssl.create_default_context())
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)


def _to_file(folder: Path, message: EmailMessage, now: datetime) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name = message["Message-ID"].strip("<>").partition("@")[0]
    (folder / f"{now:%Y%m%d-%H%M%S}-{name}.eml").write_bytes(message.as_bytes())
