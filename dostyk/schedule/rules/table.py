"""A pasted timetable: what each of its lines says. Pure."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from dostyk.schedule.rules.times import MOST_HOURS, SlotKind

MAX_LINES = 1000
TITLE_LENGTH, PLACE_LENGTH = 300, 200


class Column(StrEnum):
    """The columns of a timetable, in their usual order."""

    DATE = "date"
    START = "start"
    END = "end"
    TITLE = "title"
    KIND = "kind"
    PLACE = "place"
    TRAINER = "trainer"
    HOURS = "hours"


class Problem(StrEnum):
    """Why a line of a pasted table cannot become a slot."""

    DAMAGED = "damaged"
    DATE_MISSING = "date_missing"
    DATE_UNCLEAR = "date_unclear"
    TIME_MISSING = "time_missing"
    TIME_UNCLEAR = "time_unclear"
    NO_LENGTH = "no_length"
    NO_SUCH_TIME = "no_such_time"
    TITLE_MISSING = "title_missing"
    TOO_LONG = "too_long"
    KIND_UNKNOWN = "kind_unknown"
    HOURS_UNCLEAR = "hours_unclear"
    CULTURAL_WITH_HOURS = "cultural_with_hours"
    TRAINER_UNKNOWN = "trainer_unknown"
    TRAINER_AMBIGUOUS = "trainer_ambiguous"
    DIFFERS = "differs"


class TableError(StrEnum):
    """Why a pasted text is no timetable at all."""

    EMPTY = "empty"
    TOO_LONG = "too_long"


@dataclass(frozen=True)
class Fault:
    """A problem, in which column, and what stood there."""

    problem: Problem
    column: Column
    value: str = ""


@dataclass(frozen=True)
class Entry:
    """What a line says. `hours` None: as many as the time holds; `trainer` is a name or an address, or empty."""

    on: date
    start: time
    end: time
    title: str
    kind: SlotKind = SlotKind.TRAINING
    place: str = ""
    trainer: str = ""
    hours: Decimal | None = None


@dataclass(frozen=True)
class Line:
    """A line by its number in the paste; without an entry when something in it is wrong."""

    number: int
    title: str
    on: date | None
    entry: Entry | None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Table:
    """A pasted table. `heading` is the number of the line that named the columns, if one did."""

    lines: tuple[Line, ...] = ()
    heading: int | None = None
    error: TableError | None = None


# What people call the columns, kinds and months in the three languages of the programme; compared in lower case.
_HEADINGS = {
    Column.DATE: "date|day|дата|день|күні|күн",
    Column.START: "start|starts|from|begin|begins|time|начало|с|время|басталуы|уақыты",
    Column.END: "end|ends|to|until|окончание|конец|до|по|аяқталуы",
    Column.TITLE: "title|topic|subject|session|name|тема|название|занятие|тақырып|тақырыбы|атауы",
    Column.KIND: "kind|type|вид|тип|түрі",
    Column.PLACE: "place|room|venue|location|место|аудитория|зал|орны|орын",
    Column.TRAINER: "trainer|teacher|speaker|lecturer|преподаватель|тренер|лектор|спикер|оқытушы",
    Column.HOURS: "hours|academic hours|часы|академические часы|ак. часы|ак.ч|сағат|академиялық сағат|академиялық сағаттар",
}
_COLUMN_OF = {word: column for column, words in _HEADINGS.items() for word in words.split("|")}
_KINDS = {
    SlotKind.TRAINING: "|training|t|lesson|lecture|seminar"
    "|учебное|учебный|учёба|учеба|обучение|занятие|лекция|семинар|оқу|оқыту|сабақ|дәріс",
    SlotKind.CULTURAL: "cultural|culture|c|cultural programme"
    "|культурное|культурный|культура|культурная программа|мәдени|мәдениет|мәдени бағдарлама",
}
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words.split("|")}
_MONTHS = (
    "jan янв қаң|feb фев ақп|mar мар нау|apr апр сәу|may май мая мам|jun июн мау"
    "|jul июл шіл|aug авг там|sep сен қыр|oct окт қаз|nov ноя қар|dec дек жел"
)
_MONTH_OF = {start: number for number, starts in enumerate(_MONTHS.split("|"), 1) for start in starts.split()}
# What stands where letters came in another encoding: the mark of decoders, or the bytes as they were sent.
_LOST = re.compile("\ufffd|(%[89A-Fa-f][0-9A-Fa-f]){2}")
_INVISIBLE = re.compile("[\x00\u00ad\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def parse_table(text: str) -> Table:
    """What a pasted timetable says, line by line: separated by tabs, semicolons or commas, with or without a heading.

    An empty date means the date of the line above, as in tables whose cells were merged.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.count("\n") > 20 * MAX_LINES:
        return Table(error=TableError.TOO_LONG)
    rows = [(number, cells) for number, cells in _rows(text) if any(cells)]
    if not rows:
        return Table(error=TableError.EMPTY)
    if len(rows) > MAX_LINES + 1:
        return Table(error=TableError.TOO_LONG)
    order: Sequence[Column | None] = tuple(Column)
    heading = None
    if _is_heading(rows[0][1]):
        heading = rows[0][0]
        named = [_COLUMN_OF.get(cell.casefold()) for cell in rows[0][1]]
        if Column.DATE in named and Column.TITLE in named:
            order = [column if column not in named[:i] else None for i, column in enumerate(named)]
        rows = rows[1:]
    lines: list[Line] = []
    above: date | None = None
    for number, cells in rows:
        line = _line(number, {column: cell for column, cell in zip(order, cells, strict=False) if column}, above)
        above = line.on or above
        lines.append(line)
    return Table(tuple(lines), heading) if lines else Table(heading=heading, error=TableError.EMPTY)


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """(number of the line in the text, cells). A stray quotation mark does not swallow the lines below it."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    separator = next((s for s in "\t;" if s in first), ",")
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        rows, start = [], 1
        for cells in reader:
            rows.append((start, cells))
            start = reader.line_num + 1
    except csv.Error:
        rows = [(number, line.split(separator)) for number, line in enumerate(text.split("\n"), 1)]
    return [(number, [_cell(cell) for cell in cells]) for number, cells in rows]


def _cell(text: str) -> str:
    """A cell as one line, digits of any script as 0-9; without the apostrophe that our CSV puts before a formula."""
    text = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in _INVISIBLE.sub("", unicodedata.normalize("NFC", text)))
    text = re.sub(r"\s+", " ", text).strip()
    return text[1:] if re.match(r"'[=+\-@]", text) else text


def _is_heading(cells: Sequence[str]) -> bool:
    """Whether a first line names columns: no line of a timetable is without any digit."""
    return not any(character.isdecimal() for cell in cells for character in cell)


def _line(number: int, cells: Mapping[Column, str], above: date | None) -> Line:
    faults = [Fault(Problem.DAMAGED, column, cell[:60]) for column, cell in cells.items() if _LOST.search(cell)]

    def get(column: Column) -> str:
        return cells.get(column, "")

    def wrong(problem: Problem, column: Column) -> None:
        faults.append(Fault(problem, column, get(column)[:60]))

    on = parse_date(get(Column.DATE)) if get(Column.DATE) else above
    if on is None:
        wrong(Problem.DATE_UNCLEAR if get(Column.DATE) else Problem.DATE_MISSING, Column.DATE)
    start, end = parse_time(get(Column.START)), parse_time(get(Column.END), end=True)
    for at, column in ((start, Column.START), (end, Column.END)):
        if at is None:
            wrong(Problem.TIME_UNCLEAR if get(column) else Problem.TIME_MISSING, column)
    if start is not None and start == end:
        wrong(Problem.NO_LENGTH, Column.END)
    if not get(Column.TITLE):
        wrong(Problem.TITLE_MISSING, Column.TITLE)
    for column, most in ((Column.TITLE, TITLE_LENGTH), (Column.PLACE, PLACE_LENGTH), (Column.TRAINER, PLACE_LENGTH)):
        if len(get(column)) > most:
            wrong(Problem.TOO_LONG, column)
    kind = _KIND_OF.get(get(Column.KIND).casefold())
    if kind is None:
        wrong(Problem.KIND_UNKNOWN, Column.KIND)
    hours = parse_hours(get(Column.HOURS)) if get(Column.HOURS) else None
    if get(Column.HOURS) and hours is None:
        wrong(Problem.HOURS_UNCLEAR, Column.HOURS)
    if kind is SlotKind.CULTURAL and hours:
        wrong(Problem.CULTURAL_WITH_HOURS, Column.HOURS)
    if faults or on is None or start is None or end is None or kind is None:
        return Line(number, get(Column.TITLE)[:TITLE_LENGTH], on, None, tuple(faults))
    entry = Entry(on, start, end, get(Column.TITLE), kind, get(Column.PLACE), get(Column.TRAINER), hours)
    return Line(number, entry.title, on, entry)


def parse_date(text: str) -> date | None:
    """2026-11-23, 23.11.2026, 23 Nov 2026, 23 ноября 2026 г., 2026 ж. 23 қараша; None for what can mean two days, as 05/06/2026."""
    if match := re.fullmatch(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?:[T ]00:00(?::00)?)?", text):
        return _date(*match.groups())
    if match := re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?: ?[гж]\.?)?", text):
        return _date(*reversed(match.groups()))
    words = re.findall(r"\d+|[^\W\d_]+", text.casefold())
    years, days = [w for w in words if w.isdecimal() and len(w) == 4], [w for w in words if w.isdecimal() and len(w) < 3]
    months = [number for w in words if not w.isdecimal() and (number := _MONTH_OF.get(w[:3]))]
    if len(years) == len(days) == len(months) == 1 and len(words) <= 5:
        return _date(years[0], str(months[0]), days[0])
    return None


def _date(year: str, month: str, day: str) -> date | None:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2100 else None


def parse_time(text: str, *, end: bool = False) -> time | None:
    """9:00, 09.00, 09:00:00, 9:00 PM; as an end also 24:00. None for anything else."""
    match = re.fullmatch(r"(\d{1,2})[:.](\d{2})(?:[:.]\d{2})?(?: ?([ap])\.?m\.?)?", text.casefold())
    if match is None:
        return None
    hour, minute = int(match[1]), int(match[2])
    if match[3]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match[3] == "p" else 0)
    if end and (hour, minute) == (24, 0):
        hour = 0
    return time(hour, minute) if hour < 24 and minute < 60 else None


def parse_hours(text: str) -> Decimal | None:
    """1.5 or 1,5 academic hours, at most two decimals; None for what is no such number."""
    try:
        hours = Decimal(text.replace("٫", ".").replace(",", "."))
    except InvalidOperation:
        return None
    return hours if hours.is_finite() and 0 <= hours <= MOST_HOURS and hours == round(hours, 2) else None


def format_entry(entry: Entry) -> list[str]:
    """A line in the way that `parse_table` reads back, column by column."""
    hours = "" if entry.hours is None else f"{entry.hours:f}"
    times = [entry.on.isoformat(), f"{entry.start:%H:%M}", f"{entry.end:%H:%M}"]
    return [*times, entry.title, entry.kind.value, entry.place, entry.trainer, hours]
