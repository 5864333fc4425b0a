"""Writing letters, changing their texts, sending them again. Nothing here commits.

A room writes its letters with `write`; a run over many with one `Texts` for all of them (two statements a letter), or, where no
other row is written for each, with `write_all` (three statements for five hundred letters).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import sqlalchemy as sa
from flask_babel import force_locale
from flask_babel import gettext as _

from dostyk.cohorts.models import Cohort
from dostyk.core import mail
from dostyk.core.audit import record
from dostyk.core.database import db
from dostyk.core.errors import Refused
from dostyk.core.mail import Draft, Mail, MailState
from dostyk.core.text import clean_name
from dostyk.messages import queries, rules
from dostyk.messages.kinds import COHORT, Kind
from dostyk.messages.labels import CHANGED, FAULTS, SENT_AGAIN
from dostyk.messages.models import MessageTemplate
from dostyk.messages.queries import Text, Texts
from dostyk.people.models import Person

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


# --- Texts ------------------------------------------------------------------------------------------------------------


def sample(kind: Kind, text: Text, language: str, cohort: Cohort | None) -> Words:
    """The text as a reader would see it, with the samples of the kind and what is known of the cohort."""
    known = queries.of_cohort(cohort, language) if cohort else {}
    return words(kind, text, lambda: {**kind.samples(), **{name: value for name, value in known.items() if value}}, language)


def save(kind: Kind, language: str, cohort: Cohort | None, text: Text, *, seen: str, by: Person, now: datetime) -> MessageTemplate:
    """Keep a coordinator's text for a cohort, or (None) for all; the log keeps what it was before.

    `seen` is the mark (see `mark`) of the text that was edited. Raises Refused for the first of the rules' faults, and when
    somebody else changed the text meanwhile.
    """
    text = Text(clean_name(text.subject), rules.paragraphs(text.body))
    for found in rules.faults(text.subject, text.body, kind.places):
        raise Refused(fault_sentence(found), field=found.field)
    row = queries.template(kind, language, cohort, lock=True)
    if mark(row) != seen:
        raise Refused(CHANGED, field="body")
    before = {"subject": row.subject, "body": row.body} if row else None
    row = row or MessageTemplate(kind=kind.name, language=language, cohort=cohort)
    row.subject, row.body, row.edited_at, row.edited_by = text.subject, text.body, now, by
    db.session.add(row)
    record("message.edited", _subject(kind, language), by=by, cohort=cohort.code if cohort else None, before=before)
    return row


def reset(kind: Kind, language: str, cohort: Cohort | None, *, by: Person) -> bool:
    """Use our text again (a cohort: the one for all cohorts, if there is one). False when no own one was there; the log keeps it."""
    row = queries.template(kind, language, cohort, lock=True)
    if row is None:
        return False
    db.session.delete(row)
    before = {"subject": row.subject, "body": row.body}
    record("message.reset", _subject(kind, language), by=by, cohort=cohort.code if cohort else None, before=before)
    return True


def copy_texts(source: Cohort, copy: Cohort, *, by: Person, now: datetime) -> int:
    """Give a cohort the own texts of another, where it has none of its own; how many."""
    there = {(row.kind, row.language) for row in queries.own_of(copy)}
    rows = [row for row in queries.own_of(source) if (row.kind, row.language) not in there]
    for row in rows:
        words = {"kind": row.kind, "language": row.language, "subject": row.subject, "body": row.body}
        db.session.add(MessageTemplate(cohort=copy, edited_at=now, edited_by_id=by.id, **words))
    return len(rows)


def mark(row: MessageTemplate | None) -> str:
    """What tells one state of a text from another."""
    return row.edited_at.isoformat() if row else ""


def fault_sentence(found: rules.Found) -> str:
    return str(FAULTS[found.fault]) % {"about": found.about}


def _subject(kind: Kind, language: str) -> str:
    return f"{kind.name}:{language}"


def try_out(kind: Kind, text: Text, language: str, cohort: Cohort | None, *, to: str, person_id: int) -> Mail:
    """Send a letter with samples in it to whoever writes the text."""
    said = sample(kind, text, language, cohort)
    with force_locale(language):
        # Translators: before the subject of a letter that a coordinator sends to try out its text
        subject = _("[Test] %(subject)s", subject=said.subject)
    code = cohort.code if cohort else None
    return mail.send("messages.test", to, subject, said.body, language=language, person_id=person_id, cohort=code)


# --- Sending again ----------------------------------------------------------------------------------------------------


def send_again(letter: Mail, *, by: Person) -> Mail:
    """Send the same letter once more, to the same address: a new row, so that the log tells both.

    Raises Refused while it is on its way, when its address is kept no longer, and when it was sent again already. Two who do
    this at once: the table holds one repeat.
    """
    if letter.state is MailState.QUEUED:
        raise Refused(_("This letter is on its way already: it is tried again by itself, for three days."))
    if not letter.to:
        raise Refused(_("There is nobody to write to."))
    if queries.repeat_of(letter) is not None:
        raise Refused(SENT_AGAIN)
    copy = mail.send(**vars(_repeat(letter)))
    record("letter.sent_again", f"mail:{copy.id}", by=by, cohort=letter.cohort, again_of=letter.id)
    return copy


def send_failed_again(cohort: Cohort | None, *, by: Person) -> int:
    """Send all letters again that were given up; how many. Three statements for five hundred."""
    numbers, sent = list(db.session.scalars(queries.failed(cohort).order_by(Mail.id))), 0
    for start in range(0, len(numbers), CHUNK):
        found = db.session.scalars(sa.select(Mail).where(Mail.id.in_(numbers[start : start + CHUNK])).order_by(Mail.id))
        sent += mail.send_all([_repeat(letter) for letter in found])
    if sent:
        record("letter.sent_again", "mail:failed", by=by, cohort=cohort.code if cohort else None, number=sent)
    return sent


def _repeat(letter: Mail) -> Draft:
    kept = (letter.kind, letter.to, letter.subject, letter.body, letter.language, letter.person_id, letter.cohort, letter.hidden)
    return Draft(*kept, again_of_id=letter.id)


# Links that let whoever follows them choose somebody's password, also in letters that say nothing of what they hide.
_KEYS = re.compile(r"(/(?:reset-password|invitation)/)[^\s…]+")


def shown(letter: Mail) -> str:
    """The text of a letter for whoever reads the log: without the codes and links that only its reader may have."""
    hidden = _("(hidden)")
    return _KEYS.sub(lambda found: f"{found[1]}{hidden}", rules.conceal(letter.body, letter.hidden, hidden))
