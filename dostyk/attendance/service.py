"""Taking the roll. A mark is written at once and never changed: a later change is a new mark with a reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask_babel import gettext as _

from dostyk.attendance import queries, rules
from dostyk.attendance.labels import FAULTS, FAULTY_FIELD, NOT_MARKABLE
from dostyk.attendance.models import Mark
from dostyk.attendance.queries import Marked, RollRow
from dostyk.attendance.rules import Logged, Presence, Source, Status
from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.cohorts.rules import EnrolmentState
from dostyk.core.audit import record
from dostyk.core.database import changed, db
from dostyk.core.errors import Refused
from dostyk.people.models import Person
from dostyk.schedule.models import Slot


@dataclass(frozen=True)
class Entry:
    """What was said about one person. `client_id` names the tap: sent twice, it is one mark."""

    enrolment_id: int
    said: Presence
    reason: str = ""
    client_id: str | None = None


@dataclass(frozen=True)
class Taken:
    """What became of a whole form: how many marks were written, and for whom something is missing."""

    saved: int
    asked: dict[int, Refused]


def mark(cohort: Cohort, slot_id: int, entry: Entry, *, by: Person, now: datetime) -> tuple[RollRow, Marked, Slot]:
    """Mark one person; returns the row of the roll, how far the roll is, and the slot. Three statements.

    What is marked already is not marked again, nor is a tap that was sent twice. Raises Refused: with the field `reason`,
    `late_minutes` or `excuse` when something is missing; with status 404 for anybody who holds no seat in this cohort.
    """
    found = queries.seat_and_slot(cohort, slot_id, entry.enrolment_id)
    if found is None:
        raise Refused(_("This person holds no seat in this cohort any more: load the roll again."), status=404)
    enrolment, person, slot = found
    _check_markable(cohort, slot, now)
    mark, name, far, sent = queries.before(cohort, slot.id, enrolment.id, entry.client_id)
    if sent is not None:
        if (sent.slot_id, sent.enrolment_id) != (slot.id, enrolment.id):
            raise Refused(_("This mark was sent for somebody else before: load the roll again."))
        return queries.roll_row(enrolment, person, mark, name), far, slot
    current = queries.logged(mark) if mark else None
    if current is not None and current.presence == entry.said:
        return queries.roll_row(enrolment, person, mark, name), far, slot
    _check(current, entry, slot, by, now)
    new = Mark(**_values(entry, slot.id, by, now), client_id=entry.client_id)
    db.session.add(new)
    db.session.flush()
    return queries.roll_row(enrolment, person, new, by.full_name), Marked(far.marked + (current is None), far.enrolled), slot


def take_roll(cohort: Cohort, slot: Slot, entries: Iterable[Entry], *, by: Person, now: datetime) -> Taken:
    """Mark many people at once: what can be kept is kept, and the rest is asked about. People without a seat are passed over.

    Three statements, however many people. Raises Refused when nobody can be marked in this slot now.
    """
    _check_markable(cohort, slot, now)
    entries = list(entries)
    seats = queries.lock_seats(cohort, [entry.enrolment_id for entry in entries])
    current = queries.current_marks(slot.id)
    rows, asked = [], dict[int, Refused]()
    for entry in entries:
        before = current.get(entry.enrolment_id)
        if entry.enrolment_id not in seats or (before is not None and before.presence == entry.said):
            continue
        try:
            _check(before, entry, slot, by, now)
        except Refused as refused:
            asked[entry.enrolment_id] = refused
        else:
            rows.append(_values(entry, slot.id, by, now))
    if rows:
        db.session.execute(sa.insert(Mark), rows)
    return Taken(len(rows), asked)


def mark_all_present(cohort: Cohort, slot: Slot, *, by: Person, now: datetime) -> int:
    """Mark everybody present who is not marked yet; returns how many that were. Two statements, however many people.

    The seats are locked first: somebody whom another trainer is marking as late at this moment stays late.
    Raises Refused when nobody can be marked in this slot now.
    """
    _check_markable(cohort, slot, now)
    queries.lock_seats(cohort)
    unmarked = sa.select(
        sa.literal(slot.id), Enrolment.id, sa.literal(Status.PRESENT, Mark.status.type), sa.literal(Source.TRAINER, Mark.source.type),
        sa.literal(now, Mark.at.type), sa.literal(by.id),
    ).where(
        Enrolment.cohort_id == cohort.id,
        Enrolment.state == EnrolmentState.ENROLLED,
        ~sa.exists().where(Mark.slot_id == slot.id, Mark.enrolment_id == Enrolment.id),
    )  # fmt: skip
    insert = sa.insert(Mark).from_select(["slot_id", "enrolment_id", "status", "source", "at", "by_id"], unmarked)
    number = changed(db.session.execute(insert.execution_options(preserve_rowcount=True)))
    if number:
        record("attendance.all_present", f"slot:{slot.id}", by=by, cohort=cohort.code, people=number)
    return number


def why_not_now(cohort: Cohort, slot: Slot, now: datetime) -> str | None:
    """Why nobody can be marked in the slot now, as a sentence; None when they can."""
    refusal = rules.not_markable(
        archived=cohort.archived_at is not None,
        cancelled=slot.cancelled_at is not None,
        on=slot.starts_at.astimezone(ZoneInfo(cohort.time_zone)).date(),
        today=cohort.today(now),
        starts_at=slot.starts_at,
        now=now,
    )
    return str(NOT_MARKABLE[refusal]) if refusal else None


def _check_markable(cohort: Cohort, slot: Slot, now: datetime) -> None:
    if sentence := why_not_now(cohort, slot, now):
        raise Refused(sentence)


def _check(before: Logged | None, entry: Entry, slot: Slot, by: Person, now: datetime) -> None:
    """Raise Refused when the mark says nothing, or changes another one without a reason."""
    if faulty := rules.faulty(entry.said, queries.minutes_of(slot)):
        raise Refused(FAULTS[faulty], field=FAULTY_FIELD[faulty])
    if rules.needs_reason(before, by.id, now) and not entry.reason.strip():
        raise Refused(_("Not saved yet: this changes an earlier mark. Say why."), field="reason")


def _values(entry: Entry, slot_id: int, by: Person, now: datetime) -> dict[str, object]:
    said = entry.said
    return {
        "slot_id": slot_id, "enrolment_id": entry.enrolment_id, "status": said.status, "late_minutes": said.late_minutes,
        "excuse": said.excuse, "reason": entry.reason.strip()[:300] or None, "source": Source.TRAINER, "at": now, "by_id": by.id,
    }  # fmt: skip
