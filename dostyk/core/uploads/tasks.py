"""Checking, applying and forgetting, carried out by the worker."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import undefer

from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from dostyk.core.outbox import Progress, hourly, job
from dostyk.core.sheets import Line, Table, Unreadable, open_table
from dostyk.core.text import fold
from dostyk.core.uploads.kinds import KINDS, Change, Finding, Kind, Order, Reader, Verdict
from dostyk.core.uploads.models import DOING, RowOutcome, RowResult, Upload, UploadRow, UploadState
from dostyk.core.uploads.service import KEPT_DAYS
from dostyk.core.web import sentence_for

CHUNK = 500
NAMED = 5  # lines that a contradiction names
Item = TypeVar("Item")


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    waiting = iter(items)
    while chunk := list(islice(waiting, CHUNK)):
        yield chunk


# --- Check ----------------------------------------------------------------------------------------------------------


@dataclass
class _Group:
    """The lines that share a key; `differ` when they do not say the same."""

    digest: bytes
    lines: list[int] = field(default_factory=list)
    differ: bool = False


@job("uploads.check")
def check(progress: Progress, upload_id: int, language: str) -> None:
    """Read the file and say what each row would do. Run again after the worker was killed, it begins anew."""
    upload = db.session.get(Upload, upload_id, options=[undefer(Upload.content)], populate_existing=True)
    if upload is None or upload.state is not UploadState.CHECKING:
        return
    kind = KINDS[upload.kind]
    with force_locale(language):
        reader = kind.open(upload, Order(upload.by_id))
        try:
            with work():
                db.session.execute(sa.delete(UploadRow).where(UploadRow.upload_id == upload_id))
            table = open_table(upload.content, kind.columns)
            groups, total = _store(upload_id, reader, table, progress)
        except Unreadable as refusal:
            with work():
                db.session.execute(sa.delete(UploadRow).where(UploadRow.upload_id == upload_id))
                upload.state, upload.report = UploadState.UNREADABLE, {"said": str(refusal.sentence)}
            return
        counts, fresh = _judge(upload_id, kind, reader, groups, lambda done: progress(done, total))
    with work():
        upload.state = UploadState.CHECKED
        upload.report = {
            "columns": dict(table.places), "unknown": [text[:80] for text in table.unknown[:20]], "notices": list(table.notices),
            "counts": counts, "groups": fresh,
        }  # fmt: skip


def _store(upload_id: int, reader: Reader, table: Table, progress: Progress) -> tuple[dict[str, _Group], int]:
    """Keep every line as a row, and find those that are about the same."""
    groups: dict[str, _Group] = {}
    total = 0
    for chunk in _chunks(table.lines):
        rows = []
        for line in chunk:
            findings = [{"said": flaw.said, "column": flaw.column} for flaw in line.flaws]
            rows.append({
                "upload_id": upload_id, "line": line.number, "cells": line.cells, "about": "", "search": "",
                "result": RowResult.ERROR if findings else None, "findings": findings, "changes": [],
            })  # fmt: skip
            if not findings:
                _gather(groups, line, reader.keys(line.cells))
        with work():
            db.session.execute(sa.insert(UploadRow), rows)
        total += len(chunk)
        progress(0, total)
    if not total:
        raise Unreadable(_("The file holds no rows below the head. Fill in the template, and hand that in."))
    return groups, total


def _gather(groups: dict[str, _Group], line: Line, keys: Mapping[str, str]) -> None:
    digest = hashlib.sha256(repr(sorted(line.cells.items())).encode()).digest()
    for name, value in keys.items():
        group = groups.setdefault(f"{name}:{value}", _Group(digest))
        group.lines.append(line.number)
        group.differ = group.differ or group.digest != digest


def _judge(
    upload_id: int, kind: Kind, reader: Reader, groups: Mapping[str, _Group], progress: Any
) -> tuple[dict[str, int], dict[str, int]]:
    """Give each row its result, a chunk at a time: each takes the same number of statements."""
    counts: Counter[str] = Counter()
    fresh: Counter[str] = Counter()
    of_line: dict[int, list[_Group]] = defaultdict(list)
    for group in groups.values():
        for number in group.lines if len(group.lines) > 1 else ():
            of_line[number].append(group)
    last = done = 0
    while chunk := _after(upload_id, last):
        lines = [Line(row.line, row.cells) for row in chunk if row.result is None]
        shared = {line.number: of_line.get(line.number, []) for line in lines}
        others = _others(upload_id, {n for found in shared.values() for group in found for n in group.lines[:2]})
        alone = [line for line in lines if not _is_doubtful(shared[line.number], line.number)]
        verdicts = dict(zip((line.number for line in alone), reader.judge(alone), strict=True)) if alone else {}
        for line in lines:
            if line.number not in verdicts:
                verdicts[line.number] = _about_the_same(kind, line, shared[line.number], others)
        values = [_values(row, verdicts.get(row.line)) for row in chunk]
        with work():
            db.session.execute(sa.update(UploadRow), values)
        counts.update(value["result"].value for value in values)
        fresh.update(v.group for v in verdicts.values() if v.result is RowResult.NEW and v.group)
        last, done = chunk[-1].line, done + len(chunk)
        progress(done)
    return dict(counts), dict(fresh)


def _after(upload_id: int, line: int) -> Sequence[Any]:
    columns = (UploadRow.id, UploadRow.line, UploadRow.cells, UploadRow.result, UploadRow.findings)
    mine = sa.select(*columns).where(UploadRow.upload_id == upload_id, UploadRow.line > line)
    return db.session.execute(mine.order_by(UploadRow.line).limit(CHUNK)).all()


def _is_doubtful(shared: Sequence[_Group], number: int) -> bool:
    return any(group.differ or group.lines[0] != number for group in shared)


def _others(upload_id: int, numbers: set[int]) -> dict[int, dict[str, str]]:
    if not numbers:
        return {}
    mine = sa.select(UploadRow.line, UploadRow.cells).where(UploadRow.upload_id == upload_id, UploadRow.line.in_(numbers))
    return dict(db.session.execute(mine).all())


def _about_the_same(kind: Kind, line: Line, shared: Sequence[_Group], others: Mapping[int, Mapping[str, str]]) -> Verdict:
    """The verdict on a line that others share a key with."""
    about = next((cell for cell in line.cells.values() if cell), "")[:200]
    group = next((group for group in shared if group.differ), None)
    if group is None:
        first = min(group.lines[0] for group in shared)
        return Verdict(RowResult.SAME, about, [Finding(_("Line %(line)s says the same already.", line=first))])
    other = others[group.lines[0] if group.lines[0] != line.number else group.lines[1]]
    differing = [str(column.label) for column in kind.columns if line.cells[column.key] != other[column.key]]
    named = [str(number) for number in group.lines if number != line.number]
    rest = len(named) - NAMED
    said = _(
        "Other lines speak of the same person: %(lines)s. They differ in: %(columns)s. Keep the right one.",
        lines=", ".join(named[:NAMED]) + (f" (+{rest})" if rest > 0 else ""),
        columns=", ".join(differing) or "–",
    )
    return Verdict(RowResult.CONTRADICTION, about, [Finding(said)])


def _values(row: Any, verdict: Verdict | None) -> dict[str, Any]:
    if verdict is None:  # its cells have flaws
        about = next((cell for cell in row.cells.values() if cell), "")[:200]
        return {"id": row.id, "result": RowResult.ERROR, "about": about, "search": fold(about), "findings": row.findings, "changes": []}
    return {
        "id": row.id, "result": verdict.result, "about": verdict.about[:200], "search": fold(verdict.about),
        "findings": [{"said": str(f.said), "key": f.key} for f in verdict.findings], "changes": _kept(verdict.changes),
    }  # fmt: skip


def _kept(changes: Sequence[Change]) -> list[dict[str, str]]:
    return [asdict(change) for change in changes]


# --- Apply ----------------------------------------------------------------------------------------------------------


@job("uploads.apply")
def carry_out(progress: Progress, upload_id: int, by: int, language: str, options: Mapping[str, Any]) -> None:
    """Do what each row says, each in a unit of work of its own. Killed and run again, it goes on where it was."""
    upload = db.session.get(Upload, upload_id, populate_existing=True)
    if upload is None or upload.state is not UploadState.APPLYING:
        return
    doing = sa.select(UploadRow.id).where(UploadRow.upload_id == upload_id, UploadRow.result.in_(DOING))
    rows = db.session.scalars(doing.where(UploadRow.outcome.is_(None)).order_by(UploadRow.line)).all()
    total = db.session.scalar(sa.select(sa.func.count()).select_from(doing.subquery())) or 0
    db.session.rollback()
    with force_locale(language):
        reader = KINDS[upload.kind].open(upload, Order(by, applying=True, options=options))
        for done, row_id in enumerate(rows, total - len(rows) + 1):
            _apply_one(reader, row_id)
            progress(done, total)
    with work():
        _finish(upload_id)
    progress(total, total)


def _apply_one(reader: Reader, row_id: int) -> None:
    said: object
    try:
        with work():
            _do(reader, row_id)
        return
    except Refused as refusal:
        said = refusal.sentence
    except IntegrityError as error:
        said = sentence_for(error) or _("Somebody else changed the same data at this moment. Apply the file again.")
    with work():
        mine = sa.update(UploadRow).where(UploadRow.id == row_id, UploadRow.outcome.is_(None))
        db.session.execute(mine.values(outcome=RowOutcome.REFUSED, said=str(said)), execution_options={"synchronize_session": False})


def _do(reader: Reader, row_id: int) -> None:
    """Claim the row, judge it anew, and carry it out if it still does what was shown."""
    mine = sa.update(UploadRow).where(UploadRow.id == row_id, UploadRow.outcome.is_(None)).values(outcome=RowOutcome.DONE)
    returned = (UploadRow.line, UploadRow.cells, UploadRow.result, UploadRow.changes)
    row = db.session.execute(mine.returning(*returned), execution_options={"synchronize_session": False}).one_or_none()
    if row is None:  # another worker has it
        return
    line = Line(row.line, row.cells)
    verdict = reader.judge([line])[0]
    if verdict.result is RowResult.SAME:
        again = sa.update(UploadRow).where(UploadRow.id == row_id).values(outcome=RowOutcome.UNCHANGED)
        db.session.execute(again, execution_options={"synchronize_session": False})
    elif verdict.result not in DOING:
        raise Refused(" ".join(str(finding.said) for finding in verdict.findings))
    elif (verdict.result, _kept(verdict.changes)) != (row.result, row.changes):
        raise Refused(_("What is stored has changed since the check, so nothing was overwritten. Hand the file in again."))
    else:
        reader.carry_out(line, verdict)


def _finish(upload_id: int) -> None:
    mine = sa.select(UploadRow.outcome, sa.func.count()).where(UploadRow.upload_id == upload_id, UploadRow.outcome.is_not(None))
    outcomes = {outcome.value: count for outcome, count in db.session.execute(mine.group_by(UploadRow.outcome)) if outcome}
    upload = db.session.get_one(Upload, upload_id, populate_existing=True)
    upload.state, upload.applied_at, upload.content = UploadState.APPLIED, utcnow(), b""
    upload.report = {**upload.report, "outcomes": outcomes}


# --- Forget ---------------------------------------------------------------------------------------------------------


@hourly("uploads.forget")
def forget(progress: Progress) -> None:
    """Delete what files held when their days are over; their counts stay."""
    limit = utcnow() - timedelta(days=KEPT_DAYS)
    kept = sa.or_(sa.func.length(Upload.content) > 0, sa.exists().where(UploadRow.upload_id == Upload.id))
    due = db.session.scalars(sa.select(Upload.id).where(Upload.at < limit, kept).order_by(Upload.id)).all()
    db.session.rollback()
    for number, upload_id in enumerate(due, 1):
        with work():
            db.session.execute(sa.delete(UploadRow).where(UploadRow.upload_id == upload_id))
            upload = db.session.get_one(Upload, upload_id)
            upload.content, upload.report = b"", {**upload.report, "forgotten": True}
        progress(number, len(due))
