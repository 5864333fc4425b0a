"""What is read of the texts of letters, and of the letters that were written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import force_locale
from sqlalchemy.orm import aliased, joinedload
from sqlalchemy.sql import ColumnElement

from dostyk.cohorts.models import Cohort
from dostyk.cohorts.queries import visible
from dostyk.core import i18n
from dostyk.core.access import Permission, everywhere
from dostyk.core.database import db
from dostyk.core.i18n import days
from dostyk.core.mail import Mail, MailState
from dostyk.core.post import Trouble
from dostyk.core.text import localized
from dostyk.messages.kinds import COHORT, Kind
from dostyk.messages.models import MessageTemplate
from dostyk.messages.rules import Origin, braces
from dostyk.people import queries as people
from dostyk.people.models import Person

# --- Texts ------------------------------------------------------------------------------------------------------------


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
            rows = db.session.scalars(_counts_for(cohort).where(MessageTemplate.kind == kind.name))
            self._read[key] = {row.language: Text(row.subject, row.body) for row in rows}
        return self._read[key].get(language) or ours(kind, language)


def _counts_for(cohort: Cohort | None) -> sa.Select[MessageTemplate]:
    """The texts that count for a cohort, or for all: its own last, so that in a mapping they win."""
    mine = sa.or_(MessageTemplate.cohort_id.is_(None), MessageTemplate.cohort_id == (cohort.id if cohort else None))
    return sa.select(MessageTemplate).where(mine).order_by(MessageTemplate.cohort_id.is_not(None), MessageTemplate.id)


def origins(cohort: Cohort | None) -> Mapping[tuple[str, str], Origin]:
    """Whose words a kind has in a language, where they are not ours. One statement."""
    rows = db.session.scalars(_counts_for(cohort))
    return {(row.kind, row.language): Origin.OWN if row.cohort_id else Origin.EVERYWHERE for row in rows}


def template(kind: Kind, language: str, cohort: Cohort | None, *, lock: bool = False) -> MessageTemplate | None:
    """The text that a coordinator wrote for this cohort, or (None) for all of them; with `lock` nobody else changes it meanwhile."""
    its = MessageTemplate.cohort_id == cohort.id if cohort else MessageTemplate.cohort_id.is_(None)
    select = sa.select(MessageTemplate).where(MessageTemplate.kind == kind.name, MessageTemplate.language == language, its)
    select = select.options(joinedload(MessageTemplate.edited_by))
    if lock:
        select = select.with_for_update(of=MessageTemplate).execution_options(populate_existing=True)
    return db.session.scalar(select)


def own_of(cohort: Cohort) -> Sequence[MessageTemplate]:
    """The texts that were written for this cohort alone."""
    return db.session.scalars(sa.select(MessageTemplate).where(MessageTemplate.cohort_id == cohort.id).order_by(MessageTemplate.id)).all()


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


# --- Letters ----------------------------------------------------------------------------------------------------------


def letters(cohort: Cohort | None) -> ColumnElement[bool]:
    """The letters of a cohort, or (None) all that the programme writes; not those that keep somebody's own sign-in safe."""
    if cohort is not None:
        return Mail.cohort == cohort.code
    known = sa.or_(Mail.cohort.is_not(None), Mail.person_id.is_not(None))
    return sa.and_(known, sa.or_(sa.not_(Mail.kind.startswith("account.")), Mail.kind == "account.invitation"))


def letter(cohort: Cohort | None, mail_id: int) -> Mail | None:
    """A letter of the cohort, or (None) any that `letters` has."""
    return db.session.scalar(sa.select(Mail).where(Mail.id == mail_id, letters(cohort)))


def repeat_of(mail: Mail) -> int | None:
    """The number of the letter that repeats this one."""
    return db.session.scalar(sa.select(Mail.id).where(Mail.again_of_id == mail.id))


def failed(cohort: Cohort | None) -> sa.Select[Any]:
    """The numbers of letters that were given up and not sent again since. What is no address is left out: it never becomes one.

    So are letters of which nothing is kept any more, because their reader was anonymised or they are too old.
    """
    again = aliased(Mail)
    repeated = sa.exists().where(again.again_of_id == Mail.id)
    hopeless = sa.and_(Mail.trouble.is_not(None), Mail.trouble == Trouble.MALFORMED)
    lost = sa.select(Mail.id).where(Mail.state == MailState.FAILED, Mail.to != "", letters(cohort))
    return lost.where(sa.not_(repeated), sa.not_(hopeless))


def number_failed(cohort: Cohort | None) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(failed(cohort).subquery())) or 0


def failed_by_cohort() -> Sequence[tuple[str, int]]:
    """How many letters of each cohort whose letters one may see were given up; the cohorts that are not archived. One statement."""
    codes = visible(Permission.SEE_MESSAGES).where(Cohort.archived_at.is_(None)).with_only_columns(Cohort.code)
    mine = failed(None).where(Mail.cohort.in_(codes)).with_only_columns(Mail.cohort, sa.func.count()).group_by(Mail.cohort)
    return [(code, number) for code, number in db.session.execute(mine.order_by(Mail.cohort)) if code]


def letters_to(person: Person, limit: int) -> Sequence[Mail]:
    """The latest letters to a person, also of the records merged into theirs, of the cohorts whose letters one may see. One statement."""
    mine = sa.select(Mail).where(Mail.person_id.in_(people.records_of(person.id)), letters(None))
    if not everywhere(Permission.SEE_MESSAGES):
        mine = mine.where(Mail.cohort.in_(visible(Permission.SEE_MESSAGES).with_only_columns(Cohort.code)))
    return db.session.scalars(mine.order_by(Mail.id.desc()).limit(limit)).all()
