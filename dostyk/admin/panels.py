"""What the administration adds to a person's page: roles, the way to their account, and the log."""

from __future__ import annotations

from typing import Any

from dostyk.admin import queries
from dostyk.core.access import Permission, everywhere
from dostyk.people import queries as people
from dostyk.people.models import Person
from dostyk.people.panels import panel
from dostyk.people.records import subjects_of


@panel(80)
def access(person: Person) -> tuple[str, dict[str, Any]] | None:
    """For who manages users. Two statements."""
    if not everywhere(Permission.MANAGE_USERS):
        return None
    return "admin/_access.html", {"account": people.account_of(person.id), "roles": queries.roles_of([person.id]).get(person.id, ())}


@panel(90)
def log(person: Person) -> tuple[str, dict[str, Any]] | None:
    """What was done lately by a person and to what is theirs, for who reads the log."""
    if not everywhere(Permission.SEE_AUDIT):
        return None
    return "admin/_log.html", {"events": queries.latest_events(subjects_of([person.id]), person.id, limit=20)}
