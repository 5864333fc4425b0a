"""What needs you now: each room tells it for its own things; the home page collects and orders it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dostyk.core.access import Permission, can


@dataclass(frozen=True)
class Todo:
    """One line on somebody's home page: how many, of what, since or until when, and where to do it. Small `order` first."""

    order: int
    number: int
    title: object
    url: str
    detail: object = ""


Provider = Callable[[Any, datetime], Iterable[Todo]]
_providers: list[tuple[Permission, Provider]] = []


def provides(permission: Permission) -> Callable[[Provider], Provider]:
    """Mark a function of (person, now) as telling what needs whoever has `permission`; a constant number of statements each."""

    def mark(provider: Provider) -> Provider:
        _providers.append((permission, provider))
        return provider

    return mark


def collect(person: Any, now: datetime) -> list[Todo]:
    """What needs `person` at `now`, the most pressing first."""
    return sorted(
        (todo for permission, provider in _providers if can(permission) for todo in provider(person, now) if todo.number),
        key=lambda t: t.order,
    )
