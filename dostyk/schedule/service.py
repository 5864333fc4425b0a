"""What changes a timetable. Everything is refused once the cohort is archived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from dostyk.cohorts.models import Cohort
from dostyk.core.audit import record
from dostyk.core.clock import days_later
from dostyk.core.database import LocalizedText, db
from dostyk.core.errors import Refused
from dostyk.people.models import Person
from dostyk.schedule import queries, rules
from dostyk.schedule.labels import SPAN_ERRORS, TABLE_ERRORS
from dostyk.schedule.models import Slot
from dostyk.schedule.rules import Result, SlotKind, Span, SpanError, Verdict


@dataclass(frozen=True)
class SlotDetails:
    """What a coordinator says about a slot. `academic_hours` None: as many as the time holds."""

    kind: SlotKind
    title: LocalizedText
    on: date
    start: time
    end: time  # earlier than the start: on the next day
    place: str = ""
    trainer_id: int | None = None
    academic_hours: Decimal | None = None


def add(cohort: Cohort, details: SlotDetails, *, by: Person, now: datetime) -> Slot:
    """Put a slot into the timetable. Raises Refused, also when the very same slot is there already."""
    _lock(cohort)
    slot = Slot(cohort_id=cohort.id)
    _fill(slot, cohort, details)
    same = [s for s in queries.slots_of(cohort) if (s.span, s.kind, s.title, s.place) == (slot.span, slot.kind, slot.title, slot.place)]
    if any(s.cancelled_at is None for s in same):
        raise Refused(_("This slot is already in the timetable."), field="title")
    if same:
        raise Refused(_("This slot is in the timetable and cancelled: restore it there."), field="title")
    db.session.add(slot)
    db.session.flush()
    record("slot.added", f"slot:{slot.id}", by=by, cohort=cohort.code, **_told(slot))
    return slot


def edit(cohort: Cohort, slot: Slot, details: SlotDetails, *, by: Person, now: datetime) -> None:
    """Change a slot. Raises Refused."""
    _lock(cohort)
    before = _told(slot)
    _fill(slot, cohort, details)
    if _told(slot) != before:
        record("slot.changed", f"slot:{slot.id}", by=by, cohort=cohort.code, before=before, **_told(slot))


def cancel(cohort: Cohort, slot: Slot, reason: str, *, by: Person, now: datetime) -> None:
    """Call a slot off; its marks are kept and it leaves all sums. Called off already: nothing happens. Raises Refused."""
    _lock(cohort)
    if slot.cancelled_at is not None:
        return
    if not reason.strip():
        raise Refused(_("Say why the slot is cancelled: participants read it in the timetable."), field="reason")
    slot.cancelled_at, slot.cancelled_reason = now, reason.strip()[:300]
    record("slot.cancelled", f"slot:{slot.id}", by=by, reason=slot.cancelled_reason, cohort=cohort.code, **_told(slot))


def restore(cohort: Cohort, slot: Slot, *, by: Person, now: datetime) -> None:
    """Let a cancelled slot take place after all, with the marks that it had. Raises Refused."""
    _lock(cohort)
    if slot.cancelled_at is not None:
        slot.cancelled_at = slot.cancelled_reason = None
        record("slot.restored", f"slot:{slot.id}", by=by, cohort=cohort.code, **_told(slot))


def delete(cohort: Cohort, slot: Slot, *, by: Person, now: datetime) -> None:
    """Take out a slot that was entered by mistake. Raises Refused when anything hangs on it, such as marks.

    The foreign keys of the rooms above decide that, so that a mark made at the same moment is not lost either.
    """
    _lock(cohort)
    told = _told(slot)
    try:
        with db.session.begin_nested():
            db.session.delete(slot)
    except IntegrityError as error:
        raise Refused(_("Attendance was recorded in this slot, so it cannot be deleted: cancel it instead.")) from error
    record("slot.deleted", f"slot:{slot.id}", by=by, cohort=cohort.code, **told)


def preview(cohort: Cohort, text: str) -> list[Verdict]:
    """What would become of each line of a pasted timetable. Changes nothing. Raises Refused when there is no line to read."""
    table = rules.parse_table(text)
    if table.error is not None:
        raise Refused(TABLE_ERRORS[table.error], field="table")
    return rules.judge(table.lines, queries.plan(cohort))


def paste(cohort: Cohort, text: str, language: str, *, by: Person, now: datetime) -> int:
    """Put the new lines of a pasted timetable in, all or none; returns how many. The same paste twice adds nothing.

    `language` is that of the titles. Raises Refused when any line is wrong.
    """
    _lock(cohort)
    verdicts = preview(cohort, text)
    if any(verdict.result is Result.ERROR for verdict in verdicts):
        raise Refused(_("Nothing was added: correct the marked lines first."), field="table")
    new = [verdict.new for verdict in verdicts if verdict.new]
    rows = [
        {
            "cohort_id": cohort.id, "kind": slot.kind, "title": {language: next(iter(slot.titles))}, "starts_at": slot.span.starts_at,
            "ends_at": slot.span.ends_at, "place": slot.place, "trainer_id": slot.trainer_id, "academic_hours": slot.hours,
        }
        for slot in new
    ]  # fmt: skip
    if rows:
        db.session.execute(sa.insert(Slot), rows)
        told = [f"{slot.span.starts_at.isoformat()} {next(iter(slot.titles))}" for slot in new]
        record("schedule.pasted", f"cohort:{cohort.id}", by=by, cohort=cohort.code, slots=told)
    return len(rows)


def _lock(cohort: Cohort) -> None:
    """Timetables are changed one after the other: what two people add at once is compared. Raises Refused when archived."""
    archived = db.session.scalars(sa.select(Cohort.archived_at).where(Cohort.id == cohort.id).with_for_update()).one()
    if archived is not None:
        raise Refused(_("This cohort is archived: its timetable can no longer be changed."))


def _fill(slot: Slot, cohort: Cohort, details: SlotDetails) -> None:
    length = rules.span(details.on, details.start, details.end, cohort.time_zone)
    if isinstance(length, SpanError):
        raise Refused(SPAN_ERRORS[length], field="end" if length is SpanError.NO_LENGTH else "start")
    if not any(details.title.values()):
        raise Refused(_("Give the slot a title in at least one language."), field="title")
    if details.trainer_id not in (None, slot.trainer_id) and details.trainer_id not in {p.id for p in queries.trainers(cohort)}:
        raise Refused(_("This person is no trainer of this cohort: add them to the cohort first."), field="trainer")
    slot.kind, slot.title, slot.place, slot.trainer_id = details.kind, dict(details.title), details.place, details.trainer_id
    slot.starts_at, slot.ends_at = length.starts_at, length.ends_at
    slot.academic_hours = _hours(details, length, cohort.course.minutes_per_hour)


def _hours(details: SlotDetails, length: Span, minutes_per_hour: int) -> Decimal:
    if details.kind is SlotKind.CULTURAL:
        if details.academic_hours:
            raise Refused(_("The cultural programme has no academic hours: leave this empty."), field="academic_hours")
        return Decimal(0)
    return rules.academic_hours(length, minutes_per_hour) if details.academic_hours is None else details.academic_hours


def _told(slot: Slot) -> dict[str, Any]:
    """A slot as the audit log keeps it."""
    return {
        "kind": slot.kind.value, "title": dict(slot.title), "starts_at": slot.starts_at.isoformat(), "ends_at": slot.ends_at.isoformat(),
        "place": slot.place, "trainer_id": slot.trainer_id, "academic_hours": str(slot.academic_hours),
    }  # fmt: skip


def copy_slots(cohort: Cohort, copy: Cohort, days: int, *, by: Person) -> int:
    """The slots of `cohort` that were not cancelled, so many days later at the same time of day, in `copy`; how many. Two statements."""
    rows = []
    for slot in queries.slots_of(cohort):
        if slot.cancelled_at is None:
            starts_at, ends_at = (days_later(at, days, cohort.time_zone) for at in (slot.starts_at, slot.ends_at))
            if ends_at <= starts_at:  # the clocks of that day jump over its beginning
                ends_at = starts_at + (slot.ends_at - slot.starts_at)
            same = {name: getattr(slot, name) for name in ("kind", "title", "place", "trainer_id", "academic_hours")}
            rows.append({"cohort_id": copy.id, "starts_at": starts_at, "ends_at": ends_at, **same})
    if rows:
        db.session.execute(sa.insert(Slot), rows)
        record("schedule.copied", f"cohort:{copy.id}", by=by, cohort=copy.code, from_=cohort.code, slots=len(rows))
    return len(rows)
