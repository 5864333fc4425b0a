"""Names as passports write them, and consents."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dostyk.people.rules import REQUIRED, NameFlaw, Purpose, foreign_letters, is_latin, missing_consents, name_flaw

GOOD = [
    "Aigul Seitkali", "Gʻulomova Oʻgʻiloy", "Gulʼnara", "D'Artagnan", "Şyhmyrat Öwezow",
    "Ňurýagdy Žumaýew", "Ólafur Ægisson Þór", "Nguyễn Thị Ánh",
    "Ahmadshah", "Maria-José da Silva", "Jr. Smith, PhD", "Ḥusayn ibn ʿAlī", "A", "Iňe ŋ đ ł ß ə ĸ", "Seitqazy uly Äbdirahman",
]  # fmt: skip
FOREIGN = [
    ("Аigul", "А"),
    ("Айгүл", "Айгүл"),
    ("احمد", "احمد"),
    ("Aigul Сейтқали", "Сейтқал" + "и"),
    ("Ἀlexis", "Ἀ"),
    ("山田 Taro", "山田"),
]


@pytest.mark.parametrize("name", GOOD)
def test_names_of_every_latin_alphabet_are_welcome(name):
    assert name_flaw(name) is None


@pytest.mark.parametrize(("name", "letters"), FOREIGN)
def test_letters_of_other_scripts_are_named_even_when_they_look_latin(name, letters):
    assert name_flaw(name) is NameFlaw.NOT_LATIN
    assert foreign_letters(name) == letters


@pytest.mark.parametrize("name", ["", "   ", "\u200b"])
def test_nothing_is_no_name(name):
    assert name_flaw(name.replace("\u200b", " ")) is NameFlaw.EMPTY


@pytest.mark.parametrize("name", ["123", "---", "ʻʼ", "!!!", "😀"])
def test_a_name_has_a_letter(name):
    assert name_flaw(name) is NameFlaw.NOT_LATIN


def test_two_hundred_characters_are_the_most():
    assert name_flaw("a" * 200) is None
    assert name_flaw("a" * 201) is NameFlaw.TOO_LONG


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
def test_a_name_without_a_flaw_has_latin_letters_only(name):
    if name_flaw(name) is None:
        letters = [c for c in name if unicodedata.category(c) in ("Lu", "Ll", "Lt", "Lo")]
        assert letters
        assert all(is_latin(c) for c in letters)


@given(st.sets(st.sampled_from(Purpose)))
def test_consents_that_are_missing_are_the_required_ones_not_given(given_):
    assert set(missing_consents(given_)) == set(REQUIRED) - given_
