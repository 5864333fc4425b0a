"""What is worth knowing about a nominee before a seat is given, and how far they have come. Pure."""

from __future__ import annotations

from enum import StrEnum


class Finding(StrEnum):
    """What a check found about a nominee. Shown; a human decides, unless the course says that it stops the invitation."""

    TRAINED_BEFORE = "trained_before"
    NAMED_TWICE = "named_twice"
    OVER_SEATS = "over_seats"
    LANGUAGE = "language"
    YEARS_OF_SERVICE = "years_of_service"


class Stage(StrEnum):
    """How far a nominee has come."""

    NAMED = "named"
    INVITED = "invited"
    PENDING = "pending"
    REDEEMED = "redeemed"
    ATTENDING = "attending"
    CERTIFIED = "certified"
    REPLACED = "replaced"
    GIVEN_BACK = "given_back"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
