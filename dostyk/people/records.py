"""What the house keeps about a person: each room tells of its own rows, in a `records.py` of its own.

A `Link` for every foreign key to a person: what the rows are called, and what stands in their way when two records of
one human being become one. Besides, a room tells what it knows of a person (`tells`), how it forgets them (`forgets`),
for how long it needs them (`needs_until`), what it
keeps of who never became a person (`lapses`), and under which names the log speaks of them (`subjects`). Tests go through all tables
and find what was not told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import ColumnElement

from dostyk.core.audit import Event
from dostyk.core.database import Model, db
from dostyk.core.mail import Mail
from dostyk.people import queries
from dostyk.people.models import Account, Consent, Person


class Fate(StrEnum):
    """What becomes of a row that cannot go over to the other record, because that has its like."""

    STOPS = "stops"  # somebody must resolve it first; until then nothing is merged
    STAYS = "stays"  # with the old record, which is kept
    GOES = "goes"  # it said nothing that the other does not say; kept in the log


@dataclass(frozen=True)
class Clash:
    """A row of the record that goes, by number, and the sentence about it."""

    row_id: int
    fate: Fate
    sentence: str


@dataclass(frozen=True)
class Link:
    """A foreign key to a person. `words` says how many rows that is; `power`: the rows let their person do what others may not."""

    column: InstrumentedAttribute[Any]
    words: Callable[[int], str]
    clashes: Callable[[Person, Person], Sequence[Clash]]
    power: bool = False

    @property
    def model(self) -> type[Model]:
        return cast("type[Model]", self.column.class_)

    @property
    def name(self) -> str:
        """As the log writes it: `enrolment.person_id`."""
        return f"{self.model.__tablename__}.{self.column.key}"


@dataclass(frozen=True)
class Section:
    """One kind of what is known about a person, as a table. `key` and the keys of the columns stand in the file."""

    key: str
    title: object
    columns: Sequence[tuple[str, object]]
    rows: Sequence[Sequence[object]]


def _none(_stays: Person, _goes: Person) -> Sequence[Clash]:
    return ()


Teller = Callable[[Person], Section]
Forgetter = Callable[[Sequence[int], datetime], None]
Need = Callable[[datetime], ColumnElement[bool]]
Lapse = Callable[[datetime], None]
Subjects = Callable[[Sequence[int]], Sequence[str]]
Function = TypeVar("Function", bound=Callable[..., Any])
_links: dict[str, Link] = {}
_tellers: list[tuple[int, Teller]] = []
_forgetters: list[Forgetter] = []
_needs: list[Need] = []
_lapses: list[Lapse] = []
_subjects: list[Subjects] = []


def link(
    column: InstrumentedAttribute[Any],
    words: Callable[[int], str],
    clashes: Callable[[Person, Person], Sequence[Clash]] = _none,
    *,
    power: bool = False,
) -> None:
    """Tell of a foreign key to a person. `clashes(stays, goes)` gives what stands in the way; a constant number of statements."""
    told = Link(column, words, clashes, power)
    _links[told.name] = told


def links() -> Sequence[Link]:
    """All foreign keys to a person, from the lower rooms up."""
    return tuple(_links.values())


def tells(order: int) -> Callable[[Teller], Teller]:
    """Mark a function as telling a person what the room knows of them; small `order` first."""

    def mark(teller: Teller) -> Teller:
        if (order, teller) not in _tellers:
            _tellers.append((order, teller))
            _tellers.sort(key=lambda pair: pair[0])
        return teller

    return mark


def told(person: Person) -> list[Section]:
    """Everything that the house knows of a person, in order."""
    return [teller(person) for _order, teller in _tellers]


def _keeps(where: list[Any]) -> Callable[[Function], Function]:
    def mark(function: Function) -> Function:
        if function not in where:
            where.append(function)
        return function

    return mark


def forgets(forgetter: Forgetter) -> Forgetter:
    """Mark a function that blanks what the room holds of people (their numbers); figures and states stay, so that reports stay right."""
    return _keeps(_forgetters)(forgetter)


def forget(people: Sequence[int], now: datetime) -> None:
    """Let every room blank what it holds of these people, the upper ones first: they find people by what lower ones hold."""
    for forgetter in reversed(_forgetters):
        forgetter(people, now)


def needs_until(need: Need) -> Need:
    """Mark a function that gives the condition, on `Person`, for whom the room needed after a moment."""
    return _keeps(_needs)(need)


def needed_after(moment: datetime) -> list[ColumnElement[bool]]:
    """The conditions, on `Person`, under each of which a person was needed after `moment`."""
    return [need(moment) for need in _needs]


def lapses(function: Lapse) -> Lapse:
    """Mark a function that blanks what is older than a moment and belongs to nobody in the register; twice is the same as once."""
    return _keeps(_lapses)(function)


def lapse(moment: datetime) -> None:
    """Let every room blank what it holds of strangers from before `moment`."""
    for function in _lapses:
        function(moment)


def subjects(function: Subjects) -> Subjects:
    """Mark a function that gives the names under which the log speaks of what the room holds of people (their numbers)."""
    return _keeps(_subjects)(function)


def subjects_of(people: Sequence[int]) -> list[str]:
    """The names under which the log speaks of these people."""
    return [subject for function in _subjects for subject in function(people)]


# --- This room's own ------------------------------------------------------------------------------------------------


def _two_accounts(stays: Person, goes: Person) -> Sequence[Clash]:
    kept, closed = queries.account_of(stays.id), queries.account_of(goes.id)
    if kept is None or closed is None:
        return ()
    sentence = _("The account %(closed)s is closed. The person signs in as %(kept)s.", closed=closed.email, kept=kept.email)
    return [Clash(closed.id, Fate.STAYS, sentence)]


link(Consent.person_id, lambda n: ngettext("%(num)s consent", "%(num)s consents", n))
link(Account.person_id, lambda n: ngettext("%(num)s account", "%(num)s accounts", n), _two_accounts)
link(Person.merged_into_id, lambda n: ngettext("%(num)s record merged earlier", "%(num)s records merged earlier", n))


@subjects
def _people_and_accounts(people: Sequence[int]) -> Sequence[str]:
    accounts = db.session.scalars(sa.select(Account.id).where(Account.person_id.in_(people)))
    return [*(f"person:{number}" for number in people), *(f"account:{number}" for number in accounts)]


@needs_until
def _added_or_signed_in(moment: datetime) -> ColumnElement[bool]:
    # Flask-Security's own columns hold naive instants of UTC.
    lately = Account.current_login_at >= moment.astimezone(UTC).replace(tzinfo=None)
    return sa.or_(Person.created_at >= moment, sa.exists().where(Account.person_id == Person.id, lately))


@lapses
def _old_letters(moment: datetime) -> None:
    """Nobody needs the words of a letter so long afterwards; that it was sent, and when, stays."""
    letters = sa.update(Mail).where(Mail.created_at < moment, Mail.to != "").values(to="", subject="–", body="", hidden=[], error=None)
    db.session.execute(letters, execution_options={"synchronize_session": False})


@tells(10)
def _details(person: Person) -> Section:
    columns = [
        ("full_name", _l("Full name")), ("own_name", _l("Name in the own script")), ("family_name", _l("Family name")),
        ("given_name", _l("Given name")), ("patronymic", _l("Patronymic")), ("birth_year", _l("Year of birth")), ("sex", _l("Sex")),
        ("country", _l("Country")), ("email", _l("E-mail address")), ("phone", _l("Phone")), ("employer", _l("Employer")),
        ("post", _l("Post")), ("languages", _l("Languages")), ("created_at", _l("Added on")),
    ]  # fmt: skip
    return Section("details", _l("Details"), columns, [[getattr(person, key) for key, _label in columns]])


@tells(20)
def _account(person: Person) -> Section:
    account = queries.account_of(person.id)
    columns = [
        ("email", _l("Signs in as")),
        ("created_at", _l("Opened on")),
        ("last_sign_in", _l("Last sign-in")),
        ("language", _l("Language")),
    ]
    last = account.current_login_at.replace(tzinfo=UTC) if account and account.current_login_at else None
    return Section("account", _l("Account"), columns, [[account.email, account.created_at, last, account.language]] if account else [])


@tells(30)
def _consents(person: Person) -> Section:
    columns = [
        ("purpose", _l("Purpose")), ("given_at", _l("Given on")), ("withdrawn_at", _l("Withdrawn on")), ("wording", _l("What was read")),
    ]  # fmt: skip
    return Section(
        "consents", _l("Consents"), columns, [[c.purpose, c.given_at, c.withdrawn_at, c.wording] for c in queries.consents_of(person.id)]
    )


@tells(90)
def _letters(person: Person) -> Section:
    columns = [("sent_at", _l("Sent on")), ("to", _l("To")), ("subject", _l("Subject"))]
    sent = sa.select(Mail.sent_at, Mail.to, Mail.subject).where(Mail.person_id.in_(queries.records_of(person.id))).order_by(Mail.id)
    return Section("letters", _l("Letters"), columns, [list(row) for row in db.session.execute(sent)])


@tells(100)
def _log(person: Person) -> Section:
    """What was done by them, and what was done to what is theirs; by whom stays with the office."""
    columns = [("at", _l("When")), ("event", _l("Event")), ("thing", _l("Thing"))]
    numbers = db.session.scalars(queries.records_of(person.id)).all()
    mine = sa.or_(Event.subject.in_(subjects_of(numbers)), Event.actor_id.in_(numbers))
    log = sa.select(Event.at, Event.kind, Event.subject).where(mine).order_by(Event.id)
    return Section("log", _l("Log"), columns, [list(row) for row in db.session.execute(log)])
