"""XLSX, read row by row. What is not a table, or unpacks to more than a table can be, is refused before it is unpacked."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from defusedxml.ElementTree import iterparse
from flask_babel import gettext as _
from openpyxl import load_workbook

from dostyk.core.sheets.rows import MAX_COLUMNS, Row, Unreadable

UNPACKED = 64 * 1024 * 1024  # bytes of all parts; Python unpacks no more of a part than its entry says
OTHER_PART = 8 * 1024 * 1024  # of a part that holds no cells
LAST_ROW = 1_048_576  # of any spreadsheet
_CELLS = re.compile(r"xl/(worksheets/|sharedStrings)", re.IGNORECASE)
_FORMULA = re.compile(rb"<(\w+:)?f[\s/>]")
_ERRORS = ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#SPILL!", "#CALC!", "#GETTING_DATA")


def rows(content: bytes) -> Iterator[Row]:
    """The rows of the first visible sheet. Raises Unreadable for what is no workbook, is damaged or too large."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise _damaged() from error
    with archive:
        _refuse_foreign(archive)
        yield from _guarded(_rows(content, archive))


def _refuse_foreign(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if not any(part.filename.lower() == "xl/workbook.xml" for part in parts):
        raise Unreadable(_("This is not a spreadsheet that can be read. Save it as XLSX or CSV, and hand that in."))
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable(_("This file is protected with a password. Save it without one, and hand it in again."))
    too_large = sum(part.file_size for part in parts) > UNPACKED
    if too_large or any(part.file_size > OTHER_PART for part in parts if not _CELLS.match(part.filename) and _is_read(part.filename)):
        raise Unreadable(
            _("This file unpacks to more than can be read. Copy the table alone into a new file, without pictures and formats.")
        )


def _is_read(name: str) -> bool:
    return name.lower().endswith((".xml", ".rels"))


def _guarded(found: Iterator[Row]) -> Iterator[Row]:
    """A file from outside may break the reader anywhere, and make it warn of what does not matter here."""
    while True:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                row = next(found, None)
        except Unreadable:
            raise
        except Exception as error:
            raise _damaged() from error
        if row is None:
            return
        yield row


def _damaged() -> Unreadable:
    return Unreadable(_("This file is damaged, or is not what its name says. Open it in a spreadsheet, save it as XLSX, and hand that in."))


def _rows(content: bytes, archive: zipfile.ZipFile) -> Iterator[Row]:
    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    sheet = next((s for s in book.worksheets if s.sheet_state == "visible"), None)
    if sheet is None:
        raise Unreadable(_("This file holds no visible sheet. Put the table into the first sheet."))
    unknown = _without_result(archive, sheet._worksheet_path)
    nothing: object = None
    for number, cells in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS + 1, max_row=LAST_ROW), 1):
        if cells is nothing:  # rows that the file leaves out are one and the same to openpyxl: there may be a million
            continue
        filled = [(place, cell) for place, cell in enumerate(cells) if cell.value is not None or (number, place) in unknown]
        if not filled:
            nothing = cells
            continue
        texts, flaws = [""] * (filled[-1][0] + 1), {}
        for place, cell in filled:
            texts[place] = _text(cell)
            if (number, place) in unknown:
                flaws[place] = _("This cell holds a formula without a result. Write the value itself.")
            elif cell.data_type == "e" or texts[place] in _ERRORS:
                flaws[place] = _("This cell holds an error of the spreadsheet: %(error)s. Write the value itself.", error=texts[place])
        yield Row(number, texts, flaws)


def _without_result(archive: zipfile.ZipFile, path: str) -> frozenset[tuple[int, int]]:
    """The (row, place) of formulas whose result is not stored: programs that never worked them out write such files."""
    name = path.removeprefix("/")
    with archive.open(name) as part:
        rest = b""
        while chunk := part.read(1 << 20):
            if _FORMULA.search(rest + chunk):
                break
            rest = chunk[-64:]
        else:
            return frozenset()
    found = set()
    with archive.open(name) as part:
        row, place = 0, -1
        for event, element in iterparse(part, events=("start", "end")):
            tag = element.tag.rpartition("}")[2]
            if event == "start" and tag == "row":
                row, place = int(element.get("r", row + 1)), -1
            elif event == "end" and tag == "c":
                place = _place(element.get("r"), place + 1)
                if element.find("{*}f") is not None and not element.findtext("{*}v"):
                    found.add((row, place))
            elif event == "end" and tag == "row":
                element.clear()
    return frozenset(found)


def _place(coordinate: str | None, following: int) -> int:
    """The place of a cell in its row, counted from 0: AB7 is 27."""
    letters = re.match(r"[A-Za-z]{1,3}", coordinate or "")
    if letters is None:
        return following
    place = 0
    for letter in letters.group().upper():
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def _text(cell: Any) -> str:
    """A value as the spreadsheet shows it, dates as 2026-03-14."""
    value = cell.value
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case int() | float() if value == int(value) and abs(value) < 1e15:
            zeros = re.fullmatch(r"0{2,20}", cell.number_format)
            return str(int(value)).zfill(len(zeros.group()) if zeros else 1)
        case float():
            return format(value, ".15g")
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(sep=" ", timespec="minutes")
        case date() | time():
            return value.isoformat()
    return str(value)
