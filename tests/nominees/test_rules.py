"""How far somebody has come, whether two are one person, and what the checks find: laws."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dostyk.cohorts.rules import HOLDING, EnrolmentState
from dostyk.courses.rules import Finding
from dostyk.nominees.rules import (
    Facts,
    Found,
    Identity,
    Journey,
    Likeness,
    Namesake,
    NotInvited,
    Requirements,
    Stage,
    Training,
    findings,
    likeness,
    stage,
    to_decide,
    why_not_invited,
)

journeys = st.builds(
    Journey, ended=st.booleans(), replaced=st.booleans(), declined=st.booleans(), invited=st.booleans(),
    seat=st.none() | st.sampled_from(EnrolmentState), attended=st.none() | st.just(Fraction(1, 2)), certified=st.booleans(),
)  # fmt: skip
keys = st.sampled_from(["", "aigul aitbaeva", "nurjan omurbekov"])
emails = st.frozensets(st.sampled_from(["a@example.org", "b@example.org"]))
identities = st.builds(Identity, keys, st.none() | st.sampled_from([1985, 1990]), emails)
ANA = Identity("aigul aitbaeva", 1990, frozenset({"a@example.org"}))


@pytest.mark.parametrize(
    ("journey", "expected"),
    [
        (Journey(), Stage.NAMED),
        (Journey(invited=True), Stage.INVITED),
        (Journey(invited=True, declined=True), Stage.DECLINED),
        (Journey(invited=True, seat=EnrolmentState.PENDING), Stage.PENDING),
        (Journey(seat=EnrolmentState.ENROLLED), Stage.REDEEMED),
        (Journey(seat=EnrolmentState.ENROLLED, attended=Fraction(0)), Stage.ATTENDING),
        (Journey(seat=EnrolmentState.ENROLLED, attended=Fraction(1), certified=True), Stage.CERTIFIED),
        (Journey(seat=EnrolmentState.WITHDRAWN, certified=True), Stage.WITHDRAWN),
        (Journey(seat=EnrolmentState.DECLINED), Stage.DECLINED),
        (Journey(ended=True, invited=True), Stage.GIVEN_BACK),
        (Journey(ended=True, replaced=True, seat=EnrolmentState.WITHDRAWN), Stage.REPLACED),
    ],
)
def test_the_way_of_a_nominee(journey, expected):
    assert stage(journey) is expected


@given(journeys)
def test_who_ended_never_counts_as_being_on_the_way(journey):
    assert (stage(journey) in (Stage.REPLACED, Stage.GIVEN_BACK)) == journey.ended


@given(journeys, st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_no_invitation_ever_goes_to_who_holds_a_seat_or_is_out(journey, has_seat, open_, address, again):
    reason = why_not_invited(journey, has_seat=has_seat, open_=open_, address=address, waiting=(), again=again)
    if journey.ended or journey.declined or journey.seat in HOLDING or not (has_seat and open_ and address):
        assert reason is not None
    if reason is None:
        assert again or not journey.invited


def test_a_finding_to_decide_stops_the_invitation_even_again():
    said = {"has_seat": True, "open_": True, "address": True}
    assert why_not_invited(Journey(), **said, waiting=[Finding.LANGUAGE], again=True) is NotInvited.TO_DECIDE


@given(identities, identities)
def test_likeness_does_not_depend_on_who_is_asked(one, other):
    assert likeness(one, other) is likeness(other, one)


@given(identities, identities)
def test_a_shared_address_is_certain_and_nobody_without_a_name_is_like_anybody_else(one, other):
    if one.emails & other.emails:
        assert likeness(one, other) is Likeness.CERTAIN
    elif not one.key or not other.key:
        assert likeness(one, other) is None


def test_other_years_are_other_people_and_a_missing_one_leaves_it_open():
    stranger = replace(ANA, emails=frozenset())
    assert likeness(stranger, replace(ANA, birth_year=1985, emails=frozenset())) is None
    assert likeness(stranger, replace(ANA, birth_year=None, emails=frozenset())) is Likeness.PERHAPS
    assert likeness(stranger, replace(ANA, emails=frozenset())) is Likeness.CERTAIN


asked = st.builds(
    Requirements, st.lists(st.sampled_from(["ru", "en"])), st.integers(0, 9), st.lists(st.sampled_from([f.value for f in Finding]))
)
facts = st.builds(Facts, identities, st.lists(st.sampled_from(["ru", "en", "ky"])), st.none() | st.integers(0, 40), st.booleans())


@given(facts, asked)
def test_learning_a_language_and_serving_longer_never_make_it_worse(told, requirements):
    better = replace(told, languages=["ru", "en"], years_of_service=60, has_seat=True)
    assert {f.finding for f in findings(better, requirements)} <= {f.finding for f in findings(told, requirements)}


def test_every_check_finds_what_it_is_for():
    training = Training({"en": "Course"}, date(2025, 5, 1), ANA)
    told = Facts(ANA, ["ky"], None, False, [training], [Namesake(2, 3, replace(ANA, birth_year=None, emails=frozenset()))])
    found = findings(told, Requirements(["ru"], 5))
    assert [f.finding for f in found] == list(Finding)
    assert [f.likeness for f in found][:2] == [Likeness.CERTAIN, Likeness.PERHAPS]
    assert found[4].unknown


def test_only_what_the_course_enforces_and_nobody_decided_is_to_be_decided():
    found = [Found(Finding.LANGUAGE), Found(Finding.YEARS_OF_SERVICE)]
    assert to_decide(found, ["language"], {}) == [Finding.LANGUAGE]
    assert to_decide(found, ["language"], {Finding.LANGUAGE: True}) == []
    assert to_decide(found, [], {}) == []
