"""Two records of one human being become one, and can be parted again. What was moved stands in the log."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from dostyk.core.audit import Event, record
from dostyk.core.database import db
from dostyk.core.errors import Refused
from dostyk.people import queries, records
from dostyk.people.labels import MERGED_FIELDS
from dostyk.people.models import Account, Person
from dostyk.people.records import Fate, Link
from dostyk.people.rules import Sex
from dostyk.people.service.directory import derive, sign_out_everywhere

APART: dict[str, Any] = {"synchronize_session": False}
MERGED, PARTED = "person.merged", "person.parted"


@dataclass(frozen=True)
class Plan:
    """What a merge would do: sentences for a person to read."""

    moves: Sequence[str]
    remarks: Sequence[str]  # what stays behind, or is had once afterwards
    stops: Sequence[str]  # as long as there is one, nothing is merged


def plan(stays: Person, goes: Person, *, powers: bool) -> Plan:
    """What merging `goes` into `stays` would move, and what stands in the way. `powers`: whether who asks may give roles."""
    stops = [sentence for person in (stays, goes) if (sentence := _unfit(person))]
    if stays.id == goes.id:
        stops.append(_("This is one record. Choose another."))
    moves, remarks = [], []
    for link in records.links():
        clashes = link.clashes(stays, goes)
        number = _number(link, goes) - len(clashes)
        if number > 0:
            moves.append(link.words(number))
        stops += [clash.sentence for clash in clashes if clash.fate is Fate.STOPS]
        remarks += [clash.sentence for clash in clashes if clash.fate is not Fate.STOPS]
        if link.power and not powers and (_number(link, goes) or _number(link, stays)):
            stops.append(_("One of the two has a role. Only an administrator merges people who have roles."))
    return Plan(moves, remarks, stops)


def merge(stays: Person, goes: Person, chosen: Collection[str], *, powers: bool, by: Person, now: datetime) -> None:
    """Give `stays` everything that hangs on `goes`, and of the fields in `chosen` its value; `goes` becomes a pointer.

    The event in the log says what was moved, so that `part` can undo it. Raises Refused with all that stands in the way.
    """
    _lock(stays, goes)
    if stops := plan(stays, goes, powers=powers).stops:
        raise Refused(" ".join(stops))
    moved: dict[str, list[int]] = {}
    dropped: dict[str, list[dict[str, Any]]] = {}
    closed = None
    for link in records.links():
        clashes = link.clashes(stays, goes)
        kept = {clash.row_id for clash in clashes}
        rows = [number for number in _rows(link, goes) if number not in kept]
        table = link.model.__table__
        if rows:
            _give(link, rows, stays)
            moved[link.name] = rows
        if lost := [clash.row_id for clash in clashes if clash.fate is Fate.GOES]:
            found = db.session.execute(sa.select(table).where(table.c.id.in_(lost))).mappings()
            dropped[link.model.__tablename__] = [{key: _plain(value) for key, value in row.items()} for row in found]
            db.session.execute(sa.delete(link.model).where(table.c.id.in_(lost)), execution_options=APART)
        if kept and link.model is Account:
            closed = _close(goes)
    fields = {name: [_plain(getattr(stays, name)), _plain(getattr(goes, name))] for name in MERGED_FIELDS if name in chosen}
    for name in fields:
        setattr(stays, name, getattr(goes, name))
    derive(stays)
    archived = goes.archived_at
    goes.merged_into_id, goes.archived_at = stays.id, goes.archived_at or now
    record(
        MERGED,
        f"person:{goes.id}",
        by=by,
        into=stays.id,
        moved=moved,
        dropped=dropped,
        fields=fields,
        closed=closed,
        archived=_plain(archived),
    )
    record("person.took_over", f"person:{stays.id}", by=by, from_=goes.id)


def part(goes: Person, *, by: Person, now: datetime) -> None:
    """Undo the merge of `goes` into another record: what was moved and is still there goes back, and so do the fields.

    What came after the merge stays where it is. Raises Refused when that record was itself merged or anonymised since.
    """
    stays = db.session.get(Person, goes.merged_into_id) if goes.merged_into_id else None
    if stays is None:
        raise Refused(_("This record is not merged into another."))
    _lock(stays, goes)
    done = db.session.scalar(
        sa.select(Event).where(Event.subject == f"person:{goes.id}", Event.kind == MERGED).order_by(Event.id.desc()).limit(1)
    )
    if done is None or done.data.get("into") != stays.id or stays.merged_into_id or stays.anonymised_at or goes.anonymised_at:
        raise Refused(_("This merge cannot be undone: the record that stayed was merged or anonymised since."))
    goes.merged_into_id = None
    goes.archived_at = _instant(done.data["archived"])
    db.session.flush()
    for link in records.links():
        _give(link, done.data["moved"].get(link.name, []), goes, only=stays)
    for table, rows in done.data["dropped"].items():
        _bring_back(db.metadata.tables[table], rows)
    for name, (before, after) in done.data["fields"].items():
        if _plain(getattr(stays, name)) == after:
            setattr(stays, name, Sex(before) if name == "sex" else before)
    derive(stays)
    account = queries.account_of(goes.id)
    if account is not None and done.data["closed"] == account.id:
        account.active = True
    record(PARTED, f"person:{goes.id}", by=by, from_=stays.id)
    record("person.gave_back", f"person:{stays.id}", by=by, to=goes.id)


def _unfit(person: Person) -> str | None:
    if person.merged_into_id is not None:
        return _("%(name)s (number %(number)s) is merged already.", name=person.full_name, number=person.id)
    if person.anonymised_at is not None:
        return _("%(name)s (number %(number)s) is anonymised.", name=person.full_name, number=person.id)
    return None


def _lock(*people: Person) -> None:
    """Both records, always in the same order, as they are now."""
    ids = [person.id for person in people]
    for _row in db.session.scalars(sa.select(Person).where(Person.id.in_(ids)).order_by(Person.id).with_for_update()):
        pass
    for person in people:
        db.session.refresh(person)


def _number(link: Link, person: Person) -> int:
    return db.session.scalar(sa.select(sa.func.count()).where(link.column == person.id)) or 0


def _rows(link: Link, person: Person) -> list[int]:
    key = link.model.__table__.c.id
    return list(db.session.scalars(sa.select(key).where(link.column == person.id).order_by(key)))


def _give(link: Link, rows: Sequence[int], to: Person, only: Person | None = None) -> None:
    """Let rows belong to another record; with `only`, those that still belong to it."""
    table = link.model
    key = table.__table__.c.id
    for start in range(0, len(rows), 500):
        mine = sa.update(table).where(key.in_(rows[start : start + 500]))
        if only is not None:
            mine = mine.where(link.column == only.id)
        db.session.execute(mine.values({link.column.key: to.id}), execution_options=APART)
    for thing in db.session.identity_map.values():
        if isinstance(thing, table):
            db.session.expire(thing)


def _close(person: Person) -> int | None:
    """Close the account of the record that goes; its number if it was open."""
    account = queries.account_of(person.id)
    if account is None or not account.active:
        return None
    account.active = False
    sign_out_everywhere(account)
    return account.id


def _bring_back(table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows as the log keeps them; what is there again is left alone, and a number that another row has got meanwhile is not taken."""
    for row in rows:
        values = {key: _instant(value) if key.endswith("_at") else value for key, value in row.items()}
        same = [table.c[key].is_not_distinct_from(value) for key, value in values.items() if key != "id" and not key.endswith("_at")]
        if db.session.scalar(sa.select(table.c.id).where(*same)) is not None:
            continue
        if db.session.scalar(sa.select(table.c.id).where(table.c.id == row["id"])) is not None:
            del values["id"]
        db.session.execute(sa.insert(table).values(values))


def _plain(value: Any) -> Any:
    """As the log keeps it."""
    return value.isoformat() if isinstance(value, date) else value


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
