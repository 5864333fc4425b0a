"""What pages read about organisations, people and accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from flask import g, has_request_context
from sqlalchemy.orm import InstrumentedAttribute, aliased, joinedload
from sqlalchemy.sql import ColumnElement

from dostyk.core.access import Grant, Permission, grants_with
from dostyk.core.database import db
from dostyk.core.text import fold
from dostyk.people.models import Account, Consent, Organisation, Passkey, Person, PersonWord
from dostyk.people.rules import OrganisationKind, Purpose, beginnings, words_of

# --- Who reaches whom -----------------------------------------------------------------------------------------------

Reach = Callable[[Sequence[Grant]], ColumnElement[bool]]
_reach: Reach | None = None


def reach(condition: Reach) -> None:
    """An upper room tells which people grants that are not everywhere reach, as a condition on `Person`."""
    global _reach  # noqa: PLW0603 -- wired once, at start
    _reach = condition


def within(grants: Sequence[Grant]) -> ColumnElement[bool]:
    """The people that any of `grants` reaches, as a condition on `Person`."""
    if any(grant.everywhere for grant in grants):
        return sa.true()
    return _reach(grants) if _reach is not None and grants else sa.false()


def visible(permission: Permission) -> sa.Select[Person]:
    """The people for whom whoever is signed in has `permission`."""
    return sa.select(Person).where(within(grants_with(permission)))


def covers(person: Person, grant: Grant) -> bool:
    """Whether `grant` reaches `person`: `within` for one of each, asked once a request."""
    known: dict[tuple[int, Grant], bool] = g.setdefault("reached_people", {}) if has_request_context() else {}
    key = (person.id, grant)
    if key not in known:
        known[key] = bool(db.session.scalar(sa.select(sa.literal(1)).where(Person.id == person.id, within([grant]))))
    return known[key]


# --- People ---------------------------------------------------------------------------------------------------------


def person_by_id(person_id: int) -> Person | None:
    """The person with their organisation; one statement."""
    return db.session.scalar(sa.select(Person).where(Person.id == int(person_id)).options(joinedload(Person.organisation)))


def found(column: InstrumentedAttribute[str]) -> Callable[[str], ColumnElement[bool]]:
    """A condition for a search: every word that was typed stands somewhere in the folded `column`."""

    def condition(typed: str) -> ColumnElement[bool]:
        words = fold(typed).split()
        return sa.and_(*(column.contains(word, autoescape=True) for word in words)) if words else sa.false()

    return condition


def kept_record(person_id: int) -> Person | None:
    """The person, or whoever their record was merged into, with their organisation; one statement."""
    into = sa.select(sa.func.coalesce(Person.merged_into_id, Person.id)).where(Person.id == int(person_id)).scalar_subquery()
    return db.session.scalar(sa.select(Person).where(Person.id == into).options(joinedload(Person.organisation)))


def records_of(person_id: int) -> sa.Select[int]:
    """The numbers of a record and of those merged into it: letters and the log, which know people by number only, keep the old ones."""
    return sa.select(Person.id).where(sa.or_(Person.id == person_id, Person.merged_into_id == person_id))


def merged_into(person_id: int) -> Sequence[Person]:
    """The records that were merged into this one."""
    return db.session.scalars(sa.select(Person).where(Person.merged_into_id == person_id).order_by(Person.id)).all()


_stands = sa.and_(Person.merged_into_id.is_(None), Person.anonymised_at.is_(None))


def alike(person: Person, limit: int = 10) -> Sequence[Person]:
    """Other records that are perhaps the same human being: the same address, or the same name and no other year of birth."""
    same_year = sa.or_(Person.birth_year.is_(None), Person.birth_year == person.birth_year) if person.birth_year else sa.true()
    likes = [
        sa.and_(getattr(Person, key) == said, *more)
        for key, more in (("email", ()), ("name_key", (same_year,)))
        if (said := getattr(person, key))
    ]
    if not likes:
        return ()
    return db.session.scalars(
        sa.select(Person).where(sa.or_(*likes), Person.id != person.id, _stands).order_by(Person.id).limit(limit)
    ).all()


def candidates(person: Person, typed: str, limit: int = 20) -> Sequence[Person]:
    """Other records whose names begin as was typed, or the one of that number."""
    wanted = Person.id == int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else named(typed)
    found = sa.select(Person).where(wanted, Person.id != person.id, _stands).order_by(Person.sort_name, Person.id)
    return db.session.scalars(found.limit(limit)).all()


def duplicates(limit: int = 100) -> list[list[Person]]:
    """Records that are likely one human being, together: the same address, or the same name and year of birth. Four statements.

    Each of the first two reads one index from end to end, and nothing but it. (Who is anonymised has neither address nor year.)
    """
    single = Person.merged_into_id.is_(None)
    addresses = sa.select(Person.email).where(Person.email > "", single).group_by(Person.email)
    names = sa.select(Person.name_key, Person.birth_year).where(Person.birth_year.is_not(None), Person.name_key > "", single)
    twice = sa.func.count() > 1
    said = db.session.scalars(addresses.having(twice).order_by(Person.email).limit(limit)).all()
    called = db.session.execute(
        names.group_by(Person.name_key, Person.birth_year).having(twice).order_by(Person.name_key).limit(limit)
    ).all()
    groups: dict[Any, list[Person]] = {}
    for person in db.session.scalars(sa.select(Person).where(Person.email.in_(said), _stands).order_by(Person.email, Person.id)):
        groups.setdefault(person.email, []).append(person)
    same = sa.tuple_(Person.name_key, Person.birth_year).in_([tuple(row) for row in called])
    for person in db.session.scalars(sa.select(Person).where(same, _stands).order_by(Person.name_key, Person.birth_year, Person.id)):
        groups.setdefault((person.name_key, person.birth_year), []).append(person)
    once = {tuple(p.id for p in group): group for group in groups.values()}
    return list(once.values())[:limit]


# --- Finding people by name -----------------------------------------------------------------------------------------

LISTED = 1000  # so many people are looked up by their numbers
# Of a word that no more people bear, all are looked up and put in order. People of a more frequent one are met on the way; of a rarer
# one they are not, when it is a family name and they all stand at the end of the order.
FEW = 200_000


def named(typed: str) -> ColumnElement[bool]:
    """A condition on `Person`: each word that was typed begins a word of their names or of their address.

    Two statements, whatever was typed; neither looks at all people. A rare word leads to its people by the index of the words. People
    of a frequent one are met soon enough on a walk through the order of the page, by the index of that order.
    """
    words = words_of(fold(typed))[:8]
    if not words:
        return sa.false()
    how_many = [sa.select(sa.func.count()).select_from(_bearers(word).limit(FEW + 1).subquery()).scalar_subquery() for word in words]
    counted = sorted(zip(db.session.execute(sa.select(*how_many)).one(), words, strict=True))
    found = _bearers(*(word for _count, word in counted))
    numbers = db.session.scalars(found.limit(LISTED + 1)).all()
    if len(numbers) <= LISTED:
        return Person.id.in_(sorted(set(numbers)))
    if counted[0][0] <= FEW:
        if db.engine.dialect.name == "postgresql":  # an array is made first; what is a mere IN to it, the planner may walk for
            return Person.id == sa.any_(sa.func.array(found.scalar_subquery()))
        return Person.id.in_(found)
    each = (sa.select(sa.literal(1)).where(PersonWord.person_id == Person.id, _begins(word, PersonWord)) for word in words)
    # A value, not EXISTS: that the planner would turn into a join, and read all the people who bear the word.
    return sa.and_(*(one.correlate(Person).limit(1).scalar_subquery().is_not(None) for one in each))


def _bearers(*words: str) -> sa.Select[int]:
    """The numbers of the people who have words that begin with each of `words`, the rarest first; some of them perhaps twice."""
    select = sa.select(PersonWord.person_id).where(_begins(words[0], PersonWord))
    for word in words[1:]:
        other = aliased(PersonWord)
        select = select.where(sa.exists().where(other.person_id == PersonWord.person_id, _begins(word, other)))
    return select


def _begins(word: str, table: type[PersonWord]) -> ColumnElement[bool]:
    """Words of `table` that begin with `word`, as ranges: an index of either database serves them, which it may not for LIKE."""
    ranges = (sa.and_(table.word >= begin, table.word < f"{begin}\U0010ffff") for begin in beginnings(word, fold))
    return sa.or_(*ranges)


def in_chunks(select: sa.Select[Any], size: int = 2000) -> Iterator[Any]:
    """The rows of a big export, fetched in chunks by one statement, so that memory stays flat."""
    yield from db.session.execute(select.execution_options(yield_per=size))


# --- Organisations --------------------------------------------------------------------------------------------------


def organisation_by_id(organisation_id: int) -> Organisation | None:
    return db.session.get(Organisation, organisation_id)


def organisations(*kinds: OrganisationKind) -> Sequence[Organisation]:
    """The organisations of these kinds (all when none is named) that are not archived, by their folded name."""
    select = sa.select(Organisation).where(Organisation.archived_at.is_(None)).order_by(Organisation.search, Organisation.id)
    return db.session.scalars(select.where(Organisation.kind.in_(kinds)) if kinds else select).all()


def staff_of(organisation_id: int, limit: int = 100) -> Sequence[Person]:
    """The people of an organisation, by name; at most `limit` of them."""
    select = sa.select(Person).where(Person.organisation_id == organisation_id, Person.archived_at.is_(None))
    return db.session.scalars(select.order_by(Person.sort_name, Person.id).limit(limit)).all()


# --- Accounts -------------------------------------------------------------------------------------------------------


def account_by_email(email: str) -> Account | None:
    """The account of an address, however its letters are cased."""
    return db.session.scalar(sa.select(Account).where(Account.email == email.strip().lower()))


def account_of(person_id: int) -> Account | None:
    """The account of a person."""
    return db.session.scalar(sa.select(Account).where(Account.person_id == person_id))


def passkeys_of(account: Account) -> Sequence[Passkey]:
    """The passkeys of an account, the oldest first."""
    return db.session.scalars(sa.select(Passkey).where(Passkey.user_id == account.id).order_by(Passkey.id)).all()


def demo_accounts() -> int:
    """How many accounts came with the demonstration data. 0 while there is no table yet."""
    if not sa.inspect(db.engine).has_table(Account.__tablename__):
        return 0
    return db.session.scalar(sa.select(sa.func.count()).where(Account.demo)) or 0


# --- Consents -------------------------------------------------------------------------------------------------------


def consents_of(person_id: int) -> Sequence[Consent]:
    """Every consent a person ever gave, the newest first, those withdrawn among them."""
    newest_first = (Consent.given_at.desc(), Consent.id.desc())
    return db.session.scalars(sa.select(Consent).where(Consent.person_id == person_id).order_by(*newest_first)).all()


def standing_consents(person_id: int) -> dict[Purpose, Consent]:
    """The consents that stand, the newest for each purpose."""
    return {c.purpose: c for c in reversed(consents_of(person_id)) if c.withdrawn_at is None}
