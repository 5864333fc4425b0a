"""What upper rooms show on a cohort's overview: figures in its first row, panels below.

A room above registers in its own `panels.py`, which the application loads:

    @figure(30, Permission.SEE_ATTENDANCE)
    def attendance(cohort: Cohort, now: datetime) -> Figure | None:
        return Figure(percent(...), _("attendance of held hours"), url_for("attendance.index", cohort_code=cohort.code))

    @panel(20, Permission.SEE_SCHEDULE)
    def next_slots(cohort: Cohort, now: datetime) -> Panel | None:
        return Panel("schedule/_next.html", {"slots": ..., "zone": ...})

Each function is called once for the page and only for whoever has the permission in that cohort; it takes a constant
number of statements, whatever the size of the cohort. None: nothing to show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from dostyk.cohorts import queries, rules
from dostyk.cohorts.models import Cohort
from dostyk.cohorts.rules import Phase
from dostyk.core.access import Permission, can
from dostyk.people import panels as people
from dostyk.people.models import Person


@dataclass(frozen=True)
class Figure:
    """A number that matters, with what it counts; `url` is where to read more."""

    value: object
    caption: object
    url: str | None = None


@dataclass(frozen=True)
class Panel:
    """A part of the page: a template that draws a `<section class="sheet">`, and what it is given besides `cohort` and `now`.

    `wide` panels take the whole width below the columns; the others stand in the main column, below the seats.
    """

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    wide: bool = False


Kind = TypeVar("Kind")
Provider = Callable[[Cohort, datetime], Kind]


@dataclass(frozen=True)
class _Entry(Generic[Kind]):
    order: int
    permission: Permission
    provider: Provider[Kind]


_figures: list[_Entry[Figure | None]] = []
_panels: list[_Entry[Panel | None]] = []


def _registers(entries: list[_Entry[Kind]], order: int, permission: Permission) -> Callable[[Provider[Kind]], Provider[Kind]]:
    def mark(provider: Provider[Kind]) -> Provider[Kind]:
        entries.append(_Entry(order, permission, provider))
        entries.sort(key=lambda e: e.order)
        return provider

    return mark


def figure(order: int, permission: Permission) -> Callable[[Provider[Figure | None]], Provider[Figure | None]]:
    """Mark a function as giving a figure of the overview; small `order` first."""
    return _registers(_figures, order, permission)


def panel(order: int, permission: Permission) -> Callable[[Provider[Panel | None]], Provider[Panel | None]]:
    """Mark a function as giving a panel of the overview; small `order` first."""
    return _registers(_panels, order, permission)


def _of(entries: Sequence[_Entry[Kind]], cohort: Cohort, now: datetime) -> list[Kind]:
    return [entry.provider(cohort, now) for entry in entries if can(entry.permission, cohort)]


def figures_of(cohort: Cohort, now: datetime) -> list[Figure]:
    """The figures that whoever is signed in may see, in order."""
    return [f for f in _of(_figures, cohort, now) if f is not None]


def panels_of(cohort: Cohort, now: datetime) -> list[Panel]:
    """The panels that whoever is signed in may see, in order."""
    return [p for p in _of(_panels, cohort, now) if p is not None]


# --- This room's own ------------------------------------------------------------------------------------------------


@figure(10, Permission.SEE_FIGURES)
def seats(cohort: Cohort, now: datetime) -> Figure:
    """How many seats are taken."""
    caption = ngettext("of %(num)s seat taken", "of %(num)s seats taken", cohort.capacity)
    return Figure(
        cohort.taken,
        caption,
        url_for("cohorts.participants", cohort_code=cohort.code) if can(Permission.SEE_PARTICIPANTS, cohort) else None,
    )


@figure(20, Permission.SEE_COHORT)
def day_of(cohort: Cohort, now: datetime) -> Figure | None:
    """Which day it is, or how far away the first one."""
    number, days = rules.day_number(cohort.starts_on, cohort.ends_on, cohort.today(now))
    phase = cohort.phase(now)
    if phase is Phase.RUNNING:
        return Figure(_("Day %(number)s", number=number), ngettext("of %(num)s day, today", "of %(num)s days, today", days))
    if phase is Phase.UPCOMING:
        return Figure(1 - number, ngettext("day until it begins", "days until it begins", 1 - number))
    return None


@people.panel(10)
def seats_of_person(person: Person) -> tuple[str, dict[str, Any]] | None:
    """On a person's page: the seats they hold or held, in the cohorts one may see."""
    found = queries.seats_of_person(person.id)
    return ("cohorts/_of_person.html", {"seats": found}) if found else None
