"""What is read of the texts of letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from flask_babel import force_locale

from dostyk.cohorts.models import Cohort
from dostyk.core import i18n
from dostyk.core.database import db
from dostyk.core.i18n import days
from dostyk.core.text import localized
from dostyk.messages.kinds import COHORT, Kind
from dostyk.messages.models import MessageTemplate
from dostyk.messages.rules import braces


@dataclass(frozen=True)
class Text:
    """Subject and body with their placeholders."""

    subject: str
    body: str


def ours(kind: Kind, language: str) -> Text:
    """Our own text, in `language`."""
    with force_locale(language):
        return Text(braces(str(kind.subject)), braces(str(kind.body)))


class Texts:
    """The texts of coordinators, each kind and cohort read once: give the same one to all letters of a run."""

    def __init__(self) -> None:
        self._read: dict[tuple[str, int | None], Mapping[str, Text]] = {}

    def of(self, kind: Kind, cohort: Cohort | None, language: str) -> Text:
        """The cohort's own text in this language, else the one for all cohorts, else ours. One statement, the first time."""
        key = (kind.name, cohort.id if cohort else None)
        if key not in self._read:
            self._read[key] = {row.language: Text(row.subject, row.body) for row in reversed(templates_of(kind.name, key[1]))}
        return self._read[key].get(language) or ours(kind, language)


def templates_of(kind: str, cohort_id: int | None) -> Sequence[MessageTemplate]:
    """The texts for one kind that count for a cohort: its own first, then those for all cohorts."""
    counts = sa.or_(MessageTemplate.cohort_id.is_(None), MessageTemplate.cohort_id == cohort_id)
    select = sa.select(MessageTemplate).where(MessageTemplate.kind == kind, counts)
    return db.session.scalars(select.order_by(MessageTemplate.cohort_id.is_(None), MessageTemplate.id)).all()


def of_cohort(cohort: Cohort, language: str) -> dict[str, str]:
    """What the placeholders of `kinds.COHORT` stand for."""
    with force_locale(language):
        values = (
            localized(cohort.course.title, language), cohort.code, days(cohort.starts_on, cohort.ends_on),
            localized(cohort.host.name, language), localized(cohort.city, language),
        )  # fmt: skip
    return dict(zip((place.name for place in COHORT), values, strict=True))


def language_for(code: str | None) -> str:
    """The language in which a letter can be written, for what an account or a list says."""
    return i18n.known(code) or i18n.DEFAULT
