"""Lists of nominees, and what of them goes into a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.sql import ColumnElement

from dostyk.cohorts.models import Cohort
from dostyk.core.countries import language_name
from dostyk.core.database import db
from dostyk.core.i18n import label, language, percent
from dostyk.core.tables import Filter, Listing, listing
from dostyk.core.text import localized
from dostyk.courses.labels import FINDINGS
from dostyk.nominees import queries
from dostyk.nominees.labels import STAGES
from dostyk.nominees.models import Nominee
from dostyk.nominees.rules import Stage
from dostyk.people.models import Organisation
from dostyk.vouchers.models import Batch

File = tuple[Sequence[object], Iterator[Sequence[object]]]
_AMONG_ENROLLED = (Stage.REDEEMED, Stage.ATTENDING, Stage.CERTIFIED)


def of_batch(batch: Batch, now: datetime) -> Listing[Nominee]:
    """The page of a batch's nominees that is asked for."""
    return _nominees(queries.of_batch(batch), [], now)


def of_cohort(cohort: Cohort, bodies: Sequence[Organisation], now: datetime) -> Listing[Nominee]:
    """The page of a cohort's nominees that is asked for."""
    named = [(str(body.id), body.short_name or localized(body.name, language())) for body in bodies]
    by_body = [Filter("body", _l("Named by"), named, lambda value: Batch.organisation_id == int(value))] if len(named) > 1 else []
    return _nominees(queries.of_cohort(cohort), by_body, now)


def _nominees(select: sa.Select[Nominee], filters: Sequence[Filter], now: datetime) -> Listing[Nominee]:
    rank = sa.case({stage.value: number for number, stage in enumerate(Stage)}, value=queries.staged())
    findings = [("any", _l("with findings")), ("decide", _l("to decide"))]
    return listing(
        select,
        sorts={
            "name": [Nominee.sort_name, Nominee.id],
            "stage": [rank, Nominee.sort_name, Nominee.id],
            "named": [Nominee.named_at, Nominee.id],
        },
        default="name",
        search=queries.found_by,
        filters=[
            *filters,
            Filter("stage", _l("Stage"), list(STAGES.items()), lambda value: _at(select, Stage(value), now)),
            Filter("findings", _l("Checks"), findings, lambda value: _found(select, value)),
        ],
    )  # fmt: skip


def _at(select: sa.Select[Nominee], stage: Stage, now: datetime) -> ColumnElement[bool]:
    """The nominees at a stage; how far those are who took their seats, only upper rooms know."""
    if stage not in _AMONG_ENROLLED:
        return queries.staged() == stage.value
    enrolled = db.session.scalars(select.where(queries.staged() == Stage.REDEEMED.value)).all()
    return Nominee.id.in_([s.nominee.id for s in queries.standings(enrolled, now) if s.stage is stage])


def _found(select: sa.Select[Nominee], value: str) -> ColumnElement[bool]:
    people = db.session.scalars(select.where(Nominee.ended_at.is_(None))).all()
    if value == "decide":
        return Nominee.id.in_([one.id for one in queries.waiting_among(people)])
    return Nominee.id.in_([number for number, found in queries.check(people).items() if found])


# --- Files -----------------------------------------------------------------------------------------------------------


def file_of(found: Listing[Nominee], now: datetime) -> File:
    """Head and lines of a file of nominees, without codes."""
    head = (
        _("Full name"), _("Name in own script"), _("Stage"), _("Attended of the hours held"), _("Certificate since"), _("E-mail address"),
        _("Year of birth"), _("Sex"), _("Employer"), _("Post"), _("Years of service"), _("Languages"), _("Language of the letter"),
        _("Invited on"), _("Reminded on"), _("Checks"), _("Reason"), _("Batch"),
    )  # fmt: skip
    return head, _lines(found.select, now)


def _lines(select: sa.Select[Any], now: datetime) -> Iterator[Sequence[object]]:
    lang = language()
    people = db.session.scalars(select).all()
    for start in range(0, len(people), 500):
        for s in queries.standings(people[start : start + 500], now):
            one = s.nominee
            yield (
                one.full_name, one.own_name, str(label(s.stage)), "" if s.progress.attended is None else percent(s.progress.attended),
                s.progress.certified_on.isoformat() if s.progress.certified_on else "", one.email, one.birth_year, str(label(one.sex)),
                one.employer, one.post, one.years_of_service, ", ".join(language_name(code, lang) for code in one.languages),
                language_name(one.letter_language, lang), _day(one.invited_at), _day(one.reminded_at),
                ", ".join(str(FINDINGS[found.finding]) for found in s.found), one.ended_reason, one.batch_id,
            )  # fmt: skip


def _day(at: datetime | None) -> str:
    return at.date().isoformat() if at else ""


def chosen() -> list[int]:
    """Which people the request ticks."""
    return [number for number in request.form.getlist("people", type=int) if 0 < number < 2**31]
