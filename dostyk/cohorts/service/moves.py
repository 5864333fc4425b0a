"""Seats go from a country to the common pool, and from the pool to a country; every move is kept in a log without names."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import ngettext

from dostyk.cohorts import queries, rules
from dostyk.cohorts.models import Cohort, CountrySeats, SeatMove
from dostyk.cohorts.rules import MoveKind
from dostyk.cohorts.service.seats import forget_seats
from dostyk.cohorts.service.statements import APART, insert
from dostyk.core.audit import record
from dostyk.core.database import db
from dostyk.core.errors import Refused
from dostyk.people.models import Person


def move_seats(
    cohort: Cohort,
    seats: int,
    *,
    source: str | None,
    target: str | None,
    kind: MoveKind,
    by: Person | None,
    now: datetime,
    reason: str = "",
) -> SeatMove:
    """Take free seats from a country, or the common pool (None), and give them to another, or the pool.

    `by` is None for what happens by rule, on the day. Raises Refused (field `seats`) when so many are not free there:
    seats that are taken or promised never move.
    """
    table = queries.seat_table(cohort, now, lock=True)
    if source == target or not table.countries:
        raise ValueError("seats move between two places of a cohort that holds seats for countries")
    held = table.pool if source is None else table.countries.get(source, rules.Seats(0, 0))
    if not rules.may_move(seats, held):
        free = max(held.free, 0)
        raise Refused(ngettext("Only %(num)s seat is free there.", "Only %(num)s seats are free there.", free), field="seats")
    for country, step in ((source, -seats), (target, seats)):
        if country is not None:
            _hold(cohort, country, step, known=country in table.countries)
    move = SeatMove(cohort=cohort, kind=kind, from_country=source, to_country=target, seats=seats, reason=reason, at=now, by=by)
    db.session.add(move)
    record(
        "seats.moved",
        f"cohort:{cohort.id}",
        by=by,
        reason=reason or None,
        cohort=cohort.code,
        kind=kind,
        seats=seats,
        source=source,
        target=target,
    )
    return move


def _hold(cohort: Cohort, country: str, step: int, *, known: bool) -> None:
    mine = sa.update(CountrySeats).where(CountrySeats.cohort_id == cohort.id, CountrySeats.country == country)
    more = mine.values(seats=CountrySeats.seats + step)
    first = insert(CountrySeats).values(cohort_id=cohort.id, country=country, seats=step, taken=0)
    db.session.execute(more if known else first, execution_options=APART)
    forget_seats(cohort.id, country)
