"""People whom nobody needs any more lose their names; what was counted of them stays.

Source: Law of the Republic of Kazakhstan 94-V of 21 May 2013 on personal data and their protection: data are kept as
long as their purpose needs them.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from dostyk.core.audit import Event, record
from dostyk.core.database import db
from dostyk.core.errors import Refused
from dostyk.core.mail import Mail, MailState
from dostyk.core.text import fold
from dostyk.people import records
from dostyk.people.models import Account, Passkey, Person
from dostyk.people.service.directory import derive

APART: dict[str, Any] = {"synchronize_session": False}
GONE = "–"
# Sex, country and the day of joining stay for reports; whether a government sent them stands with their seat.
BLANK: dict[str, Any] = {
    "own_name": "", "family_name": "", "given_name": "", "patronymic": "", "email": "", "phone": "", "organisation_id": None,
    "employer": "", "post": "", "languages": [], "birth_year": None,
}  # fmt: skip
NO_SIGN_IN: dict[str, Any] = {
    "password": None, "active": False, "language": None, "fs_webauthn_user_handle": None, "confirmed_at": None, "last_login_at": None,
    "current_login_at": None, "last_login_ip": None, "current_login_ip": None, "login_count": None, "tf_primary_method": None,
    "tf_totp_secret": None, "tf_last_counter": None, "mf_recovery_codes": None, "invited_at": None,
}  # fmt: skip
# What the log says of a person or an account besides what was done: of that, only this is no personal data.
SAID_STILL = frozenset({"purpose", "role", "cohort_id", "organisation_id", "country", "into", "from_", "to", "moved", "closed", "archived"})


def begins(now: datetime, years: int) -> datetime | None:
    """The moment since when things are kept; None when everything is kept for ever."""
    return now - timedelta(days=365.25 * years) if years > 0 else None


def due(now: datetime, years: int, limit: int = 500) -> Sequence[int]:
    """The numbers of people whom nobody needed for `years` years (0: for ever), those added first before the others. One statement."""
    if (moment := begins(now, years)) is None:
        return ()
    old = sa.select(Person.id).where(Person.created_at < moment, Person.anonymised_at.is_(None), Person.merged_into_id.is_(None))
    return db.session.scalars(old.where(~sa.or_(*records.needed_after(moment))).order_by(Person.created_at, Person.id).limit(limit)).all()


def why_not_anonymise(person: Person, *, by: Person | None, now: datetime) -> str | None:
    """The sentence that says why a person cannot be anonymised at `now`; None when they can."""
    if person.anonymised_at is not None:
        return _("This person is anonymised already.")
    if by is not None and person.id == by.id:
        return _("You cannot anonymise yourself. Ask another administrator.")
    needed = sa.select(sa.literal(1)).where(Person.id == person.id, sa.or_(*records.needed_after(now)))
    if db.session.scalar(needed):
        return _(
            "This person is still needed: there is a seat in a cohort that has not ended, a role, a slot to teach or a place on a waiting"
            " list. End that first."
        )
    return None


def anonymise(person: Person, *, by: Person | None, now: datetime) -> None:
    """Take away everything that says who a person was, in every room; states, marks and counts stay. It cannot be undone.

    `by` is None when the time of keeping is over. Certificates keep what they printed. Raises Refused for who is still needed.
    """
    db.session.scalar(sa.select(Person.id).where(Person.id == person.id).with_for_update())
    db.session.refresh(person)
    if reason := why_not_anonymise(person, by=by, now=now):
        raise Refused(reason)
    people = [person, *db.session.scalars(sa.select(Person).where(Person.merged_into_id == person.id).order_by(Person.id))]
    ids = [one.id for one in people]
    accounts = db.session.scalars(sa.select(Account).where(Account.person_id.in_(ids))).all()
    names = _said_of(people, accounts)
    subjects = records.subjects_of(ids)
    _blank_letters(ids, [address for address in (*(p.email for p in people), *(a.email for a in accounts)) if address])
    records.forget(ids, now)
    for account in accounts:
        _blank_account(account)
    for one in people:
        one.full_name = f"Anonymised {one.id}"
        for key, value in BLANK.items():
            setattr(one, key, value)
        one.anonymised_at, one.archived_at = now, one.archived_at or now
        derive(one)
        mine = sa.update(Event).where(Event.actor_id == one.id)
        db.session.execute(mine.values(actor=one.full_name), execution_options=APART)
    _blank_log(subjects, names)
    record("person.anonymised", f"person:{person.id}", by=by)


def _said_of(people: Sequence[Person], accounts: Sequence[Account]) -> list[str]:
    """The folded words by which a text can be about these people."""
    said = [text for p in people for text in (p.full_name, p.own_name, p.email, p.phone)] + [account.email for account in accounts]
    return [key for text in said if len(key := fold(text)) > 2]


def _blank_account(account: Account) -> None:
    for key, value in NO_SIGN_IN.items():
        setattr(account, key, value)
    account.email = f"anonymised-{account.id}@anonymised.invalid"
    account.fs_uniquifier = secrets.token_hex(16)
    db.session.execute(sa.delete(Passkey).where(Passkey.user_id == account.id), execution_options=APART)


def _blank_letters(ids: Sequence[int], addresses: Sequence[str]) -> None:
    """What was written to them; that something was, and when, stays. What still waits is not sent."""
    theirs = sa.or_(Mail.person_id.in_(ids), Mail.to.in_(addresses))
    stopped = sa.case((Mail.state == MailState.QUEUED, MailState.FAILED.value), else_=Mail.state)
    values: dict[str, Any] = {"to": "", "subject": GONE, "body": "", "hidden": [], "error": None, "state": stopped}
    db.session.execute(sa.update(Mail).where(theirs).values(values), execution_options=APART)


def _blank_log(subjects: Sequence[str], names: Sequence[str]) -> None:
    """Who did what, when and to what stays in the log; names, addresses and reasons of theirs go out of it."""
    db.session.flush()
    for start in range(0, len(subjects), 500):
        for event in db.session.scalars(sa.select(Event).where(Event.subject.in_(subjects[start : start + 500]))):
            event.reason = None if event.reason is None else GONE
            if event.subject.startswith(("person:", "account:")):
                event.data = {key: value for key, value in event.data.items() if key in SAID_STILL}
            else:
                event.data = {key: _without(value, names) for key, value in event.data.items()}


def _without(value: Any, names: Sequence[str]) -> Any:
    if isinstance(value, str):
        return GONE if any(name in fold(value) for name in names) else value
    if isinstance(value, list):
        return [_without(one, names) for one in value]
    if isinstance(value, dict):
        return {key: _without(one, names) for key, one in value.items()}
    return value
