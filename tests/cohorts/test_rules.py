from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from dostyk.cohorts.rules import (
    CohortFacts,
    NoSeat,
    Phase,
    PlanError,
    Seats,
    SeatsError,
    code_error,
    day_number,
    last_day,
    may_move,
    midnight,
    next_code,
    no_seat,
    phase,
    plan_errors,
    seat_table,
    seats_errors,
    usual_window,
)

instants = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1), timezones=st.just(UTC))
dates = st.dates(date(2020, 1, 1), date(2040, 1, 1))
zones = st.sampled_from(
    ["Asia/Almaty", "Asia/Kabul", "Asia/Ulaanbaatar", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/London"]
)
seats = st.integers(0, 20).flatmap(lambda held: st.builds(Seats, st.just(held), st.integers(0, held)))
facts = st.builds(
    CohortFacts,
    archived=st.booleans(),
    opens=instants,
    closes=instants,
    capacity=seats,
    by_country=st.booleans(),
    country=st.none() | seats,
)


@given(facts, instants)
def test_nobody_gets_a_seat_in_an_archived_cohort(cohort, now):
    assert no_seat(replace(cohort, archived=True), now) is NoSeat.ARCHIVED


@given(facts, instants)
def test_a_seat_is_given_only_inside_the_window(cohort, now):
    assert no_seat(cohort, now) is not None or cohort.opens <= now < cohort.closes


@given(facts, instants)
def test_a_seat_is_given_only_when_one_is_free(cohort, now):
    if no_seat(cohort, now) is None:
        assert cohort.capacity.free > 0
        assert cohort.country is None or cohort.country.free > 0
        assert cohort.country is not None or not cohort.by_country


@given(facts, instants)
def test_coming_back_needs_a_free_seat_but_no_window(cohort, now):
    reason = no_seat(cohort, now, back=True)
    assert reason not in (NoSeat.NOT_OPEN, NoSeat.CLOSED)
    assert reason == no_seat(replace(cohort, opens=now, closes=now + timedelta(1)), now)


@given(facts, instants)
def test_taking_a_seat_never_makes_another_free(cohort, now):
    if no_seat(cohort, now) is not None and cohort.capacity.free > 0:
        fuller = replace(cohort, capacity=Seats(cohort.capacity.held, cohort.capacity.taken + 1))
        assert no_seat(fuller, now) is not None


plans = st.dictionaries(st.sampled_from(["KG", "TJ", "TM", "UZ", "AF"]), st.integers(1, 10), max_size=5)


@st.composite
def tables(draw, most_promised=10):
    """The seats of a cohort: what countries hold and have taken, what is promised to each, and a pool."""
    held = draw(plans)
    used = {country: draw(st.integers(0, number)) for country, number in held.items()}
    promised = {country: draw(st.integers(0, min(most_promised, number - used[country]))) for country, number in held.items()}
    capacity = sum(held.values()) + draw(st.integers(1, 9))
    return seat_table(capacity, sum(used.values()), {country: (number, used[country]) for country, number in held.items()}, promised)


@given(st.integers(0, 99), plans, plans, st.integers(0, 30))
def test_enrolled_reserved_and_free_seats_are_all_there_are_whatever_was_promised(pool, held, promised, taken_at_large):
    table = seat_table(sum(held.values()) + pool, taken_at_large, {country: (number, 0) for country, number in held.items()}, promised)
    rows = [*table.countries.values(), table.pool]
    assert all(row.taken + row.reserved + row.free == row.held for row in [*rows, table.total])
    for column in ("held", "taken", "reserved", "free"):
        assert sum(getattr(row, column) for row in rows) == getattr(table.total, column)


@given(tables(), st.integers(-3, 12))
def test_only_free_seats_move(present, number):
    for row in (*present.countries.values(), present.pool):
        assert may_move(number, row) == (0 < number <= row.held - row.taken - row.reserved)


def test_seats_come_from_the_country_or_from_the_pool_of_a_cohort_open_to_all():
    by_country, open_to_all = seat_table(9, 1, {"KG": (4, 1)}, {"KG": 2}), seat_table(9, 1, {}, {"KG": 2})
    assert (by_country.of("KG"), by_country.of("TJ"), by_country.pool.free) == (Seats(4, 1, 2), None, 5)
    assert open_to_all.of("TJ") == open_to_all.of(None) == Seats(9, 1, 2)


@given(st.integers(1, 50), plans, tables())
def test_a_plan_without_errors_holds_everybody(capacity, held, present):
    if not seats_errors(capacity, held, present):
        assert sum(held.values()) <= capacity >= present.total.taken + present.total.reserved
        assert all(held.get(country, 0) >= row.taken + row.reserved for country, row in present.countries.items())


@given(st.integers(1, 50), plans, tables())
def test_more_capacity_never_adds_an_error(capacity, held, present):
    assert set(seats_errors(capacity + 1, held, present)) <= set(seats_errors(capacity, held, present))


def test_every_wrong_country_is_named():
    present = seat_table(12, 6, {"UZ": (1, 1), "KG": (5, 2), "TJ": (3, 3)}, {"KG": 2})
    errors = seats_errors(5, {"KG": 3, "TJ": 3}, present)
    assert errors == {SeatsError.OVER_CAPACITY: [], SeatsError.BELOW_TAKEN: [], SeatsError.COUNTRY_BELOW_TAKEN: ["KG", "UZ"]}


def test_a_first_split_holds_what_was_promised_and_leaves_room_for_who_is_there():
    at_large = seat_table(5, 1, {}, {"KG": 2})
    assert seats_errors(5, {"KG": 2}, at_large) == {}
    assert seats_errors(5, {"KG": 1, "TJ": 3}, at_large) == {SeatsError.COUNTRY_BELOW_TAKEN: ["KG"]}
    assert seats_errors(5, {"TJ": 2}, at_large) == {SeatsError.COUNTRY_BELOW_TAKEN: ["KG"]}
    assert seats_errors(5, {"KG": 2, "TJ": 3}, at_large) == {SeatsError.OVER_CAPACITY: []}
    assert seats_errors(5, {}, at_large) == {}


def test_what_is_overbooked_may_stay_but_not_get_worse():
    present = seat_table(4, 2, {"KG": (4, 2)}, {"KG": 5})
    assert seats_errors(4, {"KG": 4}, present) == {}
    assert set(seats_errors(4, {"KG": 3}, present)) == {SeatsError.COUNTRY_BELOW_TAKEN}


@given(dates, st.integers(0, 400), dates)
def test_a_cohort_is_in_one_phase_and_goes_through_them_in_order(starts_on, days, today):
    ends_on = starts_on + timedelta(days)
    order = [Phase.UPCOMING, Phase.RUNNING, Phase.FINISHED]
    now, next_day = phase(starts_on, ends_on, False, today), phase(starts_on, ends_on, False, today + timedelta(1))
    assert order.index(now) <= order.index(next_day)
    assert (now is Phase.RUNNING) == (starts_on <= today <= ends_on)
    assert phase(starts_on, ends_on, True, today) is Phase.ARCHIVED


@given(dates, st.integers(0, 400), dates)
def test_a_day_of_a_running_cohort_has_a_number_within_it(starts_on, days, today):
    ends_on = starts_on + timedelta(days)
    number, of = day_number(starts_on, ends_on, today)
    assert (1 <= number <= of) == (phase(starts_on, ends_on, False, today) is Phase.RUNNING)


@given(dates, zones)
def test_the_usual_window_is_the_academys(starts_on, zone):
    opens, closes = usual_window(starts_on, zone)
    assert opens.astimezone(ZoneInfo(zone)).date() == starts_on - timedelta(days=30)
    assert last_day(closes, zone) == starts_on - timedelta(days=6)
    assert plan_errors(starts_on, starts_on, zone, opens, closes) == frozenset()


@given(dates, dates, zones, instants, instants)
def test_a_good_plan_has_its_ends_after_its_beginnings(starts_on, ends_on, zone, opens, closes):
    errors = plan_errors(starts_on, ends_on, zone, opens, closes)
    assert (PlanError.DATES_REVERSED in errors) == (ends_on < starts_on)
    assert (PlanError.WINDOW_REVERSED in errors) == (closes <= opens)
    if not errors:
        assert closes <= midnight(ends_on + timedelta(days=1), zone)


def test_a_zone_that_is_none_is_the_only_error():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert plan_errors(date(2026, 2, 1), date(2026, 1, 1), "Asia/Atlantis", now, now) == {PlanError.ZONE_UNKNOWN}
    assert plan_errors(date(2026, 2, 1), date(2026, 1, 1), "../etc/passwd", now, now) == {PlanError.ZONE_UNKNOWN}


@given(st.sets(st.integers(1, 300), max_size=20))
def test_the_next_code_is_new_and_good(numbers):
    taken = {f"DIG-2026-{n:02d}" for n in numbers} | {"DIG-2025-99", "DIG-2026-X", "DIGI-2026-50", "DIG-2026-01-B"}
    code = next_code("DIG", 2026, taken)
    assert code not in taken
    assert code_error(code) is None
    assert code == f"DIG-2026-{max(numbers, default=0) + 1:02d}"


def test_odd_codes_are_refused():
    odd = ("", "A", "AB", "dig-2026-01", "DIG 2026", "DIG--1", "-DIG", "DIG-", "ДИГ-2026-01", "A" * 25, "NEW", "DIG/1", "DIG-2026-٠١")
    assert {code_error(code) for code in odd} == {PlanError.CODE_SHAPE}
