"""Kinds of slots, and what a pasted timetable must hold. Pure."""

from __future__ import annotations

from enum import StrEnum


class SlotKind(StrEnum):
    TRAINING = "training"
    CULTURAL = "cultural"
