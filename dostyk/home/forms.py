"""The two settings that every page offers."""

from __future__ import annotations

from wtforms import StringField
from wtforms.validators import AnyOf

from dostyk.core import i18n
from dostyk.core.forms import Form

THEMES = ("auto", "light", "dark")


class LanguageForm(Form):
    lang = StringField(validators=[AnyOf(list(i18n.SUPPORTED))])
    next = StringField()


class ThemeForm(Form):
    theme = StringField(validators=[AnyOf(THEMES)])
    next = StringField()
