"""Who waits for a seat, in which order seats go on, and how long a promoted person has to confirm. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from dostyk.cohorts.rules import Seats, SeatTable


class WaitingState(StrEnum):
    """What became of somebody's place on a waiting list."""

    WAITING = "waiting"
    OFFERED = "offered"  # a seat is held until they confirm
    CONFIRMED = "confirmed"
    LAPSED = "lapsed"  # did not confirm in time
    LEFT = "left"


STANDING = (WaitingState.WAITING, WaitingState.OFFERED)


class NoPlace(StrEnum):
    """Why somebody cannot join a waiting list."""

    OVER = "over"
    HAS_SEAT = "has_seat"
    NO_COUNTRY = "no_country"
    NOT_INVITED = "not_invited"
    SEATS_FREE = "seats_free"


@dataclass(frozen=True)
class PlaceFacts:
    """What decides whether somebody can join. `full`: their voucher is good, and only the seats are missing."""

    over: bool  # archived, or nobody is promoted any more
    has_seat: bool
    country: str | None
    order: Sequence[str]  # the countries that are served from the pool first
    seats: SeatTable
    waiting: int  # people who wait where this one would
    full: bool = False


def why_no_place(facts: PlaceFacts) -> NoPlace | None:
    """The first reason why somebody cannot join a waiting list; None when they can.

    Countries without seats have a list if they are named in the order. Where more seats are free than people wait,
    there is nothing to wait for.
    """
    here = facts.seats.of(facts.country)
    invited = here is not None or facts.country in facts.order
    checks = (
        (facts.over, NoPlace.OVER),
        (facts.has_seat, NoPlace.HAS_SEAT),
        (not facts.country, NoPlace.NO_COUNTRY),
        (not invited, NoPlace.NOT_INVITED),
        (not facts.full and here is not None and here.free > facts.waiting, NoPlace.SEATS_FREE),
    )
    return next((reason for failed, reason in checks if failed), None)


def confirm_until(now: datetime, hours: int, end: datetime) -> datetime:
    """Until when (exclusive) somebody to whom a seat is offered at `now` can confirm: never beyond the end of promotions."""
    return min(now + timedelta(hours=hours), end)


def hand_back_due(hand_back_on: date | None, today: date) -> bool:
    """Whether the last day on which countries can use their seats is over, on the calendar of the venue."""
    return hand_back_on is not None and today > hand_back_on


# --- Who is next -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Waiter:
    """Somebody who waits. `covered`: an open voucher of theirs reserves a seat already, which somebody sits on."""

    id: int
    country: str
    covered: bool = False


@dataclass(frozen=True)
class Move:
    """Seats that go from a country to the common pool (None), or from there to a country."""

    seats: int
    source: str | None
    target: str | None


@dataclass(frozen=True)
class Plan:
    """Which seats move, in this order, and then to whom seats are offered, in this order."""

    moves: tuple[Move, ...] = ()
    offers: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.moves or self.offers)


def plan(
    table: SeatTable, waiting: Sequence[Waiter], offered: Mapping[str, int], order: Sequence[str], *, hand_back: bool, share: bool
) -> Plan:
    """Who gets which free seat now.

    `waiting` are in the order of waiting, `offered` the seats of each country that are held for offers. First the free
    seats of a country go to its own list. With `hand_back` what is left of them goes to the pool. With `share` the pool
    goes to the other lists: the countries of `order` first, then those that are left by code; each gets all that it needs.
    Carried out, the same plan made again is empty.
    """
    if not table.countries:
        return Plan((), tuple(w.id for w in _served(table.pool, sum(offered.values()), waiting)))
    lists: dict[str, list[Waiter]] = defaultdict(list)
    for waiter in waiting:
        lists[waiter.country].append(waiter)
    moves, offers, pool = [], [], table.pool.free
    for country, seats in sorted(table.countries.items()):
        served = list(_served(seats, offered.get(country, 0), lists[country]))
        offers += [w.id for w in served]
        ids = {w.id for w in served}
        lists[country] = [w for w in lists[country] if w.id not in ids]
        free = seats.free - sum(not w.covered for w in served)
        if hand_back and free > 0:
            moves.append(Move(free, country, None))
            pool += free
    if share:
        for country in in_turn(order, lists):
            seats_given = min(max(pool, 0), len(lists[country]))
            if seats_given:
                moves.append(Move(seats_given, None, country))
                offers += [w.id for w in lists[country][:seats_given]]
                pool -= seats_given
    return Plan(tuple(moves), tuple(offers))


def _served(seats: Seats, offered: int, waiting: Sequence[Waiter]) -> Iterator[Waiter]:
    """Those of a list who can have a seat of their own country: a free one, or, with a voucher, one on which nobody sits."""
    free, room = seats.free, seats.held - seats.taken - offered
    for waiter in waiting:
        if room < 1:
            return
        if waiter.covered or free > 0:
            yield waiter
            room -= 1
            free -= not waiter.covered


def in_turn(order: Sequence[str], countries: Mapping[str, object] | Sequence[str]) -> list[str]:
    """Countries as the pool serves them: those of `order` first, then the others by code; each once."""
    first = list(dict.fromkeys(code for code in order if code in countries))
    return first + sorted(set(countries) - set(first))
