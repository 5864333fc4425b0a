"""Who waits for a seat, in which order seats go on, and how long a promoted person has to confirm. Pure."""

from __future__ import annotations

from enum import StrEnum


class WaitingState(StrEnum):
    """What became of somebody's place on a waiting list."""

    WAITING = "waiting"
    OFFERED = "offered"  # a seat is held until they confirm
    CONFIRMED = "confirmed"
    LAPSED = "lapsed"  # did not confirm in time
    LEFT = "left"
