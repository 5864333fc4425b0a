"""Countries and languages as people see them: codes in the database, names from CLDR."""

from __future__ import annotations

from functools import cache

from babel import Locale

# The programme's partner countries: Central Asia and Afghanistan first, then those named for later.
PARTNERS = ("AF", "KG", "TJ", "TM", "UZ", "MN", "AM", "AZ", "GE", "KZ")
# Languages of instruction and of people, in the order in which they are offered.
LANGUAGES = ("kk", "ru", "en", "ky", "tg", "tk", "uz", "fa_AF", "ps", "mn", "az", "ka", "hy")


# Names that CLDR has, but that neither the country itself nor the offices of Kazakhstan write.
OWN_WORDS = {("ru", "KG"): "Кыргызстан", ("ru", "ky"): "кыргызский"}


@cache
def country_name(code: str, language: str) -> str:
    """The country's name in a language; the code itself when CLDR has no name."""
    return OWN_WORDS.get((language, code)) or str(Locale.parse(language).territories.get(code, code))


@cache
def language_name(code: str, language: str) -> str:
    """The language's name in a language; Dari is `fa_AF`."""
    if code == "fa_AF":
        return _dari(language)
    return OWN_WORDS.get((language, code)) or Locale.parse(code).get_display_name(language) or code


@cache
def _dari(language: str) -> str:
    return {"ru": "дари", "kk": "дари тілі", "fa": "دری"}.get(language.split("_")[0], "Dari")


@cache
def countries(language: str) -> list[tuple[str, str]]:
    """All countries as (code, name): the partners first, the others by name."""
    known = {
        c: OWN_WORDS.get((language, c), n)
        for c, n in Locale.parse(language).territories.items()
        if len(c) == 2 and c.isalpha() and c not in ("EU", "EZ", "UN", "ZZ", "XA", "XB", "QO")
    }
    others = sorted((c for c in known if c not in PARTNERS), key=lambda c: known[c])
    return [(c, known[c]) for c in (*PARTNERS, *others)]
