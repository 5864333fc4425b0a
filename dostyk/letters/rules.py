"""What a letter of invitation needs of a passport, and how long that is kept. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

NUMBER_LENGTH = 40
GROWN_UP = 16  # years; whoever is younger is a slip of the finger
OLDEST = 100


@dataclass(frozen=True)
class Passport:
    """What the letter prints. `consulate` is the city of the consulate that gives the visa, if it is known."""

    passport_number: str
    passport_expires_on: date
    born_on: date
    citizenship: str
    consulate: str = ""


class Flaw(StrEnum):
    """Why a letter with these details would be of no use."""

    NUMBER = "number"
    EXPIRES_TOO_EARLY = "expires_too_early"
    BORN = "born"


def flaw(passport: Passport, ends_on: date) -> Flaw | None:
    """The first reason why the details cannot be right for a cohort that ends on that day; None when there is none."""
    age = ends_on.year - passport.born_on.year
    checks = (
        (not any(c.isdigit() for c in passport.passport_number) or len(passport.passport_number) > NUMBER_LENGTH, Flaw.NUMBER),
        (passport.passport_expires_on < ends_on, Flaw.EXPIRES_TOO_EARLY),
        (not GROWN_UP <= age <= OLDEST, Flaw.BORN),
    )
    return next((wrong for failed, wrong in checks if failed), None)


def needed(ends_on: date, archived: bool, today: date) -> bool:
    """Whether the details are needed still on `today`, the day at the venue: through the last day of the cohort."""
    return not archived and today <= ends_on


def ended_before(today: date) -> date:
    """Cohorts that ended before this day are over everywhere, whatever the clock of their venue says."""
    return today - timedelta(days=1)
