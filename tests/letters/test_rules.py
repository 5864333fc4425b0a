from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dostyk.letters.rules import Flaw, Passport, flaw, needed

days = st.dates(date(2020, 1, 1), date(2040, 1, 1))
GOOD = Passport("A1234567", date(2030, 1, 1), date(1990, 5, 6), "KG")


@given(days, st.integers(-4000, 4000))
def test_a_passport_that_expires_before_the_end_makes_no_letter(ends_on, after):
    wrong = flaw(replace(GOOD, born_on=ends_on - timedelta(days=12_000), passport_expires_on=ends_on + timedelta(days=after)), ends_on)
    assert wrong is (Flaw.EXPIRES_TOO_EARLY if after < 0 else None)


def test_a_number_holds_a_digit_and_a_person_is_grown_up():
    ends_on = date(2026, 12, 1)
    assert flaw(replace(GOOD, passport_number="none"), ends_on) is Flaw.NUMBER
    assert flaw(replace(GOOD, passport_number="1" * 41), ends_on) is Flaw.NUMBER
    assert flaw(replace(GOOD, born_on=date(2026, 1, 1)), ends_on) is Flaw.BORN
    assert flaw(replace(GOOD, born_on=date(1890, 1, 1)), ends_on) is Flaw.BORN
    assert flaw(GOOD, ends_on) is None


@given(days, st.booleans(), days)
def test_details_are_needed_through_the_last_day_and_never_in_an_archived_cohort(ends_on, archived, today):
    assert needed(ends_on, archived, today) == (today <= ends_on and not archived)
