"""Who is eligible: laws, not examples."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dostyk.attendance.rules import AttendanceRecord, hours_needed
from dostyk.certificates.rules import Lacking, Record, Standing, Unmet, finished, lacking, number, standing, unmet
from dostyk.courses.rules import CompletionRule

hours = st.fractions(min_value=0, max_value=200, max_denominator=60)


def shown(attended: Fraction | int, planned: Fraction | int, events: int = 0, held: Fraction | int | None = None) -> AttendanceRecord:
    planned = Fraction(planned)
    return AttendanceRecord(
        planned=planned, held=planned if held is None else Fraction(held), attended=Fraction(attended), cultural_events=events
    )


@st.composite
def _records(draw: st.DrawFn) -> Record:
    planned = draw(hours)
    attended = draw(st.fractions(min_value=0, max_value=planned, max_denominator=600))
    return Record(
        attended=shown(attended, planned, draw(st.integers(0, 5))),
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
    was = record.attended
    better = replace(was, attended=min(was.attended + more, was.planned), cultural_events=was.cultural_events + 1)
    assert unmet(replace(record, attended=better), rule) <= unmet(record, rule)


@given(records, rules)
def test_who_withdrew_is_never_eligible(record: Record, rule: CompletionRule) -> None:
    assert Unmet.WITHDRAWN in unmet(replace(record, withdrawn=True), rule)


@given(records, rules)
def test_nobody_is_eligible_before_the_end_or_without_a_printable_name(record: Record, rule: CompletionRule) -> None:
    for change in ({"finished": False}, {"named": False}, {"letters": "王"}, {"too_long": True}):
        assert unmet(replace(record, **change), rule)  # type: ignore[arg-type]


@given(records, rules, rules)
def test_a_milder_rule_asks_for_nothing_more(record: Record, one: CompletionRule, other: CompletionRule) -> None:
    least, events = min(one.attendance, other.attendance), min(one.cultural_events, other.cultural_events)
    assert unmet(record, CompletionRule(attendance=least, cultural_events=events)) <= unmet(record, one)


@given(records, rules)
def test_the_hours_that_are_told_to_be_missing_are_exactly_those_that_are_needed(record: Record, rule: CompletionRule) -> None:
    was, short = record.attended, hours_needed(record.attended, rule)
    if was.planned:
        assert (short > 0) is (Unmet.ATTENDANCE in unmet(record, rule))
        assert Unmet.ATTENDANCE not in unmet(replace(record, attended=replace(was, attended=was.attended + short)), rule)


def test_the_last_hour_decides_exactly() -> None:
    rule = CompletionRule(attendance=Fraction(4, 5))
    assert unmet(Record(shown(32, 40)), rule) == frozenset()
    assert unmet(Record(shown(32 - Fraction(1, 1000), 40)), rule) == {Unmet.ATTENDANCE}


def test_thirds_of_an_hour_are_not_lost() -> None:
    third = Fraction(1, 3)
    assert unmet(Record(shown(third + third + third, 1)), CompletionRule(attendance=Fraction(1))) == frozenset()


def test_hours_that_count_for_nothing_are_not_asked_for() -> None:
    excused = replace(shown(32, 44), left_out=Fraction(4))
    assert unmet(Record(excused), CompletionRule(attendance=Fraction(4, 5))) == frozenset()


def test_an_empty_timetable_certifies_nobody() -> None:
    assert Unmet.ATTENDANCE in unmet(Record(shown(0, 0)), CompletionRule())


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
    assert finished(LAST, today, shown(0, 40, held=held)) is expected


def test_a_cohort_without_a_timetable_is_over_after_its_last_day() -> None:
    assert not finished(LAST, LAST, shown(0, 0))


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
