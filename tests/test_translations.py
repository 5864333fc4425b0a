"""Russian and Kazakh are complete at all times; every catalogue says the same with the same placeholders."""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from dostyk.core.i18n import SUPPORTED, TRANSLATIONS, compile_catalogs

sys.path.insert(0, str(Path(__file__).parent.parent))
from tools.translations import extract

COMPLETE = [code for code, language in SUPPORTED.items() if language.complete and code != "en"]
PARTIAL = [code for code, language in SUPPORTED.items() if not language.complete]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


@cache
def catalogue(locale: str, domain: str = "messages") -> Catalog:
    with (TRANSLATIONS / locale / "LC_MESSAGES" / f"{domain}.po").open("rb") as file:
        return read_po(file, locale=locale)


@pytest.fixture(scope="module")
def messages(tmp_path_factory) -> Catalog:
    """Every message of the code and the templates as they are now."""
    target = tmp_path_factory.mktemp("pot") / "messages.pot"
    extract(target)
    with target.open("rb") as file:
        return read_po(file)


def said(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, (list, tuple)) else [message.string]


def asked(message: Message) -> list[str]:
    return list(message.id) if isinstance(message.id, (list, tuple)) else [message.id]


@pytest.mark.parametrize("locale", COMPLETE)
def test_every_message_is_translated(messages, locale):
    there = catalogue(locale)
    missing = [m.id for m in messages if m.id and (there.get(m.id, m.context) is None or not all(said(there.get(m.id, m.context))))]
    assert missing == []


@pytest.mark.parametrize("locale", [*COMPLETE, *PARTIAL])
def test_nothing_is_fuzzy_or_left_over(messages, locale):
    there = catalogue(locale)
    assert [m.id for m in there if m.id and m.fuzzy] == []
    assert [m.id for m in there if m.id and messages.get(m.id, m.context) is None] == []


@pytest.mark.parametrize("locale", [*COMPLETE, *PARTIAL])
def test_plural_forms_are_as_many_as_the_language_has(locale):
    there = catalogue(locale)
    assert [m.id for m in there if m.pluralizable and any(said(m)) and len(said(m)) != there.num_plurals] == []


@pytest.mark.parametrize("locale", [*COMPLETE, *PARTIAL])
def test_placeholders_are_the_same(locale):
    wrong = []
    for message in catalogue(locale):
        if message.id:
            known = set(PLACEHOLDER.findall(" ".join(asked(message))))
            # A plural may leave out the number ("one person"), never invent one.
            wrong += [(message.id, text) for text in said(message) if text and not set(PLACEHOLDER.findall(text)) <= known]
            if not message.pluralizable:
                wrong += [(message.id, text) for text in said(message) if text and set(PLACEHOLDER.findall(text)) != known]
    assert wrong == []


def test_compiling_again_makes_nothing(tmp_path):
    folder = tmp_path / "ru" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "a"\nmsgstr "б"\n')
    assert compile_catalogs(tmp_path) == 1
    assert compile_catalogs(tmp_path) == 0
