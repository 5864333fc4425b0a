"""What a letter of invitation for a visa needs, kept only as long as it is needed."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dostyk.cohorts.models import Enrolment
from dostyk.core.database import Instant, Model


class VisaDetails(Model):
    """What the letter of invitation of one enrolment prints; deleted after the cohort. Never a scan of a document."""

    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"), primary_key=True)
    passport_number: Mapped[str] = mapped_column(sa.String(40))
    passport_expires_on: Mapped[date]
    born_on: Mapped[date]
    citizenship: Mapped[str] = mapped_column(sa.String(2))
    consulate: Mapped[str] = mapped_column(sa.String(120), default="")  # city of the consulate that gives the visa
    given_at: Mapped[Instant]

    enrolment: Mapped[Enrolment] = relationship()
