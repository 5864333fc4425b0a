"""What is taught: programme > project > course."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dostyk.core.database import Codes, Instant, Localized, Model
from dostyk.courses.rules import CompletionRule, CourseKind, ExcusedHours, LateHours
from dostyk.people.models import Organisation


class Programme(Model):
    """A line of the agency's work, such as “Dostyk: Digitalization”. Its code stands in certificate numbers."""

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(8), unique=True)
    title: Mapped[Localized]
    summary: Mapped[Localized] = mapped_column(default=dict)
    demo: Mapped[bool] = mapped_column(default=False)
    archived_at: Mapped[Instant | None]


class Project(Model):
    """A funded part of a programme."""

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(sa.ForeignKey("programme.id"), index=True)
    title: Mapped[Localized]
    donor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    archived_at: Mapped[Instant | None]

    programme: Mapped[Programme] = relationship()
    donor: Mapped[Organisation | None] = relationship()


class Course(Model):
    """What is taught, how long, and what it takes to complete it."""

    __table_args__ = (
        sa.CheckConstraint("academic_hours > 0", name="hours_positive"),
        sa.CheckConstraint("minutes_per_hour BETWEEN 40 AND 50", name="minutes_per_hour"),
        sa.CheckConstraint("least_attendance BETWEEN 0 AND 100", name="least_attendance"),
        sa.CheckConstraint("least_cultural_events >= 0", name="least_cultural_events"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"), index=True)
    slug: Mapped[str] = mapped_column(sa.String(80), unique=True)
    title: Mapped[Localized]
    summary: Mapped[Localized] = mapped_column(default=dict)
    kind: Mapped[CourseKind]
    academic_hours: Mapped[Decimal] = mapped_column(sa.Numeric(6, 2))
    minutes_per_hour: Mapped[int] = mapped_column(default=45)
    languages: Mapped[Codes] = mapped_column(default=list)
    least_attendance: Mapped[int] = mapped_column(default=80)  # percent of the planned academic hours
    excused_hours: Mapped[ExcusedHours] = mapped_column(default=ExcusedHours.LEFT_OUT)
    late_hours: Mapped[LateHours] = mapped_column(default=LateHours.FULL)
    least_cultural_events: Mapped[int] = mapped_column(default=0)
    years_of_service: Mapped[int] = mapped_column(default=0)  # that a nominee should have
    enforced_checks: Mapped[Codes] = mapped_column(default=list)  # findings about a nominee that stop the invitation; the others only warn
    public: Mapped[bool] = mapped_column(default=True)  # whether visitors see it
    search: Mapped[str] = mapped_column(sa.Text, default="")
    demo: Mapped[bool] = mapped_column(default=False)
    archived_at: Mapped[Instant | None]

    project: Mapped[Project] = relationship()

    @property
    def completion_rule(self) -> CompletionRule:
        return CompletionRule(Fraction(self.least_attendance, 100), self.excused_hours, self.late_hours, self.least_cultural_events)
