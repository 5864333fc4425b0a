from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from dostyk.courses.rules import RESERVED_SLUGS, SLUG, CourseKind, HoursWarning, SlugError, clock_time, hours_warning, slug_error, slug_from

hours = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(9999), places=2)
minutes = st.integers(40, 50)
kinds = st.sampled_from(CourseKind)


def test_forty_academic_hours_of_45_minutes_are_thirty_on_the_clock():
    assert clock_time(Decimal(40), 45) == (30, 0)


def test_forty_academic_hours_of_50_minutes_are_33_and_20_minutes():
    assert clock_time(Decimal(40), 50) == (33, 20)


@given(hours, minutes)
def test_the_clock_time_is_exact(academic, minute):
    whole, rest = clock_time(academic, minute)
    assert 0 <= rest < 60
    assert whole * 60 + rest == academic * minute


@given(kinds, hours)
def test_a_study_visit_may_have_any_length_and_others_are_warned_of_one_side_only(kind, academic):
    warning = hours_warning(kind, academic)
    if kind is CourseKind.STUDY_VISIT:
        assert warning is None
    elif kind is CourseKind.RETRAINING:
        assert (warning is HoursWarning.RETRAINING_SHORT) == (academic < 120)
    else:
        assert (warning is None) == (8 <= academic <= 80)


def test_the_borders_themselves_are_usual():
    assert [hours_warning(CourseKind.ADVANCED, Decimal(n)) for n in ("7.99", "8", "80", "80.01")] == [
        HoursWarning.SHORT, None, None, HoursWarning.LONG,
    ]  # fmt: skip
    assert hours_warning(CourseKind.RETRAINING, Decimal(120)) is None


@given(st.text(max_size=300))
def test_an_address_made_from_any_title_is_an_address_or_empty(title):
    slug = slug_from(title)
    assert slug == "" or (SLUG.fullmatch(slug) and len(slug) <= 60)


@given(st.text(max_size=300))
def test_making_an_address_of_an_address_changes_nothing(title):
    slug = slug_from(title)
    assert slug_from(slug) == slug


def test_titles_become_addresses():
    assert slug_from("Digital Public Services: e-Government & you") == "digital-public-services-e-government-you"
    assert slug_from("Élèves ŞÇÖÜ") == "eleves-scou"
    assert slug_from("Цифровые услуги") == ""


def test_words_of_the_site_and_odd_shapes_are_no_addresses():
    assert {slug_error(word) for word in RESERVED_SLUGS} == {SlugError.RESERVED}
    assert {slug_error(odd) for odd in ("", "A", "-a", "a-", "a--b", "a b", "é", "a" * 81, "a/b")} == {SlugError.SHAPE}
    assert slug_error("digital-public-services") is None
