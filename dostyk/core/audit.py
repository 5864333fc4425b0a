"""What happened, to what, by whom and why. Written in the same unit of work as the thing itself; never changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import sqlalchemy as sa
from flask import g, has_request_context
from sqlalchemy.orm import Mapped, mapped_column

from dostyk.core.clock import utcnow
from dostyk.core.database import Instant, Model, db


class Actor(Protocol):
    """Whoever acts: a person of `people`, known here only by number and name."""

    @property
    def id(self) -> int: ...
    @property
    def full_name(self) -> str: ...


class Event(Model):
    """One line of the audit log.

    `kind` is `thing.past_tense` (`voucher.redeemed`); `subject` names the thing (`voucher:12`, or a code);
    `cohort` is the code of the cohort it belongs to, so that a cohort's history can be read on its own.
    """

    __tablename__ = "audit_event"
    __table_args__ = (sa.Index("ix_audit_event_cohort_id", "cohort", "id"), sa.Index("ix_audit_event_subject_id", "subject", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[Instant]
    kind: Mapped[str] = mapped_column(sa.String(64), index=True)
    subject: Mapped[str] = mapped_column(sa.String(120))
    cohort: Mapped[str | None] = mapped_column(sa.String(40))
    reason: Mapped[str | None]
    actor_id: Mapped[int | None] = mapped_column(index=True)
    actor: Mapped[str | None] = mapped_column(sa.String(200))
    request_id: Mapped[str | None] = mapped_column(sa.String(40))
    data: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)


def note(
    kind: str, subject: str, /, *, by: Actor | None = None, reason: str | None = None, cohort: str | None = None, **data: Any
) -> Event:
    """An event that is not yet in the log: hand it to `Refused(note=...)`, which keeps it though all else is undone."""
    return Event(
        at=utcnow(), kind=kind, subject=subject[:120], cohort=cohort, reason=reason, data=data,
        actor_id=by.id if by else None, actor=by.full_name[:200] if by else None,
        request_id=g.get("request_id") if has_request_context() else None,
    )  # fmt: skip


def record(
    kind: str, subject: str, /, *, by: Actor | None = None, reason: str | None = None, cohort: str | None = None, **data: Any
) -> None:
    """Put an event into the log, in the present unit of work."""
    event = note(kind, subject, by=by, reason=reason, cohort=cohort, **data)
    gathering: list[Event] | None = db.session().info.get("events")
    if gathering is None:
        db.session.add(event)
    else:
        gathering.append(event)


@contextmanager
def gathered() -> Iterator[None]:
    """Events of the block are written together at its end, by one statement: for verbs that are made of several others."""
    session = db.session()
    if "events" in session.info:
        yield
        return
    events: list[Event] = []
    session.info["events"] = events
    try:
        yield
        # Not add_all: SQLite would take a statement for each.
        rows = [{column.key: getattr(event, column.key) for column in Event.__table__.columns if column.key != "id"} for event in events]
        if rows:
            session.execute(sa.insert(Event).execution_options(render_nulls=True), rows)
    finally:
        del session.info["events"]
