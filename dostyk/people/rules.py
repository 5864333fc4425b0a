"""Kinds of organisations, what a person may leave out, and which consents a seat needs. Pure."""

from __future__ import annotations

from collections.abc import Collection
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


def missing_consents(given: Collection[Purpose]) -> list[Purpose]:
    """The purposes without which no seat is given, in the order in which they are asked."""
    return [purpose for purpose in REQUIRED if purpose not in given]
