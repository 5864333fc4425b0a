"""How attendance is recorded and what it amounts to: three percentages, each with its name. Pure."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    PRESENT = "present"
    LATE = "late"
    EXCUSED = "excused"
    ABSENT = "absent"


class Excuse(StrEnum):
    """Kinds of excuses. Medical details are never asked for."""

    ILLNESS = "illness"
    FAMILY = "family"
    DUTY = "duty"
    CONSULAR = "consular"
    RELIGIOUS = "religious"
    TRAVEL = "travel"


class Source(StrEnum):
    """How a mark came about."""

    TRAINER = "trainer"
    SHEET = "sheet"
    IMPORT = "import"
