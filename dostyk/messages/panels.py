"""The letters to a person, on that person's page."""

from __future__ import annotations

from typing import Any

from dostyk.core.access import Permission, can
from dostyk.messages import queries
from dostyk.messages.labels import SHAPES
from dostyk.people.models import Person
from dostyk.people.panels import panel

SHOWN = 10


@panel(40)
def letters(person: Person) -> tuple[str, dict[str, Any]] | None:
    """The latest letters to them, of the cohorts whose letters one may see. One statement."""
    found = queries.letters_to(person, SHOWN) if can(Permission.SEE_MESSAGES) else ()
    return ("messages/_of_person.html", {"letters": found, "shapes": SHAPES}) if found else None
