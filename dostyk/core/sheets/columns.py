"""Which column is which: heads in any order, case and language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import force_locale
from flask_babel import gettext as _

from dostyk.core import i18n
from dostyk.core.sheets import texts, workbooks
from dostyk.core.sheets.rows import Flaw, Row, Unreadable, column_letter, limited
from dostyk.core.text import fold


@dataclass(frozen=True)
class Column:
    """A column that a table may have.

    `key` names it in code and is understood as a head, like `label` in every language and the words in `also`. `help`
    and `example` are for the template.
    """

    key: str
    label: object
    required: bool = False
    also: Sequence[str] = ()
    help: object = ""
    example: str = ""

    def heads(self) -> set[str]:
        """All folded heads by which the column is known."""
        known = {self.key.replace("_", " "), *self.also}
        for language in i18n.SUPPORTED:
            with force_locale(language):
                known.add(str(self.label))
        return {fold(head) for head in known}


@dataclass(frozen=True)
class Line:
    """One row below the head: `cells` by the key of the column, all keys present."""

    number: int
    cells: Mapping[str, str]
    flaws: Sequence[Flaw] = ()


@dataclass(frozen=True)
class Table:
    """A table whose head was understood. `places` are the names of the columns in the spreadsheet, by key."""

    places: Mapping[str, str]
    unknown: Sequence[str]
    notices: Sequence[str]
    lines: Iterator[Line]


def open_table(content: bytes, columns: Sequence[Column]) -> Table:
    """Read the head of a file of whatever kind; the lines follow one by one. Raises Unreadable."""
    found, notices = _rows(content)
    rows = limited(found)
    head = next(rows, None)
    if head is None:
        raise Unreadable(_("The file is empty. Fill in the template, and hand that in."))
    places = _match(head, columns)
    unknown = [text for place, text in enumerate(head.cells) if text and place not in places.values()]
    lines = _lines(rows, columns, places, len(head.cells))
    return Table({key: column_letter(place) for key, place in places.items()}, unknown, notices, lines)


def _rows(content: bytes) -> tuple[Iterator[Row], list[str]]:
    if content.startswith(b"PK\x03\x04"):
        return workbooks.rows(content), []
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable(_("This is a spreadsheet of the old kind (XLS), or one with a password. Save it as XLSX without a password."))
    if content.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf", b"{\\rtf", b"\x1f\x8b", b"PK")):
        raise Unreadable(_("This file is not a table. Hand in an XLSX or CSV file."))
    rows, guessed = texts.rows(content)
    if guessed is None:
        return rows, []
    return rows, [_("The file does not say how its letters are stored; it was read as %(encoding)s. Look at the names.", encoding=guessed)]


def _match(head: Row, columns: Sequence[Column]) -> dict[str, int]:
    known = {name: column for column in columns for name in column.heads()}
    places: dict[str, int] = {}
    for place, text in enumerate(head.cells):
        told = text.replace("_", " ")
        column = known.get(fold(told)) or known.get(fold(told.partition("(")[0]))
        if column is None or not text:
            continue
        if column.key in places:
            said = _("The column “%(column)s” is there twice: %(first)s and %(second)s. Delete one of them.", column=column.label,
                     first=column_letter(places[column.key]), second=column_letter(place))  # fmt: skip
            raise Unreadable(said)
        places[column.key] = place
    if not places:
        named = ", ".join(str(column.label) for column in columns if column.required)
        raise Unreadable(_("The first row must name the columns, “%(columns)s” among them. Use the template.", columns=named))
    if missing := [str(column.label) for column in columns if column.required and column.key not in places]:
        raise Unreadable(_("This column is missing: %(columns)s. Add it, or use the template.", columns=", ".join(missing)))
    return places


def _lines(rows: Iterator[Row], columns: Sequence[Column], places: Mapping[str, int], width: int) -> Iterator[Line]:
    ours = set(places.values())
    for row in rows:
        flaws = [Flaw(said, column_letter(place)) for place, said in row.flaws.items() if place in ours]
        if extra := next((place for place, text in enumerate(row.cells) if place >= width and text), None):
            said = _("This row has more cells than the head: perhaps a separator stands in a text without quotation marks.")
            flaws.append(Flaw(said, column_letter(extra)))
        cells = {column.key: _cell(row, places.get(column.key)) for column in columns}
        if flaws or any(cells.values()):
            yield Line(row.number, cells, flaws)


def _cell(row: Row, place: int | None) -> str:
    return row.cells[place] if place is not None and place < len(row.cells) else ""
