"""The words of this room."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from dostyk.core.i18n import labels
from dostyk.courses.rules import CourseKind, ExcusedHours, Finding, HoursWarning, LateHours, SlugError

KINDS = labels(
    {
        # Translators: kind of a course
        CourseKind.SEMINAR: _l("Seminar"),
        CourseKind.ADVANCED: _l("Advanced training course"),
        CourseKind.RETRAINING: _l("Retraining course"),
        CourseKind.STUDY_VISIT: _l("Study visit"),
    }
)

EXCUSED = labels(
    {
        ExcusedHours.LEFT_OUT: _l("Excused hours are left out: neither attended nor missed."),
        ExcusedHours.ATTENDED: _l("Excused hours count as attended."),
        ExcusedHours.MISSED: _l("Excused hours count as missed."),
    }
)

LATE = labels(
    {
        LateHours.FULL: _l("Who comes late has attended the whole slot."),
        LateHours.LESS_MINUTES: _l("Who comes late has attended the slot less the minutes missed."),
    }
)

FINDINGS = labels(
    {
        # Translators: what a check found about somebody named for a seat
        Finding.TRAINED_BEFORE: _l("Trained before"),
        Finding.NAMED_TWICE: _l("Named twice"),
        Finding.OVER_SEATS: _l("More people than seats"),
        Finding.LANGUAGE: _l("Language of instruction missing"),
        Finding.YEARS_OF_SERVICE: _l("Too few years of service"),
    }
)

WARNINGS = labels(
    {
        HoursWarning.SHORT: _l(
            "Advanced training of civil servants in Kazakhstan takes at least 8 academic hours. The course is saved; check its hours."
        ),
        HoursWarning.LONG: _l(
            "Advanced training of civil servants in Kazakhstan takes at most 80 academic hours. The course is saved; check its hours."
        ),
        HoursWarning.RETRAINING_SHORT: _l(
            "Retraining of civil servants in Kazakhstan takes at least 120 academic hours. The course is saved; check its hours."
        ),
    }
)

SLUG_ERRORS = labels(
    {
        SlugError.SHAPE: _l("Use small Latin letters, digits and single hyphens, such as digital-public-services."),
        SlugError.RESERVED: _l("This word is used by the site itself. Choose another."),
    }
)
