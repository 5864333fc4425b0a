"""The lists of this room, and what their exports hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dostyk.cohorts.models import Cohort, SeatMove
from dostyk.core.countries import country_name
from dostyk.core.database import db
from dostyk.core.i18n import label, language
from dostyk.core.tables import Filter, Listing, listing
from dostyk.people.models import Account, Person
from dostyk.people.queries import found
from dostyk.waiting import queries
from dostyk.waiting.labels import STATES
from dostyk.waiting.models import WaitingEntry
from dostyk.waiting.rules import STANDING, WaitingState

File = tuple[Sequence[object], Iterator[Sequence[object]]]


def waiting(cohort: Cohort) -> Listing[Any]:
    """The waiting lists of a cohort as (entry, address); who no longer waits only when asked for."""
    select = queries.lists().where(WaitingEntry.cohort_id == cohort.id)
    select = select.outerjoin(Account, Account.person_id == WaitingEntry.person_id)
    # Translators: which people a waiting list shows
    states = [("", _l("Waiting, or offered a seat")), *STATES.items(), ("all", _l("All"))]
    if request.args.get("state") not in {value for value, _word in states if value}:
        select = select.where(WaitingEntry.state.in_(STANDING))
    named = sorted((country_name(code, language()), code) for code in queries.countries_in(cohort))
    order: Sequence[Any] = (WaitingEntry.joined_at, WaitingEntry.id)
    return listing(
        select.add_columns(sa.func.coalesce(Account.email, Person.email)),
        sorts={
            "country": [WaitingEntry.country, *order],
            "since": order,
            "name": [Person.sort_name, WaitingEntry.id],
            "until": [WaitingEntry.offered_until, *order],
        },
        default="country",
        search=found(Person.search),
        filters=[
            Filter("country", _l("Country"), [(code, name) for name, code in named], lambda code: WaitingEntry.country == code),
            Filter(
                "state", _l("State"), states, lambda chosen: sa.true() if chosen == "all" else WaitingEntry.state == WaitingState(chosen)
            ),
        ],
        scalars=False,
    )  # fmt: skip


def file_of_waiting(found_ones: Listing[Any], cohort: Cohort) -> File:
    """Head and lines of a file of the waiting lists; times on the clock of the venue."""
    zone, lang, positions = ZoneInfo(cohort.time_zone), language(), queries.positions(cohort)
    head = (
        _("Country"), _("Position"), _("Full name"), _("Name in own script"), _("E-mail"), _("Since (%(zone)s)", zone=cohort.time_zone),
        _("State"), _("Confirm by (%(zone)s)", zone=cohort.time_zone),
    )  # fmt: skip
    return head, (
        (
            country_name(e.country, lang), positions.get(e.id, ""), e.person.full_name, e.person.own_name, address or "",
            e.joined_at.astimezone(zone).strftime("%Y-%m-%d %H:%M"), label(e.state),
            e.offered_until.astimezone(zone).strftime("%Y-%m-%d %H:%M") if e.offered_until and e.state is WaitingState.OFFERED else "",
        )
        for e, address in db.session.execute(found_ones.select.execution_options(yield_per=500))
    )  # fmt: skip


def file_of_moves(moves: Iterable[SeatMove], cohort: Cohort, *, names: bool) -> File:
    """Head and lines of a file of moves of seats; without names and reasons for who is not of the programme."""
    zone, lang = ZoneInfo(cohort.time_zone), language()
    head = [_("At (%(zone)s)", zone=cohort.time_zone), _("Why"), _("Seats"), _("From"), _("To"), *([_("By"), _("Reason")] if names else [])]

    def place(country: str | None) -> str:
        return country_name(country, lang) if country else _("Common pool")

    return head, (
        (
            m.at.astimezone(zone).strftime("%Y-%m-%d %H:%M"), label(m.kind), m.seats, place(m.from_country), place(m.to_country),
            *((m.by.full_name if m.by else "", m.reason) if names else ()),
        )
        for m in moves
    )  # fmt: skip
