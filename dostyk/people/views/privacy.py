"""What the house knows of somebody, as a file for themselves; and the end of keeping it."""

from __future__ import annotations

import json
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from dostyk.core import i18n
from dostyk.core.access import Permission, needs
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.extensions import limiter
from dostyk.people import queries, records, service
from dostyk.people.models import Person
from dostyk.people.views.directory import ONE, bp, refusal_told

# Each person for themselves, wherever they sit.
limited = limiter.limit(lambda: current_app.config["LIMIT_OWN_DATA"], key_func=lambda: f"person:{getattr(current_user, 'person_id', 0)}")


@bp.app_template_filter()
def said(value: Any) -> Any:
    """A value of a record as a page shows it."""
    if isinstance(value, StrEnum):
        return i18n.label(value)
    if isinstance(value, datetime):
        return i18n.moment(value)
    if isinstance(value, date):
        return i18n.day(value)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else value


@bp.get("/me/data")
@needs(Permission.USE_ACCOUNT)
@limited
def my_data() -> ResponseReturnValue:
    """Everything that the house knows of oneself, to read."""
    return render_template("people/my_data.html", sections=records.told(current_user.person))


@bp.get("/me/data.json")
@needs(Permission.USE_ACCOUNT)
@limited
def my_file() -> ResponseReturnValue:
    """The same as a file that a program reads."""
    told: dict[str, Any] = {"made_at": utcnow().isoformat()}
    for section in records.told(current_user.person):
        keys = [key for key, _label in section.columns]
        told[section.key] = [dict(zip(keys, map(_plain, row), strict=True)) for row in section.rows]
    named = {"Content-Disposition": 'attachment; filename="my-data.json"', "X-Robots-Tag": "noindex"}
    return Response(json.dumps(told, ensure_ascii=False, indent=2), mimetype="application/json", headers=named)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


@bp.route(f"{ONE}/anonymise", methods=["GET", "POST"])
@needs(Permission.ANONYMISE_PEOPLE, scope="person")
def anonymise(person: Person) -> ResponseReturnValue:
    """What would go and what would stay; then it is done."""
    now = utcnow()
    if request.method == "POST":
        with refusal_told(), work():
            service.anonymise(person, by=current_user.person, now=now)
            flash(_("The person is anonymised."), "success")
            return redirect(url_for("people.show", person_id=person.id))
    why_not = service.why_not_anonymise(person, by=current_user.person, now=now)
    sections = [(section.title, len(section.rows)) for section in records.told(person) if section.rows]
    merged = queries.merged_into(person.id)
    return render_template("people/anonymise.html", person=person, why_not=why_not, sections=sections, merged=merged)
