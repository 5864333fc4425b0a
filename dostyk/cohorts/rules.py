"""When a cohort has a seat for somebody, and what its dates and seats must satisfy. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class EnrolmentState(StrEnum):
    ENROLLED = "enrolled"
    WITHDRAWN = "withdrawn"


class Phase(StrEnum):
    """Where a cohort stands in time, on the calendar of its venue."""

    UPCOMING = "upcoming"
    RUNNING = "running"
    FINISHED = "finished"
    ARCHIVED = "archived"


class NoSeat(StrEnum):
    """Why there is no seat in a cohort."""

    ARCHIVED = "archived"
    NOT_OPEN = "not_open"
    CLOSED = "closed"
    COUNTRY_NOT_INVITED = "country_not_invited"
    COUNTRY_FULL = "country_full"
    FULL = "full"


class SeatsError(StrEnum):
    """What is wrong with a plan of seats."""

    OVER_CAPACITY = "over_capacity"
    BELOW_TAKEN = "below_taken"
    COUNTRY_BELOW_TAKEN = "country_below_taken"


@dataclass(frozen=True)
class Seats:
    """Seats of a cohort or of a country in it."""

    held: int
    taken: int

    @property
    def free(self) -> int:
        return self.held - self.taken


@dataclass(frozen=True)
class CohortFacts:
    """What decides whether a seat can be given. `country` is None when the cohort has seats for that country no more than for any."""

    archived: bool
    opens: datetime
    closes: datetime  # exclusive
    capacity: Seats
    by_country: bool  # whether the cohort's seats are held by countries
    country: Seats | None


def no_seat(cohort: CohortFacts, now: datetime) -> NoSeat | None:
    """The first reason why nobody of that country can be enrolled at `now`; None when somebody can."""
    checks = (
        (cohort.archived, NoSeat.ARCHIVED),
        (now < cohort.opens, NoSeat.NOT_OPEN),
        (now >= cohort.closes, NoSeat.CLOSED),
        (cohort.by_country and cohort.country is None, NoSeat.COUNTRY_NOT_INVITED),
        (cohort.country is not None and cohort.country.free < 1, NoSeat.COUNTRY_FULL),
        (cohort.capacity.free < 1, NoSeat.FULL),
    )
    return next((reason for failed, reason in checks if failed), None)


def seats_errors(capacity: int, taken: int, held: Mapping[str, int], taken_by_country: Mapping[str, int]) -> dict[SeatsError, list[str]]:
    """What is wrong with holding `held` seats for countries within `capacity`, with the countries concerned."""
    errors: dict[SeatsError, list[str]] = {}
    if sum(held.values()) > capacity:
        errors[SeatsError.OVER_CAPACITY] = []
    if capacity < taken:
        errors[SeatsError.BELOW_TAKEN] = []
    if below := sorted(c for c, n in taken_by_country.items() if held.get(c, 0) < n):
        errors[SeatsError.COUNTRY_BELOW_TAKEN] = below
    return errors


def phase(starts_on: date, ends_on: date, archived: bool, today: date) -> Phase:
    """Where a cohort stands on `today`, which is the day at its venue."""
    if archived:
        return Phase.ARCHIVED
    if today < starts_on:
        return Phase.UPCOMING
    return Phase.RUNNING if today <= ends_on else Phase.FINISHED
