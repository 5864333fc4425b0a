"""What a course is, and what about its hours a coordinator should be told. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction


class CourseKind(StrEnum):
    SEMINAR = "seminar"
    ADVANCED = "advanced"
    RETRAINING = "retraining"
    STUDY_VISIT = "study_visit"


class ExcusedHours(StrEnum):
    """How hours that somebody was excused from enter the share of attendance."""

    LEFT_OUT = "left_out"  # they do not count at all: neither attended nor asked for
    ATTENDED = "attended"
    MISSED = "missed"


class LateHours(StrEnum):
    """How a slot counts to which somebody came late."""

    FULL = "full"
    LESS_MINUTES = "less_minutes"  # the slot less the minutes that were missed


class Finding(StrEnum):
    """What a check may find about somebody who is named for a seat; a course says which of them stop the invitation."""

    TRAINED_BEFORE = "trained_before"
    NAMED_TWICE = "named_twice"
    OVER_SEATS = "over_seats"
    LANGUAGE = "language"
    YEARS_OF_SERVICE = "years_of_service"


# Who is named beyond the seats has no code to be invited with: no course need say so.
ENFORCEABLE = (Finding.TRAINED_BEFORE, Finding.NAMED_TWICE, Finding.LANGUAGE, Finding.YEARS_OF_SERVICE)


@dataclass(frozen=True)
class CompletionRule:
    """What a course asks for. Stored with the course, copied into the certificate when it is issued."""

    attendance: Fraction = Fraction(4, 5)  # of the planned academic hours
    excused: ExcusedHours = ExcusedHours.LEFT_OUT
    late: LateHours = LateHours.FULL
    cultural_events: int = 0


class HoursWarning(StrEnum):
    """Hours outside what is usual. They bind Kazakh civil servants, so a warning, not a refusal.

    Source: https://www.apa.kz/en/about-professional-development/ (advanced training: 8 to 80 academic hours) and
    https://www.apa.kz/en/about-retraining-program/ (retraining: at least 120 academic hours).
    """

    SHORT = "short"
    LONG = "long"
    RETRAINING_SHORT = "retraining_short"


SOURCES = {
    HoursWarning.SHORT: "https://www.apa.kz/en/about-professional-development/",
    HoursWarning.LONG: "https://www.apa.kz/en/about-professional-development/",
    HoursWarning.RETRAINING_SHORT: "https://www.apa.kz/en/about-retraining-program/",
}


def hours_warning(kind: CourseKind, academic_hours: Decimal) -> HoursWarning | None:
    """What is unusual about the length of a course; None when nothing is."""
    if kind is CourseKind.RETRAINING:
        return HoursWarning.RETRAINING_SHORT if academic_hours < 120 else None
    if kind is CourseKind.STUDY_VISIT:
        return None
    if academic_hours < 8:
        return HoursWarning.SHORT
    return HoursWarning.LONG if academic_hours > 80 else None


def clock_time(academic_hours: Decimal, minutes_per_hour: int) -> tuple[int, Decimal]:
    """The same length on the clock, exactly: whole hours and minutes. 40 academic hours of 50 minutes are 33 h 20 min."""
    minutes = academic_hours * minutes_per_hour
    return int(minutes // 60), (minutes % 60).normalize() + 0


# Words of our own addresses under /courses/.
RESERVED_SLUGS = frozenset({"new", "programmes"})
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def slug_from(title: str, longest: int = 60) -> str:
    """A title as a part of an address: small Latin letters, digits and hyphens; empty when it has none of them."""
    plain = unicodedata.normalize("NFKD", title.casefold())
    slug = re.sub(r"[^a-z0-9]+", "-", "".join(c for c in plain if not unicodedata.combining(c))).strip("-")
    if len(slug) > longest:
        slug = slug[: longest + 1].rpartition("-")[0] or slug[:longest]
    return slug.strip("-")


class SlugError(StrEnum):
    """Why an address is no good."""

    SHAPE = "shape"
    RESERVED = "reserved"


def slug_error(slug: str) -> SlugError | None:
    """What is wrong with a typed address of a course; None when nothing is."""
    if not SLUG.fullmatch(slug) or len(slug) > 80:
        return SlugError.SHAPE
    return SlugError.RESERVED if slug in RESERVED_SLUGS else None
