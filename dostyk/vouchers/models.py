"""Vouchers: the right to a seat, handed to a partner government in batches."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.core.database import Instant, Model
from dostyk.people.models import Organisation, Person
from dostyk.vouchers.rules import BatchKind, BatchState


class Batch(Model):
    """Vouchers of one cohort handed to one organisation for one country.

    `quantity` is the number of seats that it gave or can give: what was revoked or handed back unused is left out.
    """

    __table_args__ = (sa.CheckConstraint("quantity >= 0", name="quantity_not_negative"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(sa.ForeignKey("cohort.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    country: Mapped[str] = mapped_column(sa.String(2), index=True)
    kind: Mapped[BatchKind] = mapped_column(default=BatchKind.SINGLE)
    state: Mapped[BatchState] = mapped_column(default=BatchState.ISSUED)
    quantity: Mapped[int]
    approval: Mapped[bool] = mapped_column(default=False)  # whether a coordinator approves each redemption
    override_reason: Mapped[str | None] = mapped_column(sa.String(300))  # why it reserves more seats than were free
    replaces_id: Mapped[int | None] = mapped_column(sa.ForeignKey("enrolment.id"), index=True)  # whose place it gives, after the start
    valid_until: Mapped[Instant] = mapped_column(index=True)  # exclusive
    language: Mapped[str] = mapped_column(sa.String(16), default="en")  # of the printed sheet
    note: Mapped[str] = mapped_column(sa.Text, default="")  # for coordinators only
    created_at: Mapped[Instant]
    issued_at: Mapped[Instant | None]
    closed_at: Mapped[Instant | None]
    issued_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))

    cohort: Mapped[Cohort] = relationship()
    organisation: Mapped[Organisation] = relationship()
    issued_by: Mapped[Person] = relationship()
    replaces: Mapped[Enrolment | None] = relationship()

    @property
    def name(self) -> str:
        """What people call it: `DIG-2026-01 / 12`."""
        return f"{self.cohort.code} / {self.id}"


class Voucher(Model):
    """A code that gives `uses` seats. `used` counts them, so that the last goes to exactly one by one UPDATE."""

    __table_args__ = (
        sa.CheckConstraint("used BETWEEN 0 AND uses", name="used_within_uses"),
        sa.CheckConstraint("uses > 0", name="uses_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batch.id"), index=True)
    code: Mapped[str] = mapped_column(sa.String(24), unique=True)
    uses: Mapped[int] = mapped_column(default=1)
    used: Mapped[int] = mapped_column(default=0)
    email: Mapped[str | None] = mapped_column(sa.String(255), index=True)  # the only address that may redeem it, in small letters
    revoked_at: Mapped[Instant | None]
    revoked_reason: Mapped[str | None]

    batch: Mapped[Batch] = relationship()


class Redemption(Model):
    """Which voucher gave which seat, for ever. A seat that was given back and taken again has two, perhaps of one group code.

    `ticket` is the mark of the visitor's form: whoever sends the same form again gets the same seat (see service.redeem).
    """

    __table_args__ = (sa.UniqueConstraint("voucher_id", "enrolment_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    voucher_id: Mapped[int] = mapped_column(sa.ForeignKey("voucher.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"), index=True)
    ticket: Mapped[str | None] = mapped_column(sa.String(64))
    at: Mapped[Instant]

    enrolment: Mapped[Enrolment] = relationship()
    voucher: Mapped[Voucher] = relationship()
