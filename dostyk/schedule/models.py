"""The timetable: slots of training and of the cultural programme side by side."""

from __future__ import annotations

from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dostyk.cohorts.models import Cohort
from dostyk.core.database import Instant, Localized, Model
from dostyk.people.models import Person
from dostyk.schedule.rules import SlotKind, Span


class Slot(Model):
    """A stretch of time in a cohort's timetable. Cultural slots have no academic hours.

    Cancelled with a reason, and deleted only while nothing hangs on it: the foreign keys of the rooms above see to that.
    """

    __table_args__ = (
        sa.CheckConstraint("ends_at > starts_at", name="times"),
        sa.CheckConstraint("academic_hours >= 0", name="hours_not_negative"),
        sa.CheckConstraint("kind = 'training' OR academic_hours = 0", name="cultural_without_hours"),
        sa.CheckConstraint("(cancelled_at IS NULL) = (cancelled_reason IS NULL)", name="cancelled_with_reason"),
        sa.Index("ix_slot_cohort_starts", "cohort_id", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(sa.ForeignKey("cohort.id"))
    kind: Mapped[SlotKind]
    title: Mapped[Localized]
    starts_at: Mapped[Instant] = mapped_column(index=True)
    ends_at: Mapped[Instant]
    place: Mapped[str] = mapped_column(sa.String(200), default="")
    trainer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    academic_hours: Mapped[Decimal] = mapped_column(sa.Numeric(5, 2), default=Decimal(0))
    cancelled_at: Mapped[Instant | None]
    cancelled_reason: Mapped[str | None] = mapped_column(sa.String(300))

    cohort: Mapped[Cohort] = relationship()
    trainer: Mapped[Person | None] = relationship()

    @property
    def span(self) -> Span:
        return Span(self.starts_at, self.ends_at)
