"""Languages of the interface, and how dates, numbers and names of things are shown in them."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from flask import Flask, has_request_context, request
from flask_babel import Babel, get_locale
from flask_login import current_user

from dostyk.core.countries import country_name, language_name
from dostyk.core.text import localized

TRANSLATIONS = Path(__file__).parent.parent / "translations"
COOKIE = "lang"


@dataclass(frozen=True)
class Language:
    """A language of the interface. `code` is Babel's, `tag` what the page says; Babel does not know `prs`, so Dari is fa_AF inside."""

    code: str
    tag: str
    name: str
    direction: str = "ltr"
    complete: bool = True  # whether a test demands every message


SUPPORTED = {
    language.code: language
    for language in (
        Language("en", "en", "English"),
        Language("ru", "ru", "Русский"),
        Language("kk", "kk", "Қазақша"),
        Language("fa_AF", "prs", "دری", "rtl", complete=False),
    )
}
DEFAULT = "en"
_ALIASES = {"prs": "fa_AF", "fa": "fa_AF", "fa-AF": "fa_AF", "fa-af": "fa_AF"}


def known(code: str | None) -> str | None:
    """A supported language for what a browser, cookie or form says; None for anything else."""
    code = _ALIASES.get(code or "", code or "")
    return code if code in SUPPORTED else None


def tag(code: str) -> str:
    """How pages and letters name a language to programs."""
    return SUPPORTED[code].tag if code in SUPPORTED else code.replace("_", "-")


def choose_language() -> str:
    """The language of the present request: the profile's, else the cookie's, else the browser's; jobs say theirs."""
    if not has_request_context():
        return DEFAULT
    if current_user and current_user.is_authenticated and known(current_user.language):
        return str(current_user.language)
    if chosen := known(request.cookies.get(COOKIE)):
        return chosen
    for tag, _quality in request.accept_languages:
        if chosen := known(tag) or known(tag.split("-")[0]):
            return chosen
    return DEFAULT


def language() -> str:
    """The code of the language in which the present page or letter is written."""
    return str(get_locale() or DEFAULT)


# --- Filters --------------------------------------------------------------------------------------------------------


def day(value: date | datetime | None, zone: str | None = None) -> str:
    """A date with its month as a word: 05/06/25 means different days to an Uzbek and an American."""
    if value is None:
        return ""
    if isinstance(value, datetime) and zone:
        value = value.astimezone(ZoneInfo(zone))
    locale = _locale()
    if locale.language == "en":
        return format_date(value, "d MMMM y", locale=locale)
    return format_date(value, "long", locale=locale)


def weekday(value: date, heading: bool = False) -> str:
    """Day of the week and date without the year, in words; with a capital at the head of something."""
    pattern = {"kk": "d MMMM, EEEE", "fa": "EEEE d MMMM"}.get(_locale().language, "EEEE, d MMMM")
    words = format_date(value, pattern, locale=_locale())
    return words[:1].upper() + words[1:] if heading else words


def days(start: date, end: date) -> str:
    """A period of days, the month as a word and nothing said twice: 23–27 November 2026, 30 October – 3 November 2026."""
    if start == end or start.year != end.year:
        return day(start) if start == end else f"{day(start)} – {day(end)}"
    locale = _locale()
    pattern = "d MMMM y" if locale.language == "en" else locale.date_formats["long"].pattern
    if start.month != end.month:
        days_only = [format_date(one, "d MMMM", locale=locale) for one in (start, end)]
        return f"{day(start)} – {days_only[1]}" if pattern.startswith("y") else f"{days_only[0]} – {day(end)}"  # Kazakh: the year first
    return format_date(start, re.sub(r"(?<!')\bd{1,2}\b(?!')", f"d'–{end.day}'", pattern, count=1), locale=locale)


def clock(value: datetime, zone: str) -> str:
    """The time of day on the clock of `zone`, in 24 hours."""
    return format_time(value.astimezone(ZoneInfo(zone)), "HH:mm", locale=_locale())


def moment(value: datetime | None, zone: str = "UTC") -> str:
    """Date and time on the clock of `zone`."""
    return "" if value is None else f"{day(value, zone)}, {clock(value, zone)}"


def percent(value: Fraction | float | None) -> str:
    """A share as whole percent, rounded down: 79.9 % must not look like the 80 % that a rule asks for."""
    if value is None:
        return "–"
    whole = Fraction(value) * 100 // 1
    return format_percent(float(whole / 100), locale=_locale())


def hours(value: Decimal | Fraction | float | None) -> str:
    """Academic hours with at most two decimals."""
    if value is None:
        return "–"
    return format_decimal(float(value), format="#,##0.##", locale=_locale())


def label(member: StrEnum | None) -> Any:
    """The word for a member of an enum, as its room's `labels.py` gives it."""
    return "" if member is None else _labels[member.__class__][member]


_labels: dict[type[StrEnum], dict[Any, Any]] = {}


def labels(words: dict[Any, Any]) -> dict[Any, Any]:
    """Register the words for an enum, all members of it; called in a room's `labels.py`."""
    _labels[type(next(iter(words)))] = words
    return words


def _locale() -> Locale:
    return get_locale() or Locale.parse(DEFAULT)


def compile_catalogs(root: Path = TRANSLATIONS) -> int:
    """Make .mo files where they are missing or older than their .po; atomic, so that several processes may. Returns how many."""
    count = 0
    for po in root.glob("*/LC_MESSAGES/*.po"):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime_ns >= po.stat().st_mtime_ns:
            continue
        with po.open("rb") as source:
            catalog = read_po(source, locale=po.parts[-3], domain=po.stem)
        for message in catalog:
            if isinstance(message.string, (tuple, list)) and not all(message.string):
                message.string = ""  # left out: Babel would write the English singular for every number
        handle, temporary = tempfile.mkstemp(dir=mo.parent)
        with os.fdopen(handle, "wb") as target:
            write_mo(target, catalog)
        os.replace(temporary, mo)
        count += 1
    return count


def init_app(app: Flask) -> None:
    """Languages and the filters that templates use."""
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", str(TRANSLATIONS))
    Babel(app, locale_selector=choose_language, default_locale=DEFAULT)
    app.jinja_env.filters.update(
        localized=lambda text: localized(text, language()),
        country=lambda code: country_name(code, language()) if code else "",
        language_name=lambda code: language_name(code, language()),
        day=day, days=lambda period: days(*period), weekday=weekday, clock=clock, moment=moment, percent=percent, hours=hours, label=label,
    )  # fmt: skip
