"""The rules of timetables: slots in time, what a pasted table says, and what becomes of its lines. Pure."""

from dostyk.schedule.rules.plan import Known, Plan, Result, Verdict, judge
from dostyk.schedule.rules.table import Column, Entry, Fault, Line, Problem, Table, TableError, format_entry, parse_table
from dostyk.schedule.rules.times import (
    SlotKind,
    SlotWarning,
    Span,
    SpanError,
    academic_hours,
    overlap,
    overlapping,
    span,
    warnings,
)

__all__ = [
    "Column",
    "Entry",
    "Fault",
    "Known",
    "Line",
    "Plan",
    "Problem",
    "Result",
    "SlotKind",
    "SlotWarning",
    "Span",
    "SpanError",
    "Table",
    "TableError",
    "Verdict",
    "academic_hours",
    "format_entry",
    "judge",
    "overlap",
    "overlapping",
    "parse_table",
    "span",
    "warnings",
]
