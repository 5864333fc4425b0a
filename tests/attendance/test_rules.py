"""Laws of marks and percentages, and a naive twin that works them out differently."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dostyk.attendance import rules
from dostyk.attendance.rules import (
    Excuse,
    Faulty,
    Logged,
    NotMarkable,
    Percentages,
    Presence,
    SlotFacts,
    Standing,
    Status,
    current,
    faulty,
    hours_needed,
    needs_reason,
    not_markable,
    overview,
    presence,
    standing,
    timetable,
)
from dostyk.courses.rules import CompletionRule, ExcusedHours, LateHours

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PRESENT = Presence(Status.PRESENT)
presences = st.one_of(
    st.just(PRESENT),
    st.just(Presence(Status.ABSENT)),
    st.integers(1, 400).map(lambda n: Presence(Status.LATE, n)),
    st.sampled_from(Excuse).map(lambda kind: Presence(Status.EXCUSED, None, kind)),
)
slots = st.builds(
    SlotFacts,
    hundredths=st.integers(0, 800),
    minutes=st.integers(1, 360),
    ends_at=st.integers(-5, 5).map(lambda hours: NOW + timedelta(hours=hours)),
    cultural=st.booleans(),
    cancelled=st.booleans(),
)
tables = st.dictionaries(st.integers(1, 12), slots, max_size=10)
marks_of = st.dictionaries(st.integers(1, 14), presences, max_size=12)  # also of slots that are not in the timetable
completion_rules = st.builds(
    CompletionRule,
    attendance=st.integers(0, 100).map(lambda n: Fraction(n, 100)),
    excused=st.sampled_from(ExcusedHours),
    late=st.sampled_from(LateHours),
)


def record(found, marks, rule=CompletionRule(), now=NOW):  # noqa: B008 -- frozen
    return rules.record(timetable(found, now), marks, rule)


def naive(found, marks, rule):
    """The three percentages, slot by slot, with nothing summed up beforehand."""
    attended = held = planned = to_come = Fraction(0)
    for number, slot in found.items():
        if slot.cancelled or slot.cultural:
            continue
        hours, mark = Fraction(slot.hundredths, 100), marks.get(number)
        if mark and mark.status is Status.EXCUSED and rule.excused is ExcusedHours.LEFT_OUT:
            continue
        planned += hours
        if mark or slot.ends_at <= NOW:
            held += hours
        else:
            to_come += hours
        if mark is None or mark.status is Status.ABSENT:
            continue
        if mark.status is Status.EXCUSED:
            attended += hours if rule.excused is ExcusedHours.ATTENDED else 0
        elif mark.status is Status.LATE and rule.late is LateHours.LESS_MINUTES:
            attended += hours * max(Fraction(0), Fraction(slot.minutes - mark.late_minutes, slot.minutes))
        else:
            attended += hours
    return Percentages(
        attended / held if held else None, attended / planned if planned else None, (attended + to_come) / planned if planned else None
    )


@given(tables, marks_of, completion_rules)
def test_percentages_agree_with_the_naive_twin(found, marks, rule):
    assert record(found, marks, rule).percentages == naive(found, marks, rule)


@given(tables, marks_of, completion_rules)
def test_taken_never_exceeds_possible_and_both_are_shares(found, marks, rule):
    shares = record(found, marks, rule).percentages
    if shares.of_planned is None:
        assert shares.possible is None
        return
    assert 0 <= shares.of_planned <= shares.possible <= 1
    assert shares.of_held is None or shares.of_planned <= shares.of_held <= 1


@given(tables, completion_rules)
def test_who_was_never_marked_attended_nothing(found, rule):
    nobody = record(found, {}, rule)
    assert nobody.attended == nobody.excused == nobody.cultural_events == 0
    assert nobody.percentages.of_planned in (0, None)
    assert nobody.unmarked == sum(not s.cancelled and not s.cultural and s.ends_at <= NOW for s in found.values())
    assert nobody.unmarked_hours == nobody.held


@given(tables, marks_of, completion_rules, st.integers(1, 12))
def test_marking_somebody_present_never_lowers_a_percentage(found, marks, rule, number):
    before, after = record(found, marks, rule).percentages, record(found, {**marks, number: PRESENT}, rule).percentages
    for was, now in ((before.of_planned, after.of_planned), (before.possible, after.possible)):
        assert was is None or now >= was
    assert before.of_held is None or after.of_held >= before.of_held


@given(tables, marks_of, completion_rules, st.integers(1, 12))
def test_a_mark_that_is_taken_back_leaves_nobody_better_off_than_present(found, marks, rule, number):
    unmarked = {n: m for n, m in marks.items() if n != number}
    assert record(found, unmarked, rule).attended <= record(found, {**marks, number: PRESENT}, rule).attended


@given(tables, marks_of, completion_rules, st.timedeltas(timedelta(0), timedelta(days=2)))
def test_time_alone_never_adds_attendance_and_only_lowers_what_is_possible(found, marks, rule, later):
    now, then = record(found, marks, rule), record(found, marks, rule, NOW + later)
    assert then.attended == now.attended
    assert then.percentages.of_planned == now.percentages.of_planned
    assert now.percentages.possible is None or then.percentages.possible <= now.percentages.possible


@given(tables, marks_of, completion_rules)
def test_a_cancelled_slot_counts_nowhere(found, marks, rule):
    kept = {number: slot for number, slot in found.items() if not slot.cancelled}
    assert record(found, marks, rule) == record(kept, marks, rule)


@given(tables, marks_of, completion_rules)
def test_the_cultural_programme_is_counted_apart(found, marks, rule):
    training = {number: slot for number, slot in found.items() if not slot.cultural}
    whole, part = record(found, marks, rule), record(training, marks, rule)
    assert replace(whole, cultural_events=0, cultural_planned=0) == part
    assert 0 <= whole.cultural_events <= whole.cultural_planned


@pytest.mark.parametrize(
    ("excused", "of_planned"),
    [(ExcusedHours.LEFT_OUT, Fraction(1)), (ExcusedHours.ATTENDED, Fraction(1)), (ExcusedHours.MISSED, Fraction(1, 2))],
)
def test_excused_hours_count_as_the_course_says(excused, of_planned):
    found = {n: SlotFacts(200, 90, NOW - timedelta(hours=n)) for n in (1, 2)}
    said = record(found, {1: PRESENT, 2: Presence(Status.EXCUSED, None, Excuse.DUTY)}, CompletionRule(excused=excused))
    assert said.percentages.of_planned == of_planned
    assert said.excused == 2


def test_late_hours_count_as_the_course_says():
    found = {1: SlotFacts(200, 90, NOW)}
    late = {1: Presence(Status.LATE, 30)}
    assert record(found, late, CompletionRule(late=LateHours.FULL)).attended == 2
    assert record(found, late, CompletionRule(late=LateHours.LESS_MINUTES)).attended == Fraction(4, 3)
    assert record(found, {1: Presence(Status.LATE, 500)}, CompletionRule(late=LateHours.LESS_MINUTES)).attended == 0


def test_nothing_planned_has_no_percentage():
    assert record({}, {}).percentages == Percentages(None, None, None)
    assert standing(record({}, {}), CompletionRule()) is Standing.NOTHING_PLANNED
    everything = {1: Presence(Status.EXCUSED, None, Excuse.ILLNESS)}
    assert record({1: SlotFacts(200, 90, NOW)}, everything).percentages == Percentages(None, None, None)


def test_a_slot_is_held_when_it_is_over_or_the_person_is_marked_in_it():
    found = {1: SlotFacts(200, 90, NOW + timedelta(minutes=30))}
    assert (record(found, {}).held, record(found, {1: PRESENT}).held) == (0, 2)
    assert record({1: replace(found[1], ends_at=NOW)}, {}).held == 2


# --- Standing ---------------------------------------------------------------------------------------------------------


@given(tables, marks_of, completion_rules)
def test_standing_says_what_the_percentages_say(found, marks, rule):
    said = record(found, marks, rule)
    shares, stands = said.percentages, standing(said, rule)
    assert (stands is Standing.NOTHING_PLANNED) == (shares.of_planned is None)
    assume(shares.of_planned is not None)
    assert (stands is Standing.REACHED) == (shares.of_planned >= rule.attendance) == (hours_needed(said, rule) == 0)
    if stands is Standing.OUT_OF_REACH:
        # Even with every missing roll in the person's favour.
        in_favour = {n: PRESENT for n, s in found.items() if n not in marks and not s.cultural and not s.cancelled}
        assert record(found, {**marks, **in_favour}, rule).percentages.of_planned < rule.attendance
    if stands in (Standing.ON_THE_WAY, Standing.BEHIND):
        assert hours_needed(said, rule) <= said.to_come


# --- Who joined after the start ---------------------------------------------------------------------------------------

START = date(2026, 11, 23)
joinings = st.integers(0, 6).map(lambda days: START + timedelta(days=days))
dated = st.dictionaries(st.integers(1, 12), st.builds(lambda slot, day: replace(slot, on=day), slots, joinings), max_size=10)


def since(found, marks, rule, day):
    return rules.record(timetable(found, NOW, day), marks, rule)


@given(dated, marks_of, completion_rules, joinings)
def test_who_joins_late_is_measured_by_the_slots_since_that_day_alone(found, marks, rule, day):
    later = {number: slot for number, slot in found.items() if slot.on >= day}
    assert since(found, marks, rule, day) == record(later, {n: m for n, m in marks.items() if n in later}, rule)


@given(dated, marks_of, completion_rules)
def test_who_joins_on_the_first_day_is_measured_by_everything(found, marks, rule):
    assert since(found, marks, rule, START) == since(found, marks, rule, None) == record(found, marks, rule)


@given(dated, marks_of, completion_rules, joinings, joinings)
def test_joining_later_never_adds_hours(found, marks, rule, one, other):
    first, last = sorted([one, other])
    early, late = since(found, marks, rule, first), since(found, marks, rule, last)
    assert late.planned <= early.planned
    assert late.attended <= early.attended
    assert late.unmarked <= early.unmarked


@given(dated, completion_rules, joinings)
def test_who_is_there_from_the_day_of_joining_on_misses_nothing(found, rule, day):
    everything = {number: PRESENT for number, slot in found.items() if slot.on >= day}
    assert since(found, everything, rule, day).percentages.of_planned in (1, None)


def test_a_cohorts_share_is_over_all_its_hours():
    found = {1: SlotFacts(200, 90, NOW), 2: SlotFacts(600, 270, NOW)}
    people = [record(found, {1: PRESENT}), record(found, {1: PRESENT, 2: PRESENT})]
    assert overview(people, CompletionRule()).of_held == Fraction(10, 16)
    assert overview([], CompletionRule()).of_held is None
    assert sum(overview(people, CompletionRule()).standings.values()) == 2


# --- One mark ---------------------------------------------------------------------------------------------------------

logs = st.lists(st.builds(Logged, st.integers(1, 50), presences, st.integers(1, 3), st.just(NOW)), max_size=8, unique_by=lambda m: m.number)


@given(logs, st.randoms())
def test_the_last_mark_counts_whatever_the_order_of_reading(log, random):
    shuffled = log[:]
    random.shuffle(shuffled)
    assert current(shuffled) == current(log) == (sorted(log, key=lambda m: m.number)[-1] if log else None)


@given(logs)
def test_reading_the_log_twice_changes_nothing(log):
    assert current(log + log) == current(log)


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (Presence(Status.LATE), Faulty.LATE_WITHOUT_MINUTES),
        (Presence(Status.LATE, 0), Faulty.LATE_MINUTES_NOT_POSITIVE),
        (Presence(Status.LATE, -5), Faulty.LATE_MINUTES_NOT_POSITIVE),
        (Presence(Status.LATE, 90), Faulty.LATE_LONGER_THAN_SLOT),
        (Presence(Status.LATE, 89), None),
        (Presence(Status.EXCUSED), Faulty.EXCUSED_WITHOUT_KIND),
        (Presence(Status.EXCUSED, None, Excuse.TRAVEL), None),
        (PRESENT, None),
    ],
)
def test_a_mark_that_says_nothing_is_found(said, fault):
    assert faulty(said, 90) == fault


def test_what_does_not_belong_to_a_status_is_dropped():
    assert presence(Status.PRESENT, 10, Excuse.DUTY) == PRESENT
    assert presence(Status.LATE, 10, Excuse.DUTY) == Presence(Status.LATE, 10)
    assert presence(Status.EXCUSED, 10, Excuse.DUTY) == Presence(Status.EXCUSED, None, Excuse.DUTY)


def test_a_change_needs_a_reason_but_for_a_slip():
    first = Logged(1, PRESENT, by_id=1, at=NOW)
    assert not needs_reason(None, 1, NOW)
    assert not needs_reason(first, 1, NOW + timedelta(minutes=10))
    assert needs_reason(first, 1, NOW + timedelta(minutes=10, seconds=1))
    assert needs_reason(first, 2, NOW)


def test_the_roll_opens_in_the_morning_of_the_day():
    starts = datetime(2026, 11, 23, 4, tzinfo=UTC)  # 9:00 in Almaty

    def why(today, now, **changes):
        facts = {"archived": False, "cancelled": False, "on": date(2026, 11, 23), "starts_at": starts}
        return not_markable(**{**facts, **changes}, today=today, now=now)

    assert why(date(2026, 11, 22), starts - timedelta(hours=12)) is NotMarkable.TOO_EARLY
    assert why(date(2026, 11, 23), starts - timedelta(hours=8)) is None
    assert why(date(2026, 12, 31), starts + timedelta(days=38)) is None
    midnight = datetime(2026, 11, 22, 19, tzinfo=UTC)
    assert why(date(2026, 11, 22), midnight - timedelta(minutes=30), starts_at=midnight) is None
    assert why(date(2026, 11, 22), midnight - timedelta(minutes=31), starts_at=midnight) is NotMarkable.TOO_EARLY
    assert why(date(2026, 11, 23), starts, cancelled=True) is NotMarkable.CANCELLED
    assert why(date(2026, 11, 23), starts, archived=True, cancelled=True) is NotMarkable.ARCHIVED
