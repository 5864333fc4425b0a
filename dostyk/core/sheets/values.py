"""What people mean by what they write into cells. Each function gives None for what it does not know."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from babel import Locale
from email_validator import EmailNotValidError, validate_email

from dostyk.core.countries import LANGUAGES
from dostyk.core.text import DIGITS, fold

# Languages in which people write names of countries and languages: those of the pages and of the region.
WRITTEN = ("en", "ru", "kk", "ky", "uz", "uz_Cyrl", "tg", "tk", "fa", "ps", "mn", "az", "ka", "hy", "tr")
_COUNTRIES = {
    "AF": ("Islamic Republic of Afghanistan", "ИРА"),
    "KG": ("Kyrgyz Republic", "Кыргызская Республика", "Кыргыз Республикасы", "Kirghizia"),
    "KZ": ("Republic of Kazakhstan", "Республика Казахстан", "РК"), "TJ": ("Republic of Tajikistan", "Республика Таджикистан", "РТ"),
    "TM": ("Turkmenia", "Туркмения", "Туркменистан"), "UZ": ("Republic of Uzbekistan", "Республика Узбекистан", "РУз", "Ўзбекистон"),
}  # fmt: skip
_LANGUAGES = {
    "fa_AF": ("dari", "дари", "prs", "fa", "persian", "farsi", "دری"), "ky": ("kirghiz", "киргизский", "кыргызский", "кыргызча"),
    "kk": ("qazaq", "қазақ", "қазақша"), "ru": ("орыс", "орысша", "русский язык"), "en": ("ағылшын", "inglis"), "tk": ("turkmen",),
    "uz": ("ozbekcha", "ўзбекча", "узбекский язык"), "tg": ("тоҷикӣ",), "ps": ("pushtu", "пушту", "پښتو"), "mn": ("монгол",),
}  # fmt: skip
_FEMALE = (
    "f",
    "female",
    "woman",
    "ж",
    "жен",
    "женский",
    "женщина",
    "ә",
    "әйел",
    "аял",
    "ayol",
    "аёл",
    "зан",
    "زن",
    "aýal",
    "эмэгтэй",
    "qadın",
)
_MALE = ("m", "male", "man", "м", "муж", "мужской", "мужчина", "ер", "еркек", "ер адам", "эркек", "erkak", "эркак", "мард", "مرد", "erkek",
         "эрэгтэй", "kişi")  # fmt: skip


@lru_cache(1000)
def country(text: str) -> str | None:
    """The code of a country: `KG`, `Kyrgyzstan`, `Кыргызстан`, `Қырғызстан`."""
    text = text.strip()
    if len(text) == 2 and text.isascii() and text.upper() in _territories():
        return text.upper()
    return _country_names().get(fold(text))


def languages(text: str) -> list[str] | None:
    """The codes of languages, divided by commas, semicolons, slashes or line breaks; None when one of them is not known."""
    found = [_language(part) for part in re.split(r"[,;/|\n،]+", text) if part.strip()]
    return None if None in found else list(dict.fromkeys(code for code in found if code))


def sex(text: str) -> str | None:
    """`female` or `male`."""
    return _sexes().get(fold(text))


def year(text: str) -> int | None:
    """A year of four digits, alone, in a date such as 1990-03-14, or in 14.03.1990; Eastern digits too."""
    found = re.fullmatch(r"(?:\d{1,2}[./-]\d{1,2}[./-])?(\d{4})(?:[./-]\d{1,2}[./-]\d{1,2}(?: [\d:]+)?)?", text.strip().translate(DIGITS))
    return int(found[1]) if found else None


def email(text: str) -> str | None:
    """An e-mail address in small letters, without `mailto:`."""
    text = re.sub(r"^mailto:", "", text.strip(), flags=re.IGNORECASE).strip("<>").lower()
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return None
    return text if len(text) <= 255 and text.isprintable() else None


@cache
def _sexes() -> dict[str, str]:
    return {fold(word): "female" for word in _FEMALE} | {fold(word): "male" for word in _MALE}


@cache
def _territories() -> dict[str, str]:
    return {
        code: str(name) for code, name in Locale("en").territories.items() if len(code) == 2 and code.isalpha() and code not in ("ZZ", "EU")
    }


@cache
def _country_names() -> dict[str, str]:
    names = {fold(str(Locale.parse(tag).territories.get(code, code))): code for tag in reversed(WRITTEN) for code in _territories()}
    return names | {fold(name): code for code, also in _COUNTRIES.items() for name in also}


def _language(text: str) -> str | None:
    return _language_names().get(fold(re.sub(r"\b(язык|language|тілі)\b", "", text, flags=re.IGNORECASE)))


@cache
def _language_names() -> dict[str, str]:
    names = {
        fold(str(Locale.parse(tag).languages.get(code.split("_")[0], code))): code
        for tag in reversed(WRITTEN)
        for code in LANGUAGES
        if code != "fa_AF"
    }
    return names | {fold(name): code for code, also in _LANGUAGES.items() for name in also} | {fold(c): c for c in LANGUAGES}
