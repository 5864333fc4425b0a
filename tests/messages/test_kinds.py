"""Every kind of letter that a room registered: our texts hold what they must, in every language."""

from __future__ import annotations

import pytest
from flask_babel import force_locale

from dostyk.core.i18n import SUPPORTED
from dostyk.messages import kinds, queries, service
from dostyk.messages.kinds import Kind
from dostyk.messages.rules import faults


@pytest.mark.parametrize("language", SUPPORTED)
def test_our_texts_could_be_saved(app, language):
    wrong = {}
    for kind in kinds.all_of_them():
        text = queries.ours(kind, language)
        if found := faults(text.subject, text.body, kind.places):
            wrong[kind.name] = found
    assert wrong == {}


@pytest.mark.parametrize("language", SUPPORTED)
def test_every_preview_is_complete(app, language):
    for kind in kinds.all_of_them():
        said = service.sample(kind, queries.ours(kind, language), language, None)
        assert said.subject
        assert "{" not in said.subject + said.body, kind.name
        with force_locale(language):
            assert all(str(value) for value in kind.samples().values()), kind.name


def test_a_name_is_given_once(app):
    known = kinds.all_of_them()[0]
    assert kinds.register(known) is known
    with pytest.raises(ValueError, match=known.name):
        kinds.register(Kind(known.name, "Other", "", "", "", ()))


def test_the_log_has_a_word_for_every_kind(app):
    assert [name for name, word in kinds.words() if not str(word) or str(word) == name] == []
    assert kinds.word("no.such") == "no.such"
