"""Rows for tests: plain functions that save in a unit of work and return the row. Every argument has a default."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from dostyk.certificates import queries as certificates
from dostyk.certificates import service as certificate_service
from dostyk.certificates.models import Certificate, Signatory
from dostyk.cohorts.models import Assignment, Cohort, CountrySeats, Enrolment
from dostyk.cohorts.rules import HOLDING, EnrolmentState
from dostyk.core import mail, outbox
from dostyk.core.access import Role
from dostyk.core.clock import utcnow
from dostyk.core.database import Model, db, work
from dostyk.core.mail import Mail
from dostyk.core.text import fold, new_code
from dostyk.core.uploads import Upload
from dostyk.courses.models import Course, Programme, Project
from dostyk.courses.rules import CourseKind
from dostyk.letters.models import VisaDetails
from dostyk.nominees.models import Nominee
from dostyk.people.models import Account, Organisation, Person
from dostyk.people.rules import OrganisationKind, Sex, name_key
from dostyk.schedule.models import Slot
from dostyk.schedule.rules import SlotKind
from dostyk.vouchers.models import Batch, Redemption, Voucher
from dostyk.waiting.models import WaitingEntry
from dostyk.waiting.rules import WaitingState

ZONE = ZoneInfo("Asia/Almaty")
_number = count(1)
Row = TypeVar("Row", bound=Model)


def save(row: Row) -> Row:
    with work():
        db.session.add(row)
    return row


def an_organisation(kind: OrganisationKind = OrganisationKind.PARTNER, country: str = "KG", **values: Any) -> Organisation:
    name = values.pop("name", {"en": f"Body {next(_number)}"})
    return save(Organisation(kind=kind, name=name, country=country, search=fold(" ".join(name.values())), **values))


def a_host(**values: Any) -> Organisation:
    return an_organisation(OrganisationKind.HOST, "KZ", **{"city": {"en": "Almaty", "ru": "Алматы", "kk": "Алматы"}, **values})


def a_person(full_name: str = "", **values: Any) -> Person:
    full_name = full_name or f"Nurzhan Omurbekov {next(_number)}"
    own_name = values.pop("own_name", "Өмүрбеков Нүржан")
    defaults = {"country": "KG", "sex": Sex.MALE, "email": "", "created_at": utcnow()}
    values = {**defaults, **values}
    search = fold(f"{full_name} {own_name} {values['email']}")
    keys = {"sort_name": fold(values.get("family_name", "") or full_name), "name_key": name_key(fold(full_name)), "search": search}
    return save(Person(full_name=full_name, own_name=own_name, **keys, **values))


def an_account(person: Person | None = None, **values: Any) -> Account:
    number = next(_number)
    person = person or a_person()
    defaults = {
        "email": person.email or f"person{number}@example.org",
        "fs_uniquifier": f"uniquifier{number}",
        "active": True,
        "language": "en",
        "confirmed_at": datetime(2026, 1, 1),
    }
    return save(Account(person=person, created_at=utcnow(), **{**defaults, **values}))


def somebody(
    role: Role | None = None,
    *,
    cohort: Cohort | None = None,
    organisation: Organisation | None = None,
    country: str | None = None,
    **values: Any,
) -> Person:
    """A person with an account and, if told, a role for a scope (none: everywhere)."""
    person = a_person(**values)
    an_account(person)
    if role:
        an_assignment(person, role, cohort=cohort, organisation=organisation, country=country)
    return person


def an_assignment(person: Person, role: Role, **scope: Any) -> Assignment:
    return save(Assignment(person=person, role=role, given_at=utcnow(), **scope))


def a_programme(code: str = "", **values: Any) -> Programme:
    return save(Programme(code=code or f"P{next(_number)}", title=values.pop("title", {"en": "Dostyk: Digitalization"}), **values))


def a_project(programme: Programme | None = None, **values: Any) -> Project:
    return save(Project(programme=programme or a_programme(), title=values.pop("title", {"en": "Project"}), **values))


def a_course(project: Project | None = None, **values: Any) -> Course:
    title = values.pop(
        "title", {"en": "Digital Public Services", "ru": "Цифровые государственные услуги", "kk": "Цифрлық мемлекеттік қызметтер"}
    )
    defaults: dict[str, Any] = {
        "slug": f"course-{next(_number)}", "kind": CourseKind.ADVANCED, "academic_hours": Decimal(40),
        "minutes_per_hour": 45, "languages": ["ru"],
    }  # fmt: skip
    return save(Course(project=project or a_project(), title=title, search=fold(" ".join(title.values())), **{**defaults, **values}))


def a_cohort(
    course: Course | None = None, seats: dict[str, int] | None = None, starts_on: date | None = None, days: int = 5, **values: Any
) -> Cohort:
    """A cohort that runs today and whose window is open, with seats for countries if told."""
    starts_on = starts_on or utcnow().astimezone(ZONE).date()
    defaults: dict[str, Any] = {
        "code": f"COH-{next(_number)}", "city": {"en": "Almaty"}, "time_zone": "Asia/Almaty", "capacity": sum((seats or {}).values()) or 30,
        "opens_at": utcnow() - timedelta(days=10), "closes_at": utcnow() + timedelta(days=10), "host": values.pop("host", None) or a_host(),
    }  # fmt: skip
    course = course or a_course()
    cohort = Cohort(course=course, starts_on=starts_on, ends_on=starts_on + timedelta(days=days - 1), taken=0, **{**defaults, **values})
    cohort.search = fold(" ".join((cohort.code, *course.title.values(), *cohort.city.values())))
    save(cohort)
    for country, number in (seats or {}).items():
        save(CountrySeats(cohort=cohort, country=country, seats=number, taken=0))
    return cohort


def an_enrolment(cohort: Cohort | None = None, person: Person | None = None, country: str | None = None, **values: Any) -> Enrolment:
    """A seat, counted as taken in the cohort and, if it has seats for the country, there."""
    cohort = cohort or a_cohort()
    with work():
        row = Enrolment(cohort=cohort, person=person or a_person(), country=country, enrolled_at=utcnow(), state=EnrolmentState.ENROLLED)
        for name, value in values.items():
            setattr(row, name, value)
        db.session.add(row)
        if row.state in HOLDING:
            cohort.taken += 1
            if country and (seats := db.session.get(CountrySeats, (cohort.id, country))):
                seats.taken += 1
    return row


def a_slot(cohort: Cohort | None = None, *, day: int = 0, hour: int = 9, minutes: int = 90, **values: Any) -> Slot:
    """A training slot of two academic hours on the cohort's day number `day`, at `hour` o'clock at its venue."""
    cohort = cohort or a_cohort()
    starts = datetime.combine(cohort.starts_on + timedelta(days=day), time(hour), ZoneInfo(cohort.time_zone)).astimezone(UTC)
    defaults: dict[str, Any] = {"kind": SlotKind.TRAINING, "title": {"en": "E-government in practice"}, "academic_hours": Decimal(2)}
    if values.get("kind") is SlotKind.CULTURAL:
        defaults["academic_hours"] = Decimal(0)
    return save(Slot(cohort=cohort, starts_at=starts, ends_at=starts + timedelta(minutes=minutes), **{**defaults, **values}))


def a_batch(
    cohort: Cohort | None = None, quantity: int = 3, *, country: str = "KG", organisation: Organisation | None = None, **values: Any
) -> Batch:
    """A batch with `quantity` open vouchers."""
    cohort = cohort or a_cohort(seats={country: quantity})
    defaults: dict[str, Any] = {
        "valid_until": utcnow() + timedelta(days=5),
        "created_at": utcnow(),
        "issued_at": utcnow(),
        "language": "en",
    }
    issued_by = values.pop("issued_by", None) or a_person()
    body = organisation or an_organisation(country=country)
    batch = save(Batch(cohort=cohort, organisation=body, country=country, quantity=quantity, issued_by=issued_by, **{**defaults, **values}))
    with work():
        db.session.add_all([Voucher(batch=batch, code=new_code(), uses=1, used=0) for _ in range(quantity)])
    return batch


def vouchers_of(batch: Batch) -> list[Voucher]:
    return list(db.session.scalars(sa.select(Voucher).where(Voucher.batch_id == batch.id).order_by(Voucher.id)))


def account_of(person: Person) -> Account:
    return db.session.scalars(sa.select(Account).where(Account.person_id == person.id)).one()


def a_certificate(enrolment: Enrolment | None = None, *, by: Person | None = None) -> Certificate:
    """A certificate as the worker issues it, though nobody was marked: agency and signatory are made where they are missing."""
    enrolment = enrolment or an_enrolment()
    by = by or a_person()
    cohort = enrolment.cohort
    programme = cohort.course.project.programme
    if not certificates.agency():
        an_organisation(OrganisationKind.AGENCY, "KZ", name={"en": "Agency", "ru": "Агентство", "kk": "Агенттік"})
    if not certificates.signatory_of(programme.id):
        save(Signatory(programme_id=programme.id, name={"en": "A. Seitkali"}, post={"en": "Chair"}))
    with work():
        (candidate,) = [c for c in certificates.candidates(cohort, utcnow()) if c.enrolment.id == enrolment.id]
        issued = certificate_service.issue_one(certificate_service.terms_of(cohort), candidate, by=by, now=utcnow())
        assert issued is not None
    return issued


def visa_details(enrolment: Enrolment, **values: Any) -> VisaDetails:
    """What the letter of invitation of an enrolment prints."""
    today = utcnow().date()
    defaults = {"passport_number": "AN 7654321", "passport_expires_on": today + timedelta(days=900), "citizenship": "KG"}
    return save(VisaDetails(enrolment=enrolment, born_on=today - timedelta(days=12_000), given_at=utcnow(), **{**defaults, **values}))


def a_letter(**values: Any) -> Mail:
    with work():
        return mail.send(**{"kind": "test", "to": "aigul@example.org", "subject": "Letter", "body": "Text", "language": "en", **values})


def an_upload(cohort: Cohort, by: Person, **values: Any) -> Upload:
    """A file of participants that was handed in, and waits for the worker."""
    defaults: dict[str, Any] = {
        "kind": "participants", "subject": f"cohort:{cohort.id}", "name": "people.csv", "content": b"Full name,Country", "at": utcnow(),
        "report": {},
    }  # fmt: skip
    return save(Upload(by_id=by.id, **{**defaults, **values}))


def a_job(name: str = "test.note", **values: Any) -> outbox.Job:
    with work():
        return outbox.enqueue(name, **values)


def a_place(cohort: Cohort, person: Person | None = None, **values: Any) -> WaitingEntry:
    """A place at the end of the waiting list of the person's country."""
    person = person or a_person()
    defaults: dict[str, Any] = {"country": person.country or "KG", "joined_at": utcnow(), "state": WaitingState.WAITING}
    return save(WaitingEntry(cohort=cohort, person=person, **{**defaults, **values}))


