"""Certificates: a number without gaps, a secret code, and a copy of everything that was printed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dostyk.certificates.rules import Validity
from dostyk.cohorts.models import Enrolment
from dostyk.core.database import Instant, Localized, Model
from dostyk.courses.models import Programme
from dostyk.people.models import Person

_STANDS = sa.text("revoked_at IS NULL")


class Signatory(Model):
    """Who signs the certificates of a programme. Copied into each certificate, so a successor changes nothing issued."""

    programme_id: Mapped[int] = mapped_column(sa.ForeignKey("programme.id"), primary_key=True, autoincrement=False)
    name: Mapped[Localized]
    post: Mapped[Localized]

    programme: Mapped[Programme] = relationship()


class Series(Model):
    """The last serial number given in a programme and year: raised by one statement in the transaction of the certificate."""

    __table_args__ = (sa.CheckConstraint("last >= 0", name="last_not_negative"),)

    programme_id: Mapped[int] = mapped_column(sa.ForeignKey("programme.id"), primary_key=True, autoincrement=False)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(default=0)

    programme: Mapped[Programme] = relationship()


class Certificate(Model):
    """Issued once and never changed: `snapshot` holds what was printed, whatever happens to the profile later.

    Revoked with a reason, never deleted; at most one that is not revoked for an enrolment.
    """

    __table_args__ = (
        sa.UniqueConstraint("programme_id", "year", "serial"),
        sa.CheckConstraint("serial > 0", name="serial_positive"),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_reason IS NULL) AND (revoked_at IS NULL) = (revoked_by_id IS NULL)", name="revoked_whole"
        ),
        sa.Index("uq_certificate_standing", "enrolment_id", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"), index=True)
    programme_id: Mapped[int] = mapped_column(sa.ForeignKey("programme.id"))
    year: Mapped[int]
    serial: Mapped[int]
    number: Mapped[str] = mapped_column(sa.String(40), unique=True)
    code: Mapped[str] = mapped_column(sa.String(24), unique=True)
    snapshot: Mapped[dict[str, Any]] = mapped_column(sa.JSON)  # as `printing.Snapshot`
    issued_at: Mapped[Instant]
    issued_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    revoked_at: Mapped[Instant | None]
    revoked_reason: Mapped[str | None] = mapped_column(sa.String(300))
    revoked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))

    enrolment: Mapped[Enrolment] = relationship()
    issued_by: Mapped[Person] = relationship(foreign_keys=issued_by_id)
    revoked_by: Mapped[Person | None] = relationship(foreign_keys=revoked_by_id)

    @property
    def validity(self) -> Validity:
        return Validity.VALID if self.revoked_at is None else Validity.REVOKED
