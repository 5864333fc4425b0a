"""A pasted timetable: what becomes of each of its lines in a timetable that exists. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from dostyk.schedule.rules.table import Column, Fault, Line, Problem
from dostyk.schedule.rules.times import SlotKind, SlotWarning, Span, SpanError, academic_hours, span, warnings


class Result(StrEnum):
    NEW = "new"
    SAME = "same"  # it is in the timetable already, or stands further up
    ERROR = "error"


@dataclass(frozen=True)
class Known:
    """A slot that exists. `titles` are its titles in every language; `cancelled` ones still count as known."""

    span: Span
    kind: SlotKind
    titles: frozenset[str]
    place: str
    trainer_id: int | None
    hours: Decimal
    cancelled: bool = False


@dataclass(frozen=True)
class Verdict:
    """What becomes of a line: `new` holds the slot that it makes."""

    line: Line
    result: Result
    faults: tuple[Fault, ...] = ()
    warnings: tuple[SlotWarning, ...] = ()
    new: Known | None = None


@dataclass(frozen=True)
class Plan:
    """The timetable that a paste is read against. `trainers` tells who can be meant by a name or an address."""

    zone: str
    minutes_per_hour: int
    starts_on: date
    ends_on: date
    known: Sequence[Known]
    trainers: Callable[[str], Collection[int]]


def judge(lines: Iterable[Line], plan: Plan) -> list[Verdict]:
    """What becomes of each line. Judged again after the new ones were added, every line is `same`: pasting twice adds nothing."""
    known: dict[tuple[Span, SlotKind, str], list[Known]] = {}
    for slot in plan.known:
        _know(known, slot)
    spans = [slot.span for slot in plan.known if not slot.cancelled]
    verdicts = []
    for line in lines:
        verdict = _judge_line(line, plan, known, spans)
        if verdict.new:
            _know(known, verdict.new)
            spans.append(verdict.new.span)
        verdicts.append(verdict)
    return verdicts


def _know(known: dict[tuple[Span, SlotKind, str], list[Known]], slot: Known) -> None:
    for title in slot.titles:
        known.setdefault((slot.span, slot.kind, title.casefold()), []).append(slot)


def _judge_line(line: Line, plan: Plan, known: Mapping[tuple[Span, SlotKind, str], list[Known]], spans: Sequence[Span]) -> Verdict:
    entry = line.entry
    if entry is None:
        return Verdict(line, Result.ERROR, line.faults)
    length = span(entry.on, entry.start, entry.end, plan.zone)
    if isinstance(length, SpanError):
        return Verdict(line, Result.ERROR, (Fault(Problem(length.value), Column.START, f"{entry.start:%H:%M}"),))
    who = plan.trainers(entry.trainer) if entry.trainer else ()
    if entry.trainer and len(who) != 1:
        problem = Problem.TRAINER_AMBIGUOUS if who else Problem.TRAINER_UNKNOWN
        return Verdict(line, Result.ERROR, (Fault(problem, Column.TRAINER, entry.trainer),))
    trainer_id = next(iter(who), None)
    default = academic_hours(length, plan.minutes_per_hour) if entry.kind is SlotKind.TRAINING else Decimal(0)
    new = Known(length, entry.kind, frozenset({entry.title}), entry.place, trainer_id, default if entry.hours is None else entry.hours)
    for slot in known.get((length, entry.kind, entry.title.casefold()), ()):
        if entry.place and slot.place.casefold() != entry.place.casefold():
            continue  # the same lesson for another group, in another room
        said = (entry.trainer and slot.trainer_id != trainer_id, entry.hours is not None and slot.hours != entry.hours)
        if any(said):
            column = Column.TRAINER if said[0] else Column.HOURS
            return Verdict(line, Result.ERROR, (Fault(Problem.DIFFERS, column, entry.trainer if said[0] else str(entry.hours)),))
        return Verdict(line, Result.SAME)
    told = warnings(
        length,
        new.hours,
        zone=plan.zone,
        minutes_per_hour=plan.minutes_per_hour,
        starts_on=plan.starts_on,
        ends_on=plan.ends_on,
        others=spans,
    )
    return Verdict(line, Result.NEW, warnings=tuple(told), new=new)
