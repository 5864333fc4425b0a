"""Who is eligible: laws, not examples."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dostyk.certificates.rules import Lacking, Record, Standing, Unmet, finished, hours_short, lacking, number, standing, unmet
from dostyk.courses.rules import CompletionRule

hours = st.fractions(min_value=0, max_value=200, max_denominator=60)


@st.composite
def _records(draw: st.DrawFn) -> Record:
    counted = draw(hours)
    return Record(
        hours_attended=draw(st.fractions(min_value=0, max_value=counted, max_denominator=600)),
        hours_counted=counted,
        cultural_events=draw(st.integers(0, 5)),
        withdrawn=draw(st.booleans()),
        finished=draw(st.booleans()),
        named=draw(st.booleans()),
        letters=draw(st.sampled_from(["", "😀"])),
        too_long=draw(st.booleans()),
    )


records = _records()
rules = st.builds(CompletionRule, attendance=st.integers(0, 100).map(lambda n: Fraction(n, 100)), cultural_events=st.integers(0, 5))


@given(records, rules, hours)
def test_attending_more_never_takes_a_certificate_away(record: Record, rule: CompletionRule, more: Fraction) -> None:
    better = replace(record, hours_attended=min(record.hours_attended + more, record.hours_counted), cultural_events=record.cultural_events + 1)
    assert unmet(better, rule) <= unmet(record, rule)


@given(records, rules)
def test_who_withdrew_is_never_eligible(record: Record, rule: CompletionRule) -> None:
    assert Unmet.WITHDRAWN in unmet(replace(record, withdrawn=True), rule)


@given(records, rules)
def test_nobody_is_eligible_before_the_end_or_without_a_printable_name(record: Record, rule: CompletionRule) -> None:
    for change in ({"finished": False}, {"named": False}, {"letters": "王"}, {"too_long": True}):
        assert unmet(replace(record, **change), rule)  # type: ignore[arg-type]


@given(records, rules, rules)
def test_a_milder_rule_asks_for_nothing_more(record: Record, one: CompletionRule, other: CompletionRule) -> None:
    milder = CompletionRule(attendance=min(one.attendance, other.attendance), cultural_events=min(one.cultural_events, other.cultural_events))
    assert unmet(record, milder) <= unmet(record, one)


@given(records, rules)
def test_the_hours_that_are_short_are_exactly_those_that_are_needed(record: Record, rule: CompletionRule) -> None:
    short = hours_short(record, rule)
    assert short >= 0
    if record.hours_counted:
        assert (short > 0) is (Unmet.ATTENDANCE in unmet(record, rule))
        assert Unmet.ATTENDANCE not in unmet(replace(record, hours_attended=record.hours_attended + short), rule)


def test_the_last_hour_decides_exactly() -> None:
    rule = CompletionRule(attendance=Fraction(4, 5))
    full = Record(hours_attended=Fraction(32), hours_counted=Fraction(40))
    assert unmet(full, rule) == frozenset()
    assert unmet(replace(full, hours_attended=Fraction(32) - Fraction(1, 1000)), rule) == {Unmet.ATTENDANCE}


def test_thirds_of_an_hour_are_not_lost() -> None:
    third = Fraction(1, 3)
    assert unmet(Record(hours_attended=third + third + third, hours_counted=Fraction(1)), CompletionRule(attendance=Fraction(1))) == frozenset()


def test_an_empty_timetable_certifies_nobody() -> None:
    assert Unmet.ATTENDANCE in unmet(Record(hours_attended=Fraction(0), hours_counted=Fraction(0)), CompletionRule())


LAST = date(2026, 5, 16)


@pytest.mark.parametrize(
    ("today", "held", "expected"),
    [
        (LAST - timedelta(days=1), 40, False),  # all of a short timetable was held: still not the last day
        (LAST, 38, False),
        (LAST, 40, True),  # the ceremony is on the last day
        (LAST + timedelta(days=1), 0, True),
    ],
)
def test_a_cohort_is_over_after_its_last_hour(today: date, held: int, expected: bool) -> None:
    assert finished(LAST, today, Fraction(held), Fraction(40)) is expected


def test_a_cohort_without_a_timetable_is_over_after_its_last_day() -> None:
    assert not finished(LAST, LAST, Fraction(0), Fraction(0))


@given(st.frozensets(st.sampled_from(Unmet)), st.booleans(), st.booleans())
def test_only_who_meets_everything_and_never_had_one_is_issued_to_in_bulk(failing: frozenset[Unmet], issued: bool, revoked: bool) -> None:
    found = standing(failing, issued=issued, revoked=revoked)
    assert (found is Standing.ELIGIBLE) is (not failing and not issued and not revoked)
    assert (found is Standing.ISSUED) is issued


def test_a_number_has_four_digits_or_more() -> None:
    assert number("DIG", 2026, 7) == "DST-DIG-2026-0007"
    assert number("DIG", 2026, 12345) == "DST-DIG-2026-12345"


def test_what_is_lacking_is_told_in_order() -> None:
    assert lacking(signatory=False, agency=False) == [Lacking.SIGNATORY, Lacking.AGENCY]
    assert lacking(signatory=True, agency=True) == []
