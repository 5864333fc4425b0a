"""The words of letters: what a coordinator wrote instead of ours."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dostyk.cohorts.models import Cohort
from dostyk.core.database import Instant, Model
from dostyk.people.models import Person

_EVERYWHERE = "cohort_id IS NULL"


class MessageTemplate(Model):
    """The text of one kind of letter in one language, for one cohort or (None) for all of them. Without one, ours is sent."""

    __table_args__ = (
        sa.UniqueConstraint("kind", "language", "cohort_id"),
        sa.Index(
            "uq_message_template_everywhere", "kind", "language", unique=True,
            sqlite_where=sa.text(_EVERYWHERE), postgresql_where=sa.text(_EVERYWHERE),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(64))
    language: Mapped[str] = mapped_column(sa.String(16))
    cohort_id: Mapped[int | None] = mapped_column(sa.ForeignKey("cohort.id"), index=True)
    subject: Mapped[str] = mapped_column(sa.String(300))
    body: Mapped[str] = mapped_column(sa.Text)
    edited_at: Mapped[Instant]
    edited_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))

    cohort: Mapped[Cohort | None] = relationship()
    edited_by: Mapped[Person] = relationship()
