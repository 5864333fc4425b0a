"""What the tests of this room share: files of participants, handed in, checked and applied."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.cohorts.rules import HOLDING
from dostyk.core import uploads
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.outbox import Job
from dostyk.core.uploads import Upload, UploadRow
from dostyk.imports import service
from dostyk.imports.service import PARTICIPANTS
from dostyk.people.models import Person

HEAD = ("full_name", "country", "email", "birth_year")


def a_file(*rows: Sequence[object], head: Sequence[str] = HEAD) -> bytes:
    kept = io.StringIO()
    csv.writer(kept).writerows([head, *rows])
    return kept.getvalue().encode()


def people(count: int, country: str = "KG") -> list[tuple[object, ...]]:
    """So many different people, with addresses and years of birth."""
    return [(f"Person{chr(97 + n % 26)} Number{_letters(n)}", country, f"p{n}@example.org", 1970 + n % 30) for n in range(count)]


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def handed_in(cohort: Cohort, by: Person, content: bytes, name: str = "people.csv") -> Upload:
    db.session.rollback()
    with work():
        return uploads.hand_in(PARTICIPANTS, service.subject(cohort), name, content, by=by, now=utcnow())


def ordered(upload: Upload, by: Person, **options: Any) -> Job:
    db.session.rollback()
    with work():
        return uploads.apply(upload, by=by, now=utcnow(), **options)


def rows_of(upload: Upload) -> list[UploadRow]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(sa.select(UploadRow).where(UploadRow.upload_id == upload.id).order_by(UploadRow.line)))


def results(upload: Upload) -> list[tuple[int, str]]:
    return [(row.line, str(row.result)) for row in rows_of(upload)]


def outcomes(upload: Upload) -> list[tuple[int, str | None]]:
    return [(row.line, row.outcome and str(row.outcome)) for row in rows_of(upload)]


def said(upload: Upload) -> list[str]:
    """The first thing that was found in each row."""
    return [row.findings[0]["said"] if row.findings else "" for row in rows_of(upload)]


def report(upload: Upload) -> dict[str, Any]:
    db.session.rollback()
    return db.session.get_one(Upload, upload.id, populate_existing=True).report


def seated(cohort: Cohort) -> list[str]:
    """The names of who holds a seat."""
    db.session.rollback()
    db.session.expire_all()
    here = sa.select(Person.full_name).join(Enrolment, Enrolment.person_id == Person.id)
    return list(db.session.scalars(here.where(Enrolment.cohort_id == cohort.id, Enrolment.state.in_(HOLDING)).order_by(Person.id)))
