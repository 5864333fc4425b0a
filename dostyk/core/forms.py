"""Forms: refusals at their fields, and the fields that several rooms share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, FormField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms import Form as PlainForm
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional, ValidationError

from dostyk.core.countries import LANGUAGES, countries, language_name
from dostyk.core.errors import Refused
from dostyk.core.text import clean_name

EDITED = (("en", "English"), ("ru", "Русский"), ("kk", "Қазақша"))


class Form(FlaskForm):
    """The base of all forms."""

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """A refusal raised inside becomes an error of this form, at its field."""
        try:
            yield
        except Refused as refused:
            field = self._fields.get(refused.field or "")
            if field is None:
                self.form_errors.append(str(refused.sentence))
            elif isinstance(field, LocalizedField):
                field.form.en.errors = [*field.form.en.errors, str(refused.sentence)]
            else:
                field.errors = [*field.errors, str(refused.sentence)]


def choices(pairs: Iterable[tuple[str, object]], *, empty: object | None = None) -> list[SelectChoice]:
    """(value, label) pairs as choices of a select; `empty` is the label of the first, empty one."""
    first = [] if empty is None else [SelectChoice("", empty)]
    return first + [SelectChoice(value, label) for value, label in pairs]


def tidy(value: str | None) -> str:
    """A filter for name-like fields: one clean line."""
    return clean_name(value or "")


class CountryField(SelectField):
    """One country, named in the viewer's language, the partners first."""

    def __init__(
        self, label: object = None, validators: Any = None, *, empty: object | None = _l("Choose a country"), **kwargs: Any
    ) -> None:
        # `Optional` takes spaces for nothing, so they must become nothing.
        kwargs.setdefault("filters", [tidy])
        super().__init__(label, validators, choices=lambda: choices(countries(str(get_locale() or "en")), empty=empty), **kwargs)


class LanguagesField(SelectMultipleField):
    """Languages a person or a course speaks. Needs no `Optional`, which would let through whatever is sent behind an empty value."""

    def __init__(self, label: object = None, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(
            label, validators, choices=lambda: choices((c, language_name(c, str(get_locale() or "en"))) for c in LANGUAGES), **kwargs
        )

    def process_formdata(self, valuelist: Any) -> None:
        super().process_formdata([value for value in valuelist if value.strip()])


class _Lines(PlainForm):
    en = StringField("English", [Optional(), Length(max=300)], filters=[tidy])
    ru = StringField("Русский", [Optional(), Length(max=300)], filters=[tidy])
    kk = StringField("Қазақша", [Optional(), Length(max=300)], filters=[tidy])


class _Texts(PlainForm):
    en = TextAreaField("English", [Optional(), Length(max=5000)])
    ru = TextAreaField("Русский", [Optional(), Length(max=5000)])
    kk = TextAreaField("Қазақша", [Optional(), Length(max=5000)])


class LocalizedField(FormField):
    """A text in several languages, `{"en": …, "ru": …, "kk": …}` without the empty ones.

    `required` asks for at least one language; `long` gives text areas.
    """

    def __init__(
        self, label: object = None, *, required: bool = False, long: bool = False, description: object = "", **kwargs: Any
    ) -> None:
        super().__init__(_Texts if long else _Lines, label, description=description, **kwargs)
        self.required = required

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        valid: bool = self.form.validate()
        if valid and self.required and not self.data:
            self.form.en.errors = [str(_l("Fill in at least one language."))]
            return False
        return valid

    @property
    def data(self) -> dict[str, str]:
        return {code: text for code, text in self.form.data.items() if text}

    def populate_obj(self, obj: Any, name: str) -> None:
        setattr(obj, name, self.data)

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        super().process(formdata, data if isinstance(data, dict) else {}, extra_filters)


class ZonedField(DateTimeLocalField):
    """A date and time typed on the clock of `zone`, handed on as an instant. Set `zone` before the form is processed."""

    def instant(self, zone: str) -> datetime | None:
        """What was typed, as an instant, read on the clock of `zone`."""
        return self.data.replace(tzinfo=ZoneInfo(zone)) if self.data else None


class NotBefore:
    """The date or time must not lie before that of another field."""

    def __init__(self, other: str, message: object = None) -> None:
        self.other, self.message = other, message or _l("The end must not lie before the beginning.")

    def __call__(self, form: Any, field: Any) -> None:
        if field.data and form[self.other].data and field.data < form[self.other].data:
            raise ValidationError(str(self.message))


class Years:
    """A date of our times: a slip of the finger in the year would upset every calculation."""

    def __call__(self, form: Any, field: Any) -> None:
        if field.data and not 2000 <= field.data.year <= 2100:
            raise ValidationError(str(_l("Check the year: it must lie between 2000 and 2100.")))
