"""Whom a partner government names for the seats of a batch."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dostyk.core.database import Codes, Instant, Model
from dostyk.courses.rules import Finding
from dostyk.people.models import Person
from dostyk.people.rules import Sex
from dostyk.vouchers.models import Batch, Voucher


class Nominee(Model):
    """Somebody named for a seat, with the voucher that invites them. Replaced or given back, never deleted.

    Not yet a person of `people`: that they become with their own redemption and their own consents.
    """

    __table_args__ = (
        sa.Index("ix_nominee_batch_sort", "batch_id", "sort_name", "id"),
        sa.Index("ix_nominee_same", "name_key", "birth_year"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batch.id"))
    voucher_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("voucher.id"), unique=True
    )  # None: none free, or given back before one was
    full_name: Mapped[str] = mapped_column(sa.String(200))
    own_name: Mapped[str] = mapped_column(sa.String(200), default="")
    sort_name: Mapped[str] = mapped_column(sa.String(220))  # the folded full name
    name_key: Mapped[str] = mapped_column(sa.String(220))  # its words in the order of the alphabet, as a person's
    search: Mapped[str] = mapped_column(sa.Text, default="")
    birth_year: Mapped[int | None]
    sex: Mapped[Sex] = mapped_column(default=Sex.NOT_STATED)
    employer: Mapped[str] = mapped_column(sa.String(300), default="")
    post: Mapped[str] = mapped_column(sa.String(200), default="")
    years_of_service: Mapped[int | None]
    email: Mapped[str] = mapped_column(sa.String(255), default="", index=True)  # in small letters
    languages: Mapped[Codes] = mapped_column(default=list)
    letter_language: Mapped[str] = mapped_column(sa.String(16), default="en")
    named_at: Mapped[Instant]
    named_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    invited_at: Mapped[Instant | None]
    reminded_at: Mapped[Instant | None]
    replaces_id: Mapped[int | None] = mapped_column(sa.ForeignKey("nominee.id"), unique=True)  # in whose place
    ended_at: Mapped[Instant | None]  # replaced or given back
    ended_reason: Mapped[str | None] = mapped_column(sa.String(300))

    batch: Mapped[Batch] = relationship()
    voucher: Mapped[Voucher | None] = relationship()
    named_by: Mapped[Person] = relationship()
    replaces: Mapped[Nominee | None] = relationship(remote_side="Nominee.id")


class Decision(Model):
    """What a human decided about a finding."""

    __tablename__ = "nominee_decision"
    __table_args__ = (sa.UniqueConstraint("nominee_id", "finding"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    nominee_id: Mapped[int] = mapped_column(sa.ForeignKey("nominee.id"))
    finding: Mapped[Finding]
    accepted: Mapped[bool]
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    at: Mapped[Instant]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))

    nominee: Mapped[Nominee] = relationship()
    by: Mapped[Person] = relationship()
