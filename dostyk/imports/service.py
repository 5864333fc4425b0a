"""Participants of a cohort from a file: what each row would do, and doing it. Nothing here commits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from flask_babel import gettext as _

from dostyk.cohorts import queries as cohorts
from dostyk.cohorts import rules as seats
from dostyk.cohorts.labels import NO_SEAT_FOR_STAFF
from dostyk.cohorts.models import Cohort
from dostyk.cohorts.rules import HOLDING, CohortFacts, SeatTable
from dostyk.cohorts.service import enrol
from dostyk.core import uploads
from dostyk.core.audit import gathered
from dostyk.core.clock import utcnow
from dostyk.core.countries import country_name, language_name
from dostyk.core.database import db
from dostyk.core.errors import Refused
from dostyk.core.i18n import label, language
from dostyk.core.sheets import Line, values
from dostyk.core.text import clean_name, fold
from dostyk.core.uploads import Change, Finding, Kind, Order, RowResult, Upload, Verdict
from dostyk.imports import queries
from dostyk.imports.labels import COLUMNS, DOUBTS
from dostyk.imports.queries import Register
from dostyk.imports.rules import Doubt, Identity, match
from dostyk.people.models import Person
from dostyk.people.queries import account_of
from dostyk.people.rules import PersonDetails, Sex
from dostyk.people.service import checked, invite, open_account, register, update

LENGTHS = {
    "full_name": 200, "own_name": 200, "family_name": 100, "given_name": 100, "patronymic": 100, "employer": 300, "post": 200, "email": 255,
}  # fmt: skip
FIRST_YEAR = 1900


def subject(cohort: Cohort) -> str:
    """Under which name the files of a cohort are found again."""
    return f"cohort:{cohort.id}"


# --- Cells ----------------------------------------------------------------------------------------------------------


@dataclass
class Row:
    """What a line says: values by field, only those that are filled in; and what is wrong with them."""

    values: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def identity(self) -> Identity:
        said = self.values
        return Identity(fold(said.get("full_name", "")), said.get("country"), said.get("birth_year"), said.get("email", ""))


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
    for key, sentence in (("full_name", _("Write the full name as in the passport.")), ("country", _("Write the country."))):
        if not clean_name(cells[key]):
            row.findings.append(Finding(sentence, key))
    return row


def _year(text: str) -> int | None:
    year = values.year(text)
    return year if year is not None and FIRST_YEAR <= year <= utcnow().year else None


_READERS: Mapping[str, Callable[[str], Any]] = {
    "full_name": str, "own_name": str, "family_name": str, "given_name": str, "patronymic": str, "employer": str, "post": str,
    "sex": values.sex, "country": values.country, "languages": values.languages, "email": values.email, "birth_year": _year,
}  # fmt: skip


def _unknown(key: str, text: str) -> str:
    text = text if len(text) <= 60 else f"{text[:60]}…"
    match key:
        case "sex":
            return _("“%(text)s” is not understood. Write female or male, or leave it empty.", text=text)
        case "country":
            return _("“%(text)s” is no country that is known here. Write its name, or its code of two letters.", text=text)
        case "languages":
            return _("“%(text)s” is not understood. Write the languages with commas between them.", text=text)
        case "email":
            return _("“%(text)s” is not an e-mail address. Example: name@example.org", text=text)
        case "birth_year":
            return _("“%(text)s” is not a year of birth. Write four digits.", text=text)
    return _("This is longer than %(count)s characters. Shorten it.", count=LENGTHS[key])


def show(key: str, value: str) -> str:
    """The words for a stored value."""
    match key:
        case "country" if value:
            return country_name(value, language())
        case "sex" if value:
            return str(label(Sex(value)))
        case "languages":
            return ", ".join(language_name(code, language()) for code in value.split(", ") if code)
    return value


def _stored(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)


# --- Rows -----------------------------------------------------------------------------------------------------------


class Participants:
    """How a file of participants is read."""

    def __init__(self, upload: Upload, order: Order) -> None:
        self.cohort_id, self.order = int(upload.subject.partition(":")[2]), order
        self._found: dict[int, tuple[Row, Person | None]] = {}  # by line, as `judge` left it for `carry_out`

    def keys(self, cells: Mapping[str, str]) -> dict[str, str]:
        """Two lines speak of one person when they have the same address, or name, country and year of birth."""
        identity = _read(cells).identity
        keys = {"email": identity.email} if identity.email else {}
        if identity.name and (identity.birth_year is not None or not identity.email):
            keys["person"] = f"{identity.key}|{identity.country}|{identity.birth_year}"
        return keys

    def judge(self, lines: Sequence[Line]) -> list[Verdict]:
        """What each line would do. A constant number of statements."""
        rows = [_read(line.cells) for line in lines]
        cohort = queries.cohort_by_id(self.cohort_id)
        known = queries.register_for(self.cohort_id, [row.identity for row in rows if not row.findings])
        judge = _Judge(cohort, known, queries.editable(self.order.by_id, known.people), None if self.order.applying else _seats(cohort))
        self._found = {}
        verdicts = []
        for line, row in zip(lines, rows, strict=True):
            verdict, person = judge.verdict(row)
            self._found[line.number] = row, person
            verdicts.append(replace(verdict, about=row.values.get("full_name") or next(filter(None, line.cells.values()), "")))
        return verdicts

    def carry_out(self, line: Line, verdict: Verdict) -> None:
        """Register or change the person, and give them a seat unless they have one; all of it or, raising Refused, nothing."""
        now, by = utcnow(), db.session.get_one(Person, self.order.by_id)
        row, person = self._found[line.number]
        with gathered():
            if person is None:
                person = register(_details(row), by=by, now=now)
            elif verdict.changes:
                update(person, _details(row, person), by=by, now=now)
            if verdict.result is RowResult.NEW:
                enrol(person, db.session.get_one(Cohort, self.cohort_id), row.values["country"], now, by=by)
                if self.order.options.get("invite") and person.email and account_of(person.id) is None:
                    invite(open_account(person, person.email, None, now, by=by), now, by=by)


def _seats(cohort: Cohort) -> SeatTable:
    return cohorts.seat_table(cohort, utcnow())


def _details(row: Row, person: Person | None = None) -> PersonDetails:
    """What is known of somebody when the row is taken over: empty cells change nothing."""
    said: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.values.items()}
    said["sex"] = Sex(said.get("sex") or (person.sex if person else Sex.NOT_STATED))
    if person is None:
        return PersonDetails(**said)
    present = {f.name: getattr(person, f.name) for f in fields(PersonDetails)}
    return PersonDetails(**{**present, "languages": tuple(person.languages), **said})


@dataclass(frozen=True)
class _Judge:
    """Judges the rows of a chunk. `table` is None when seats need not be looked at: taking one says whether there is one."""

    cohort: Cohort
    known: Register
    editable: set[int]
    table: SeatTable | None

    def verdict(self, row: Row) -> tuple[Verdict, Person | None]:
        if row.findings:
            return Verdict(RowResult.ERROR, findings=row.findings), None
        identity = row.identity
        found = match(identity, self.known.holders.get(identity.email, ()), self.known.namesakes.get((identity.key, identity.country), ()))
        if isinstance(found, Doubt):
            return _doubtful(DOUBTS[found], "full_name" if found is Doubt.NAMESAKES else "email"), None
        person = self.known.people[found] if found is not None else None
        try:
            checked(_details(row, person))
        except Refused as refused:
            return Verdict(RowResult.ERROR, findings=[Finding(refused.sentence, refused.field or "")]), person
        return self._of_person(row, person), person

    def _of_person(self, row: Row, person: Person | None) -> Verdict:
        changes = _changes(row, person) if person else []
        state = self.known.seats.get(person.id) if person else None
        if person and changes and person.id not in self.editable:
            named = ", ".join(str(column.label) for column in COLUMNS if any(c.key == column.key for c in changes))
            return _doubtful(
                _("This person is known with other data, which you may not change: %(columns)s. Enrol them by hand.", columns=named)
            )
        if person and person.archived_at is not None:
            return _doubtful(_("This person is archived. Bring them back under People first."))
        if state in HOLDING:
            return Verdict(RowResult.CHANGED if changes else RowResult.SAME, changes=changes)
        if state is not None:
            return _doubtful(_("This person had a seat here and gave it back. Give it again on the page of participants."))
        country = row.values["country"]
        if self.table is not None and (reason := seats.no_seat(_facts(self.cohort, self.table, country), utcnow())):
            return Verdict(RowResult.ERROR, findings=[Finding(NO_SEAT_FOR_STAFF[reason], "country")])
        known = [Finding(_("Known already; gets a seat."))] if person else []
        return Verdict(RowResult.NEW, findings=known, changes=changes, group=country)


def _doubtful(sentence: object, key: str = "") -> Verdict:
    return Verdict(RowResult.CONTRADICTION, findings=[Finding(sentence, key)])


def _changes(row: Row, person: Person) -> list[Change]:
    """Which fields the row says otherwise; the order of languages does not matter."""
    found = []
    for key, said in row.values.items():
        before = getattr(person, key)
        if sorted(before) != sorted(said) if isinstance(said, list) else before != said:
            found.append(Change(key, _stored(before), _stored(said)))
    return found


def _facts(cohort: Cohort, table: SeatTable, country: str) -> CohortFacts:
    return CohortFacts(
        archived=cohort.archived_at is not None, opens=cohort.opens_at, closes=cohort.closes_at, capacity=table.total,
        by_country=bool(table.countries), country=table.countries.get(country),
    )  # fmt: skip


def short(cohort: Cohort, upload: Upload) -> list[str]:
    """For which countries the new people of a checked file are more than there are free seats: a sentence each."""
    table, wanted = _seats(cohort), upload.report.get("groups", {})
    said = []
    for country, count in sorted(wanted.items()) if table.countries else []:
        free = max(table.countries[country].free, 0) if country in table.countries else 0
        if count > free:
            named = country_name(country, language())
            said.append(_("%(country)s: %(count)s new people, %(free)s free seats.", country=named, count=count, free=free))
    total = sum(wanted.values())
    if total > max(table.total.free, 0):
        said.append(_("Together: %(count)s new people, %(free)s free seats.", count=total, free=max(table.total.free, 0)))
    return said


PARTICIPANTS = uploads.register(Kind("participants", COLUMNS, Participants, show))
