"""Kinds of organisations, names as passports write them, and which consents a seat needs. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum


class OrganisationKind(StrEnum):
    AGENCY = "agency"
    HOST = "host"
    PARTNER = "partner"
    DONOR = "donor"


class Sex(StrEnum):
    """As donors' reports count it; `not stated` is kept apart there, never guessed."""

    FEMALE = "female"
    MALE = "male"
    NOT_STATED = "not_stated"


class Purpose(StrEnum):
    """What personal data are used for: one consent each, because consent is for predetermined purposes only.

    Source: Law of the Republic of Kazakhstan 94-V of 21 May 2013 on personal data and their protection.
    """

    PROGRAMME = "programme"
    PARTNER = "partner"
    DONOR = "donor"
    PHOTO = "photo"


# Without these nobody can be taught, nor their government told that the seat was used.
REQUIRED = (Purpose.PROGRAMME, Purpose.PARTNER)

NAME_LENGTH = 200
WORD_LENGTH = 100  # of what a search looks at in one word


@dataclass(frozen=True)
class PersonDetails:
    """What is known of a person. Only the name is needed: the rest depends on who the person is.

    `organisation_id` is for staff and partners; `employer` is what a participant writes.
    """

    full_name: str
    own_name: str = ""
    family_name: str = ""
    given_name: str = ""
    patronymic: str = ""
    sex: Sex = Sex.NOT_STATED
    country: str | None = None
    email: str = ""
    phone: str = ""
    organisation_id: int | None = None
    employer: str = ""
    post: str = ""
    languages: tuple[str, ...] = ()
    birth_year: int | None = None


@dataclass(frozen=True)
class OrganisationDetails:
    """What is known of an organisation; `name` and `city` by language."""

    kind: OrganisationKind
    name: dict[str, str]
    country: str
    short_name: str = ""
    city: dict[str, str] = field(default_factory=dict)
    website: str = ""
    email: str = ""


class NameFlaw(StrEnum):
    """What is wrong with a name that is to be the authority, as in the machine-readable line of a passport."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    NOT_LATIN = "not_latin"


def is_latin(letter: str) -> bool:
    """Whether a letter is Latin, in any of the alphabets: Ş, ŋ and ý are, the Cyrillic А that looks like A is not."""
    return unicodedata.name(letter, "").startswith(("LATIN", "FEMININE ORDINAL", "MASCULINE ORDINAL"))


def foreign_letters(name: str) -> str:
    """The letters of `name` that are not Latin, each once, in their order. Marks and apostrophes (U+02BB, U+02BC) are no letters here."""
    letters = [c for c in name if unicodedata.category(c)[0] == "L" and unicodedata.category(c) != "Lm"]
    return "".join(dict.fromkeys(c for c in letters if not is_latin(c)))


def name_flaw(name: str) -> NameFlaw | None:
    """What is wrong with a full name in Latin letters; None when nothing is.

    Any Latin letter is welcome, a family name is not asked for, and one word is enough: many Afghans have one name.
    Source: ICAO Doc 9303-3, 3.4: the visual zone may hold national Latin characters.
    """
    if not name.strip():
        return NameFlaw.EMPTY
    if len(name) > NAME_LENGTH:
        return NameFlaw.TOO_LONG
    if foreign_letters(name) or not any(is_latin(c) for c in name):
        return NameFlaw.NOT_LATIN
    return None


def missing_consents(given: Collection[Purpose]) -> list[Purpose]:
    """The purposes without which no seat is given, in the order in which they are asked."""
    return [purpose for purpose in REQUIRED if purpose not in given]


# --- Finding people -------------------------------------------------------------------------------------------------


def words_of(folded: str) -> list[str]:
    """The words of a folded text that a search looks at, each once."""
    return list(dict.fromkeys(word[:WORD_LENGTH] for one in folded.split() if (word := one.strip("@.+"))))


def name_key(folded: str) -> str:
    """The words of a folded name in the order of the alphabet: one key, whether the family name stands first or last."""
    return " ".join(sorted(words_of(folded)))[:220]


def beginnings(word: str, fold: Callable[[str], str]) -> list[str]:
    """How a folded word may begin when `word` was typed, perhaps not to its end.

    `nurz` begins Nurzhan, whose key is `nurjan`: letters that are typed two by two may be cut in the middle.
    """
    said = fold(word)[:WORD_LENGTH]
    longer = (fold(word + rest)[:WORD_LENGTH] for rest in ("h", "zh"))
    return list(dict.fromkeys((said, *(other for other in longer if not other.startswith(said)))))
