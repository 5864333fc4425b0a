"""A database of a stated size, made by bulk inserts: cohorts of 100 people, 20 slots each, marks, vouchers, certificates."""

# ruff: noqa: E501 -- rows read better on one line
from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from dostyk.attendance.models import Mark
from dostyk.certificates.models import Certificate, Series, Signatory
from dostyk.cohorts.models import Assignment, Cohort, CountrySeats, Enrolment
from dostyk.core.access import Role
from dostyk.core.clock import utcnow
from dostyk.core.database import Model, db, work
from dostyk.core.text import fold, new_code
from dostyk.courses.models import Course, Programme, Project
from dostyk.demo.content import AGENCY, COURSES, HOSTS, PROGRAMMES
from dostyk.people.models import Account, Organisation, Person, PersonWord
from dostyk.people.rules import words_of
from dostyk.schedule.models import Slot
from dostyk.vouchers.models import Batch, Redemption, Voucher

PER_COHORT = 100
SLOTS = 20
MARKED = 4  # slots of each cohort that have marks
COUNTRIES = ("KG", "TJ", "TM", "UZ")


def fill(size: int) -> None:
    """`size` participants in cohorts of 100; the cohort BENCH-1 runs today and has open vouchers and free seats."""
    with work():
        for table, rows in _tables(size):
            for chunk in _chunks(rows):
                db.session.execute(sa.insert(table), chunk)
    if db.engine.dialect.name == "postgresql":
        with work():
            for table, _rows in _tables(0):
                name = table.__tablename__
                if "id" in table.__table__.c:
                    statement = f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT coalesce(max(id), 1) FROM {name}))"
                    db.session.execute(sa.text(statement))
            db.session.execute(sa.text("ANALYZE"))


