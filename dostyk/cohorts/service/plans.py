"""Making and changing cohorts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from dostyk.cohorts import queries, rules
from dostyk.cohorts.labels import PLAN_ERRORS, PLAN_FIELDS, SEATS_ERRORS
from dostyk.cohorts.models import Cohort, CountrySeats
from dostyk.cohorts.rules import SeatsError, SeatTable
from dostyk.cohorts.service.seats import forget_seats
from dostyk.cohorts.service.statements import APART, insert
from dostyk.core.audit import record
from dostyk.core.countries import country_name
from dostyk.core.database import LocalizedText, changed, db
from dostyk.core.errors import Refused
from dostyk.core.i18n import language
from dostyk.core.text import fold
from dostyk.courses.models import Course, Programme
from dostyk.courses.service import unique
from dostyk.people.models import Person


@dataclass(frozen=True)
class CohortDetails:
    """What a coordinator fills in about a cohort. `seats` are held for countries; empty: open to all alike."""

    host_id: int
    city: LocalizedText
    time_zone: str
    starts_on: date
    ends_on: date
    opens_at: datetime
    closes_at: datetime  # exclusive
    capacity: int
    welcome: LocalizedText
    seats: Mapping[str, int]
    hand_back_on: date | None = None  # the last day on which countries can use their seats
    country_order: Sequence[str] = ()  # whose waiting list the pool serves first
    confirm_hours: int = 72
    replace_until: date | None = None

    @property
    def columns(self) -> dict[str, Any]:
        """What stands in the row of the cohort itself."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "seats"} | {"country_order": list(self.country_order)}


def create(course: Course, code: str, details: CohortDetails, by: Person, now: datetime) -> Cohort:
    """A new cohort; an empty code is made from the programme, the year of the start and the next number.

    Raises Refused when dates, seats or code are wrong, or the code is taken.
    """
    _check(details, rules.seat_table(details.capacity, 0, {}, {}))
    if not code:
        # Two who make cohorts of one programme at once wait for each other here, and get different numbers.
        db.session.execute(sa.select(Programme.id).where(Programme.id == course.project.programme_id).with_for_update())
        code = next_code(course.project.programme, details.starts_on.year)
    if error := rules.code_error(code):
        raise Refused(PLAN_ERRORS[error], field=PLAN_FIELDS[error])
    cohort = Cohort(course=course, code=code, search=_search(code, details), **details.columns)
    with unique("code", _("Another cohort has this code. Choose another.")):
        db.session.add(cohort)
        db.session.add_all(CountrySeats(cohort=cohort, country=country, seats=seats) for country, seats in details.seats.items())
    record("cohort.created", f"cohort:{cohort.id}", by=by, cohort=code, seats=dict(details.seats), capacity=details.capacity)
    return cohort


def edit(cohort: Cohort, version: int, details: CohortDetails, by: Person, now: datetime) -> None:
    """Change a cohort as it was at `version`. Seats of countries first, the cohort last: the order of `seats`.

    Raises Refused when somebody changed it meanwhile, when dates or seats are wrong, or when seats were taken that it
    would no longer have; nothing is changed then.
    """
    if version != cohort.version:
        raise Refused(_changed_meanwhile())
    present = queries.seat_table(cohort, now, lock=True)
    _check(details, present)
    changes = [name for name, value in details.columns.items() if getattr(cohort, name) != value]
    before = {country: row.held for country, row in present.countries.items()}
    for country in sorted({*before, *details.seats}):
        _hold(cohort, country, before.get(country), details.seats.get(country))
    mine = sa.update(Cohort).where(Cohort.id == cohort.id, Cohort.version == version, Cohort.taken <= details.capacity)
    values = {**details.columns, "version": version + 1, "search": _search(cohort.code, details)}
    if not changed(db.session.execute(mine.values(values), execution_options=APART)):
        raise Refused(_changed_meanwhile())
    code = cohort.code
    db.session.expire(cohort)
    for country in before:
        forget_seats(cohort.id, country)
    if changes or before != details.seats:
        record("cohort.edited", f"cohort:{cohort.id}", by=by, cohort=code, changed=changes, seats=dict(details.seats), seats_before=before)


def archive(cohort: Cohort, by: Person, now: datetime) -> None:
    """Close a cohort for good: nobody enrols, and it leaves the lists; what exists of it stays. Nothing happens the second time."""
    if cohort.archived_at is None:
        cohort.archived_at = now
        record("cohort.archived", f"cohort:{cohort.id}", by=by, cohort=cohort.code)


def restore(cohort: Cohort, by: Person, now: datetime) -> None:
    """Undo `archive`."""
    if cohort.archived_at is not None:
        cohort.archived_at = None
        record("cohort.restored", f"cohort:{cohort.id}", by=by, cohort=cohort.code)


def _changed_meanwhile() -> str:
    return _(
        "Somebody changed this cohort or took a seat of it meanwhile. What you typed is still here and not yet saved:"
        " compare it with the present state, then save again."
    )


def _hold(cohort: Cohort, country: str, before: int | None, seats: int | None) -> None:
    """Hold `seats` for a country instead of `before` (None: none at all), unless more are taken by now."""
    mine = sa.and_(CountrySeats.cohort_id == cohort.id, CountrySeats.country == country)
    if seats == before:
        return
    if seats is None:
        done = changed(db.session.execute(sa.delete(CountrySeats).where(mine, CountrySeats.taken == 0), execution_options=APART))
    elif before is None:
        done = changed(
            db.session.execute(
                insert(CountrySeats).values(cohort_id=cohort.id, country=country, seats=seats, taken=0).on_conflict_do_nothing()
            )
        )
    else:
        fits = sa.update(CountrySeats).where(mine, CountrySeats.taken <= seats).values(seats=seats)
        done = changed(db.session.execute(fits, execution_options=APART))
    if not done:
        raise Refused(_changed_meanwhile())


def _check(details: CohortDetails, present: SeatTable) -> None:
    d = details
    for error in sorted(rules.plan_errors(d.starts_on, d.ends_on, d.time_zone, d.opens_at, d.closes_at)):
        raise Refused(PLAN_ERRORS[error], field=PLAN_FIELDS[error])
    if late := rules.hand_back_error(d.hand_back_on, d.replace_until, d.ends_on, d.time_zone, d.closes_at):
        raise Refused(PLAN_ERRORS[late], field=PLAN_FIELDS[late])
    errors = rules.seats_errors(d.capacity, d.seats, present)
    for wrong, countries in sorted(errors.items()):
        if wrong is SeatsError.COUNTRY_BELOW_TAKEN:
            raise Refused(_below_taken(countries, present))
        raise Refused(SEATS_ERRORS[wrong], field="capacity")


def _below_taken(countries: Sequence[str], present: SeatTable) -> str:
    def needed(country: str) -> int:
        seats = present.countries.get(country)
        return seats.taken + seats.reserved if seats else present.reserved[country]

    named = ", ".join(f"{country_name(country, language())} ({needed(country)})" for country in countries)
    return _(
        "More seats are taken or reserved than you want to hold: %(countries)s."
        " Withdraw people or revoke vouchers first, or hold more seats.",
        countries=named,
    )


def _search(code: str, details: CohortDetails) -> str:
    return fold(" ".join((code, *details.city.values())))


def next_code(programme: Programme, year: int) -> str:
    """The code that a new cohort of this programme gets when nobody types one. One statement."""
    return rules.next_code(programme.code, year, queries.codes_like(f"{programme.code}-{year}-"))
