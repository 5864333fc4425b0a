"""When a voucher gives a seat, what may be issued, and what the check character catches: laws, not examples."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from dostyk.cohorts.rules import Seats
from dostyk.core.text import ALPHABET, fold_code, group_code, is_code, new_code
from dostyk.vouchers.rules import (
    BatchFacts,
    NoBatch,
    Refusal,
    VoucherFacts,
    VoucherState,
    end_of_day,
    sheets,
    state,
    usual_last_day,
    valid_through,
    why_no_batch,
    why_not,
)

instants = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1), timezones=st.just(UTC))
countries = st.sampled_from(["KG", "TJ", "UZ"])
vouchers = st.builds(VoucherFacts, uses_left=st.integers(0, 3), revoked=st.booleans(), valid_until=instants, country=countries)
later = st.timedeltas(timedelta(0), timedelta(days=3650))
zones = st.sampled_from(["Asia/Almaty", "Asia/Kabul", "UTC", "America/Sao_Paulo"])


@given(vouchers, instants, countries)
def test_a_revoked_voucher_never_gives_a_seat(voucher, now, country):
    assert why_not(replace(voucher, revoked=True), now, country) is Refusal.REVOKED


@given(vouchers, instants, countries, later)
def test_what_gives_no_seat_today_gives_none_tomorrow(voucher, now, country, later):
    assert why_not(voucher, now, country) is None or why_not(voucher, now + later, country) is not None


@given(vouchers, instants, countries)
def test_a_used_voucher_stays_used_whatever_the_day(voucher, now, country):
    used = replace(voucher, uses_left=0, revoked=False)
    assert why_not(used, now, country) is Refusal.USED


@given(vouchers, instants)
def test_the_end_is_exclusive(voucher, now):
    good = replace(voucher, uses_left=1, revoked=False, valid_until=now)
    assert why_not(good, now) is Refusal.EXPIRED
    assert why_not(good, now - timedelta(microseconds=1)) is None


@given(vouchers, instants, countries)
def test_a_seat_goes_to_nobody_of_another_country(voucher, now, country):
    refusal = why_not(voucher, now, country)
    assert (refusal is None) == (why_not(voucher, now) is None and country == voucher.country)


@given(vouchers, instants)
def test_the_state_says_what_the_rule_says(voucher, now):
    assert (state(voucher, now) is VoucherState.OPEN) == (why_not(voucher, now) is None)
    if refusal := why_not(voucher, now):
        assert state(voucher, now).value == refusal.value


# --- Issuing ---------------------------------------------------------------------------------------------------------

seats = st.builds(Seats, held=st.integers(0, 40), taken=st.integers(0, 40), reserved=st.integers(0, 40))
batches = st.builds(
    BatchFacts, archived=st.booleans(), closes=instants, time_zone=zones, country=countries,
    body_country=st.none() | countries, seats=st.none() | seats,
)  # fmt: skip
days = st.dates(date(2020, 1, 1), date(2040, 1, 1))


@given(batches, st.integers(1, 60), st.dates(), instants)
def test_no_more_is_issued_than_seats_are_free(facts, quantity, through, now):
    if why_no_batch(facts, quantity, through, now) is None:
        assert facts.seats is not None
        assert facts.seats.taken + facts.seats.reserved + quantity <= facts.seats.held


@given(batches, st.integers(1, 60), st.dates(), instants)
def test_what_is_issued_can_be_redeemed_at_least_once(facts, quantity, through, now):
    if why_no_batch(facts, quantity, through, now) is None:
        assert now < end_of_day(through, facts.time_zone)
        assert now < facts.closes
        assert end_of_day(through, facts.time_zone) - timedelta(days=1) <= facts.closes
        assert facts.body_country in (None, facts.country)


@given(batches, st.integers(1, 40), st.integers(1, 40), days, instants)
def test_fewer_are_never_harder_to_get(facts, quantity, fewer, through, now):
    assume(fewer <= quantity)
    if why_no_batch(facts, quantity, through, now) is None:
        assert why_no_batch(facts, fewer, through, now) is None


@given(batches, instants)
def test_what_is_proposed_is_never_refused_for_its_day(facts, now):
    assume(now < facts.closes)
    for starts_on in (facts.closes.date(), date(2020, 1, 1), date(2039, 12, 31)):
        proposed = usual_last_day(starts_on, facts.closes, facts.time_zone, now)
        assert why_no_batch(facts, 1, proposed, now) not in (NoBatch.ENDS_IN_THE_PAST, NoBatch.ENDS_AFTER_WINDOW)


def test_vouchers_end_by_the_day_on_which_unused_seats_are_handed_back():
    closes, now = datetime(2026, 12, 20, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
    usual = usual_last_day(date(2026, 12, 25), closes, "UTC", now)
    assert usual_last_day(date(2026, 12, 25), closes, "UTC", now, date(2026, 12, 1)) == date(2026, 12, 1) < usual
    assert usual_last_day(date(2026, 12, 25), closes, "UTC", now, date(2026, 10, 1)) == now.date()


@given(days, zones)
def test_a_day_ends_with_itself(day, zone):
    assert valid_through(end_of_day(day, zone), zone) == day


@given(st.integers(1, 1000))
def test_every_voucher_is_on_one_sheet(quantity):
    printed = [number for first, last in sheets(quantity) for number in range(first, last + 1)]
    assert printed == list(range(1, quantity + 1))


# --- Codes -----------------------------------------------------------------------------------------------------------

codes = st.builds(new_code)
places = st.integers(0, 11)


@given(codes, places, st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_seen(code, place, character):
    assume(code[place] != character)
    assert is_code(code)
    assert not is_code(code[:place] + character + code[place + 1 :])


def test_nearly_every_swap_of_neighbours_is_seen():
    missed = tried = 0
    for _ in range(3000):
        code = new_code()
        for place in range(11):
            swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
            if swapped != code:
                tried += 1
                missed += is_code(swapped)
    assert missed / tried < 0.01


@given(st.text(max_size=40))
def test_folding_a_code_twice_is_folding_it_once(text):
    assert fold_code(fold_code(text)) == fold_code(text)


@given(codes, st.sampled_from(["", " ", "-", "–", "\u00a0", "\t", "."]))
def test_a_code_is_read_however_it_is_written(code, separator):
    typed = separator.join(group_code(code).split("-")).lower()
    assert fold_code(typed) == code
    # On a Cyrillic keyboard, and with the digits of Dari.
    assert fold_code(code.translate(str.maketrans("ABCEHKMPTXY", "АВСЕНКМРТХУ"))) == code
    assert fold_code(code.translate(str.maketrans("23456789", "۲۳۴۵۶۷۸۹"))) == code
