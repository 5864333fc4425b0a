"""Which characters can be printed, and text made safe to print."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from fontTools.ttLib import TTFont  # fontTools has no stubs

from dostyk.core.documents.errors import MissingGlyphError

FONTS = Path(__file__).resolve().parents[3] / "templates" / "documents" / "fonts"

# Controls, line and paragraph separators, zero-width space, bidirectional marks and overrides, the byte order mark,
# private use. ZWNJ and ZWJ stay: Dari and Pashto need them. Lone surrogates stay, too, for `missing` to name them.
_UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ue000-\uf8ff]+")
_MANY_MARKS = re.compile("([\u0300-\u036f]{3})[\u0300-\u036f]+")
_SPACES = re.compile(r"\s+")
_JOINERS = frozenset("\u200c\u200d")


def clean(text: str) -> str:
    """`text` on one line: NFC, single spaces, no controls or direction overrides, at most three marks on a letter.

    Nothing visible is cut, whatever the length: names are printed whole.
    """
    text = _UNWANTED.sub(" ", unicodedata.normalize("NFC", text))
    return _SPACES.sub(" ", _MANY_MARKS.sub(r"\1", text)).strip()


@functools.cache
def drawable() -> frozenset[str]:
    """Every character that at least one of the fonts draws."""
    characters: set[str] = set()
    for path in sorted(FONTS.glob("*.ttf")):
        with TTFont(path, lazy=True) as font:
            characters.update(map(chr, font.getBestCmap()))
    return frozenset(characters) | _JOINERS


def missing(text: str) -> str:
    """The characters of `text`, in order of code point, that cannot be printed; "" when all can.

    For forms: a name that gives anything here cannot go on a certificate. Ask on `clean(text)`.
    """
    return "".join(sorted(set(text) - drawable()))


def prepared(value: object, where: str = "") -> object:
    """`value` (text, numbers, lists and mappings of them) with every text cleaned and checked.

    Raises MissingGlyphError for the first text that cannot be printed, TypeError for a value that JSON does not know.
    """
    match value:
        case str():
            text = clean(str(value))
            if characters := missing(text):
                raise MissingGlyphError(characters, where or "the text")
            return text
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {str(key): prepared(item, f"{where}.{key}" if where else str(key)) for key, item in value.items()}
        case list() | tuple():
            return [prepared(item, f"{where}[{position}]") for position, item in enumerate(value)]
        case _:
            raise TypeError(f"{where or 'data'}: a document takes texts, numbers, lists and mappings, not {type(value).__name__}")
