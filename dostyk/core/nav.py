"""Navigation: each room registers its own entries; a person sees those that would let them in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from dostyk.core.access import Permission, can, everywhere


@dataclass(frozen=True)
class Link:
    label: object
    url: str
    current: bool
    parts: tuple[Link, ...] = ()  # itself and what stands below it


@dataclass(frozen=True)
class _Entry:
    order: int
    label: object
    endpoint: str
    permission: Permission
    everywhere: bool = False
    under: str = ""


ONE_ROW = 8  # as many tabs as a laptop shows in one row in the longest language


_sections: list[_Entry] = []
_tabs: dict[str, list[_Entry]] = {}


def section(order: int, label: object, endpoint: str, permission: Permission, *, everywhere: bool = False) -> None:
    """An entry of the main navigation, for who has `permission` somewhere; with `everywhere` only for who has it for everything."""
    _add(_sections, _Entry(order, label, endpoint, permission, everywhere))


def tab(kind: str, order: int, label: object, endpoint: str, permission: Permission, *, under: str = "") -> None:
    """A tab on the pages of one kind of thing, such as `cohort`; its endpoint takes that thing's address.

    For who has more tabs than one row shows it stands below the tab whose endpoint is `under`.
    """
    _add(_tabs.setdefault(kind, []), _Entry(order, label, endpoint, permission, under=under))


def _add(entries: list[_Entry], entry: _Entry) -> None:
    if entry not in entries:
        entries.append(entry)
        entries.sort(key=lambda e: e.order)


def sections() -> list[Link]:
    """The main navigation of whoever is signed in; current is the one whose address the page lies under."""
    links = [(e.label, url_for(e.endpoint)) for e in _sections if (everywhere if e.everywhere else can)(e.permission)]
    under = max((url for _, url in links if request.path.startswith(url)), key=len, default=None)
    return [Link(label, url, url == under) for label, url in links]


def tabs(kind: str, thing: Any, **address: Any) -> list[Link]:
    """The tabs of `thing` that whoever is signed in may open; `address` are the arguments of their addresses."""
    urls = {e: url_for(e.endpoint, **address) for e in _tabs[kind] if can(e.permission, thing)}
    # The tab whose address the page's begins with; of several the longest, because every tab's begins with the first one's,
    # which is the tab of its own room only: other rooms have pages that belong to no tab.
    ours = [e for e in urls if request.path.startswith(urls[e]) and (not urls[e].endswith("/") or _same_room(e.endpoint))]
    current = max(ours, key=lambda e: len(urls[e]), default=None)
    links = {e: Link(e.label, url, e is current) for e, url in urls.items()}
    if len(links) <= ONE_ROW:
        return list(links.values())
    tops = {e.endpoint for e in urls}
    below = {e: [links[x] for x in urls if x.under == e.endpoint] for e in urls if e.under not in tops}
    return [
        Link(e.label, urls[e], any(part.current for part in (links[e], *parts)), (links[e], *parts) if parts else ())
        for e, parts in below.items()
    ]


def _same_room(endpoint: str) -> bool:
    return request.blueprint == endpoint.partition(".")[0]
