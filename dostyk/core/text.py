"""Text as people write it: languages, names in any script, codes typed from paper. Pure."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence

FALLBACK = ("en", "ru", "kk")


def localized(text: Mapping[str, str] | None, language: str, fallback: Sequence[str] = FALLBACK) -> str:
    """The text in `language`, else in the first language of `fallback` that has it, else in any; "" when there is none."""
    if not text:
        return ""
    for code in (language, *fallback):
        if text.get(code):
            return text[code]
    return next((value for value in text.values() if value), "")


# --- Names ----------------------------------------------------------------------------------------------------------

# Controls, bidirectional overrides, zero-width space, private use. ZWNJ and ZWJ stay: Dari and Pashto need them.
_UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ue000-\uf8ff]+")
_APOSTROPHES = dict.fromkeys(map(ord, "'`\u00b4\u02b9\u02bb\u02bc\u2018\u2019\u201b\u02bf\u02be"), None)


def clean_name(text: str) -> str:
    """NFC, one line, single spaces, without control and direction characters: how names and titles are stored."""
    text = _UNWANTED.sub(" ", unicodedata.normalize("NFC", text))
    return re.sub(r"\s+", " ", text).strip()


# One Latin skeleton for the scripts of the region: good enough to find a person, never shown. U+04D9 and its kin do
# not decompose; Tajik U+04E3 and U+04EF do, and lose their macron with the other marks.
_SKELETON = str.maketrans(
    {
        "а": "a", "ә": "a", "б": "b", "в": "v", "г": "g", "ғ": "g", "ґ": "g", "д": "d", "е": "e", "ё": "e", "ж": "j", "җ": "j", "ҷ": "j",
        "з": "z", "и": "i", "й": "i", "і": "i", "к": "k", "қ": "k", "ҡ": "k", "л": "l", "м": "m", "н": "n", "ң": "n", "о": "o", "ө": "o",
        "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ү": "u", "ұ": "u", "ў": "o", "ф": "f", "х": "h", "һ": "h", "ҳ": "h", "ц": "ts",
        "ч": "ch", "ш": "sh", "щ": "sh", "ъ": "", "ы": "i", "ь": "", "э": "e", "ю": "iu", "я": "ia", "є": "e",
        "q": "k", "x": "h", "w": "v", "y": "i", "ı": "i", "ə": "a", "ŋ": "n", "ø": "o", "đ": "d", "ł": "l", "ß": "ss", "æ": "ae",
        "\u200c": "", "\u200d": "",
        "ي": "ی", "ى": "ی", "ئ": "ی", "ك": "ک", "ة": "ه", "ۀ": "ه", "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ؤ": "و",
        "ـ": "",
    }
)  # fmt: skip
_NOT_WORDS = re.compile(r"[^\w@.+]+")
_SHORT = {"dzh": "j", "zh": "j", "kh": "h", "gh": "g"}  # how Latin letters spell one letter of the other scripts
_DIGRAPHS = re.compile("|".join(_SHORT))


def fold(text: str) -> str:
    """The search key of a text: case, marks, apostrophes and script do not matter.

    `gulomova`, `ғуломова` and `G'ulomova` all give the key of Gʻulomova. For comparing and finding only.
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).casefold().translate(_APOSTROPHES)
    # й, ў, ё are one character here, so that the table knows them; whatever marks are left then go.
    text = text.translate(_SKELETON).translate(DIGITS)
    text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    text = _NOT_WORDS.sub(" ", unicodedata.normalize("NFC", text).translate(_SKELETON)).strip()
    while (shorter := _DIGRAPHS.sub(lambda found: _SHORT[found.group()], text)) != text:
        text = shorter
    return text


# --- Codes ----------------------------------------------------------------------------------------------------------

# Without I L O U 0 1, which are misread or spell words.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 12
# Eastern digits, and the capital letters that look the same on a Cyrillic keyboard.
DIGITS = {ord("۰") + n: str(n) for n in range(10)} | {ord("٠") + n: str(n) for n in range(10)}
_LOOK_ALIKES = DIGITS | str.maketrans("АВСЕНКМРТХУҮЅЈԚ", "ABCEHKMPTXYYSJQ")


def check_character(payload: str) -> str:
    """The last character of a code: ISO 7064 hybrid system MOD 31,30 over `ALPHABET`.

    It catches every single wrong character and nearly every swap of neighbours, so that a mistyped code is told apart
    from a wrong one before anything is looked up.
    """
    n = len(ALPHABET)
    state = n
    for character in payload:
        state = (state + ALPHABET.index(character)) % n or n
        state = state * 2 % (n + 1)
    return ALPHABET[(n + 1 - state) % n]


def new_code(length: int = CODE_LENGTH) -> str:
    """A secret code of `length` characters, the last of them the check character; 11 random ones are 54 bits."""
    payload = "".join(secrets.choice(ALPHABET) for _ in range(length - 1))
    return payload + check_character(payload)


def fold_code(text: str) -> str:
    """A typed code in the form in which it is stored: capitals, no separators, Eastern digits and look-alikes folded."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).upper().translate(_LOOK_ALIKES) if c.isalnum())


def is_code(code: str, length: int = CODE_LENGTH) -> bool:
    """Whether a folded code can exist at all: length, alphabet and check character."""
    return len(code) == length and all(c in ALPHABET for c in code) and check_character(code[:-1]) == code[-1]


def group_code(code: str) -> str:
    """`7H3K9QMX4TRW` as `7H3K-9QMX-4TRW`, for people and paper."""
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))
