"""A file that was handed in, and each of its rows with what became of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dostyk.core.database import Instant, Model


class UploadState(StrEnum):
    """How far a file is: checked files have changed nothing yet."""

    CHECKING = "checking"
    CHECKED = "checked"
    APPLYING = "applying"
    APPLIED = "applied"
    UNREADABLE = "unreadable"


class RowResult(StrEnum):
    """What a row would do."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    CONTRADICTION = "contradiction"
    ERROR = "error"


# What is applied; the others change nothing.
DOING = (RowResult.NEW, RowResult.CHANGED)


class RowOutcome(StrEnum):
    """What a row did when it was applied."""

    DONE = "done"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class Upload(Model):
    """A table that somebody handed in, and what was found in it. `kind` says which room reads it, `subject` what it is for."""

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(64))
    subject: Mapped[str] = mapped_column(sa.String(120), index=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    content: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)  # empty once it was applied, or forgotten
    state: Mapped[UploadState] = mapped_column(default=UploadState.CHECKING)
    report: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # about the whole file: see `service.Report`
    at: Mapped[Instant] = mapped_column(index=True)
    applied_at: Mapped[Instant | None]
    by_id: Mapped[int]


class UploadRow(Model):
    """One row of it. `cells` by column, `findings` and `changes` as in `kinds`, `said` by the applying."""

    __table_args__ = (sa.UniqueConstraint("upload_id", "line"), sa.Index("ix_upload_row_result", "upload_id", "result", "line"))

    id: Mapped[int] = mapped_column(primary_key=True)
    upload_id: Mapped[int] = mapped_column(sa.ForeignKey("upload.id"))
    line: Mapped[int]
    about: Mapped[str] = mapped_column(sa.String(200), default="")  # whom it is about, as the file says
    search: Mapped[str] = mapped_column(sa.Text, default="")
    cells: Mapped[dict[str, str]] = mapped_column(sa.JSON)
    result: Mapped[RowResult | None]  # None while it waits to be judged
    findings: Mapped[list[dict[str, str]]] = mapped_column(sa.JSON, default=list)
    changes: Mapped[list[dict[str, str]]] = mapped_column(sa.JSON, default=list)
    outcome: Mapped[RowOutcome | None]
    said: Mapped[str | None] = mapped_column(sa.Text)
