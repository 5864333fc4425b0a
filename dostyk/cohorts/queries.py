"""What pages and rules read about cohorts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import g, has_request_context
from sqlalchemy.orm import contains_eager, joinedload
from sqlalchemy.sql import ColumnElement

from dostyk.cohorts import rules
from dostyk.cohorts.models import Assignment, Cohort, CountrySeats, Enrolment, SeatMove
from dostyk.cohorts.reserves import reserved
from dostyk.cohorts.rules import CODE, HOLDING, CohortFacts, EnrolmentState, Phase, SeatTable
from dostyk.core.access import Grant, Permission, Role, grants_with
from dostyk.core.database import db
from dostyk.core.text import clean_name
from dostyk.courses.models import Course, Project
from dostyk.courses.panels import Held
from dostyk.people.models import Account, Organisation, Person
from dostyk.people.queries import account_by_email, named
from dostyk.people.queries import within as people_they_reach

# What every page of a cohort shows in its head: one statement.
HEAD = (
    joinedload(Cohort.course, innerjoin=True).joinedload(Course.project, innerjoin=True).joinedload(Project.programme, innerjoin=True),
    joinedload(Cohort.host, innerjoin=True),
)


def by_code(code: str) -> Cohort | None:
    """The cohort with its course, programme and host, however the letters of its code are cased."""
    if not CODE.fullmatch(code.upper()):  # nothing that is no code reaches the database, which may not even be able to read it
        return None
    return db.session.scalar(sa.select(Cohort).where(Cohort.code == code.upper()).options(*HEAD))


def grants_of(person_id: int) -> Sequence[Grant]:
    """The grants of a person: the roles assigned to them, and participant in every cohort where they hold a seat. One statement."""
    assigned = sa.select(Assignment.role, Assignment.cohort_id, Assignment.organisation_id, Assignment.country).where(
        Assignment.person_id == person_id
    )
    enrolled = sa.select(sa.literal(Role.PARTICIPANT.value), Enrolment.cohort_id, sa.null(), sa.null()).where(
        Enrolment.person_id == person_id, Enrolment.state == EnrolmentState.ENROLLED
    )
    rows: Sequence[Any] = db.session.execute(sa.union_all(assigned, enrolled)).all()
    return [Grant(Role(role), cohort_id, organisation_id, country) for role, cohort_id, organisation_id, country in rows]


def covers(cohort: Cohort, grant: Grant) -> bool:
    """Whether a grant that is not everywhere reaches `cohort`: its own, its host's, its donor's, or one of its countries'.

    The same as SQL: `within`. A test holds the two together.
    """
    if grant.cohort_id is not None:
        return grant.cohort_id == cohort.id
    if grant.organisation_id is not None:
        return grant.organisation_id in (cohort.host_id, cohort.course.project.donor_id)
    return grant.country in _countries_of(cohort.id)


def _countries_of(cohort_id: int) -> frozenset[str]:
    """The countries for which a cohort holds seats; read once a request, because every tab of a page asks."""
    known: dict[int, frozenset[str]] = g.setdefault("countries_of_cohorts", {}) if has_request_context() else {}
    if cohort_id not in known:
        known[cohort_id] = frozenset(db.session.scalars(sa.select(CountrySeats.country).where(CountrySeats.cohort_id == cohort_id)))
    return known[cohort_id]


def within(grants: Sequence[Grant]) -> ColumnElement[bool]:
    """The cohorts that any of `grants` reaches, as a condition: `covers` for lists."""
    if any(grant.everywhere for grant in grants):
        return sa.true()
    organisations = [g.organisation_id for g in grants if g.organisation_id is not None]
    countries = [g.country for g in grants if g.country is not None]
    conditions: list[ColumnElement[bool]] = [sa.false(), Cohort.id.in_([g.cohort_id for g in grants if g.cohort_id is not None])]
    if organisations:
        donated = sa.select(Course.id).join(Project).where(Project.donor_id.in_(organisations))
        conditions += [Cohort.host_id.in_(organisations), Cohort.course_id.in_(donated)]
    if countries:
        conditions.append(Cohort.id.in_(sa.select(CountrySeats.cohort_id).where(CountrySeats.country.in_(countries))))
    return sa.or_(*conditions)


def visible(permission: Permission) -> sa.Select[Cohort]:
    """The cohorts in which whoever is signed in has `permission`."""
    return sa.select(Cohort).where(seen(permission))


def people_within(grants: Sequence[Grant]) -> ColumnElement[bool]:
    """The people whom any of `grants` (none of them everywhere) reaches, as a condition on `Person`.

    A grant for a cohort reaches who has or had a seat or a role there; for an organisation, its own people and those
    of the cohorts that it hosts; for a country, its people.
    """
    cohorts = [g.cohort_id for g in grants if g.cohort_id is not None]
    organisations = [g.organisation_id for g in grants if g.organisation_id is not None]
    countries = [g.country for g in grants if g.country is not None]
    conditions: list[ColumnElement[bool]] = [sa.false()]
    if cohorts:
        seated = sa.select(Enrolment.person_id).where(Enrolment.cohort_id.in_(cohorts))
        assigned = sa.select(Assignment.person_id).where(Assignment.cohort_id.in_(cohorts))
        conditions += [Person.id.in_(seated), Person.id.in_(assigned)]
    if organisations:
        hosted = sa.select(Enrolment.person_id).join(Cohort, Cohort.id == Enrolment.cohort_id).where(Cohort.host_id.in_(organisations))
        conditions += [Person.organisation_id.in_(organisations), Person.id.in_(hosted)]
    if countries:
        conditions.append(Person.country.in_(countries))
    return sa.or_(*conditions)


def seen(permission: Permission) -> ColumnElement[bool]:
    """The cohorts in which whoever is signed in has `permission`, as a condition."""
    return within(grants_with(permission))


def seen_with(permission: Permission, cohorts: Collection[Cohort]) -> set[int]:
    """The numbers of those of `cohorts` in which whoever is signed in has `permission`. One statement for all of them."""
    if not cohorts:
        return set()
    ids = [cohort.id for cohort in cohorts]
    return set(db.session.scalars(sa.select(Cohort.id).where(Cohort.id.in_(ids), seen(permission))))


def codes_like(prefix: str) -> set[str]:
    """The codes that begin with `prefix`."""
    return set(db.session.scalars(sa.select(Cohort.code).where(Cohort.code.startswith(prefix, autoescape=True))))


def phase_is(phase: Phase, now: datetime) -> ColumnElement[bool]:
    """The cohorts that are in `phase` at `now`, each on the calendar of its venue: `Cohort.phase` for lists. One statement."""
    if phase is Phase.ARCHIVED:
        return Cohort.archived_at.is_not(None)
    zones: dict[date, list[str]] = {}
    for zone in db.session.scalars(sa.select(Cohort.time_zone).distinct()):
        zones.setdefault(now.astimezone(ZoneInfo(zone)).date(), []).append(zone)
    conditions: list[ColumnElement[bool]] = [sa.false()]
    for today, alike in zones.items():
        there = {
            Phase.UPCOMING: Cohort.starts_on > today,
            Phase.RUNNING: sa.and_(Cohort.starts_on <= today, Cohort.ends_on >= today),
            Phase.FINISHED: Cohort.ends_on < today,
        }[phase]
        conditions.append(sa.and_(Cohort.time_zone.in_(alike), there))
    return sa.and_(Cohort.archived_at.is_(None), sa.or_(*conditions))


# --- What courses are told ------------------------------------------------------------------------------------------


def coming(courses: Collection[int], now: datetime) -> Mapping[int, Sequence[Held]]:
    """The cohorts of these courses that have not begun, the soonest first. One statement."""
    found: dict[int, list[Held]] = {}
    select = (
        sa.select(
            Cohort.course_id,
            Cohort.code,
            Organisation.name,
            Cohort.city,
            Cohort.starts_on,
            Cohort.ends_on,
            Cohort.opens_at,
            Cohort.closes_at,
            Cohort.time_zone,
            Cohort.taken < Cohort.capacity,
        )
        .join(Organisation, Organisation.id == Cohort.host_id)
        # A day of grace for zones ahead or behind; which day it is at the venue is asked below.
        .where(Cohort.course_id.in_(courses), Cohort.archived_at.is_(None), Cohort.starts_on >= (now - timedelta(days=1)).date())
        .order_by(Cohort.starts_on, Cohort.code)
    )
    for course_id, code, host, city, starts_on, ends_on, opens, closes, zone, free in db.session.execute(select):
        if starts_on > now.astimezone(ZoneInfo(zone)).date():
            within_window = opens <= now < closes
            held = Held(code, host, city, starts_on, ends_on, bool(free) and within_window, zone, closes, within_window and not free)
            found.setdefault(course_id, []).append(held)
    return found


def course_in_use(course_id: int) -> bool:
    """Whether a course has a cohort."""
    return db.session.scalar(sa.select(Cohort.id).where(Cohort.course_id == course_id).limit(1)) is not None


def programme_in_use(programme_id: int) -> bool:
    """Whether any course of a programme has a cohort."""
    of_it = sa.select(Cohort.id).join(Cohort.course).join(Course.project).where(Project.programme_id == programme_id)
    return db.session.scalar(of_it.limit(1)) is not None


# --- Seats and people of a cohort -----------------------------------------------------------------------------------


def seat_table(cohort: Cohort, now: datetime, *, lock: bool = False) -> SeatTable:
    """All seats of a cohort at `now`, those promised among them. One statement, and one for each room that promises seats.

    `lock` holds the seats until the unit of work ends, so that two who take what is free take it one after the other:
    the rows of the countries by code, else that of the cohort (see service.seats for the order).
    """
    held = _held(cohort, lock=lock)
    if lock:
        db.session.refresh(cohort, ["capacity", "taken"], with_for_update=None if held else {"key_share": True})
    return rules.seat_table(cohort.capacity, cohort.taken, held, reserved(cohort.id, now))


def _held(cohort: Cohort, *, lock: bool) -> dict[str, tuple[int, int]]:
    """Seats held for countries and how many of them are taken."""
    select = sa.select(CountrySeats.country, CountrySeats.seats, CountrySeats.taken).where(CountrySeats.cohort_id == cohort.id)
    select = select.order_by(CountrySeats.country)
    rows = db.session.execute(select.with_for_update(key_share=True) if lock else select)
    return {country: (seats, taken) for country, seats, taken in rows}


def facts(cohort: Cohort, country: str | None, *, promised: bool, now: datetime) -> CohortFacts:
    """What decides whether somebody of `country` gets a seat.

    `promised`: one that is reserved for them, so that what others were promised does not matter: one statement. Else
    the seats are counted and held as by `seat_table`.
    """
    table = (
        rules.seat_table(cohort.capacity, cohort.taken, _held(cohort, lock=False), {}) if promised else seat_table(cohort, now, lock=True)
    )
    return CohortFacts(
        archived=cohort.archived_at is not None,
        opens=cohort.opens_at,
        closes=cohort.closes_at,
        capacity=table.total,
        by_country=bool(table.countries),
        country=table.countries.get(country or ""),
    )


def moves_of(cohort: Cohort, country: str | None = None) -> list[SeatMove]:
    """The moves of seats in a cohort, the newest first, with who made them; of one country only, if told. One statement."""
    select = sa.select(SeatMove).where(SeatMove.cohort_id == cohort.id).options(joinedload(SeatMove.by)).order_by(SeatMove.id.desc())
    if country is not None:
        select = select.where(sa.or_(SeatMove.from_country == country, SeatMove.to_country == country))
    return list(db.session.scalars(select))


def seats_of(cohort: Cohort) -> list[CountrySeats]:
    """The seats held for countries, by code of the country; empty when the cohort is open to all alike."""
    return list(db.session.scalars(sa.select(CountrySeats).where(CountrySeats.cohort_id == cohort.id).order_by(CountrySeats.country)))


def participants(cohort: Cohort, state: EnrolmentState | None = EnrolmentState.ENROLLED) -> list[Enrolment]:
    """The enrolments of a cohort with their people, by name; with `state=None` also those who withdrew. One statement."""
    select = (
        sa.select(Enrolment)
        .join(Person, Person.id == Enrolment.person_id)
        .where(Enrolment.cohort_id == cohort.id)
        .options(contains_eager(Enrolment.person))
        .order_by(Person.sort_name, Person.id)
    )
    return list(db.session.scalars(select.where(Enrolment.state == state) if state else select))


def countries_in(cohort: Cohort) -> set[str]:
    """The countries from which people come or came. One statement."""
    of_it = (
        sa.select(Person.country)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .where(Enrolment.cohort_id == cohort.id, Person.country.is_not(None))
    )
    return {country for country in db.session.scalars(of_it.distinct()) if country}


def enrolment_of(cohort_id: int, person_id: int) -> Enrolment | None:
    """The enrolment of a person in a cohort, withdrawn or not."""
    return db.session.scalar(
        sa.select(Enrolment)
        .where(Enrolment.cohort_id == cohort_id, Enrolment.person_id == person_id)
        .options(joinedload(Enrolment.person, innerjoin=True))
    )


def enrolment(cohort: Cohort, enrolment_id: int) -> Enrolment | None:
    """An enrolment of this cohort with its person; None when the number belongs to another cohort."""
    return db.session.scalar(
        sa.select(Enrolment)
        .where(Enrolment.cohort_id == cohort.id, Enrolment.id == enrolment_id)
        .options(joinedload(Enrolment.person, innerjoin=True))
    )


STAFF = (Role.COORDINATOR, Role.TRAINER)


def staff_of(cohort: Cohort) -> list[Assignment]:
    """Who coordinates and who teaches in this cohort, coordinators first, with their people. One statement."""
    return list(
        db.session.scalars(
            sa.select(Assignment)
            .join(Person, Person.id == Assignment.person_id)
            .where(Assignment.cohort_id == cohort.id, Assignment.role.in_(STAFF))
            .options(contains_eager(Assignment.person))
            .order_by(Assignment.role, Person.sort_name, Person.id)
        )
    )


def people_for_staff(cohort: Cohort) -> list[Person]:
    """Who coordinates or teaches in other cohorts, or everywhere: whom to choose from first, by name. One statement."""
    here = sa.select(Assignment.person_id).where(Assignment.cohort_id == cohort.id)
    busy = sa.select(Assignment.person_id).where(Assignment.role.in_(STAFF))
    return list(
        db.session.scalars(
            sa.select(Person)
            .where(Person.id.in_(busy), Person.id.not_in(here), Person.archived_at.is_(None))
            .order_by(Person.sort_name, Person.id)
            .limit(500)
        )
    )


def assignment_of(cohort: Cohort, assignment_id: int) -> Assignment | None:
    """A role given for this cohort; None when the number belongs to something else."""
    return db.session.scalar(
        sa.select(Assignment)
        .where(Assignment.id == assignment_id, Assignment.cohort_id == cohort.id, Assignment.role.in_(STAFF))
        .options(joinedload(Assignment.person, innerjoin=True))
    )


def person_of_address(address: str) -> Person | None:
    """Whoever signs in with this e-mail address, else the one person without an account who has it; None when nobody or several have.

    Who has an account writes the address in their profile themselves: it must not bring them a role that is meant for another.
    """
    address = address.strip()
    if account := account_by_email(address):
        return account.person
    theirs = sa.and_(sa.func.lower(Person.email) == address.lower(), Person.archived_at.is_(None))
    without_account = ~sa.exists().where(Account.person_id == Person.id)
    found = db.session.scalars(sa.select(Person).where(theirs, without_account).limit(2)).all()
    return found[0] if len(found) == 1 else None


def candidates(cohort: Cohort, typed: str, limit: int = 20) -> list[Person]:
    """People who hold no seat in `cohort` and match what was typed: those whom the coordinator may see, and by whole address anybody."""
    typed = clean_name(typed)
    if not typed:
        return []
    seated = sa.select(Enrolment.person_id).where(Enrolment.cohort_id == cohort.id, Enrolment.state.in_(HOLDING))
    known = sa.and_(people_they_reach(grants_with(Permission.SEE_PEOPLE)), named(typed))
    select = sa.select(Person).where(
        sa.or_(known, sa.func.lower(Person.email) == typed.lower()), Person.id.not_in(seated), Person.archived_at.is_(None)
    )
    return list(db.session.scalars(select.order_by(Person.sort_name, Person.id).limit(limit)))


def seats_of_person(person_id: int) -> list[Enrolment]:
    """The seats of a person, withdrawn or not, in the cohorts whose participants whoever is signed in may see; the latest first."""
    return list(
        db.session.scalars(
            sa.select(Enrolment)
            .join(Enrolment.cohort)
            .where(Enrolment.person_id == person_id, within(grants_with(Permission.SEE_PARTICIPANTS)))
            .options(contains_eager(Enrolment.cohort).joinedload(Cohort.course, innerjoin=True))
            .order_by(Cohort.starts_on.desc(), Cohort.id.desc())
        )
    )


# --- What needs a coordinator ---------------------------------------------------------------------------------------


def closing_with_free_seats(now: datetime, until: datetime) -> list[Cohort]:
    """Cohorts of the coordinator whose window closes before `until` while seats are free, the soonest first. One statement."""
    return list(
        db.session.scalars(
            visible(Permission.EDIT_COHORT)
            .where(
                Cohort.archived_at.is_(None),
                Cohort.opens_at <= now,
                Cohort.closes_at > now,
                Cohort.closes_at <= until,
                Cohort.taken < Cohort.capacity,
            )
            .options(joinedload(Cohort.course, innerjoin=True))
            .order_by(Cohort.closes_at, Cohort.id)
            .limit(5)
        )
    )


def without_trainer(now: datetime, until: date) -> list[Cohort]:
    """Cohorts of the coordinator that begin by `until`, or run already, and have no trainer, the soonest first. One statement."""
    taught = sa.select(Assignment.cohort_id).where(Assignment.role == Role.TRAINER, Assignment.cohort_id.is_not(None))
    return list(
        db.session.scalars(
            visible(Permission.EDIT_COHORT)
            .where(Cohort.archived_at.is_(None), Cohort.ends_on >= now.date(), Cohort.starts_on <= until, Cohort.id.not_in(taught))
            .options(joinedload(Cohort.course, innerjoin=True))
            .order_by(Cohort.starts_on, Cohort.id)
            .limit(5)
        )
    )
