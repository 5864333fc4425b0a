"""What pages and rules read of timetables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload

from dostyk.cohorts.models import Assignment, Cohort, CountrySeats
from dostyk.cohorts.queries import HEAD
from dostyk.core.access import Role
from dostyk.core.database import db
from dostyk.core.text import fold
from dostyk.people.models import Account, Person
from dostyk.schedule import rules
from dostyk.schedule.models import Slot
from dostyk.schedule.rules import SlotKind, SlotWarning

# No slot is longer than a day: what is going on now began within these.
_LONGEST = timedelta(days=1)


@dataclass(frozen=True)
class Day:
    """A day at the venue with its slots; `hours` are the academic hours of those that are not cancelled."""

    on: date
    slots: Sequence[Slot]

    @property
    def hours(self) -> Decimal:
        return planned_hours(self.slots)


def slots_of(cohort: Cohort, kind: SlotKind | None = None) -> list[Slot]:
    """The slots of a cohort in order, cancelled ones too, with their trainers; of one kind when told. One statement."""
    select = sa.select(Slot).where(Slot.cohort_id == cohort.id)
    if kind is not None:
        select = select.where(Slot.kind == kind)
    return list(db.session.scalars(select.options(joinedload(Slot.trainer)).order_by(Slot.starts_at, Slot.ends_at, Slot.id)))


def slot_of(cohort_id: int, slot_id: int) -> Slot | None:
    """A slot of that cohort with its trainer; None for a slot of another one."""
    select = sa.select(Slot).where(Slot.id == slot_id, Slot.cohort_id == cohort_id)
    return db.session.scalar(select.options(joinedload(Slot.trainer)))


def next_slots(cohort: Cohort, now: datetime, number: int = 3) -> list[Slot]:
    """What is going on at `now` and what comes next, without cancelled slots."""
    select = sa.select(Slot).where(Slot.cohort_id == cohort.id, Slot.ends_at > now, Slot.cancelled_at.is_(None))
    return list(db.session.scalars(select.options(joinedload(Slot.trainer)).order_by(Slot.starts_at, Slot.id).limit(number)))


def around(now: datetime) -> sa.Select[Slot]:
    """Slots that may belong to the day of their venue, with their cohorts; `of_today` keeps those that do.

    Cancelled slots and archived cohorts are left out.
    """
    return (
        sa.select(Slot)
        .join(Slot.cohort)
        .options(contains_eager(Slot.cohort).options(*HEAD), joinedload(Slot.trainer))
        .where(
            Slot.starts_at > now - 2 * _LONGEST,
            Slot.starts_at < now + 2 * _LONGEST,
            Slot.cancelled_at.is_(None),
            Cohort.archived_at.is_(None),
        )
        .order_by(Slot.starts_at, Slot.id)
    )


def of_today(slots: Iterable[Slot], now: datetime) -> list[Slot]:
    """Those slots that begin on the present day of their venue, or have not ended since yesterday."""
    return [slot for slot in slots if day_of(slot) == slot.cohort.today(now) or slot.starts_at <= now < slot.ends_at]


def today_of_trainer(person: Person, now: datetime) -> list[Slot]:
    """The slots that `person` gives today, by the calendar of each venue, with their cohorts. One statement."""
    return of_today(db.session.scalars(around(now).where(Slot.trainer_id == person.id)).unique(), now)


def day_of(slot: Slot) -> date:
    """The day at the venue on which a slot begins; its cohort must be loaded."""
    return slot.starts_at.astimezone(ZoneInfo(slot.cohort.time_zone)).date()


def days(slots: Iterable[Slot], zone: str) -> list[Day]:
    """Slots in order as days at the venue; a slot across midnight belongs to the day on which it begins."""
    clock = ZoneInfo(zone)
    return [Day(on, tuple(group)) for on, group in groupby(slots, key=lambda slot: slot.starts_at.astimezone(clock).date())]


def planned_hours(slots: Iterable[Slot]) -> Decimal:
    """The academic hours of slots that are not cancelled."""
    return sum((slot.academic_hours for slot in slots if slot.cancelled_at is None), Decimal(0))


def warnings_of(cohort: Cohort, slots: Sequence[Slot]) -> dict[int, list[SlotWarning]]:
    """What a coordinator should look at twice, by the number of the slot."""
    valid = [slot for slot in slots if slot.cancelled_at is None]
    together = rules.overlapping({slot.id: slot.span for slot in valid})
    return {
        slot.id: told
        for slot in valid
        if (
            told := rules.warnings(
                slot.span,
                slot.academic_hours,
                zone=cohort.time_zone,
                minutes_per_hour=cohort.course.minutes_per_hour,
                starts_on=cohort.starts_on,
                ends_on=cohort.ends_on,
                others=[slot.span] if slot.id in together else [],
            )
        )
    }


def trainers(cohort: Cohort) -> list[Person]:
    """Who may give a slot of the cohort: its trainers and coordinators, by name. One statement."""
    return list(dict.fromkeys(person for person, _address in _trainers(cohort)))


def _trainers(cohort: Cohort) -> list[tuple[Person, str | None]]:
    countries = sa.select(CountrySeats.country).where(CountrySeats.cohort_id == cohort.id)
    covered = sa.or_(
        Assignment.cohort_id == cohort.id,
        Assignment.organisation_id.in_([i for i in (cohort.host_id, cohort.course.project.donor_id) if i is not None]),
        Assignment.country.in_(countries),
        sa.and_(Assignment.cohort_id.is_(None), Assignment.organisation_id.is_(None), Assignment.country.is_(None)),
    )
    select = (
        sa.select(Person, Account.email)
        .join(Assignment, Assignment.person_id == Person.id)
        .outerjoin(Account, Account.person_id == Person.id)
        .where(Assignment.role.in_((Role.TRAINER, Role.COORDINATOR)), covered)
        .order_by(Person.sort_name, Person.id)
    )
    return [(person, address) for person, address in db.session.execute(select)]


def plan(cohort: Cohort) -> rules.Plan:
    """What a pasted timetable is read against. Two statements."""
    return rules.Plan(
        zone=cohort.time_zone,
        minutes_per_hour=cohort.course.minutes_per_hour,
        starts_on=cohort.starts_on,
        ends_on=cohort.ends_on,
        known=[known(slot) for slot in slots_of(cohort)],
        trainers=_finder(_trainers(cohort)),
    )


def known(slot: Slot) -> rules.Known:
    """A slot as the rules see it."""
    titles, cancelled = frozenset(slot.title.values()), slot.cancelled_at is not None
    return rules.Known(slot.span, slot.kind, titles, slot.place, slot.trainer_id, slot.academic_hours, cancelled)


def _finder(trainers: Iterable[tuple[Person, str | None]]) -> Callable[[str], Collection[int]]:
    """Finds trainers by address or by name in any script and spelling."""
    by_name: dict[str, set[int]] = {}
    for person, address in trainers:
        for written in (person.email, address, person.full_name, person.own_name, f"{person.family_name} {person.given_name}"):
            if written and written.strip():
                by_name.setdefault(fold(written), set()).add(person.id)
    return lambda written: by_name.get(fold(written), frozenset())
