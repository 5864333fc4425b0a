"""The lists of this room, and what their exports hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.sql import ColumnElement

from dostyk.core.i18n import label, language
from dostyk.core.tables import Filter, Listing, listing
from dostyk.core.text import fold, localized
from dostyk.courses import queries
from dostyk.courses.labels import KINDS
from dostyk.courses.models import Course, Programme, Project
from dostyk.people.queries import found, in_chunks


def courses(staff: bool) -> Listing[Course]:
    """The courses that visitors see; for staff also the others, those archived only when asked for. Three statements."""
    lang = language()
    filters = [
        Filter(
            "programme",
            _l("Programme"),
            [(p.code, localized(p.title, lang)) for p in queries.programmes(archived=False)],
            lambda code: Programme.code == code,
        ),
        Filter("kind", _l("Kind"), [(k.value, word) for k, word in KINDS.items()], lambda kind: Course.kind == kind),
    ]
    select = sa.select(Course).join(Course.project).join(Project.programme)
    if staff:
        # Translators: which courses a list shows
        words = [
            ("", _l("All but archived")),
            ("public", _l("Seen by visitors")),
            ("hidden", _l("Not seen by visitors")),
            ("archived", _l("Archived")),
        ]
        conditions: dict[str, ColumnElement[bool]] = {
            "public": Course.public.is_(True),
            "hidden": Course.public.is_(False),
            "archived": Course.archived_at.is_not(None),
        }
        filters.append(Filter("state", _l("State"), words, conditions.__getitem__))
        if request.args.get("state") != "archived":
            select = select.where(Course.archived_at.is_(None))
    else:
        select = select.where(queries.is_public())
    return listing(
        select,
        sorts={
            "title": [Course.search, Course.id],
            "hours": [Course.academic_hours, Course.id],
            "kind": [Course.kind, Course.search, Course.id],
        },
        default="title",
        search=found(Course.search),
        filters=filters,
        load=queries.HEAD,
    )


def course_head() -> list[object]:
    return [
        _("Address"),
        _("Title"),
        _("Programme"),
        _("Kind"),
        _("Academic hours"),
        _("Minutes of an academic hour"),
        _("Languages of instruction"),
    ]


def course_lines(select: sa.Select[Any]) -> Iterator[list[object]]:
    lang = language()
    for (c,) in in_chunks(select):
        yield [
            c.slug,
            localized(c.title, lang),
            localized(c.project.programme.title, lang),
            label(c.kind),
            c.academic_hours,
            c.minutes_per_hour,
            " ".join(c.languages),
        ]


def programmes() -> Listing[Programme]:
    """All programmes; those archived only when asked for. Two statements."""
    words = [("", _l("All but archived")), ("archived", _l("Archived"))]
    select = sa.select(Programme)
    if request.args.get("state") != "archived":
        select = select.where(Programme.archived_at.is_(None))
    return listing(
        select,
        sorts={"code": [Programme.code]},
        default="code",
        search=lambda typed: Programme.code.contains(fold(typed).upper(), autoescape=True),
        filters=[Filter("state", _l("State"), words, lambda _chosen: Programme.archived_at.is_not(None))],
    )


def programme_head() -> list[object]:
    return [_("Code"), _("Title"), _("Archived on")]


def programme_lines(select: sa.Select[Any]) -> Iterator[list[object]]:
    lang = language()
    for (p,) in in_chunks(select):
        yield [p.code, localized(p.title, lang), p.archived_at.date().isoformat() if p.archived_at else ""]
