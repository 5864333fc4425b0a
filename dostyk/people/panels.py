"""What upper rooms show on a person's page, and by what they narrow the list: told in their `panels.py` or `records.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dostyk.core.tables import Filter
from dostyk.people.models import Person

# The template of the panel and what it needs; None when there is nothing to show to whoever is signed in.
Panel = Callable[[Person], "tuple[str, dict[str, Any]] | None"]
_panels: list[tuple[int, Panel]] = []


def panel(order: int) -> Callable[[Panel], Panel]:
    """Mark a function of the person that gives (template, context) or None; a constant number of statements. Small `order` first."""

    def mark(function: Panel) -> Panel:
        if (order, function) not in _panels:
            _panels.append((order, function))
            _panels.sort(key=lambda pair: pair[0])
        return function

    return mark


def panels_of(person: Person) -> list[tuple[str, dict[str, Any]]]:
    """The panels of `person`, in their order."""
    return [shown for _order, function in _panels if (shown := function(person))]


Narrowing = Callable[[], Filter]
_narrowings: list[tuple[int, Narrowing]] = []


def narrowing(order: int) -> Callable[[Narrowing], Narrowing]:
    """Mark a function that gives a filter for the list of people, such as a course; one statement each. Small `order` first."""

    def mark(function: Narrowing) -> Narrowing:
        if (order, function) not in _narrowings:
            _narrowings.append((order, function))
            _narrowings.sort(key=lambda pair: pair[0])
        return function

    return mark


def narrowings() -> list[Filter]:
    """The filters that upper rooms give, in their order, those without a choice left out."""
    return [found for _order, function in _narrowings if (found := function()).choices]
