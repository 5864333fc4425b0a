"""What the page of an upload shows: its rows with filter and pages, and the same as a file."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.sql import ColumnElement

from dostyk.core.database import db
from dostyk.core.i18n import label
from dostyk.core.tables import Filter, Listing, listing
from dostyk.core.text import fold
from dostyk.core.uploads.kinds import Kind
from dostyk.core.uploads.models import RowOutcome, RowResult, Upload, UploadRow

PER_PAGE = 50


def rows(upload: Upload) -> Listing[UploadRow]:
    """The page of rows that the present request asks for. Two statements."""
    results = [(result.value, label(result)) for result in RowResult]
    outcomes = [(outcome.value, label(outcome)) for outcome in RowOutcome]
    filters = [Filter("result", _l("Result"), results, lambda value: UploadRow.result == RowResult(value))]
    if "outcomes" in upload.report:
        filters.append(Filter("outcome", _l("Applied"), outcomes, lambda value: UploadRow.outcome == RowOutcome(value)))
    return listing(
        sa.select(UploadRow).where(UploadRow.upload_id == upload.id),
        sorts={"line": (UploadRow.line,), "about": (UploadRow.search, UploadRow.line), "result": (UploadRow.result, UploadRow.line)},
        default="line",
        search=_search,
        filters=filters,
        per_page=PER_PAGE,
    )


def _search(typed: str) -> ColumnElement[bool]:
    words = fold(typed).split()
    return sa.and_(*(UploadRow.search.contains(word, autoescape=True) for word in words)) if words else sa.false()


def columns(kind: Kind, upload: Upload) -> dict[str, str]:
    """The words for the columns, by key, with their place in the file: “Full name (A)”."""
    places = upload.report.get("columns", {})
    return {c.key: f"{c.label} ({places[c.key]})" if c.key in places else str(c.label) for c in kind.columns}


def head(kind: Kind) -> list[str]:
    """The head of the file: what was found, then the cells, so that the file can be corrected and handed in again."""
    return [_("Line"), _("Result"), _("What was found"), _("Applied"), *(str(column.label) for column in kind.columns)]


def lines(kind: Kind, upload: Upload, select: sa.Select[UploadRow]) -> Iterator[list[object]]:
    """The lines of the file."""
    words = columns(kind, upload)
    for row in db.session.scalars(select.execution_options(yield_per=500)):
        found = [": ".join(filter(None, (words.get(f.get("key", ""), f.get("column", "")), f["said"]))) for f in row.findings]
        found += [f"{words[c['key']]}: {kind.show(c['key'], c['before']) or '–'} → {kind.show(c['key'], c['after'])}" for c in row.changes]
        yield [
            row.line, label(row.result), " ".join(found), " ".join(filter(None, (str(label(row.outcome)), row.said))),
            *(row.cells.get(column.key, "") for column in kind.columns),
        ]  # fmt: skip


def counts(upload: Upload) -> list[tuple[RowResult, int]]:
    """How many rows have which result, those without any left out."""
    kept = upload.report.get("counts", {})
    return [(result, kept[result]) for result in RowResult if kept.get(result)]
