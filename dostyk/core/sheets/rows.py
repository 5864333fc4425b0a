"""What every reader of tables has in common: rows of text, flaws of cells, limits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from flask_babel import gettext as _

from dostyk.core.errors import Refused

MAX_ROWS = 20_000
MAX_COLUMNS = 200
MAX_CELL = 2_000  # characters


class Unreadable(Refused):
    """The file as a whole cannot be used; the sentence says what to do."""


@dataclass(frozen=True)
class Flaw:
    """What is wrong in a row: a sentence, and the column where it is, as the spreadsheet names it ("" for the whole row)."""

    said: str
    column: str = ""


@dataclass(frozen=True)
class Row:
    """One row of a table. `number` is how the spreadsheet counts it; `flaws` are sentences by the place of the cell."""

    number: int
    cells: Sequence[str]
    flaws: dict[int, str] = field(default_factory=dict)


# Control characters other than tab and line breaks, what no database holds as text, and marks of byte order.
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")


def _clean(cell: str) -> str:
    """What somebody wrote, without what no page can show, and without the apostrophe that our own exports put before formulas."""
    cell = _UNWANTED.sub("", cell).strip()
    return cell[1:] if cell[:1] == "'" and cell[1:2] in tuple("=+-@") else cell


def column_letter(place: int) -> str:
    """The name of a column in a spreadsheet, counted from 0: A, B, … Z, AA."""
    name = ""
    place += 1
    while place:
        place, letter = divmod(place - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def limited(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows that hold anything, with clean cells. Raises Unreadable when there are too many of them, or too many columns."""
    count = 0
    for row in rows:
        cells, flaws = [_clean(cell) for cell in row.cells], dict(row.flaws)
        while cells and not cells[-1] and len(cells) - 1 not in flaws:
            cells.pop()
        if not cells:
            continue
        count += 1
        if count > MAX_ROWS + 1:  # and the head
            raise Unreadable(
                _("The file has more than %(rows)s rows. Divide it into several files and hand them in one by one.", rows=MAX_ROWS)
            )
        if len(cells) > MAX_COLUMNS:
            raise Unreadable(
                _(
                    "Line %(line)s has more than %(columns)s columns. Keep the columns of the template and delete the others.",
                    line=row.number,
                    columns=MAX_COLUMNS,
                )
            )
        for place, cell in enumerate(cells):
            if len(cell) > MAX_CELL:
                flaws[place] = _("This cell holds more than %(count)s characters. Shorten it.", count=MAX_CELL)
                cells[place] = cell[:40]
            elif "\ufffd" in cell:
                flaws[place] = _(
                    "This cell holds characters that cannot be read. Write it anew, and save the file as XLSX or as CSV in UTF-8."
                )
        yield Row(row.number, cells, flaws)