def _chunks(rows: Iterator[dict[str, Any]], length: int = 5000) -> Iterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == length:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _tables(size: int) -> list[tuple[type[Model], Iterator[dict[str, Any]]]]:
    now, today = utcnow(), utcnow().date()
    cohorts = max(1, size // PER_COHORT)
    title, text = HOSTS["kaznu"][0], COURSES[0]
    staff = size + 1  # the coordinator; size + 2 is the trainer

    def enrolment_of(number: int) -> int:
        return (number - 1) // PER_COHORT + 1

    def people() -> Iterator[dict[str, Any]]:
        for n in range(1, size + 3):
            name = f"Nurzhan Omurbekov {n}"
            yield {
                "id": n, "full_name": name, "own_name": f"Нүржан Өмүрбеков {n}", "sort_name": fold(name), "search": fold(f"{name} {n}@example.org"),
                "sex": "female" if n % 2 else "male", "country": "MN" if n % 10 == 0 else COUNTRIES[n % 4], "email": f"p{n}@example.org", "employer": "Ministry of Labour",
                "post": "Chief specialist", "languages": ["ru"], "demo": True, "created_at": now,
            }  # fmt: skip

    def words() -> Iterator[dict[str, Any]]:
        for person in people():
            yield from ({"person_id": person["id"], "word": word} for word in words_of(person["search"]))

    def accounts() -> Iterator[dict[str, Any]]:
        for n in (1, staff, staff + 1):
            yield {
                "id": n, "person_id": n, "email": f"p{n}@example.org", "active": True, "demo": True, "language": "en",
                "fs_uniquifier": f"bench{n}", "created_at": now,
            }  # fmt: skip

    def starts_on(cohort: int) -> date:
        """The first cohort is in its third day; the others lie in the last two years."""
        return today - timedelta(days=2 if cohort == 1 else 2 + cohort % 700)

    def slots() -> Iterator[dict[str, Any]]:
        for cohort in range(1, cohorts + 1):
            morning = datetime.combine(starts_on(cohort), time(4), UTC)
            for n in range(SLOTS):
                start = morning + timedelta(days=n // 4, hours=2 * (n % 4))
                yield {
                    "id": (cohort - 1) * SLOTS + n + 1, "cohort_id": cohort, "kind": "training", "title": text.lessons[n % 8], "starts_at": start,
                    "ends_at": start + timedelta(minutes=90), "place": "214", "trainer_id": staff + 1, "academic_hours": Decimal(2),
                }  # fmt: skip

    def marks() -> Iterator[dict[str, Any]]:
        for n in range(1, size + 1):
            for slot in range(MARKED):
                yield {
                    "slot_id": (enrolment_of(n) - 1) * SLOTS + slot + 1, "enrolment_id": n, "status": "present", "source": "trainer",
                    "at": now, "by_id": staff + 1,
                }  # fmt: skip

    def certificates() -> Iterator[dict[str, Any]]:
        for n in range(PER_COHORT + 1, size + 1, 2):
            yield {
                "id": n, "enrolment_id": n, "programme_id": 1, "year": today.year, "serial": n, "number": f"DST-DIG-{today.year}-{n:04}",
                "code": new_code(), "snapshot": {}, "issued_at": now, "issued_by_id": staff,
            }  # fmt: skip

    def vouchers() -> Iterator[dict[str, Any]]:
        for n in range(1, size + 1):
            yield {"id": n, "batch_id": enrolment_of(n), "code": new_code(), "uses": 1, "used": 1}
        for n in range(size + 1, size + 301):
            yield {"id": n, "batch_id": 1, "code": new_code(), "uses": 1, "used": 0}

    def batches() -> Iterator[dict[str, Any]]:
        for n in range(1, cohorts + 1):
            yield {
                "id": n, "cohort_id": n, "organisation_id": 2, "country": "KG", "quantity": PER_COHORT, "valid_until": now + timedelta(days=9),
                "kind": "single", "state": "issued", "created_at": now, "issued_at": now, "issued_by_id": staff, "language": "ru",
            }  # fmt: skip

    def all_cohorts() -> Iterator[dict[str, Any]]:
        for n in range(1, cohorts + 1):
            starts = starts_on(n)
            yield {
                "id": n, "code": f"BENCH-{n}", "course_id": 1, "host_id": 1, "city": HOSTS["kaznu"][2], "time_zone": "Asia/Almaty",
                "starts_on": starts, "ends_on": starts + timedelta(days=4), "opens_at": now - timedelta(days=30), "closes_at": now + timedelta(days=30),
                "capacity": 1000, "taken": PER_COHORT, "search": fold(f"BENCH-{n} {text.title['en']}"),
            }  # fmt: skip

    years = date(today.year, 1, 1).year
    return [
        (Organisation, iter([
            {"id": 1, "kind": "host", "name": title, "country": "KZ", "city": HOSTS["kaznu"][2]},
            {"id": 3, "kind": "agency", "name": AGENCY, "country": "KZ", "city": {"en": "Astana"}},
            {"id": 2, "kind": "partner", "name": {"en": "Civil service agency"}, "country": "KG", "city": {"en": "Bishkek"}},
        ])),
        (Person, people()),
        (PersonWord, words()),
        (Account, accounts()),
        (Programme, iter([{"id": 1, "code": "DIG", "title": PROGRAMMES["DIG"][0]}])),
        (Project, iter([{"id": 1, "programme_id": 1, "title": PROGRAMMES["DIG"][0]}])),
        (Course, iter([{
            "id": 1, "project_id": 1, "slug": text.slug, "title": text.title, "summary": text.summary, "kind": text.kind,
            "academic_hours": Decimal(40), "languages": list(text.languages), "search": fold(text.title["en"]),
        }])),
        (Cohort, all_cohorts()),
        (CountrySeats, ({"cohort_id": n, "country": "KG", "seats": 1000, "taken": PER_COHORT} for n in range(1, cohorts + 1))),
        (Enrolment, (
            {"id": n, "cohort_id": enrolment_of(n), "person_id": n, "country": "KG", "state": "enrolled", "enrolled_at": now} for n in range(1, size + 1)
        )),
        (Assignment, iter([
            {"id": 1, "person_id": staff, "role": Role.COORDINATOR, "given_at": now},
            {"id": 2, "person_id": staff + 1, "role": Role.TRAINER, "cohort_id": 1, "given_at": now},
        ])),
        (Batch, batches()),
        (Voucher, vouchers()),
        (Redemption, ({"enrolment_id": n, "voucher_id": n, "at": now} for n in range(1, size + 1))),
        (Slot, slots()),
        (Mark, marks()),
        (Signatory, iter([{"programme_id": 1, "name": {"en": "A. Seitkali"}, "post": {"en": "Chair"}}])),
        (Series, iter([{"programme_id": 1, "year": years, "last": size}])),
        (Certificate, certificates()),
    ]  # fmt: skip


def token() -> str:
    """Something no other run used."""
    return secrets.token_hex(6)
