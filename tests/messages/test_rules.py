"""Placeholders: filled once, without attributes and formats, whatever was typed; and nothing secret is left to see."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dostyk.messages.rules import BODY, SUBJECT, Fault, Found, Places, braces, conceal, faults, fill, one_line, paragraphs

PLACES = Places(known=("name", "course", "link", "code"), needed=("link",), secret=("code", "link"))
anything = st.text(st.characters(codec="utf-8"), max_size=200) | st.text("{}%()_.![]\n\r abnmelik\u202e\u200c\0", max_size=80)
values = st.dictionaries(st.sampled_from(["name", "course", "link", "code"]), anything)


def found(subject="Seat", body="Dear {name}\n{link}"):
    return faults(subject, body, PLACES)


def test_a_good_text_has_no_fault():
    assert found("Seat: {course}", "Dear {name},\n\n{link}\n\n{code}") == []


@pytest.mark.parametrize(
    "piece",
    [
        "{nmae}",
        "{name.__class__}",
        "{name!r}",
        "{name:>99999999}",
        "{0}",
        "{}",
        "{ name }",
        "{NAME}",
        "{name[0]}",
        "{{name}}",
        "{имя}",
        "{",
        "}",
    ],
)
def test_what_is_no_placeholder_is_named(piece):
    faulty = found(body=f"{{link}} {piece}")
    assert [(f.fault, f.field) for f in faulty][:1] == [(Fault.UNKNOWN, BODY)]
    assert all(f.about and f.about in piece for f in faulty)


def test_percent_signs_are_only_signs():
    assert found(body="100% %(name)s %s {link}") == []
    assert fill("100% %(name)s %s", {"name": "x"}) == "100% %(name)s %s"


@pytest.mark.parametrize(("subject", "body", "field"), [("", "{link}", SUBJECT), (" \n", "{link}", SUBJECT)])
def test_an_empty_text_is_told(subject, body, field):
    assert found(subject, body) == [Found(Fault.EMPTY, field)]


def test_what_is_needed_is_asked_for_and_secrets_stay_out_of_the_subject():
    assert found("Code {code}", "Dear {name}") == [Found(Fault.SECRET, SUBJECT, "{code}"), Found(Fault.NEEDED, BODY, "{link}")]


@given(anything, anything)
def test_any_text_is_judged(subject, body):
    faults(subject, body, PLACES)


@given(anything, values)
def test_any_text_is_filled_and_filling_adds_nothing_but_the_values(text, given_values):
    filled = fill(text, given_values)
    assert "\0" not in filled
    assert "\n\n\n" not in filled
    assert fill(text, {}) == fill(text, {"unknown": "x"})


@given(st.text(string.ascii_letters + "{}", max_size=30))
def test_a_value_is_never_filled_itself(value):
    assert fill("Dear {name},\n{link}", {"name": value, "link": "L"}) == f"Dear {value},\nL"


def test_a_paragraph_that_comes_out_empty_is_left_out():
    assert fill("Dear {name},\n\n{link}\n\n{code}\n\nBye", {"name": "A", "link": ""}) == "Dear A,\n\nBye"


@given(anything)
def test_tidying_twice_changes_nothing(text):
    assert paragraphs(paragraphs(text)) == paragraphs(text)
    assert one_line(one_line(text)) == one_line(text)
    assert "\n" not in one_line(text)


@given(anything, st.lists(anything, min_size=1, max_size=3))
def test_no_secret_is_left_to_see(text, secrets):
    secrets = [paragraphs(secret) for secret in secrets]
    body = fill(f"{text}\n\n{{a}}\n\nand {{b}} {{c}}", dict(zip("abc", secrets, strict=False)))
    shown = conceal(body, secrets, "\x01")
    assert all(secret not in shown for secret in secrets if secret)


@pytest.mark.parametrize("name", ["Aigul,\n\nYour account is blocked: http://evil.example", "Aigul\r\nBcc: x", "Aigul\u2028x\u202egnp"])
def test_a_name_makes_no_paragraph(name):
    assert "\n" not in one_line(name)
    assert "\u202e" not in one_line(name)


def test_joiners_of_dari_stay():
    assert one_line("می\u200cروم") == "می\u200cروم"


def test_our_text_is_shown_as_coordinators_write():
    assert braces("Dear %(name)s, 100%% of %(course)s") == "Dear {name}, 100% of {course}"
