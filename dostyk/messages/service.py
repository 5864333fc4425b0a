"""Writing letters. Nothing here commits.

A room writes its letters with `write`; a run over many with one `Texts` for all of them (two statements a letter), or, where no
other row is written for each, with `write_all` (three statements for five hundred letters).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from flask_babel import force_locale

from dostyk.cohorts.models import Cohort
from dostyk.core import mail
from dostyk.core.mail import Draft, Mail
from dostyk.messages import queries, rules
from dostyk.messages.kinds import COHORT, Kind
from dostyk.messages.queries import Text, Texts

log = logging.getLogger(__name__)
CHUNK = 500

# What the placeholders stand for. A function is called with the language of the letter in force, so that dates and lazy
# translations come out in it; lazy translations in a mapping do, too.
Values = Mapping[str, object] | Callable[[], Mapping[str, object]]


@dataclass(frozen=True)
class Letter:
    """One letter of many: see `write`."""

    to: str
    language: str
    values: Values
    person_id: int | None = None
    cohort: Cohort | None = None


def write(
    kind: Kind, to: str, *, language: str | None, values: Values,
    person_id: int | None = None, cohort: Cohort | None = None, texts: Texts | None = None,
) -> Mail:  # fmt: skip
    """Write a letter of `kind` in the present unit of work; the worker sends it after the commit.

    The words are the cohort's own in this language if a coordinator wrote some, else those for all cohorts, else ours.
    Three statements (two when `texts` has read them), and what it takes to load the cohort's course and host. A placeholder
    without a value comes out empty, and the log of the server tells: a letter never stops the verb that is its reason.
    """
    return mail.send(**vars(_draft(kind, Letter(to, queries.language_for(language), values, person_id, cohort), texts or Texts())))


def write_all(kind: Kind, letters: Iterable[Letter]) -> int:
    """Write many letters of a kind; how many. Three statements for five hundred, and memory for so many, however many there are."""
    texts, waiting, written = Texts(), iter(letters), 0
    while chunk := list(islice(waiting, CHUNK)):
        drafts = [
            _draft(kind, Letter(one.to, queries.language_for(one.language), one.values, one.person_id, one.cohort), texts) for one in chunk
        ]
        written += mail.send_all(drafts)
    return written


@dataclass(frozen=True)
class Words:
    """A letter as it will be read, and what in it nobody else may see."""

    subject: str
    body: str
    hidden: list[str]


def words(kind: Kind, text: Text, values: Values, language: str, cohort: Cohort | None = None) -> Words:
    """The text with its placeholders filled. Never raises for what a caller or a coordinator left out."""
    said = _said(kind, values, language, cohort)
    short = {name: rules.one_line(value) for name, value in said.items()}
    hidden = [said[name] for name in kind.places.secret if said.get(name)]
    return Words(rules.fill(text.subject, short), rules.fill(text.body, said), hidden)


def _said(kind: Kind, values: Values, language: str, cohort: Cohort | None) -> dict[str, str]:
    with force_locale(language):
        given = {name: str(value) for name, value in (values() if callable(values) else values).items()}
    if cohort is not None and not {place.name for place in COHORT}.isdisjoint(kind.places.known):
        given = {**queries.of_cohort(cohort, language), **given}
    if missing := [place.name for place in kind.placeholders if place.name not in given]:
        log.error("a letter has placeholders without a value", extra={"kind": kind.name, "missing": missing})
    tidy = {place.name: rules.paragraphs if place.long else rules.one_line for place in kind.placeholders}
    return {name: tidy[name](given[name]) for name in tidy if name in given}


def _draft(kind: Kind, letter: Letter, texts: Texts) -> Draft:
    said = words(kind, texts.of(kind, letter.cohort, letter.language), letter.values, letter.language, letter.cohort)
    code = letter.cohort.code if letter.cohort else None
    return Draft(kind.name, letter.to, said.subject, said.body, letter.language, letter.person_id, code, said.hidden)
