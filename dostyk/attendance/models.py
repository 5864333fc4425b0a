"""Attendance: a log of marks. Never changed, never deleted; the current mark of a person in a slot is the last one."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dostyk.attendance.rules import Excuse, Source, Status
from dostyk.cohorts.models import Enrolment
from dostyk.core.database import Instant, Model
from dostyk.people.models import Person
from dostyk.schedule.models import Slot


class Mark(Model):
    """Who was there. A later change is a new mark with a reason."""

    __table_args__ = (
        sa.CheckConstraint("(status = 'late') = (late_minutes IS NOT NULL)", name="late_has_minutes"),
        sa.CheckConstraint("late_minutes IS NULL OR late_minutes > 0", name="late_minutes_positive"),
        sa.CheckConstraint("(status = 'excused') = (excuse IS NOT NULL)", name="excused_has_kind"),
        sa.Index("ix_mark_slot_enrolment_id", "slot_id", "enrolment_id", "id"),
        sa.Index("ix_mark_enrolment_slot_id", "enrolment_id", "slot_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slot_id: Mapped[int] = mapped_column(sa.ForeignKey("slot.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    status: Mapped[Status]
    late_minutes: Mapped[int | None]
    excuse: Mapped[Excuse | None]
    reason: Mapped[str | None]
    source: Mapped[Source] = mapped_column(default=Source.TRAINER)
    at: Mapped[Instant]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    client_id: Mapped[str | None] = mapped_column(sa.String(40), unique=True)  # the same mark sent twice is one mark

    slot: Mapped[Slot] = relationship()
    enrolment: Mapped[Enrolment] = relationship()
    by: Mapped[Person] = relationship()
