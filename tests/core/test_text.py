from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dostyk.core.text import ALPHABET, check_character, clean_name, fold, fold_code, group_code, is_code, localized, new_code

payloads = st.text(st.sampled_from(ALPHABET), min_size=11, max_size=11)


@given(payloads, st.integers(0, 11), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_noticed(payload, place, other):
    code = payload + check_character(payload)
    wrong = code[:place] + other + code[place + 1 :]
    assert is_code(wrong) == (wrong == code)


def test_nearly_every_swap_of_neighbours_is_noticed():
    swaps = missed = 0
    for first in ALPHABET:
        for second in ALPHABET:
            if first != second:
                payload = "7H3K" + first + second + "9QMX4"
                code = payload + check_character(payload)
                swapped = code[:4] + second + first + code[6:]
                swaps += 1
                missed += is_code(swapped)
    assert missed / swaps < 0.02


@given(st.integers(2, 24))
def test_a_new_code_is_a_code(length):
    assert is_code(new_code(length), length)


def test_new_codes_differ():
    assert len({new_code() for _ in range(2000)}) == 2000


@given(st.text(max_size=60))
def test_folding_a_code_twice_changes_nothing(text):
    assert fold_code(fold_code(text)) == fold_code(text)


@pytest.mark.parametrize("typed", ["7h3k-9qmx-4trw", " 7H3K 9QMX 4TRW ", "7Н3К–9QМХ–4ТRW", "۷H۳K.۹QMX/۴TRW", "７Ｈ３Ｋ９ＱＭＸ４ＴＲＷ"])
def test_a_code_typed_in_many_ways_is_one_code(typed):
    assert fold_code(typed) == "7H3K9QMX4TRW"


def test_a_code_is_shown_in_groups_of_four():
    assert group_code("7H3K9QMX4TRW") == "7H3K-9QMX-4TRW"
    assert fold_code(group_code("7H3K9QMX4TRW")) == "7H3K9QMX4TRW"


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Gʻulomova Oʻgʻiloy", "gulomova ogiloy"),
        ("Ғуломова Ўғилой", "G'ulomova O‘g‘iloy"),
        ("Ҷамшед Абдуллоҷонов", "jamshed abdullojonov"),
        ("Нүржан Өмүрбеков", "Nurzhan Omurbekov"),
        ("Қурбонов", "Kurbonov"),
        ("Қурбонов", "Qurbonov"),
        ("Öwezgeldi Ýazmyradow", "owezgeldi yazmyradov"),
        ("Юсуфӣ", "юсуфи"),
        ("محمدنعیم رحيمي", "محمدنعیم رحیمی"),
        ("Әлихан", "алихан"),
    ],
)
def test_a_name_is_found_however_it_is_typed(written, typed):
    assert fold(written) == fold(typed)


@given(st.text(max_size=80))
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=80))
def test_case_and_normal_form_do_not_matter(text):
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@given(st.text(max_size=120))
def test_a_clean_name_is_one_line_without_controls(text):
    cleaned = clean_name(text)
    assert cleaned == clean_name(cleaned)
    assert not any(unicodedata.category(c) == "Cc" for c in cleaned)
    assert "  " not in cleaned


def test_a_clean_name_keeps_the_joiners_of_dari():
    assert clean_name("غلام\u200cرضا\u202e") == "غلام\u200cرضا"


def test_a_text_falls_back_to_a_language_that_has_it():
    text = {"ru": "Курс", "kk": ""}
    assert localized(text, "kk") == "Курс"
    assert localized({}, "en") == localized(None, "en") == ""
    assert localized({"uz": "Kurs"}, "en") == "Kurs"
