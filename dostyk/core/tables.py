"""Lists: one filter, sort, page and export for all of them. A list page takes two statements, whatever its length."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from flask import Response, request, url_for
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.base import ExecutableOption
from sqlalchemy.sql.elements import SQLColumnExpression

from dostyk.core.database import db

PER_PAGE = 50
PAGE_LENGTHS = (50, 100, 200)  # what an address may ask for
# Counting stops here: beyond it a page says "more than 1,000", and costs the same for a million rows as for a thousand.
COUNT_LIMIT = 1000

Row = TypeVar("Row")


@dataclass(frozen=True)
class Filter:
    """A choice above the list: its name in the address, its label, the choices and what each means for the rows."""

    name: str
    label: object
    choices: Sequence[tuple[str, object]]
    condition: Callable[[str], SQLColumnExpression[bool]]
    value: str = ""


@dataclass
class Listing(Generic[Row]):
    """One page of a list, and the addresses of its neighbours."""

    rows: Sequence[Row]
    total: int
    page: int
    per_page: int
    q: str
    sort: str
    descending: bool
    filters: Sequence[Filter]
    searchable: bool
    sortable: frozenset[str]
    select: sa.Select[Any]
    exports: Sequence[str] = ("csv",)
    endpoint: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.per_page))

    @property
    def capped(self) -> bool:
        """Whether there are more rows than were counted."""
        return self.total > COUNT_LIMIT

    @property
    def has_next(self) -> bool:
        return self.page < self.pages or (self.capped and len(self.rows) == self.per_page)

    @property
    def narrowed(self) -> bool:
        """Whether a search or a filter hides rows: an empty list then says so."""
        return bool(self.q or any(f.value for f in self.filters))

    def url(self, *, page: int | None = None, sort: str | None = None, desc: bool | None = None, **more: Any) -> str:
        kept = {f.name: f.value for f in self.filters if f.value}
        descending = self.descending if desc is None else desc
        parameters = {
            **self.arguments, "q": self.q or None, **kept, "sort": sort or self.sort or None,
            "desc": "1" if descending else None, "page": page if page and page > 1 else None,
            "per_page": self.per_page if self.per_page in PAGE_LENGTHS[1:] else None, **more,
        }  # fmt: skip
        return url_for(self.endpoint, **parameters)

    def export_url(self, kind: str) -> str:
        return self.url(format=kind)


def listing(
    select: sa.Select[Any],
    *,
    sorts: Mapping[str, Sequence[ColumnElement[Any] | Any]],
    default: str,
    search: Callable[[str], SQLColumnExpression[bool]] | None = None,
    filters: Sequence[Filter] = (),
    load: Sequence[ExecutableOption] = (),
    per_page: int = PER_PAGE,
    scalars: bool = True,
) -> Listing[Any]:
    """The page of `select` that the present request asks for, in two statements.

    `sorts` maps a key of the address to order expressions (a unique one last, so that pages never overlap); `default`
    is one of them, `-key` for descending; `search` turns what was typed into a condition; `load` are the loader
    options of the rows; unknown keys, pages and choices fall back to the defaults. With `?format=` no rows are read:
    the view then streams `Listing.select`.
    """
    args = request.args
    q = args.get("q", "").replace("\0", "").strip()[:100]  # PostgreSQL knows no NUL in a text
    chosen = [
        Filter(f.name, f.label, f.choices, f.condition, args.get(f.name, "") if args.get(f.name) in {c[0] for c in f.choices} else "")
        for f in filters
    ]
    sort = args["sort"] if args.get("sort") in sorts else default.removeprefix("-")
    descending = args.get("desc") == "1" if args.get("sort") in sorts else default.startswith("-")
    page = min(max(args.get("page", 1, type=int) or 1, 1), 100_000)
    asked = args.get("per_page", type=int)
    per_page = asked if asked in PAGE_LENGTHS else per_page
    if search and q:
        select = select.where(search(q))
    for f in chosen:
        if f.value:
            select = select.where(f.condition(f.value))
    order = [expression.desc() if descending else expression for expression in sorts[sort]]
    counted = select.with_only_columns(sa.literal(1), maintain_column_froms=True).order_by(None).limit(COUNT_LIMIT + 1)
    total = db.session.scalar(sa.select(sa.func.count()).select_from(counted.subquery())) or 0
    select = select.options(*load).order_by(None).order_by(*order)
    rows: Sequence[Any] = ()
    if not args.get("format"):
        found = db.session.execute(select.limit(per_page).offset((page - 1) * per_page))
        rows = found.scalars().unique().all() if scalars else found.all()
    return Listing(
        rows, total, page, per_page, q, sort, descending, chosen, search is not None, frozenset(sorts), select,
        endpoint=request.endpoint or "", arguments=request.view_args or {},
    )  # fmt: skip


# --- Export ----------------------------------------------------------------------------------------------------------

# What a spreadsheet would run as a formula when it opens the file (OWASP: CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def plain_cell(value: object) -> str:
    """A value as text that a spreadsheet shows and does not run."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    return text.lstrip("+-").replace(".", "", 1).isdigit()


def csv_lines(head: Sequence[object], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """CSV with a byte-order mark, which makes spreadsheets read UTF-8; in chunks, so that memory stays flat."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow([plain_cell(h) for h in head])
    for number, row in enumerate(rows, 1):
        writer.writerow([plain_cell(v) for v in row])
        if number % 500 == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def csv_response(name: str, head: Sequence[object], rows: Iterable[Sequence[object]]) -> Response:
    """A CSV file to download; `name` without its ending, in ASCII."""
    return Response(
        "".join(csv_lines(head, rows)),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"', "X-Robots-Tag": "noindex"},
    )
