from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dostyk.cohorts.rules import Seats, SeatTable, seat_table
from dostyk.waiting.rules import Move, NoPlace, PlaceFacts, Plan, Waiter, confirm_until, hand_back_due, in_turn, plan, why_no_place

CODES = ("KG", "TJ", "UZ")


def waiters(*countries: str) -> list[Waiter]:
    return [Waiter(number, country) for number, country in enumerate(countries, 1)]


def table(pool: int = 0, **countries: tuple[int, int, int]) -> SeatTable:
    """Seats held, taken and reserved by country, and so many more in the pool."""
    held = {code: row[:2] for code, row in countries.items()}
    taken = sum(row[1] for row in countries.values())
    return seat_table(
        sum(row[0] for row in countries.values()) + pool, taken, held, {code: row[2] for code, row in countries.items() if row[2]}
    )


def test_a_free_seat_of_a_country_goes_to_its_own_list_in_the_order_of_waiting():
    there = table(KG=(3, 1, 0), TJ=(2, 2, 0))
    assert plan(there, waiters("TJ", "KG", "KG", "KG"), {}, (), hand_back=False, share=False) == Plan((), (2, 3))


def test_reserved_seats_are_not_free():
    assert plan(table(KG=(3, 1, 2)), waiters("KG"), {}, (), hand_back=True, share=True) == Plan()


def test_on_the_day_unused_seats_go_to_the_pool_and_from_there_by_the_order_of_countries():
    there = table(1, KG=(3, 1, 0), TJ=(2, 2, 0), UZ=(1, 1, 0))
    found = plan(there, waiters("TJ", "UZ", "TJ", "TJ", "UZ"), {}, ("UZ",), hand_back=True, share=True)
    assert found == Plan((Move(2, "KG", None), Move(2, None, "UZ"), Move(1, None, "TJ")), (2, 5, 1))


def test_countries_that_are_named_without_seats_get_some_of_the_pool():
    assert plan(table(1, KG=(1, 1, 0)), waiters("MN"), {}, ("MN",), hand_back=False, share=True) == Plan((Move(1, None, "MN"),), (1,))


def test_one_list_for_all_where_no_seats_are_held_for_countries():
    assert plan(seat_table(5, 3, {}, {}), waiters("TJ", "KG", "KG"), {}, ("KG",), hand_back=True, share=True) == Plan((), (1, 2))


def test_who_waits_with_a_voucher_takes_the_seat_that_it_reserves():
    # Two seats, three promised vouchers: overbooked. One seat was given back.
    there = SeatTable({"KG": Seats(2, 1, 2)}, Seats(0, 0), Seats(2, 1, 2))
    line = [Waiter(1, "KG"), Waiter(2, "KG", covered=True), Waiter(3, "KG", covered=True)]
    assert plan(there, line, {}, (), hand_back=True, share=True) == Plan((), (2,))
    assert plan(there, line, {"KG": 1}, (), hand_back=True, share=True) == Plan()


def test_the_order_of_countries():
    assert in_turn(["UZ", "XX", "UZ"], ["TJ", "AF", "UZ"]) == ["UZ", "AF", "TJ"]


# --- Laws -----------------------------------------------------------------------------------------------------------

rows = st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 4)).map(lambda r: (r[0], min(r[0], r[1]), r[2]))
tables = st.builds(table, st.integers(0, 5), KG=rows, TJ=rows, UZ=rows)
lines = st.lists(st.sampled_from((*CODES, "MN")), max_size=20).map(lambda countries: waiters(*countries))
orders = st.lists(st.sampled_from((*CODES, "MN")), max_size=4)
flags = st.booleans()


def carried_out(there: SeatTable, found: Plan, line: list[Waiter]) -> tuple[SeatTable, list[Waiter], Counter[str]]:
    """The seats, who still waits, and the offers of each country, after the plan."""
    offered = Counter(w.country for w in line if w.id in found.offers)
    held = {code: [row.held, row.taken, row.reserved] for code, row in there.countries.items()}
    pool = there.pool.held
    for move in found.moves:
        for code, step in ((move.source, -move.seats), (move.target, move.seats)):
            if code is None:
                pool += step
            else:
                held.setdefault(code, [0, 0, 0])[0] += step
    for code, number in offered.items():
        held.setdefault(code, [0, 0, 0])[2] += number
    after = table(pool, **{code: (row[0], row[1], row[2]) for code, row in held.items()})
    return after, [w for w in line if w.id not in found.offers], offered


