"""CSV as spreadsheets of the region write it: which encoding, which separator, and its rows."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator

from flask_babel import gettext as _

from dostyk.core.sheets.rows import Row, Unreadable

SEPARATORS = ",;\t|"
_SAMPLE = 100_000  # characters or bytes that are looked at to find out what a file is
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins like UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Windows and DOS in Russian, Windows in Kazakh (the Cyrillic one with other letters), Windows in the west.
LEGACY = {"cp1251": "Windows-1251", "kz1048": "KZ-1048", "cp866": "DOS (866)", "cp1252": "Windows-1252"}
_WORDS = re.compile(r"[^\W\d_]+")
_CYRILLIC = frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюяіәғқңөұүһ")
_QUOTES = frozenset("«»„“”‘’–—…№\u00a0°§©®")


def decode(content: bytes) -> tuple[str, str | None]:
    """The text of a file, and the name of its encoding when that had to be guessed: the person then looks at the names."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace"), None
    if wide := _without_mark(content):
        return content.decode(wide, "replace"), None
    try:
        return content.decode(), None
    except UnicodeDecodeError:
        pass
    # A damaged byte in a file of UTF-8 must not turn all of its names into gibberish.
    text = content.decode("utf-8", "replace")
    if text.count("\ufffd") * 10 < sum(c > "\x7f" for c in text):
        return text, None
    sample = content[:_SAMPLE]
    best = max(LEGACY, key=lambda encoding: _likely(sample.decode(encoding, "replace")))
    return content.decode(best, "replace"), LEGACY[best]


def _without_mark(content: bytes) -> str | None:
    """UTF-16 without a byte-order mark: separators and spaces have their zeros all on one side."""
    sample = content[:_SAMPLE]
    first, second = sample[::2].count(0), sample[1::2].count(0)
    most = max(first, second)
    if most < 2 or most * 12 < len(sample) // 2 or min(first, second) * 10 > most:
        return None
    return "utf-16-le" if second > first else "utf-16-be"


def _likely(text: str) -> int:
    """How much a text looks like words: small Cyrillic letters among themselves, single marked letters among Latin ones."""
    points = -sum(c > "\x7f" and not c.isalpha() and c not in _QUOTES for c in text)
    for word in _WORDS.findall(text):
        marked = [c for c in word if c > "\x7f"]
        cyrillic = [c for c in marked if c.lower() in _CYRILLIC]
        if marked and len(cyrillic) == len(word):
            small = sum(c.islower() for c in word)
            points += len(word) if word.isupper() or small >= len(word) - 1 else small - 2 * (len(word) - small)
        elif cyrillic or len(marked) * 2 > len(word) > 1:
            points -= len(marked)
        else:
            points += len(marked)
    return points


def separator(text: str) -> str:
    """What stands between the cells of the head: the sign that is there most often, outside quotation marks."""
    head = re.sub(r'"(?:[^"]|"")*"', "", text[:_SAMPLE].lstrip()).split("\n", 1)[0].split("\r", 1)[0]
    return max(SEPARATORS, key=head.count)


def rows(content: bytes) -> tuple[Iterator[Row], str | None]:
    """The rows of a CSV file, and the name of its encoding when that had to be guessed."""
    text, guessed = decode(content)
    text = text.replace("\0", "").removeprefix("\ufeff")
    if told := re.match(r"sep=(.)\r?\n?", text, re.IGNORECASE):  # what Excel writes first, and does not show
        text, sign = text[told.end() :], told[1]
    else:
        sign = separator(text)
    return _records(text, sign if sign in SEPARATORS else ","), guessed


def _records(text: str, sign: str) -> Iterator[Row]:
    number = 0
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True), 1):
            yield Row(number, cells)
    except csv.Error as error:
        raise Unreadable(
            _(
                "The file breaks off in line %(line)s: a quotation mark is not closed, or text follows it, or the cell is too long."
                " Correct the line, or save the file as XLSX.",
                line=number + 1,
            )
        ) from error
