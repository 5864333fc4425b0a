"""Vouchers: the right to a seat, handed to a partner government in batches."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.core.database import Instant, Model
from dostyk.people.models import Organisation, Person


class Batch(Model):
    """Vouchers of one cohort handed to one organisation for one country."""

    __table_args__ = (sa.CheckConstraint("quantity > 0", name="quantity_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(sa.ForeignKey("cohort.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    country: Mapped[str] = mapped_column(sa.String(2), index=True)
    quantity: Mapped[int]
    valid_until: Mapped[Instant] = mapped_column(index=True)  # exclusive
    language: Mapped[str] = mapped_column(sa.String(16), default="en")  # of the printed sheet
    note: Mapped[str] = mapped_column(sa.Text, default="")  # for coordinators only
    issued_at: Mapped[Instant]
    issued_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))

    cohort: Mapped[Cohort] = relationship()
    organisation: Mapped[Organisation] = relationship()
    issued_by: Mapped[Person] = relationship()

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
    revoked_at: Mapped[Instant | None]
    revoked_reason: Mapped[str | None]

    batch: Mapped[Batch] = relationship()


class Redemption(Model):
    """Which voucher gave which seat, for ever. A seat that was given back and taken again has two.

    `ticket` is the mark of the visitor's form: whoever sends the same form again gets the same seat (see service.redeem).
    """

    __table_args__ = (sa.UniqueConstraint("voucher_id", "enrolment_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    voucher_id: Mapped[int] = mapped_column(sa.ForeignKey("voucher.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"), index=True)
    ticket: Mapped[str | None] = mapped_column(sa.String(64))
    at: Mapped[Instant]

    enrolment: Mapped[Enrolment] = relationship()
    voucher: Mapped[Voucher] = relationship()
