"""Files that people hand in to be read: kept until they are applied, checked first, applied in the background."""

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


class Upload(Model):
    """A table that somebody handed in, and what was found in it. `kind` says which room reads it, `subject` what it is for."""

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(64))
    subject: Mapped[str] = mapped_column(sa.String(120), index=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    content: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    state: Mapped[UploadState] = mapped_column(default=UploadState.CHECKING)
    report: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict, deferred=True)  # result of each row
    at: Mapped[Instant]
    applied_at: Mapped[Instant | None]
    by_id: Mapped[int]
