"""When and with whom: cohorts, seats by country, enrolments, and roles given within a scope."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dostyk.cohorts import rules
from dostyk.cohorts.rules import EnrolmentState, MoveKind, Phase
from dostyk.core.access import Grant, Role
from dostyk.core.database import Codes, Instant, Localized, Model
from dostyk.courses.models import Course
from dostyk.people.models import Organisation, Person


class Cohort(Model):
    """A course held once: host, city, dates, seats. `taken` counts seats so that the last one is given by one UPDATE."""

    __table_args__ = (
        sa.CheckConstraint("capacity > 0", name="capacity_positive"),
        sa.CheckConstraint("taken BETWEEN 0 AND capacity", name="taken_within_capacity"),
        sa.CheckConstraint("ends_on >= starts_on", name="dates"),
        sa.CheckConstraint("closes_at > opens_at", name="window"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(24), unique=True)
    course_id: Mapped[int] = mapped_column(sa.ForeignKey("course.id"), index=True)
    host_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    city: Mapped[Localized]
    time_zone: Mapped[str] = mapped_column(sa.String(40), default="Asia/Almaty")
    starts_on: Mapped[date] = mapped_column(index=True)
    ends_on: Mapped[date] = mapped_column(index=True)
    opens_at: Mapped[Instant]  # of the window for enrolling
    closes_at: Mapped[Instant]  # exclusive
    capacity: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
    hand_back_on: Mapped[date | None]  # the last day on which countries can use their seats: then free ones go to the pool
    country_order: Mapped[Codes] = mapped_column(default=list)  # which waiting list is served first from the pool
    confirm_hours: Mapped[int] = mapped_column(default=72)  # how long somebody promoted from a waiting list has to confirm
    replace_until: Mapped[date | None]  # the last day on which somebody can take the place of a person who left
    welcome: Mapped[Localized] = mapped_column(default=dict)  # what comes next, for those who got a seat
    search: Mapped[str] = mapped_column(sa.Text, default="")
    version: Mapped[int] = mapped_column(default=1)  # counts edits: who edits an older one is told so, and overwrites nothing
    demo: Mapped[bool] = mapped_column(default=False)
    archived_at: Mapped[Instant | None]

    course: Mapped[Course] = relationship()
    host: Mapped[Organisation] = relationship()

    def phase(self, now: datetime) -> Phase:
        """Where the cohort stands at `now`, on the calendar of its venue."""
        return rules.phase(self.starts_on, self.ends_on, self.archived_at is not None, self.today(now))

    def today(self, now: datetime) -> date:
        """The day at the venue."""
        return now.astimezone(ZoneInfo(self.time_zone)).date()


class CountrySeats(Model):
    """Seats that a cohort holds for a country."""

    __table_args__ = (
        sa.CheckConstraint("seats >= 0", name="seats_not_negative"),
        sa.CheckConstraint("taken BETWEEN 0 AND seats", name="taken_within_seats"),
    )

    cohort_id: Mapped[int] = mapped_column(sa.ForeignKey("cohort.id"), primary_key=True)
    country: Mapped[str] = mapped_column(sa.String(2), primary_key=True)
    seats: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)

    cohort: Mapped[Cohort] = relationship()


class SeatMove(Model):
    """Seats that moved between countries and the common pool (None): the log that a partner can be shown. No names in it."""

    __table_args__ = (sa.CheckConstraint("seats > 0", name="seats_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(sa.ForeignKey("cohort.id"), index=True)
    kind: Mapped[MoveKind]
    from_country: Mapped[str | None] = mapped_column(sa.String(2))
    to_country: Mapped[str | None] = mapped_column(sa.String(2))
    seats: Mapped[int]
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    at: Mapped[Instant]
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))  # None: by rule, on the day

    cohort: Mapped[Cohort] = relationship()
    by: Mapped[Person | None] = relationship()


class Enrolment(Model):
    """A person's seat in a cohort. Withdrawn or declined, never deleted.

    `country` is whose seat it is, and gets it back; None where the cohort holds no seats for countries. `counts_from` is
    the day from which attendance counts for who joined after the start; None: all of it.
    """

    __table_args__ = (sa.UniqueConstraint("cohort_id", "person_id"), sa.Index("ix_enrolment_cohort_state", "cohort_id", "state"))

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(sa.ForeignKey("cohort.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    country: Mapped[str | None] = mapped_column(sa.String(2))
    state: Mapped[EnrolmentState] = mapped_column(default=EnrolmentState.ENROLLED)
    enrolled_at: Mapped[Instant]
    withdrawn_at: Mapped[Instant | None]
    withdrawn_reason: Mapped[str | None]
    counts_from: Mapped[date | None]
    replaces_id: Mapped[int | None] = mapped_column(sa.ForeignKey("enrolment.id"), index=True)  # whose place it takes
    decided_at: Mapped[Instant | None]  # approved or declined
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    decision_reason: Mapped[str | None] = mapped_column(sa.String(300))

    cohort: Mapped[Cohort] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    replaces: Mapped[Enrolment | None] = relationship(remote_side="Enrolment.id", foreign_keys=[replaces_id])


_EVERYWHERE = "cohort_id IS NULL AND organisation_id IS NULL AND country IS NULL"


class Assignment(Model):
    """A role given to a person for one cohort, one organisation, one country, or (all empty) everywhere."""

    __table_args__ = (
        sa.CheckConstraint(
            "(cohort_id IS NOT NULL AND organisation_id IS NULL AND country IS NULL)"
            " OR (cohort_id IS NULL AND organisation_id IS NOT NULL AND country IS NULL)"
            " OR (cohort_id IS NULL AND organisation_id IS NULL)",
            name="one_scope",
        ),
        # The same role is given once: for a cohort, an organisation, a country (NULLs are never equal), and everywhere.
        sa.UniqueConstraint("person_id", "role", "cohort_id"),
        sa.UniqueConstraint("person_id", "role", "organisation_id"),
        sa.UniqueConstraint("person_id", "role", "country"),
        sa.Index(
            "uq_assignment_everywhere",
            "person_id",
            "role",
            unique=True,
            sqlite_where=sa.text(_EVERYWHERE),
            postgresql_where=sa.text(_EVERYWHERE),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    role: Mapped[Role]
    cohort_id: Mapped[int | None] = mapped_column(sa.ForeignKey("cohort.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    country: Mapped[str | None] = mapped_column(sa.String(2))
    given_at: Mapped[Instant]

    person: Mapped[Person] = relationship()
    cohort: Mapped[Cohort | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()

    @property
    def grant(self) -> Grant:
        return Grant(self.role, self.cohort_id, self.organisation_id, self.country)
