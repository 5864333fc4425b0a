"""Mail: written as a row in the transaction that is its reason, handed over by the worker (core/post.py).

A letter that could not be handed over says why and is tried again, ever more rarely, for three days. It is claimed by one
conditional UPDATE before it is handed over, so that two workers never send it both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.elements import SQLColumnExpression

from dostyk.core import post
from dostyk.core.clock import utcnow
from dostyk.core.database import Codes, Instant, Model, changed, db, work
from dostyk.core.outbox import Progress, enqueue, every_minute, job
from dostyk.core.text import clean_name

LONGEST_SUBJECT = 300
AT_ONCE = 1000  # letters in one statement, and queued again in a minute
ONE_TURN = 200  # letters that one job hands over
LIFETIME = timedelta(days=3)  # after so long nobody expects a letter any more
LONGEST_WAIT = timedelta(hours=2)
CLAIM = timedelta(minutes=10)  # longer than the slowest server is waited for (core/post.py)
LOST = timedelta(hours=1)  # after so long a letter whose job never came is queued anew
_NUL = re.compile("\0")  # PostgreSQL holds none


class MailState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class Mail(Model):
    """One letter to one address: what was said, when it was handed over, or why not."""

    __table_args__ = (sa.Index("ix_mail_state_due", "state", "due_at"),)

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
    state: Mapped[MailState] = mapped_column(default=MailState.QUEUED)
    trouble: Mapped[post.Trouble | None]  # why it was not handed over the last time
    error: Mapped[str | None] = mapped_column(sa.Text)  # what the server or the machine said then
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Instant]
    sent_at: Mapped[Instant | None]
    due_at: Mapped[Instant]  # when it is tried again
    claimed_at: Mapped[Instant | None]  # since when a worker has it in hand


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
    """Write many letters, in the present unit of work: a statement for a thousand of them, and one for their job. How many."""
    now = utcnow()
    if not drafts:
        return 0
    ids = db.session.scalars(sa.insert(Mail).returning(Mail.id), [_row(draft, now) for draft in drafts]).all()
    enqueue("mail.deliver_many", mail_ids=list(ids))
    return len(ids)


def _row(draft: Draft, now: datetime) -> dict[str, Any]:
    return {
        **asdict(draft), "to": draft.to.strip(), "subject": _subject(draft.subject), "body": _NUL.sub("", draft.body),
        "hidden": list(draft.hidden), "state": MailState.QUEUED, "attempts": 0, "created_at": now, "due_at": now + LOST,
    }  # fmt: skip


def _subject(text: str) -> str:
    """One line, as long as the column: whatever stands in a name becomes no header of its own."""
    line = clean_name(text)
    return line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 1]}…"


# --- Delivery ---------------------------------------------------------------------------------------------------------


@job("mail.deliver")
def deliver(progress: Progress, mail_id: int) -> None:
    """Hand one letter over. Run twice, or by two workers at once, it is handed over once."""
    deliver_many(progress, [mail_id])


@job("mail.deliver_many")
def deliver_many(progress: Progress, mail_ids: Sequence[int]) -> None:
    """Hand letters over, one after the other through one connection; where the server itself is the trouble, the rest waits as well.

    Of many, so many that others get their turn: who asks for a new password does not wait for ten thousand reminders.
    """
    turn, rest = mail_ids[:ONE_TURN], mail_ids[ONE_TURN:]
    with post.post() as taker:
        for number, mail_id in enumerate(turn, 1):
            letter = _claim(mail_id, utcnow())
            failure = _hand_over(taker, letter) if letter else None
            if letter and failure and failure.trouble in post.OF_THE_SERVER:
                _all_wait(letter, mail_ids[number:], failure, utcnow())
                return
            progress(number, len(turn))
    if rest:
        with work():
            enqueue("mail.deliver_many", mail_ids=list(rest))


def _claim(mail_id: int, now: datetime) -> Mail | None:
    """The letter, for this worker alone; None when it is sent, given up, or in the hands of another.

    No transaction is open afterwards: on SQLite it would keep everybody else from writing while a slow server is waited for.
    """
    mine = sa.update(Mail).where(Mail.id == mail_id, Mail.state == MailState.QUEUED, _free(now))
    claim = mine.values(claimed_at=now, attempts=Mail.attempts + 1).execution_options(synchronize_session=False)
    with work():
        claimed = changed(db.session.execute(claim)) == 1
        return db.session.get_one(Mail, mail_id, populate_existing=True) if claimed else None


def _free(now: datetime) -> SQLColumnExpression[bool]:
    """Not in another's hands. A claim that is too old is that of a worker that was killed, and what became of its letter nobody knows."""
    return sa.or_(Mail.claimed_at.is_(None), Mail.claimed_at < now - CLAIM)


def _hand_over(taker: post.Post, letter: Mail) -> post.Undelivered | None:
    """Hand over and note what became of it."""
    failure = None
    try:
        taker.hand_over(post.message_of(letter))
    except post.Undelivered as error:
        failure = error
    now = utcnow()
    with work():
        letter.claimed_at = None
        if failure is None:
            letter.state, letter.sent_at, letter.trouble, letter.error = MailState.SENT, now, None, None
        else:
            over = failure.trouble in post.FINAL or letter.created_at <= now - LIFETIME
            letter.state, letter.due_at = MailState.FAILED if over else MailState.QUEUED, now + wait(letter.attempts)
            letter.trouble, letter.error = failure.trouble, failure.detail
    return failure


def _all_wait(first: Mail, mail_ids: Sequence[int], failure: post.Undelivered, now: datetime) -> None:
    """These letters were not tried, because the server was, with the first: it counts as a try of theirs."""
    over = sa.case((Mail.created_at <= now - LIFETIME, MailState.FAILED.value), else_=MailState.QUEUED.value)
    told = {"trouble": failure.trouble, "error": failure.detail, "due_at": first.due_at, "attempts": Mail.attempts + 1, "state": over}
    waiting = sa.update(Mail).where(Mail.state == MailState.QUEUED, _free(now)).values(told).execution_options(synchronize_session=False)
    for start in range(0, len(mail_ids), AT_ONCE):
        with work():
            db.session.execute(waiting.where(Mail.id.in_(mail_ids[start : start + AT_ONCE])))


def wait(attempts: int) -> timedelta:
    """How long after so many tries the next one is made: 1, 2, 4 minutes … 2 hours."""
    return min(timedelta(minutes=2 ** (min(attempts, 10) - 1)), LONGEST_WAIT)


@every_minute
def enqueue_due(now: datetime) -> None:
    """Queue the letters whose time has come to be tried again, and those whose job was lost."""
    due = sa.select(Mail.id).where(Mail.state == MailState.QUEUED, Mail.due_at <= now).order_by(Mail.due_at, Mail.id).limit(AT_ONCE)
    # The second condition is for two that do this at once: each letter is queued by one of them.
    taken = sa.update(Mail).where(Mail.id.in_(due.scalar_subquery()), Mail.due_at <= now).values(due_at=now + LOST).returning(Mail.id)
    if ids := sorted(db.session.scalars(taken.execution_options(synchronize_session=False))):
        enqueue("mail.deliver_many", mail_ids=ids)
