"""What the administration adds to a person's page: roles, and the way to their account."""

from __future__ import annotations

from typing import Any

from dostyk.admin import queries
from dostyk.core.access import Permission, everywhere
from dostyk.people import queries as people
from dostyk.people.models import Person
from dostyk.people.panels import panel


@panel(80)
def access(person: Person) -> tuple[str, dict[str, Any]] | None:
    """For who manages users. Two statements."""
    if not everywhere(Permission.MANAGE_USERS):
        return None
    return "admin/_access.html", {"account": people.account_of(person.id), "roles": queries.roles_of([person.id]).get(person.id, ())}
