"""What is read to tell whom the rows of a file are about; a constant number of statements, however many rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.cohorts.queries import grants_of
from dostyk.cohorts.rules import EnrolmentState
from dostyk.core.access import GRANTS, Permission
from dostyk.core.database import db
from dostyk.core.text import fold
from dostyk.imports.rules import Identity, Known
from dostyk.people.models import Account, Person
from dostyk.people.queries import within


@dataclass(frozen=True)
class Register:
    """The part of the register that the rows may be about."""

    people: Mapping[int, Person]
    holders: Mapping[str, Sequence[Known]]  # by e-mail address
    namesakes: Mapping[tuple[str, str | None], Sequence[Known]]  # by key of the name and country
    seats: Mapping[int, EnrolmentState]  # in the cohort, by person


def cohort_by_id(cohort_id: int) -> Cohort:
    """The cohort as it is now."""
    return db.session.get_one(Cohort, cohort_id, populate_existing=True)


def register_for(cohort_id: int, rows: Collection[Identity]) -> Register:
    """Everybody whom one of `rows` may be about. At most six statements."""
    addresses = {row.email for row in rows if row.email}
    holders = _holders(addresses)
    unknown = [row for row in rows if row.email not in holders]
    numbers = {number for found in holders.values() for number in found} | _namesakes(unknown)
    people: dict[int, Person] = {}
    seats: dict[int, EnrolmentState] = {}
    if numbers:
        select = sa.select(Person).where(Person.id.in_(numbers))
        people = {person.id: person for person in db.session.scalars(select.execution_options(populate_existing=True))}
        here = sa.select(Enrolment.person_id, Enrolment.state).where(Enrolment.cohort_id == cohort_id, Enrolment.person_id.in_(numbers))
        seats = dict(db.session.execute(here).all())
    known = {number: _known(person, number in seats) for number, person in people.items()}
    by_name: dict[tuple[str, str | None], list[Known]] = defaultdict(list)
    for person in known.values():
        by_name[person.identity.key, person.identity.country].append(person)
    return Register(people, {address: [known[n] for n in sorted(found)] for address, found in holders.items()}, by_name, seats)


def _known(person: Person, here: bool) -> Known:
    return Known(person.id, Identity(fold(person.full_name), person.country, person.birth_year, person.email.lower()), here)


_LIVING = (Person.merged_into_id.is_(None), Person.anonymised_at.is_(None))


def _holders(addresses: Collection[str]) -> dict[str, set[int]]:
    """Who has one of these addresses: on their page, or to sign in with."""
    found: dict[str, set[int]] = defaultdict(set)
    if addresses:
        theirs = sa.select(Person.email, Person.id).where(Person.email.in_(addresses), *_LIVING)
        signing_in = (
            sa.select(Account.email, Person.id).join(Person, Person.id == Account.person_id).where(Account.email.in_(addresses), *_LIVING)
        )
        for select in (theirs, signing_in):
            for address, number in db.session.execute(select):
                found[address].add(number)
    return found


def _namesakes(rows: Collection[Identity]) -> set[int]:
    """Who is called like one of `rows`, and comes from the country of one of them."""
    if not rows:
        return set()
    alike = sa.select(Person.id).where(Person.name_key.in_({row.key for row in rows}), Person.country.in_({row.country for row in rows}))
    return set(db.session.scalars(alike.where(*_LIVING)))


def editable(by_id: int, people: Collection[int]) -> set[int]:
    """Those of `people` whose data the person with the number `by_id` may change. Two statements."""
    grants = [grant for grant in grants_of(by_id) if Permission.EDIT_PEOPLE in GRANTS[grant.role]]
    if any(grant.everywhere for grant in grants) or not people:
        return set(people)
    return set(db.session.scalars(sa.select(Person.id).where(Person.id.in_(people), within(grants))))


def names_of(numbers: Collection[int]) -> dict[int, str]:
    """The names of people, by number."""
    if not numbers:
        return {}
    return dict(db.session.execute(sa.select(Person.id, Person.full_name).where(Person.id.in_(numbers))).all())
