"""Waiting lists: one order for each country of a cohort."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.core.database import Instant, Model
from dostyk.people.models import Person
from dostyk.vouchers.models import Voucher
from dostyk.waiting.rules import WaitingState


class WaitingEntry(Model):
    """A person's place on the waiting list of their country. The order is that of joining (`joined_at`, then `id`).

    An entry that is offered a seat holds one of the country until `offered_until` (exclusive). `voucher` is the one with
    which the person came: it stays unused while they wait, and is used when they confirm.
    """

    __table_args__ = (
        sa.UniqueConstraint("cohort_id", "person_id"),
        sa.Index("ix_waiting_entry_order", "cohort_id", "country", "state", "joined_at", "id"),
        sa.CheckConstraint("state <> 'offered' OR offered_until IS NOT NULL", name="offer_has_an_end"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(sa.ForeignKey("cohort.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    country: Mapped[str] = mapped_column(sa.String(2))
    state: Mapped[WaitingState] = mapped_column(default=WaitingState.WAITING)
    joined_at: Mapped[Instant]
    offered_at: Mapped[Instant | None]
    offered_until: Mapped[Instant | None] = mapped_column(index=True)
    ended_at: Mapped[Instant | None]
    enrolment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("enrolment.id"), index=True)
    voucher_id: Mapped[int | None] = mapped_column(sa.ForeignKey("voucher.id"), index=True)

    cohort: Mapped[Cohort] = relationship()
    person: Mapped[Person] = relationship()
    enrolment: Mapped[Enrolment | None] = relationship()
    voucher: Mapped[Voucher | None] = relationship()
