"""The lists of this room, and what their exports hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from dostyk.core.access import Permission
from dostyk.core.countries import countries
from dostyk.core.i18n import label, language
from dostyk.core.tables import Filter, Listing, listing
from dostyk.core.text import FALLBACK, localized
from dostyk.people import panels, queries
from dostyk.people.labels import ORGANISATION_KINDS
from dostyk.people.models import Organisation, Person
from dostyk.people.queries import found, in_chunks


def _state(column: Any, select: sa.Select[Any]) -> tuple[sa.Select[Any], Filter]:
    """Those that are archived are shown only when asked for."""
    # Translators: which entries a list shows
    words = [("", _l("All but archived")), ("archived", _l("Archived"))]
    if request.args.get("state") != "archived":
        select = select.where(column.is_(None))
    return select, Filter("state", _l("State"), words, lambda _chosen: column.is_not(None))


def people() -> Listing[Person]:
    """The people whom whoever is signed in may see. Two statements, one for each narrowing, two more for a search."""
    select, state = _state(Person.archived_at, queries.visible(Permission.SEE_PEOPLE))
    country = Filter("country", _l("Country"), countries(language()), lambda code: Person.country == code)
    return listing(
        select,
        sorts={
            "name": [Person.sort_name, Person.id],
            "country": [Person.country, Person.sort_name, Person.id],
            "created": [Person.created_at, Person.id],
        },
        default="name", search=queries.named, filters=[country, *panels.narrowings(), state], load=(joinedload(Person.organisation),),
    )  # fmt: skip


def people_head() -> list[object]:
    return [
        _("Number"), _("Full name"), _("Name in the own script"), _("Family name"), _("Given name"), _("Patronymic"),
        _("Year of birth"), _("Sex"), _("Country"), _("E-mail address"), _("Phone"), _("Organisation"), _("Employer"), _("Post"),
        _("Languages"), _("Added on"),
    ]  # fmt: skip


def people_lines(select: sa.Select[Any]) -> Iterator[list[object]]:
    lang = language()
    for (p,) in in_chunks(select):
        yield [
            p.id, p.full_name, p.own_name, p.family_name, p.given_name, p.patronymic, p.birth_year, label(p.sex), p.country, p.email,
            p.phone, localized(p.organisation.name, lang) if p.organisation else "", p.employer, p.post, " ".join(p.languages),
            p.created_at.date().isoformat(),
        ]  # fmt: skip


def organisations() -> Listing[Organisation]:
    """All organisations. Two statements."""
    select, state = _state(Organisation.archived_at, sa.select(Organisation))
    kind = Filter("kind", _l("Kind"), [(k.value, word) for k, word in ORGANISATION_KINDS.items()], lambda value: Organisation.kind == value)
    country = Filter("country", _l("Country"), countries(language()), lambda code: Organisation.country == code)
    # The name as the list shows it: in the viewer's language, else in the first that there is.
    said = [Organisation.name[code].as_string() for code in dict.fromkeys((language(), *FALLBACK))]
    name = sa.func.lower(sa.func.coalesce(*said))
    return listing(
        select,
        sorts={
            "name": [name, Organisation.id],
            "kind": [Organisation.kind, name, Organisation.id],
            "country": [Organisation.country, name, Organisation.id],
        },
        default="name", search=found(Organisation.search), filters=[kind, country, state],
    )  # fmt: skip


def organisation_head() -> list[object]:
    return [_("Number"), _("Name"), _("Short name"), _("Kind"), _("Country"), _("City"), _("Website"), _("E-mail address")]


def organisation_lines(select: sa.Select[Any]) -> Iterator[list[object]]:
    lang = language()
    for (o,) in in_chunks(select):
        yield [o.id, localized(o.name, lang), o.short_name, label(o.kind), o.country, localized(o.city, lang), o.website, o.email]