def a_redemption(voucher: Voucher, enrolment: Enrolment, **values: Any) -> Redemption:
    """The voucher gave this seat: one use of it is gone."""
    with work():
        voucher.used += 1
        row = Redemption(voucher=voucher, enrolment=enrolment, **{"at": utcnow(), **values})
        db.session.add(row)
    return row


def a_nominee(batch: Batch | None = None, full_name: str = "", *, bound: bool = True, **values: Any) -> Nominee:
    """Somebody named for a seat of the batch, with the first voucher that is nobody's."""
    batch, full_name = batch or a_batch(), full_name or f"Gulnara Asanova {chr(97 + next(_number) % 26)}"
    keys = {"sort_name": fold(full_name)[:220], "name_key": name_key(fold(full_name)), "search": fold(full_name)}
    defaults: dict[str, Any] = {"email": "", "languages": ["ru"], "letter_language": "ru", "named_at": utcnow(), "sex": Sex.FEMALE}
    taken = sa.select(Nominee.voucher_id).where(Nominee.voucher_id.is_not(None))
    free = sa.select(Voucher).where(Voucher.batch_id == batch.id, Voucher.used == 0, Voucher.revoked_at.is_(None), Voucher.id.not_in(taken))
    with work():
        by = values.pop("named_by", None) or a_person()
        voucher = values.pop("voucher", None) or (db.session.scalar(free.order_by(Voucher.id).limit(1)) if bound else None)
        row = Nominee(batch=batch, voucher=voucher, full_name=full_name, named_by=by, **keys, **{**defaults, **values})
        if voucher is not None and row.email:
            voucher.email = row.email
        db.session.add(row)
    return row
