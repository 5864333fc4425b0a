"""The words for what the rules of timetables return."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_gmt, get_timezone_location
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from dostyk.core.i18n import labels
from dostyk.schedule.rules import Column, Fault, Problem, Result, SlotKind, SlotWarning, SpanError, TableError

KINDS = labels({SlotKind.TRAINING: _l("Training"), SlotKind.CULTURAL: _l("Cultural programme")})

COLUMNS = labels(
    {
        Column.DATE: _l("Date"),
        # Translators: column of a timetable, the time when a slot begins
        Column.START: _l("Start"),
        # Translators: column of a timetable, the time when a slot ends
        Column.END: _l("End"),
        Column.TITLE: _l("Title"),
        Column.KIND: _l("Kind"),
        Column.PLACE: _l("Place"),
        Column.TRAINER: _l("Trainer"),
        Column.HOURS: _l("Academic hours"),
    }
)

RESULTS = labels(
    {
        # Translators: what becomes of a line of a pasted timetable
        Result.NEW: _l("New"),
        # Translators: what becomes of a line of a pasted timetable
        Result.SAME: _l("Already in the timetable"),
        # Translators: what becomes of a line of a pasted timetable
        Result.ERROR: _l("To correct"),
    }
)

WARNINGS = labels(
    {
        SlotWarning.OUTSIDE_DATES: _l("This is outside the dates of the cohort."),
        SlotWarning.LONG: _l("This lasts more than 12 hours: check the end."),
        SlotWarning.MORE_HOURS_THAN_TIME: _l("There are more academic hours than the time holds."),
        SlotWarning.OVERLAPS: _l("Another slot of this cohort takes place at the same time."),
    }
)

SPAN_ERRORS = labels(
    {
        SpanError.NO_LENGTH: _l("The end is the same as the start: change one of them."),
        SpanError.NO_SUCH_TIME: _l("The clocks are changed that night and skip this time: choose another one."),
    }
)

TABLE_ERRORS = labels(
    {
        TableError.EMPTY: _l("There is no line to read: copy the rows of your table and paste them here."),
        TableError.TOO_LONG: _l("These are more than 1,000 lines: paste the timetable in parts."),
    }
)

# With what stood there as %(value)s.
PROBLEMS = labels(
    {
        Problem.DAMAGED: _l("Letters were lost on the way: copy the table again from where it was written."),
        Problem.DATE_MISSING: _l("The date is missing."),
        Problem.DATE_UNCLEAR: _l("“%(value)s” is not a clear date: write it as 2026-11-23, 23.11.2026 or 23 Nov 2026."),
        Problem.TIME_MISSING: _l("The time is missing."),
        Problem.TIME_UNCLEAR: _l("“%(value)s” is not a time: write it as 9:00 or 16:30."),
        Problem.NO_LENGTH: _l("The end is the same as the start."),
        Problem.NO_SUCH_TIME: _l("The clocks are changed that night and skip this time."),
        Problem.TITLE_MISSING: _l("The title is missing."),
        Problem.TOO_LONG: _l("This text is too long."),
        Problem.KIND_UNKNOWN: _l("“%(value)s” is no kind of slot: write training or cultural."),
        Problem.HOURS_UNCLEAR: _l("“%(value)s” is not a number of hours: write it as 2 or 1.5, or leave it empty."),
        Problem.CULTURAL_WITH_HOURS: _l("The cultural programme has no academic hours: leave this empty."),
        Problem.TRAINER_UNKNOWN: _l("No trainer of this cohort has the name or address “%(value)s”: add the person to the cohort first."),
        Problem.TRAINER_AMBIGUOUS: _l("Several trainers are called “%(value)s”: write the e-mail address."),
        Problem.DIFFERS: _l("This slot is already in the timetable with another value than “%(value)s”: change it there."),
    }
)


def problem_words(fault: Fault) -> str:
    """What is wrong with a cell of a pasted table, as a sentence."""
    return str(PROBLEMS[fault.problem]) % {"value": fault.value}


def zone_words(zone: str, at: datetime) -> str:
    """A time zone as people know it, with its offset at that time: `Almaty, GMT+05:00`."""
    locale = get_locale() or "en"
    place = get_timezone_location(ZoneInfo(zone), locale=locale, return_city=True)
    return f"{place}, {get_timezone_gmt(at.astimezone(ZoneInfo(zone)), locale=locale)}"
