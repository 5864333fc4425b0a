"""Whom a row is about. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from dostyk.people.rules import name_key


@dataclass(frozen=True)
class Identity:
    """What tells people apart. `name` is the full name, folded; `email` is "" when there is none."""

    name: str
    country: str | None
    birth_year: int | None
    email: str

    @property
    def key(self) -> str:
        """The name, whichever of its parts stands first."""
        return name_key(self.name)

    def agrees(self, other: Identity) -> bool:
        """Whether the names can be those of one person: one of them may have more words."""
        mine, theirs = set(self.name.split()), set(other.name.split())
        return mine <= theirs or theirs <= mine


@dataclass(frozen=True)
class Known:
    """Somebody in the register; `here`: with a seat in the cohort in question."""

    id: int
    identity: Identity
    here: bool = False


class Doubt(StrEnum):
    """Why a human must say whom a row is about."""

    ADDRESS_OF_ANOTHER = "address_of_another"
    ADDRESS_OF_SEVERAL = "address_of_several"
    OTHER_ADDRESS = "other_address"
    NAMESAKES = "namesakes"


def match(row: Identity, holders: Sequence[Known], namesakes: Sequence[Known]) -> int | Doubt | None:
    """The number of the person a row is about; None for somebody new; or why that cannot be told.

    `holders` have the row's e-mail address, `namesakes` its name and country. The address decides, unless the names
    have nothing to do with each other. Without it, name, country and year of birth must say the same; where a year is
    not known on either side, only somebody of whom nothing else is known either, or who is the only one here.
    """
    if holders:
        agreeing = [known for known in holders if row.agrees(known.identity)]
        if len(agreeing) == 1:
            return agreeing[0].id
        return Doubt.ADDRESS_OF_SEVERAL if agreeing else Doubt.ADDRESS_OF_ANOTHER
    possible = [known for known in namesakes if not _apart(row, known.identity)]
    if any(_address_changed(row, known.identity) for known in possible):
        return Doubt.OTHER_ADDRESS
    certain = [known for known in possible if _alike(row, known.identity)]
    here = [known for known in possible if known.here]
    for found in (certain, here):
        if len(found) == 1 and (len(possible) == 1 or row.birth_year is not None or found is here):
            return found[0].id
    return Doubt.NAMESAKES if possible else None


def _apart(row: Identity, known: Identity) -> bool:
    """Certainly two people: born in different years, or with different addresses while a year is not known."""
    years = (row.birth_year, known.birth_year)
    if None in years:
        return bool(row.email and known.email)
    return years[0] != years[1]


def _address_changed(row: Identity, known: Identity) -> bool:
    return bool(row.email and known.email)  # of who is not `_apart`: the same name, country and year


def _alike(row: Identity, known: Identity) -> bool:
    if row.birth_year is None or known.birth_year is None:
        return row.birth_year == known.birth_year and row.email == known.email == ""
    return True
