"""The lists of this room, and what their exports hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import contains_eager
from sqlalchemy.sql import ColumnElement

from dostyk.admin import queries
from dostyk.admin.labels import JOB_STATES, THINGS
from dostyk.cohorts.labels import ROLES
from dostyk.cohorts.models import Assignment
from dostyk.core.access import Role
from dostyk.core.audit import Event
from dostyk.core.i18n import label
from dostyk.core.mail import Mail
from dostyk.core.outbox import Job
from dostyk.core.tables import Filter, Listing, listing
from dostyk.core.text import fold
from dostyk.messages.labels import STATES as LETTER_STATES
from dostyk.people.models import Account, Person
from dostyk.people.queries import found, in_chunks

ZONE = ZoneInfo("Asia/Almaty")  # of the office: "the events of 5 June" are those of its day

# --- Users ----------------------------------------------------------------------------------------------------------

STATES: Mapping[str, tuple[Any, Callable[[], ColumnElement[bool]]]] = {
    # Translators: which users a list shows
    "active": (_l("Can sign in"), lambda: sa.and_(Account.active, Account.password.is_not(None))),
    "invited": (_l("Invited, no password yet"), lambda: sa.and_(Account.active, Account.password.is_(None))),
    "deactivated": (_l("Deactivated"), lambda: sa.not_(Account.active)),
    "two_factor": (_l("With two-factor sign-in"), lambda: Account.tf_primary_method.is_not(None)),
}


def users() -> Listing[Account]:
    """All accounts, with their people. Two statements; their roles are `queries.roles_of`."""
    role = Filter("role", _l("Role"), [(r.value, word) for r, word in ROLES.items() if r is not Role.PARTICIPANT], _has_role)
    state = Filter("state", _l("State"), [(key, word) for key, (word, _condition) in STATES.items()], lambda key: STATES[key][1]())
    return listing(
        sa.select(Account).join(Account.person),
        sorts={
            "name": [Person.sort_name, Person.id],
            "email": [Account.email],
            "seen": [sa.func.coalesce(Account.current_login_at, datetime.min), Account.id],  # noqa: DTZ901 -- their column is naive
        },
        default="name", search=_user_found, filters=[role, state], load=(contains_eager(Account.person),),
    )  # fmt: skip


def _has_role(role: str) -> ColumnElement[bool]:
    return Account.person_id.in_(sa.select(Assignment.person_id).where(Assignment.role == role))


def _user_found(typed: str) -> ColumnElement[bool]:
    return sa.or_(found(Person.search)(typed), Account.email.contains(typed.strip().lower(), autoescape=True))


def user_head() -> list[object]:
    return [_("Name"), _("E-mail address"), _("Roles"), _("Active"), _("Two-factor sign-in"), _("Last sign-in")]


def user_lines(select: sa.Select[Any]) -> Iterator[list[object]]:
    """Their roles are read in chunks of five hundred people."""
    chunk: list[Account] = []
    for (account,) in in_chunks(select):
        chunk.append(account)
        if len(chunk) == 500:
            yield from _user_chunk(chunk)
            chunk = []
    yield from _user_chunk(chunk)


def _user_chunk(accounts: Sequence[Account]) -> Iterator[list[object]]:
    roles = queries.roles_of([a.person_id for a in accounts])
    for a in accounts:
        named = ", ".join(dict.fromkeys(str(label(r.role)) for r in roles.get(a.person_id, ())))
        seen = a.current_login_at.date().isoformat() if a.current_login_at else ""
        yield [a.person.full_name, a.email, named, _yes(a.active), _yes(bool(a.tf_primary_method)), seen]


def _yes(said: bool) -> str:
    return _("yes") if said else _("no")


# --- The log ----------------------------------------------------------------------------------------------------------


def _given(name: str, label_: object, condition: Callable[[str], ColumnElement[bool]], valid: Callable[[str], bool]) -> Filter:
    """A filter whose value is typed, or comes with a link, instead of being chosen."""
    value = request.args.get(name, "").strip()[:120]
    return Filter(name, label_, [(value, value)] if value and "\0" not in value and valid(value) else [], condition)


def _is_day(text: str) -> bool:
    try:
        return 2000 <= date.fromisoformat(text).year <= 9000
    except ValueError:
        return False


def _midnight(day: str, plus: int = 0) -> datetime:
    return datetime.combine(date.fromisoformat(day) + timedelta(days=plus), time(0), ZONE)


def events() -> Listing[Event]:
    """The log, the newest first. Two statements."""
    filters = [
        Filter("thing", _l("About"), list(THINGS.items()), lambda thing: Event.kind.startswith(thing, autoescape=True)),
        _given("since", _l("From"), lambda day: Event.at >= _midnight(day), _is_day),
        _given("until", _l("Until"), lambda day: Event.at < _midnight(day, plus=1), _is_day),
        _given("kind", _l("Event"), lambda kind: Event.kind == kind, bool),
        _given("cohort", _l("Cohort"), lambda code: Event.cohort == code.upper(), bool),
        _given("subject", _l("Thing"), lambda subject: Event.subject == subject, bool),
        _given(
            "actor",
            _l("Who"),
            lambda number: Event.actor_id == int(number),
            lambda text: text.isascii() and text.isdigit() and len(text) < 10,
        ),
    ]
    return listing(sa.select(Event), sorts={"at": [Event.id]}, default="-at", search=_event_found, filters=filters)


def _event_found(typed: str) -> ColumnElement[bool]:
    word = typed.strip()
    return sa.or_(
        Event.actor.icontains(word, autoescape=True), Event.subject.icontains(word, autoescape=True),
        Event.kind.startswith(word.lower(), autoescape=True), Event.cohort == word.upper(), Event.request_id == word,
    )  # fmt: skip


def event_head() -> list[object]:
    return [_("When (UTC)"), _("Event"), _("Thing"), _("Cohort"), _("Who"), _("Reason"), _("Request"), _("More")]


def event_lines(select: sa.Select[Any]) -> Iterator[list[object]]:
    for (e,) in in_chunks(select):
        when = e.at.astimezone(UTC).isoformat(timespec="seconds")
        yield [when, e.kind, e.subject, e.cohort, e.actor, e.reason, e.request_id, json.dumps(e.data, ensure_ascii=False) if e.data else ""]


# --- Letters and jobs -------------------------------------------------------------------------------------------------


def letters() -> Listing[Mail]:
    """All letters, the newest first. Two statements."""
    state = Filter("state", _l("State"), [(s.value, word) for s, word in LETTER_STATES.items()], lambda value: Mail.state == value)
    found_ = listing(sa.select(Mail), sorts={"id": [Mail.id]}, default="-id", search=_letter_found, filters=[state])
    found_.exports = ()
    return found_


def _letter_found(typed: str) -> ColumnElement[bool]:
    return sa.or_(
        Mail.to.icontains(typed, autoescape=True), Mail.subject.icontains(typed, autoescape=True), Mail.kind.startswith(fold(typed))
    )


def jobs() -> Listing[Job]:
    """All jobs, the newest first. Two statements."""
    state = Filter("state", _l("State"), [(s.value, word) for s, word in JOB_STATES.items()], lambda value: Job.state == value)
    found_ = listing(sa.select(Job), sorts={"id": [Job.id]}, default="-id", search=_job_found, filters=[state])
    found_.exports = ()
    return found_


def _job_found(typed: str) -> ColumnElement[bool]:
    return sa.or_(Job.name.contains(typed.strip().lower(), autoescape=True), Job.subject.icontains(typed, autoescape=True))
