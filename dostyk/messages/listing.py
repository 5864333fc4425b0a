"""The log of letters, and what its export holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any, cast

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import defer
from sqlalchemy.sql import ColumnElement

from dostyk.cohorts.models import Cohort
from dostyk.core.i18n import SUPPORTED, label
from dostyk.core.mail import Mail
from dostyk.core.tables import Filter, Listing, listing
from dostyk.messages import kinds, queries
from dostyk.messages.labels import STATES
from dostyk.people.models import Person
from dostyk.people.queries import in_chunks, named


def log(cohort: Cohort | None) -> Listing[Any]:
    """Letters with the people they are to, the newest first, without their texts. Two statements, and those of a search by name."""
    select = sa.select(Mail, Person).outerjoin(Person, Person.id == Mail.person_id).where(queries.letters(cohort))
    return listing(
        cast("sa.Select[Any]", select),
        sorts={"at": [Mail.id], "to": [Mail.to, Mail.id], "name": [Person.sort_name, Mail.id]},
        default="-at",
        search=_found,
        filters=[
            Filter("kind", _l("Letter"), kinds.words(), lambda name: Mail.kind == name),
            Filter("state", _l("State"), [(state.value, word) for state, word in STATES.items()], lambda value: Mail.state == value),
            Filter("language", _l("Language"), [(one.code, one.name) for one in SUPPORTED.values()], lambda code: Mail.language == code),
        ],
        load=(defer(Mail.body), defer(Mail.hidden)),
        scalars=False,
    )


def _found(typed: str) -> ColumnElement[bool]:
    return sa.or_(Mail.to.icontains(typed, autoescape=True), Mail.subject.icontains(typed, autoescape=True), named(typed))


def head() -> list[object]:
    return [
        _("Written on (UTC)"), _("Letter"), _("Cohort"), _("To"), _("Name"), _("Subject"), _("Language"), _("State"),
        _("Handed over on (UTC)"), _("Tries"), _("Why not"), _("What the server said"),
    ]  # fmt: skip


def lines(select: sa.Select[Any]) -> Iterator[list[object]]:
    """Everything but the texts, which hold what only their readers may see."""
    for mail, person in in_chunks(select):
        yield [
            mail.created_at.astimezone(UTC).isoformat(timespec="seconds"), str(kinds.word(mail.kind)), mail.cohort, mail.to,
            person.full_name if person else "", mail.subject, mail.language, label(mail.state),
            mail.sent_at.astimezone(UTC).isoformat(timespec="seconds") if mail.sent_at else "", mail.attempts,
            label(mail.trouble), mail.error or "",
        ]  # fmt: skip
