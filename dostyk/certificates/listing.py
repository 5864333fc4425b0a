"""The list of a cohort's participants with their certificates: filtered and sorted in memory, because the rule decides who stands where."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dostyk.certificates.labels import STANDINGS, why_not
from dostyk.certificates.printing import day_at_venue
from dostyk.certificates.queries import Candidate
from dostyk.certificates.rules import Standing
from dostyk.core.countries import country_name
from dostyk.core.i18n import label, language
from dostyk.core.tables import PER_PAGE, Filter, Listing
from dostyk.core.text import fold

SORTS: dict[str, Callable[[Candidate], Any]] = {
    "name": lambda c: c.person.sort_name,
    "country": lambda c: country_name(c.enrolment.country, language()) if c.enrolment.country else "",
    "attendance": lambda c: c.record.attendance,
    "standing": lambda c: list(Standing).index(c.standing),
    "number": lambda c: (c.latest is None, c.latest.number if c.latest else ""),
}


@dataclass
class People(Listing[Candidate]):
    """One page of the list; `everybody` is what the search and the filter let through."""

    everybody: Sequence[Candidate] = ()


def of(people: Sequence[Candidate]) -> People:
    """The page of `people` that the present request asks for. No statement: a cohort is read whole."""
    args = request.args
    q, sort = args.get("q", "").strip()[:100], args.get("sort", "")
    sort = sort if sort in SORTS else "name"
    chosen = args.get("standing", "") if args.get("standing") in set(Standing) else ""
    descending = args.get("desc") == "1" and args.get("sort") == sort
    # Ties stay in the order of names, in which the people come.
    everybody = sorted((c for c in people if _found(c, fold(q)) and chosen in ("", c.standing)), key=SORTS[sort], reverse=descending)
    total = len(everybody)
    page = min(max(args.get("page", 1, type=int) or 1, 1), max(1, -(-total // PER_PAGE)))
    standing = Filter("standing", _l("Standing"), list(STANDINGS.items()), lambda _value: sa.true(), chosen)
    shown = everybody[(page - 1) * PER_PAGE : page * PER_PAGE]
    return People(
        shown, total, page, PER_PAGE, q, sort, descending, [standing], True, frozenset(SORTS), sa.select(),
        endpoint=request.endpoint or "", arguments=request.view_args or {}, everybody=everybody,
    )  # fmt: skip


def head() -> list[str]:
    """The head of the CSV."""
    return [
        _("Name"), _("Name in the own script"), _("Country"), _("Standing"), _("What is missing"), _("Academic hours attended"),
        _("Academic hours that count"), _("Share of the planned hours, %"), _("Cultural events"), _("Number"), _("Issued on"),
        _("Revoked on"), _("Reason"),
    ]  # fmt: skip


def lines(people: Sequence[Candidate]) -> Iterator[list[object]]:
    """The lines of the CSV, dates as machines write them."""
    for c in people:
        last = c.latest
        missing = [] if c.certificate else why_not(c.unmet, c.record, c.rule)
        shown = c.record.attended
        yield [
            c.person.full_name, c.person.own_name, c.enrolment.country or "", label(c.standing), " ".join(missing),
            f"{float(shown.attended):.2f}", f"{float(shown.counted):.2f}", f"{float(c.record.attendance * 100):.2f}",
            shown.cultural_events, last.number if last else "", day_at_venue(last, last.issued_at) if last else "",
            day_at_venue(last, last.revoked_at) if last and last.revoked_at else "", last.revoked_reason if last else "",
        ]  # fmt: skip


def _found(candidate: Candidate, folded: str) -> bool:
    number = candidate.latest.number if candidate.latest else ""
    return folded in candidate.person.search or folded in fold(number)
