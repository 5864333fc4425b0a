"""What may stand in the text of a letter, and how its placeholders are filled. Pure.

A placeholder is `{name}`. Filling puts one text in the place of another, once: no attributes, no formats, and a value that
looks like a placeholder stays what it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

SUBJECT, BODY = "subject", "body"
_PLACE = re.compile(r"\{([a-z][a-z_]*)\}")
# Whatever has a brace: {nmae}, {name.x}, {0}, {name!r}, or a brace without its partner.
_BRACES = re.compile(r"\{[^{}\n]*\}|[{}]")
_OURS = re.compile(r"%\((\w+)\)s")
# Controls other than the end of a line, and direction overrides, which would show a text that is not the one read.
_UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")


class Origin(StrEnum):
    """Whose words a letter has."""

    OWN = "own"
    EVERYWHERE = "everywhere"
    OURS = "ours"


class Fault(StrEnum):
    """Why a text cannot be saved."""

    EMPTY = "empty"
    UNKNOWN = "unknown"
    NEEDED = "needed"
    SECRET = "secret"  # noqa: S105 -- a word, not one


@dataclass(frozen=True)
class Places:
    """The placeholders of a kind: all of them, those without which the letter is useless, those that only the reader may see."""

    known: Collection[str]
    needed: Collection[str] = ()
    secret: Collection[str] = ()


@dataclass(frozen=True)
class Found:
    """One fault: at which field, and the placeholder or piece of text that it is about."""

    fault: Fault
    field: str
    about: str = ""


def faults(subject: str, body: str, places: Places) -> list[Found]:
    """Everything that is wrong with a text, in the order of reading; empty means: it can be saved."""
    found = [Found(Fault.EMPTY, field) for field, text in ((SUBJECT, subject), (BODY, body)) if not text.strip()]
    for field, text in ((SUBJECT, subject), (BODY, body)):
        written = list(dict.fromkeys(_BRACES.findall(text)))
        found += [Found(Fault.UNKNOWN, field, piece) for piece in written if piece[1:-1] not in places.known]
    # Subjects stand in lists and on locked screens.
    found += [Found(Fault.SECRET, SUBJECT, place(name)) for name in dict.fromkeys(_PLACE.findall(subject)) if name in places.secret]
    inside = set(_PLACE.findall(body))
    found += [Found(Fault.NEEDED, BODY, place(name)) for name in places.needed if name not in inside]
    return found


def place(name: str) -> str:
    """How a placeholder is written."""
    return f"{{{name}}}"


def braces(ours: str) -> str:
    """Our text, as translators write it (`%(name)s`), as coordinators do: `{name}`."""
    return _OURS.sub(r"{\1}", ours).replace("%%", "%")


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled; one without a value becomes nothing. Paragraphs that came out empty are left out."""
    return _tidy(_PLACE.sub(lambda found: values.get(found[1], ""), text))


def one_line(value: str) -> str:
    """A value that stands inside a sentence: whatever somebody calls themselves, it makes no paragraph of its own."""
    return " ".join(paragraphs(value).split())


def paragraphs(value: str) -> str:
    """A value that may be as long as it likes: NFC, without controls, no more than one empty line at a time."""
    return _tidy(unicodedata.normalize("NFC", value))


def _tidy(text: str) -> str:
    """Done once it changes nothing more: a value that was made tidy is found again in the letter."""
    text = _UNSEEN.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[^\S\n]+(?=\n)", "", text)).strip()


def conceal(text: str, secrets: Sequence[str], instead: str) -> str:
    """The text with `instead` in the place of each secret; the longest first, because one may hold another."""
    for secret in sorted((s for s in secrets if s), key=len, reverse=True):
        text = text.replace(secret, instead)
    return text
