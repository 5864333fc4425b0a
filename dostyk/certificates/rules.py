"""Who is eligible for a certificate, and, if not yet, why not yet. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from dostyk.attendance.rules import AttendanceRecord
from dostyk.courses.rules import CompletionRule


class Unmet(StrEnum):
    """What still stands between a participant and the certificate, in the order in which it is told."""

    WITHDRAWN = "withdrawn"
    NOT_FINISHED = "not_finished"
    ATTENDANCE = "attendance"
    CULTURE = "culture"
    NAME_MISSING = "name_missing"
    NAME_LETTERS = "name_letters"
    NAME_LENGTH = "name_length"


class Standing(StrEnum):
    """The one word for a participant in the list of certificates."""

    ELIGIBLE = "eligible"
    NOT_YET = "not_yet"
    ISSUED = "issued"
    REVOKED = "revoked"  # eligible, but the last certificate was revoked: a new one is issued one by one, never in bulk
    WITHDRAWN = "withdrawn"


class Validity(StrEnum):
    """What the verification page says."""

    VALID = "valid"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class Lacking(StrEnum):
    """What a cohort's certificates cannot be printed without, whoever they are for."""

    SIGNATORY = "signatory"
    AGENCY = "agency"


@dataclass(frozen=True)
class Record:
    """What one enrolment has to show.

    The share that decides is the one of the planned academic hours: `attended.attended` of `attended.counted`, both
    exact, as `attendance.rules` makes them of the marks (late and excused hours as the course says).
    """

    attended: AttendanceRecord
    withdrawn: bool = False
    finished: bool = True
    named: bool = True
    letters: str = ""  # characters of the name that no font of ours draws
    too_long: bool = False  # the name does not fit its place on the sheet

    @property
    def attendance(self) -> Fraction:
        """The share of the planned hours; none of nothing, so that an empty timetable certifies nobody."""
        return self.attended.percentages.of_planned or Fraction(0)


def unmet(record: Record, rule: CompletionRule) -> frozenset[Unmet]:
    """Every condition that still fails; empty means: eligible. Exact: 79.99 % is not 80 %."""
    failing = {
        Unmet.WITHDRAWN: record.withdrawn,
        Unmet.NOT_FINISHED: not record.finished,
        Unmet.ATTENDANCE: record.attendance < rule.attendance,
        Unmet.CULTURE: record.attended.cultural_events < rule.cultural_events,
        Unmet.NAME_MISSING: not record.named,
        Unmet.NAME_LETTERS: bool(record.letters),
        Unmet.NAME_LENGTH: record.too_long,
    }
    return frozenset(condition for condition, fails in failing.items() if fails)


def finished(ends_on: date, today: date, attended: AttendanceRecord) -> bool:
    """Whether a cohort is over on `today` at its venue: after its last day, or on it once every planned hour was held.

    The closing ceremony is on the last day. An earlier day never will do, however little is in the timetable yet.
    """
    return today > ends_on or (today == ends_on and 0 < attended.planned <= attended.held)


def standing(failing: Collection[Unmet], *, issued: bool, revoked: bool) -> Standing:
    """Where a participant stands. `issued`: holds a certificate that is not revoked; `revoked`: had one."""
    checks = (
        (issued, Standing.ISSUED),
        (Unmet.WITHDRAWN in failing, Standing.WITHDRAWN),
        (bool(failing), Standing.NOT_YET),
        (revoked, Standing.REVOKED),
    )
    return next((word for holds, word in checks if holds), Standing.ELIGIBLE)


def number(programme: str, year: int, serial: int) -> str:
    """`DST-DIG-2026-0007`: programme, year of issue at the venue, and a serial number without gaps in both."""
    return f"DST-{programme}-{year}-{serial:04d}"


def lacking(*, signatory: bool, agency: bool) -> list[Lacking]:
    """What has to be filled in before anything can be printed, in that order."""
    return [what for what, there in ((Lacking.SIGNATORY, signatory), (Lacking.AGENCY, agency)) if not there]
