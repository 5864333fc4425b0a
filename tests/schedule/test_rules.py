"""Laws of slots in time, and what a pasted table says."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dostyk.schedule.rules import (
    Column,
    Entry,
    Known,
    Plan,
    Problem,
    Result,
    SlotKind,
    SlotWarning,
    Span,
    SpanError,
    TableError,
    academic_hours,
    format_entry,
    judge,
    overlap,
    overlapping,
    parse_table,
    span,
    warnings,
)
from dostyk.schedule.rules.table import parse_date, parse_hours, parse_time

DAY = date(2026, 11, 23)
ZONES = st.sampled_from(["Asia/Almaty", "Asia/Kabul", "Asia/Bishkek", "Asia/Ulaanbaatar", "UTC"])  # no change of clocks
dates = st.dates(date(2025, 1, 1), date(2035, 12, 31))
times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
instants = st.integers(0, 48).map(lambda n: datetime(2026, 11, 23, tzinfo=UTC) + timedelta(minutes=30 * n))
spans = st.tuples(instants, st.integers(1, 8)).map(lambda x: Span(x[0], x[0] + timedelta(minutes=30 * x[1])))
words = st.text(st.characters(categories=["L", "Nd"], exclude_characters="\ufffd"), min_size=1, max_size=20)
titles = st.lists(words, min_size=1, max_size=4).map(" ".join)
hours = st.integers(0, 5000).map(lambda n: Decimal(n) / 100)
entries = st.builds(
    lambda on, start, end, title, kind, place, trainer, h: Entry(
        on, start, end, title, kind, place, trainer, h if kind is SlotKind.TRAINING else None
    ),
    dates, times, times, titles, st.sampled_from(SlotKind), st.one_of(st.just(""), titles), st.one_of(st.just(""), titles),
    st.one_of(st.none(), hours),
).filter(lambda e: e.start != e.end)  # fmt: skip


@given(dates, times, times, ZONES)
def test_a_slot_is_read_back_on_the_clock_of_its_venue(on, start, end, zone):
    found = span(on, start, end, zone)
    if start == end:
        assert found is SpanError.NO_LENGTH
        return
    starts, ends = found.starts_at.astimezone(ZoneInfo(zone)), found.ends_at.astimezone(ZoneInfo(zone))
    assert (starts.date(), starts.time(), ends.time()) == (on, start, end)
    assert timedelta(0) < ends - starts < timedelta(days=1)
    assert (ends.date() != on) == (end < start)


def test_a_slot_across_midnight_ends_on_the_next_day():
    night = span(DAY, time(22), time(1), "Asia/Almaty")
    assert night == Span(datetime(2026, 11, 23, 17, tzinfo=UTC), datetime(2026, 11, 23, 20, tzinfo=UTC))
    assert academic_hours(night, 45) == 4


def test_kabul_is_half_an_hour_off():
    assert span(DAY, time(9), time(10), "Asia/Kabul").starts_at == datetime(2026, 11, 23, 4, 30, tzinfo=UTC)


def test_a_time_that_the_clocks_skip_is_refused_and_a_change_of_clocks_counts_real_minutes():
    assert span(date(2026, 3, 29), time(2, 30), time(4), "Europe/Berlin") is SpanError.NO_SUCH_TIME
    assert span(date(2026, 3, 29), time(1), time(4), "Europe/Berlin").minutes == 120
    assert span(date(2026, 10, 25), time(1), time(4), "Europe/Berlin").minutes == 240


@given(spans, spans)
def test_overlap_is_symmetric_and_touching_ends_do_not(one, other):
    assert overlap(one, other) == overlap(other, one)
    assert overlap(one, one)
    assert not overlap(one, Span(one.ends_at, one.ends_at + timedelta(hours=1)))


@given(st.dictionaries(st.integers(), spans, max_size=8))
def test_overlapping_agrees_with_comparing_every_pair(found):
    naive = {a for a in found for b in found if a != b and overlap(found[a], found[b])}
    assert overlapping(found) == naive


@given(spans, st.integers(40, 50))
def test_academic_hours_are_the_length_in_hours_to_two_decimals(length, minutes):
    assert abs(Fraction(academic_hours(length, minutes)) - length.minutes / minutes) <= Fraction(1, 200)


def test_what_is_unusual_is_told():
    def told(start, end, hours, others=()):
        length = span(DAY, start, end, "Asia/Almaty")
        return warnings(
            length, hours, zone="Asia/Almaty", minutes_per_hour=45, starts_on=DAY, ends_on=DAY + timedelta(days=4), others=others
        )

    assert told(time(9), time(10, 30), Decimal(2)) == []
    assert told(time(9), time(10, 30), Decimal("2.5")) == [SlotWarning.MORE_HOURS_THAN_TIME]
    assert told(time(9), time(22), Decimal(2)) == [SlotWarning.LONG]
    assert told(time(9), time(10), Decimal(1), [span(DAY, time(9, 59), time(11), "Asia/Almaty")]) == [SlotWarning.OVERLAPS]
    assert told(time(9), time(10), Decimal(1), [span(DAY, time(10), time(11), "Asia/Almaty")]) == []


def test_the_first_and_last_day_of_a_cohort_are_those_of_its_venue():
    length = span(DAY, time(0, 15), time(1), "Asia/Almaty")  # still the day before in UTC
    common = {"zone": "Asia/Almaty", "minutes_per_hour": 45}
    assert warnings(length, Decimal(1), starts_on=DAY, ends_on=DAY, **common) == []
    assert warnings(length, Decimal(1), starts_on=DAY + timedelta(days=1), ends_on=DAY + timedelta(days=2), **common) == [
        SlotWarning.OUTSIDE_DATES
    ]


# --- Pasted tables ----------------------------------------------------------------------------------------------------


@given(st.lists(entries, min_size=1, max_size=6), st.sampled_from("\t;,"))
def test_what_is_written_is_read_back(found, separator):
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(format_entry(entry) for entry in found)
    table = parse_table(text.getvalue())
    read = [line.entry for line in table.lines]
    # Digits of any script are read as 0-9.
    plain = [parse_table("\t".join(format_entry(entry))).lines[0].entry for entry in found]
    assert table.error is None
    assert read == plain
    assert [(e.on, e.start, e.end, e.kind, e.hours) for e in read] == [(e.on, e.start, e.end, e.kind, e.hours) for e in found]


@given(st.text())
def test_no_text_breaks_the_reader(text):
    table = parse_table(text)
    assert (table.error is None) == bool(table.lines)
    assert all((line.entry is None) == bool(line.faults) for line in table.lines)


@given(dates, st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%d %b %Y", "%d %B %Y", "%Y/%m/%d", "%a, %d %B %Y"]))
def test_clear_dates_are_read(on, form):
    assert parse_date(on.strftime(form)) == on


@pytest.mark.parametrize("text", ["23 ноября 2026 г.", "2026 ж. 23 қараша", "23 November 2026", "23.11.2026 г.", "23 НОЯ 2026".lower()])
def test_dates_in_three_languages_are_read(text):
    assert parse_date(text) == DAY


@pytest.mark.parametrize(
    "text", ["05/06/2026", "23.11.26", "31.02.2026", "tomorrow", "23 Nov", "2026-13-01", "23 Nov 2026 24 Dec 2026", "1 1 1 1"]
)
def test_unclear_dates_are_not_guessed(text):
    assert parse_date(text) is None


def test_times_and_hours_as_people_write_them():
    assert [parse_time(t) for t in ("9:00", "09.05", "21:15:00", "9:00 PM", "12:00 am")] == [
        time(9),
        time(9, 5),
        time(21, 15),
        time(21),
        time(0),
    ]
    assert [parse_time(t) for t in ("9", "25:00", "9:60", "13:00 pm", "noon", "24:00", "")] == [None] * 7
    assert parse_time("24:00", end=True) == time(0)
    assert [parse_hours(t) for t in ("2", "1,5", "0.25", "-1", "1.234", "NaN", "1e9", "x")] == [
        Decimal(2), Decimal("1.5"), Decimal("0.25"), None, None, None, None, None,
    ]  # fmt: skip


def test_eastern_digits_are_digits():
    line = parse_table("۲۰۲۶-۱۱-۲۳\t٩:٠٠\t١٠:٣٠\tآغاز").lines[0]
    assert line.entry == Entry(DAY, time(9), time(10, 30), "آغاز")


def test_a_heading_may_put_the_columns_in_another_order_and_hold_others():
    table = parse_table("Тема;Дата;Комментарий;Начало;Окончание\nОткрытие;23.11.2026;важно;9.00;10.30")
    assert table.heading == 1
    assert [line.entry for line in table.lines] == [Entry(DAY, time(9), time(10, 30), "Открытие")]


def test_an_empty_date_is_that_of_the_row_above():
    table = parse_table("2026-11-23\t9:00\t10:30\tOne\n\t11:00\t12:00\tTwo\n\n2026-11-24\t9:00\tbad\tThree\n\t9:00\t10:00\tFour")
    assert [(line.number, line.on) for line in table.lines] == [(1, DAY), (2, DAY), (4, date(2026, 11, 24)), (5, date(2026, 11, 24))]


def test_every_problem_of_a_line_is_told_with_its_column():
    (line,) = parse_table("05/06/2026\t25:00\t\t\tfoo\t\t\tx").lines
    assert [(f.problem, f.column) for f in line.faults] == [
        (Problem.DATE_UNCLEAR, Column.DATE), (Problem.TIME_UNCLEAR, Column.START), (Problem.TIME_MISSING, Column.END),
        (Problem.TITLE_MISSING, Column.TITLE), (Problem.KIND_UNKNOWN, Column.KIND), (Problem.HOURS_UNCLEAR, Column.HOURS),
    ]  # fmt: skip


def test_a_cultural_slot_with_hours_and_a_slot_without_length_are_told():
    assert [f.problem for f in parse_table("2026-11-23\t9:00\t10:00\tMuseum\tcultural\t\t\t2").lines[0].faults] == [
        Problem.CULTURAL_WITH_HOURS
    ]
    assert [f.problem for f in parse_table("2026-11-23\t9:00\t9:00\tLesson").lines[0].faults] == [Problem.NO_LENGTH]


def test_letters_that_were_lost_on_the_way_are_told():
    text = "2026-11-23\t9:00\t10:00\tОткрытие".encode("cp1251").decode("utf-8", "replace")
    assert Problem.DAMAGED in {f.problem for f in parse_table(text).lines[0].faults}


def test_a_stray_quotation_mark_does_not_swallow_the_lines_below():
    table = parse_table('2026-11-23\t9:00\t10:00\t"Opening\n2026-11-23\t10:00\t11:00\tLesson')
    assert [line.title for line in table.lines] == ['"Opening', "Lesson"]


def test_a_cell_with_a_line_break_is_one_line():
    table = parse_table('2026-11-23,9:00,10:00,"Opening\nand introductions"\n2026-11-23,10:00,11:00,Lesson')
    assert [(line.number, line.title) for line in table.lines] == [(1, "Opening and introductions"), (3, "Lesson")]


@pytest.mark.parametrize("text", ["", "  \n\t\n", "Date\tStart\tEnd\tTitle", "\ufeff"])
def test_nothing_to_read_is_said(text):
    assert parse_table(text).error is TableError.EMPTY


def test_too_much_is_refused_before_it_is_read():
    assert parse_table("2026-11-23\t9:00\t10:00\tLesson\n" * 5000).error is TableError.TOO_LONG
    assert parse_table("\n" * 5_000_000).error is TableError.TOO_LONG


# --- What becomes of each line -----------------------------------------------------------------------------------------


def plan(known=(), trainers=None):
    people = trainers or {}
    return Plan("Asia/Almaty", 45, DAY, DAY + timedelta(days=4), list(known), lambda name: people.get(name.casefold(), ()))


@given(st.lists(entries.map(lambda e: format_entry(Entry(e.on, e.start, e.end, e.title, e.kind, e.place))), max_size=6))
def test_pasting_twice_adds_nothing(rows):
    lines = parse_table("\n".join("\t".join(row) for row in rows)).lines
    first = judge(lines, plan())
    added = [verdict.new for verdict in first if verdict.new]
    again = judge(lines, plan(added))
    assert [verdict.result for verdict in again] == [Result.SAME] * len(lines)


def verdict_of(row, known=(), trainers=None):
    (verdict,) = judge(parse_table(row).lines, plan(known, trainers))
    return verdict


LESSON = Known(span(DAY, time(9), time(10, 30), "Asia/Almaty"), SlotKind.TRAINING, frozenset({"Lesson", "Урок"}), "Room 1", 7, Decimal(2))


def test_a_known_slot_is_the_same_in_any_of_its_languages_and_without_the_rest():
    assert verdict_of("2026-11-23\t9:00\t10:30\tУРОК", [LESSON]).result is Result.SAME
    assert verdict_of("2026-11-23\t9:00\t10:30\tlesson\t\troom 1\tSerik\t2", [LESSON], {"serik": {7}}).result is Result.SAME


def test_a_known_slot_with_another_value_is_told_and_not_changed():
    verdict = verdict_of("2026-11-23\t9:00\t10:30\tLesson\t\t\t\t1", [LESSON])
    assert [(f.problem, f.column) for f in verdict.faults] == [(Problem.DIFFERS, Column.HOURS)]
    verdict = verdict_of("2026-11-23\t9:00\t10:30\tLesson\t\t\tAigul\t", [LESSON], {"aigul": {8}})
    assert [(f.problem, f.column) for f in verdict.faults] == [(Problem.DIFFERS, Column.TRAINER)]


def test_the_same_lesson_in_another_room_is_new_with_a_warning():
    verdict = verdict_of("2026-11-23\t9:00\t10:30\tLesson\t\tRoom 2", [LESSON])
    assert (verdict.result, verdict.warnings) == (Result.NEW, (SlotWarning.OVERLAPS,))


def test_a_cancelled_slot_is_known_and_does_not_come_back():
    cancelled = Known(LESSON.span, LESSON.kind, LESSON.titles, LESSON.place, None, LESSON.hours, cancelled=True)
    assert verdict_of("2026-11-23\t9:00\t10:30\tLesson", [cancelled]).result is Result.SAME


def test_a_trainer_must_be_one_person():
    assert verdict_of("2026-11-23\t9:00\t10:30\tNew\t\t\tSerik").faults[0].problem is Problem.TRAINER_UNKNOWN
    assert verdict_of("2026-11-23\t9:00\t10:30\tNew\t\t\tSerik", trainers={"serik": {1, 2}}).faults[0].problem is Problem.TRAINER_AMBIGUOUS
    assert verdict_of("2026-11-23\t9:00\t10:30\tNew\t\t\tSerik", trainers={"serik": {1}}).new.trainer_id == 1
