"""Dates and names as people of each language write them."""

from __future__ import annotations

import gettext
from datetime import date

import pytest
from flask_babel import force_locale

from dostyk.core.countries import countries, country_name, language_name
from dostyk.core.i18n import compile_catalogs, days, weekday


@pytest.mark.parametrize(
    ("language", "within", "across", "years"),
    [
        ("en", "23–27 November 2026", "30 October – 3 November 2026", "30 December 2026 – 3 January 2027"),
        ("ru", "23–27 ноября 2026 г.", "30 октября – 3 ноября 2026 г.", "30 декабря 2026 г. – 3 января 2027 г."),
        ("kk", "2026 ж. 23–27 қараша", "2026 ж. 30 қазан – 3 қараша", "2026 ж. 30 желтоқсан – 2027 ж. 3 қаңтар"),
    ],
)
def test_a_period_says_month_and_year_once(app, language, within, across, years):
    with app.test_request_context(), force_locale(language):
        said = [
            days(date(2026, 11, 23), date(2026, 11, 27)),
            days(date(2026, 10, 30), date(2026, 11, 3)),
            days(date(2026, 12, 30), date(2027, 1, 3)),
        ]
    assert [one.replace("\u202f", " ").replace("\xa0", " ") for one in said] == [within, across, years]


def test_a_day_begins_a_heading_with_a_capital(app):
    with app.test_request_context(), force_locale("ru"):
        assert (weekday(date(2026, 11, 23)), weekday(date(2026, 11, 23), True)) == ("понедельник, 23 ноября", "Понедельник, 23 ноября")


def test_kyrgyzstan_is_called_by_its_own_name_in_russian():
    assert (country_name("KG", "ru"), language_name("ky", "ru")) == ("Кыргызстан", "кыргызский")
    assert ("KG", "Кыргызстан") in countries("ru")
    assert country_name("TJ", "ru") == "Таджикистан"


def test_what_is_not_translated_keeps_its_english_plural(tmp_path):
    folder = tmp_path / "fa_AF" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: nplurals=1; plural=0;\\n"\n\n'
    (folder / "messages.po").write_text(head + 'msgid "%(num)s day"\nmsgid_plural "%(num)s days"\nmsgstr[0] ""\n')
    assert compile_catalogs(tmp_path) == 1
    with (folder / "messages.mo").open("rb") as file:
        assert gettext.GNUTranslations(file).ngettext("%(num)s day", "%(num)s days", 24) == "%(num)s days"