@given(tables, lines, orders, flags, flags)
def test_no_country_and_no_pool_promises_more_than_it_has(there, line, order, hand_back, share):
    found = plan(there, line, {}, order, hand_back=hand_back, share=share)
    after, _left, _offered = carried_out(there, found, line)
    assert after.total.held == there.total.held
    assert after.pool.free >= min(there.pool.free, 0)
    for code, row in after.countries.items():
        before = there.countries.get(code, Seats(0, 0))
        assert row.free >= min(before.free, 0)
    assert len(found.offers) <= sum(max(row.free, 0) for row in (*there.countries.values(), there.pool))
    assert len(set(found.offers)) == len(found.offers)


@given(tables, lines, orders, flags, flags)
def test_done_twice_is_done_once(there, line, order, hand_back, share):
    found = plan(there, line, {}, order, hand_back=hand_back, share=share)
    after, left, offered = carried_out(there, found, line)
    assert plan(after, left, offered, order, hand_back=hand_back, share=share) == Plan()


@given(tables, lines, orders, flags, flags)
def test_nobody_of_a_country_is_passed_over(there, line, order, hand_back, share):
    found = plan(there, line, {}, order, hand_back=hand_back, share=share)
    for code in {w.country for w in line}:
        mine = [w.id for w in line if w.country == code]
        assert [number for number in found.offers if number in mine] == mine[: len(set(found.offers) & set(mine))]


@given(tables, lines, orders, flags)
def test_a_country_that_comes_later_gets_of_the_pool_only_what_the_others_left(there, line, order, hand_back):
    found = plan(there, line, {}, order, hand_back=hand_back, share=True)
    left = {w.country for w in line if w.id not in found.offers}
    served = [move.target for move in found.moves if move.target]
    turn = in_turn(order, {w.country for w in line})
    assert served == [code for code in turn if code in served]
    for code in served[:-1]:
        assert code not in left


@given(tables, lines, orders, flags, flags)
def test_the_same_facts_give_the_same_plan(there, line, order, hand_back, share):
    mixed = SeatTable(dict(reversed(there.countries.items())), there.pool, there.total)
    assert plan(there, line, {}, order, hand_back=hand_back, share=share) == plan(mixed, line, {}, order, hand_back=hand_back, share=share)


@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 20))
def test_fewer_seats_never_invite_more_people(held, fewer, people):
    line = waiters(*["KG"] * people)
    many = plan(table(KG=(held, 0, 0)), line, {}, (), hand_back=True, share=True)
    few = plan(table(KG=(max(held - fewer, 0), 0, 0)), line, {}, (), hand_back=True, share=True)
    assert len(few.offers) <= len(many.offers) <= held


# --- Joining and confirming -----------------------------------------------------------------------------------------


FACTS = {"over": False, "has_seat": False, "country": "KG", "order": (), "seats": table(KG=(2, 2, 0)), "waiting": 0}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"over": True}, NoPlace.OVER),
        ({"has_seat": True}, NoPlace.HAS_SEAT),
        ({"country": None}, NoPlace.NO_COUNTRY),
        ({"country": "TJ"}, NoPlace.NOT_INVITED),
        ({"country": "TJ", "order": ("TJ",)}, None),
        ({"seats": table(KG=(2, 1, 1))}, None),
        ({"seats": table(KG=(2, 1, 0))}, NoPlace.SEATS_FREE),
        ({"seats": table(KG=(2, 1, 0)), "waiting": 1}, None),
        ({"seats": table(KG=(2, 1, 0)), "full": True}, None),
        ({"seats": seat_table(3, 3, {}, {})}, None),
        ({"seats": seat_table(3, 2, {}, {})}, NoPlace.SEATS_FREE),
    ],
)
def test_why_somebody_cannot_wait(changes, why):
    assert why_no_place(PlaceFacts(**{**FACTS, **changes})) is why


def test_time_to_confirm_ends_with_the_promotions():
    now = datetime(2026, 11, 1, tzinfo=UTC)
    assert confirm_until(now, 72, now + timedelta(days=9)) == now + timedelta(days=3)
    assert confirm_until(now, 72, now + timedelta(days=1)) == now + timedelta(days=1)


def test_seats_are_handed_back_after_the_day():
    day = date(2026, 11, 1)
    assert not hand_back_due(None, day)
    assert not hand_back_due(day, day)
    assert hand_back_due(day, day + timedelta(days=1))
