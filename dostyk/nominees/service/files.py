"""People to be named, from a file or from pasted lines: what each line does, and doing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import joinedload

from dostyk.core import i18n, uploads
from dostyk.core.audit import gathered
from dostyk.core.clock import utcnow
from dostyk.core.countries import language_name
from dostyk.core.database import db
from dostyk.core.errors import Refused
from dostyk.core.i18n import label, language
from dostyk.core.sheets import Line, open_table, values
from dostyk.core.sheets.texts import separator
from dostyk.core.text import DIGITS, clean_name, fold
from dostyk.core.uploads import Change, Finding, Kind, Order, RowResult, Upload, Verdict
from dostyk.nominees import rules
from dostyk.nominees.labels import COLUMNS
from dostyk.nominees.models import Nominee
from dostyk.nominees.queries import identity
from dostyk.nominees.rules import Identity, Likeness
from dostyk.nominees.service.naming import NomineeDetails, edit, name, same
from dostyk.people.models import Person
from dostyk.people.rules import PersonDetails, Sex, name_key
from dostyk.people.service import checked
from dostyk.vouchers.models import Batch, Redemption

LENGTHS = {"full_name": 200, "own_name": 200, "employer": 300, "post": 200, "email": 255}
FIRST_YEAR, MOST_YEARS = 1900, 70


def subject_of_files(batch: Batch) -> str:
    """Under which name the files of a batch are found again."""
    return f"batch:{batch.id}"


# --- Cells ----------------------------------------------------------------------------------------------------------


@dataclass
class Row:
    """What a line says: values by field, only those that are filled in; and what is wrong with them."""

    values: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def identity(self) -> Identity:
        email = self.values.get("email", "")
        key = name_key(fold(self.values.get("full_name", "")))
        return Identity(key, self.values.get("birth_year"), frozenset(filter(None, (email,))))

    def details(self, letter_language: str, before: Nominee | None = None) -> NomineeDetails:
        """What is known of somebody when the row is taken over: empty cells change nothing."""
        known = {} if before is None else {key: getattr(before, key) for key in NomineeDetails.__dataclass_fields__}
        said = {"letter_language": letter_language, **known, **self.values}
        said["languages"] = tuple(said.get("languages", ()))
        return NomineeDetails(**{**said, "sex": Sex(said.get("sex") or Sex.NOT_STATED)})


def _read(cells: Mapping[str, str]) -> Row:
    row = Row()
    for key, read in _READERS.items():
        text = clean_name(cells[key])
        if not text:
            continue
        value = read(text)
        if value is None or (isinstance(value, str) and len(value) > LENGTHS.get(key, 300)):
            row.findings.append(Finding(_unknown(key, text), key))
        else:
            row.values[key] = value
    if "full_name" not in row.values and not row.findings:
        row.findings.append(Finding(_("The name is missing."), "full_name"))
    return row


def _year(text: str) -> int | None:
    year = values.year(text)
    return year if year is not None and FIRST_YEAR <= year <= utcnow().year else None


def _years(text: str) -> int | None:
    text = text.translate(DIGITS)
    return int(text) if text.isascii() and text.isdigit() and int(text) <= MOST_YEARS else None


def _letter_language(text: str) -> str | None:
    found = values.languages(text) or []
    return i18n.known(found[0]) if len(found) == 1 else None


_READERS: Mapping[str, Callable[[str], Any]] = {
    "full_name": str, "own_name": str, "email": values.email, "sex": values.sex, "birth_year": _year, "employer": str, "post": str,
    "years_of_service": _years, "languages": values.languages, "letter_language": _letter_language,
}  # fmt: skip


def _unknown(key: str, text: str) -> str:
    text = text if len(text) <= 60 else f"{text[:60]}…"
    match key:
        case "sex":
            return _("“%(text)s” is not understood. Write female or male, or leave it empty.", text=text)
        case "languages":
            return _("“%(text)s” is not understood. Write the languages with commas between them.", text=text)
        case "letter_language":
            return _(
                "“%(text)s”: letters are written in English, Russian, Kazakh or Dari. Choose one of them, or leave it empty.", text=text
            )
        case "email":
            return _("“%(text)s” is not an e-mail address. Example: name@example.org", text=text)
        case "birth_year":
            return _("“%(text)s” is not a year of birth. Write four digits.", text=text)
        case "years_of_service":
            return _("“%(text)s” is not a number of years. Write a whole number.", text=text)
    return _("This is longer than %(count)s characters. Shorten it.", count=LENGTHS[key])


def show(key: str, value: str) -> str:
    """The words for a stored value."""
    match key:
        case "sex" if value:
            return str(label(Sex(value)))
        case "languages" | "letter_language":
            return ", ".join(language_name(code, language()) for code in value.split(", ") if code)
    return value


def _kept(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list | tuple) else "" if value is None else str(value)


# --- Lines ----------------------------------------------------------------------------------------------------------


class Nominees:
    """How a file of people to be named is read."""

    def __init__(self, upload: Upload, order: Order) -> None:
        batch = db.session.get(Batch, int(upload.subject.partition(":")[2]), options=[joinedload(Batch.cohort)])
        if batch is None:
            raise Refused(_("This batch does not exist any more."))
        self.batch, self.order = batch, order
        self._found: dict[int, tuple[Row, Nominee | None]] = {}  # by line, as `judge` left it for `carry_out`

    def keys(self, cells: Mapping[str, str]) -> dict[str, str]:
        """Two lines speak of one person when they have the same address, or the same name and year of birth."""
        who = _read(cells).identity
        keys = {"email": next(iter(who.emails))} if who.emails else {}
        if who.key and (who.birth_year is not None or not who.emails):
            keys["person"] = f"{who.key}|{who.birth_year}"
        return keys

    def judge(self, lines: Sequence[Line]) -> list[Verdict]:
        """What each line would do. One statement."""
        found = judged(self.batch, lines)
        self._found = {line.number: (row, known) for line, (row, known, _verdict) in zip(lines, found, strict=True)}
        return [verdict for _row, _known, verdict in found]

    def carry_out(self, line: Line, verdict: Verdict) -> None:
        """Name the person, or change what was said of them; all of it or, raising Refused, nothing."""
        row, known = self._found[line.number]
        with gathered():
            _do(self.batch, row, known, db.session.get_one(Person, self.order.by_id), utcnow())


def _do(batch: Batch, row: Row, known: Nominee | None, by: Person, now: datetime) -> None:
    if known is None:
        name(batch, row.details(batch.language), by, now)
    else:
        edit(known, row.details(batch.language, known), by, now)


def judged(batch: Batch, lines: Sequence[Line]) -> list[tuple[Row, Nominee | None, Verdict]]:
    """Each line as it was read, whom of the batch it is about, and what it would do. One statement."""
    rows = [_read(line.cells) for line in lines]
    known = _Known(batch, [row.identity for row in rows if not row.findings])
    result = []
    for line, row in zip(lines, rows, strict=True):
        about = str(row.values.get("full_name") or next(filter(None, line.cells.values()), ""))
        alike = [] if row.findings else known.alike(row.identity)
        found = alike[0] if len(alike) == 1 else None
        result.append((row, found, _verdict(batch, row, found, len(alike), about, past=found is not None and found.id in known.past)))
    return result


def _verdict(batch: Batch, row: Row, found: Nominee | None, alike: int, about: str, *, past: bool) -> Verdict:
    if row.findings:
        return Verdict(RowResult.ERROR, about, row.findings)
    if alike > 1:
        said = _("Several people with this name are named in this batch. Add the year of birth, or change them by hand.")
        return Verdict(RowResult.CONTRADICTION, about, [Finding(said, "full_name")])
    details = row.details(batch.language, found)
    try:
        checked(PersonDetails(details.full_name, details.own_name, email=details.email))
    except Refused as refused:
        return Verdict(RowResult.ERROR, about, [Finding(refused.sentence, refused.field or "")])
    if found is None:
        return Verdict(RowResult.NEW, about)
    if same(found, details):
        return Verdict(RowResult.SAME, about)
    changes = [
        Change(key, _kept(getattr(found, key)), _kept(getattr(details, key)))
        for key in row.values
        if _kept(getattr(found, key)) != _kept(getattr(details, key))
    ]
    if not changes:
        return Verdict(RowResult.SAME, about)
    if past:
        return Verdict(RowResult.CONTRADICTION, about, [Finding(_("This person has taken the seat, and sees to their own data now."))])
    return Verdict(RowResult.CHANGED, about, changes=changes)


class _Known:
    """Who is named in the batch under one of some names or addresses; `past` are the numbers of who has taken the seat. One statement."""

    def __init__(self, batch: Batch, people: Sequence[Identity]) -> None:
        keys, emails = {who.key for who in people}, {email for who in people for email in who.emails}
        self.past: set[int] = set()
        self._by: dict[str, list[tuple[Nominee, Identity]]] = {}
        if not keys:
            return
        taken = sa.exists().where(Redemption.voucher_id == Nominee.voucher_id).correlate(Nominee)
        mine = sa.select(Nominee, taken).where(Nominee.batch_id == batch.id, Nominee.ended_at.is_(None)).order_by(Nominee.id)
        mine = mine.where(sa.or_(Nominee.name_key.in_(keys), Nominee.email.in_(emails)))
        for one, past in db.session.execute(mine.execution_options(populate_existing=True)):
            who = identity(one)
            if past:
                self.past.add(one.id)
            for key in (who.key, *who.emails):
                self._by.setdefault(key, []).append((one, who))

    def alike(self, who: Identity) -> list[Nominee]:
        """Those who certainly are this person; where nobody is, those who perhaps are."""
        near = {one.id: (one, rules.likeness(who, other)) for key in (who.key, *who.emails) for one, other in self._by.get(key, ())}
        sure = [one for one, how in near.values() if how is Likeness.CERTAIN]
        return sure or [one for one, how in near.values() if how is Likeness.PERHAPS]


# --- Pasted ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Judged:
    """One pasted line."""

    line: Line
    row: Row
    known: Nominee | None
    verdict: Verdict


@dataclass(frozen=True)
class Pasted:
    """Pasted lines with what each would do. Nothing is done until none of them is wrong."""

    lines: Sequence[Judged]

    @property
    def wrong(self) -> int:
        return sum(one.verdict.result in (RowResult.ERROR, RowResult.CONTRADICTION) for one in self.lines)

    @property
    def doing(self) -> int:
        return sum(one.verdict.result in (RowResult.NEW, RowResult.CHANGED) for one in self.lines)

    def carry_out(self, batch: Batch, by: Person, now: datetime) -> int:
        """Name all of them, or none; how many were new or changed. Raises Refused while a line is wrong."""
        if self.wrong:
            raise Refused(_("Correct the marked lines first: nobody is named until every line can be read."), field="table")
        with gathered():
            for one in self.lines:
                if one.verdict.result in (RowResult.NEW, RowResult.CHANGED):
                    _do(batch, one.row, one.known, by, now)
        return self.doing


def pasted(batch: Batch, text: str) -> Pasted:
    """What the pasted lines would do. The first may name the columns, in any order; else they are those of the template.

    Raises Refused (field `table`) for what is no table, and for more lines than can be looked at on one page.
    """
    text = text.strip("\r\n ")
    sign = separator(text)
    first = {fold(cell.replace("_", " ")) for cell in text.split("\n", 1)[0].split(sign)}
    head = f"{sign.join(column.key for column in COLUMNS)}\n"
    try:
        named = first & COLUMNS[0].heads()
        lines = list(open_table((text if named else head + text).encode(), COLUMNS).lines)
    except Refused as refused:
        raise Refused(refused.sentence, field="table") from refused
    if len(lines) > rules.MOST_PASTED:
        said = ngettext(
            "%(num)s line can be pasted at once.", "%(num)s lines can be pasted at once. Hand in a file instead.", rules.MOST_PASTED
        )
        raise Refused(said, field="table")
    whole = [Line(line.number - (0 if named else 1), line.cells, line.flaws) for line in lines]
    found = [Judged(line, *rest) for line, rest in zip(whole, judged(batch, whole), strict=True)]
    return Pasted(_without_repeats(found))


def _without_repeats(lines: Sequence[Judged]) -> list[Judged]:
    """Lines with flaws of their cells are errors; a second line about the same person is one, too."""
    seen: dict[str, int] = {}
    result = []
    for one in lines:
        verdict = one.verdict
        if one.line.flaws:
            verdict = Verdict(RowResult.ERROR, verdict.about, [Finding(flaw.said) for flaw in one.line.flaws])
        who = one.row.identity
        keys = [*who.emails, *([f"{who.key}|{who.birth_year}"] if who.key else [])]
        if earlier := next((seen[key] for key in keys if key in seen), None):
            verdict = Verdict(
                RowResult.CONTRADICTION,
                verdict.about,
                [Finding(_("Line %(line)s is about the same person. Keep one of them.", line=earlier))],
            )
        for key in keys:
            seen.setdefault(key, one.line.number)
        result.append(Judged(one.line, one.row, one.known, verdict))
    return result


NOMINEES = uploads.register(Kind("nominees", COLUMNS, Nominees, show))
