"""The words for what the rules of attendance return."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from dostyk.attendance.rules import Excuse, Faulty, NotMarkable, Source, Standing, Status
from dostyk.core.i18n import labels
from dostyk.courses.rules import ExcusedHours, LateHours

STATUSES = labels(
    {
        # Translators: a participant in a lesson
        Status.PRESENT: _l("Present"),
        # Translators: a participant in a lesson
        Status.LATE: _l("Late"),
        # Translators: a participant in a lesson
        Status.EXCUSED: _l("Excused"),
        # Translators: a participant in a lesson
        Status.ABSENT: _l("Absent"),
    }
)

EXCUSES = labels(
    {
        Excuse.ILLNESS: _l("Illness"),
        # Translators: a kind of excuse: something urgent in the family
        Excuse.FAMILY: _l("Family"),
        # Translators: a kind of excuse: called away by the office
        Excuse.DUTY: _l("Official duty"),
        Excuse.CONSULAR: _l("Consulate or visa"),
        Excuse.RELIGIOUS: _l("Religious day"),
        # Translators: a kind of excuse: the journey took longer
        Excuse.TRAVEL: _l("Travel delay"),
    }
)

SOURCES = labels(
    {
        # Translators: how attendance was recorded
        Source.TRAINER: _l("By the trainer"),
        # Translators: how attendance was recorded
        Source.SHEET: _l("From a paper sheet"),
        # Translators: how attendance was recorded
        Source.IMPORT: _l("From a file"),
    }
)

NOT_MARKABLE = labels(
    {
        NotMarkable.ARCHIVED: _l("This cohort is archived: its attendance can no longer be changed."),
        NotMarkable.CANCELLED: _l("This slot is cancelled, so there is no roll to take."),
        NotMarkable.TOO_EARLY: _l("The roll can be taken from the morning of the day on."),
    }
)

FAULTS = labels(
    {
        Faulty.LATE_WITHOUT_MINUTES: _l("Not saved yet: how many minutes late?"),
        Faulty.LATE_MINUTES_NOT_POSITIVE: _l("Not saved yet: give the minutes as a number, 1 or more."),
        Faulty.LATE_LONGER_THAN_SLOT: _l("Not saved yet: the slot is not that long. Who missed all of it was absent."),
        Faulty.EXCUSED_WITHOUT_KIND: _l("Not saved yet: choose what excuses the person."),
    }
)
FAULTY_FIELD = {
    Faulty.LATE_WITHOUT_MINUTES: "late_minutes",
    Faulty.LATE_MINUTES_NOT_POSITIVE: "late_minutes",
    Faulty.LATE_LONGER_THAN_SLOT: "late_minutes",
    Faulty.EXCUSED_WITHOUT_KIND: "excuse",
}

STANDINGS = labels(
    {
        # Translators: how a participant stands with the share of hours that the certificate asks for
        Standing.REACHED: _l("Reached"),
        # Translators: how a participant stands with the share of hours that the certificate asks for
        Standing.ON_THE_WAY: _l("On the way"),
        # Translators: how a participant stands with the share of hours that the certificate asks for
        Standing.BEHIND: _l("Behind"),
        # Translators: how a participant stands with the share of hours that the certificate asks for
        Standing.OUT_OF_REACH: _l("Out of reach"),
        # Translators: the roll of some lessons was not taken, so it is open how the participant stands
        Standing.ROLLS_MISSING: _l("Rolls missing"),
        Standing.NOTHING_PLANNED: _l("No hours planned"),
    }
)
STANDING_KIND = {
    Standing.REACHED: "ok",
    Standing.ON_THE_WAY: "info",
    Standing.BEHIND: "warn",
    Standing.ROLLS_MISSING: "warn",
    Standing.OUT_OF_REACH: "bad",
    Standing.NOTHING_PLANNED: "info",
}

# What the course's rule makes of excused and late hours, as sentences below the percentages.
EXCUSED_RULE = {
    ExcusedHours.LEFT_OUT: _l("Excused hours are left out: they are neither attended nor asked for."),
    ExcusedHours.ATTENDED: _l("Excused hours count as attended."),
    ExcusedHours.MISSED: _l("Excused hours count as missed."),
}
LATE_RULE = {
    LateHours.FULL: _l("Who came late has attended the whole slot."),
    LateHours.LESS_MINUTES: _l("Who came late has attended the slot less the minutes missed."),
}
