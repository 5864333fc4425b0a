"""What is done to organisations, people, consents and accounts. Nothing here commits."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_security import hash_password

from dostyk.core.audit import record
from dostyk.core.database import db
from dostyk.core.documents import missing
from dostyk.core.errors import Refused
from dostyk.core.text import clean_name, fold
from dostyk.people import letters, queries
from dostyk.people.labels import ADDRESS_TAKEN
from dostyk.people.models import Account, Consent, Organisation, Passkey, Person
from dostyk.people.rules import NameFlaw, OrganisationDetails, PersonDetails, Purpose, foreign_letters, name_flaw, name_key

# --- Organisations --------------------------------------------------------------------------------------------------


def save_organisation(
    details: OrganisationDetails, *, by: Person | None, now: datetime, organisation: Organisation | None = None
) -> Organisation:
    """Add an organisation, or change the given one. Raises Refused (field `name`) when it has no name in any language."""
    names = {code: clean for code, text in details.name.items() if (clean := clean_name(text))}
    if not names:
        raise Refused(_("Write the name in at least one language."), field="name")
    row = organisation or Organisation(archived_at=None, demo=False)
    values = {**asdict(details), "name": names, "short_name": clean_name(details.short_name)}
    values["city"] = {code: clean for code, text in details.city.items() if (clean := clean_name(text))}
    before = {} if organisation is None else {key: getattr(row, key) for key in values}
    changed = sorted(key for key in values if before.get(key) != values[key])
    for key, value in values.items():
        setattr(row, key, value)
    row.search = fold(" ".join((row.short_name, *names.values(), *row.city.values())))
    db.session.add(row)
    db.session.flush()
    if organisation is None:
        record("organisation.created", f"organisation:{row.id}", by=by, name=names)
    elif changed:
        record("organisation.changed", f"organisation:{row.id}", by=by, fields=changed)
    return row


def archive_organisation(organisation: Organisation, *, by: Person, now: datetime) -> None:
    """Take an organisation out of lists and choices; what refers to it stays. Twice is the same as once."""
    if organisation.archived_at is None:
        organisation.archived_at = now
        record("organisation.archived", f"organisation:{organisation.id}", by=by)


def restore_organisation(organisation: Organisation, *, by: Person, now: datetime) -> None:
    """Bring an archived organisation back."""
    if organisation.archived_at is not None:
        organisation.archived_at = None
        record("organisation.restored", f"organisation:{organisation.id}", by=by)


# --- People ---------------------------------------------------------------------------------------------------------


def derive(person: Person) -> Person:
    """Fill in what is worked out of a person's names and address: the key of the order, and what a search looks at."""
    person.sort_name = fold(person.family_name or person.full_name)[:220]
    person.name_key = name_key(fold(person.full_name))
    names = (person.full_name, person.own_name, person.family_name, person.given_name, person.patronymic)
    # Each word once: the parts of a name are mostly in the full name as well.
    person.search = " ".join(dict.fromkeys(fold(" ".join(name or "" for name in names)).split()))
    if person.email:
        person.search += f" {fold(person.email)}"
    return person


def checked(details: PersonDetails) -> dict[str, object]:
    """The details as they are stored: names clean, address in small letters.

    Raises Refused, with its field, for a full name that is not in Latin letters and for a name that cannot be printed.
    """
    values = asdict(details)
    for key in ("full_name", "own_name", "family_name", "given_name", "patronymic", "employer", "post", "phone"):
        values[key] = clean_name(values[key])
    values["email"] = values["email"].strip().lower()
    values["languages"] = list(details.languages)
    match name_flaw(values["full_name"]):
        case NameFlaw.EMPTY:
            raise Refused(_("Write the full name as in the passport."), field="full_name")
        case NameFlaw.TOO_LONG:
            raise Refused(_("Names of more than 200 characters cannot be stored. Write the name as in the passport."), field="full_name")
        case NameFlaw.NOT_LATIN:
            raise Refused(not_latin(values["full_name"]), field="full_name")
    for key in ("full_name", "own_name"):
        if unprintable := missing(values[key]):
            raise Refused(not_printable(unprintable), field=key)
    return values


def not_latin(name: str) -> str:
    """What to do about a name with letters that are not Latin."""
    letters_found = foreign_letters(name)
    if not letters_found:
        return _("Write this name in Latin letters, as in the passport.")
    return _("Write this name in Latin letters, as in the passport. These are not Latin: %(letters)s", letters=" ".join(letters_found))


def not_printable(characters: str) -> str:
    """What to do about characters that no font of the documents draws."""
    named = ", ".join(f"{c} (U+{ord(c):04X})" if c.isprintable() else f"U+{ord(c):04X}" for c in characters[:10])
    return _("These characters cannot be printed on a certificate: %(characters)s. Write the name without them.", characters=named)


def register(details: PersonDetails, *, by: Person | None, now: datetime) -> Person:
    """A new person. Raises Refused for a name that cannot be on a certificate; `by` is None for who registers themselves."""
    person = derive(Person(**checked(details), created_at=now, archived_at=None, demo=False))
    db.session.add(person)
    db.session.flush()
    record("person.created", f"person:{person.id}", by=by or person)
    return person


def update(person: Person, details: PersonDetails, *, by: Person, now: datetime) -> Person:
    """Change what is known of a person. The log keeps which fields, and the names before and after; certificates keep theirs."""
    if person.anonymised_at is not None:
        raise Refused(_("This person is anonymised: nothing more is written down about them."))
    values = checked(details)
    before = {key: getattr(person, key) for key in values}
    changed = sorted(key for key in values if before[key] != values[key])
    if not changed:
        return person
    for key in changed:
        setattr(person, key, values[key])
    derive(person)
    names = {key: [before[key], values[key]] for key in ("full_name", "own_name") if key in changed}
    record("person.changed", f"person:{person.id}", by=by, fields=changed, names=names)
    return person


def archive(person: Person, *, by: Person, now: datetime) -> None:
    """Take a person out of the list; seats, marks and certificates stay, and so does the account."""
    if person.archived_at is None:
        person.archived_at = now
        record("person.archived", f"person:{person.id}", by=by)


def restore(person: Person, *, by: Person, now: datetime) -> None:
    """Bring an archived person back, unless they are anonymised."""
    if person.archived_at is not None and person.anonymised_at is None:
        person.archived_at = None
        record("person.restored", f"person:{person.id}", by=by)


# --- Consents -------------------------------------------------------------------------------------------------------


def consent(person: Person, wordings: Mapping[Purpose, object], language: str, now: datetime, *, new: bool = False) -> None:
    """Keep what a person agreed to, in the words that they read. A consent that stands in the same words is not kept twice.

    `new` says that the person has just registered, so that nothing can stand yet.
    """
    db.session.add(person)
    db.session.flush()
    standing = {} if new else queries.standing_consents(person.id)
    rows = []
    for purpose, wording in wordings.items():
        text = str(wording)
        if (before := standing.get(purpose)) is not None and before.wording == text:
            continue
        rows.append(
            {"person_id": person.id, "purpose": purpose, "wording": text, "language": language, "given_at": now, "withdrawn_at": None}
        )
        record("consent.given", f"person:{person.id}", by=person, purpose=purpose.value)
    if rows:
        db.session.execute(sa.insert(Consent), rows)  # one statement, which adding each would not be on SQLite


def withdraw_consent(person: Person, purpose: Purpose, now: datetime) -> bool:
    """End a person's consent to a purpose; what was given stays readable. False when there was none."""
    standing = [c for c in queries.consents_of(person.id) if c.purpose is purpose and c.withdrawn_at is None]
    for given in standing:
        given.withdrawn_at = now
    if standing:
        record("consent.withdrawn", f"person:{person.id}", by=person, purpose=purpose.value)
    return bool(standing)


# --- Accounts -------------------------------------------------------------------------------------------------------


def open_account(
    person: Person, email: str, language: str | None, now: datetime, password: str | None = None, *, by: Person | None = None
) -> Account:
    """An account with which `person` signs in; without a password until an invitation is followed.

    Raises Refused (field `email`) when the address, or the person, has an account.
    """
    address = email.strip().lower()
    if not address:
        raise Refused(_("An account needs an e-mail address."), field="email")
    db.session.add(person)
    db.session.flush()
    held = db.session.scalars(sa.select(Account).where((Account.email == address) | (Account.person_id == person.id))).all()
    if any(account.email == address for account in held):
        raise Refused(ADDRESS_TAKEN, field="email")
    if held:
        raise Refused(_("This person already has an account."), field="email")
    account = Account(
        person=person, email=address, language=language, active=True, demo=False, fs_uniquifier=secrets.token_hex(16),
        password=hash_password(password) if password else None, created_at=now, invited_at=None,
    )  # fmt: skip
    if password:  # chosen by an operator, who says whose address it is
        confirm_address(account, now)
    db.session.add(account)
    db.session.flush()
    record("account.opened", f"account:{account.id}", by=by or person)
    return account


def invite(account: Account, now: datetime, *, by: Person | None = None) -> None:
    """Write to the holder of an account with a link to set a password. Raises Refused when the account is not active."""
    if not account.active:
        raise Refused(_("This account is not active. Activate it first."))
    account.invited_at = now
    letters.invitation(account, invitation_token(account))
    record("account.invited", f"account:{account.id}", by=by)


def deactivate(account: Account, *, by: Person, now: datetime, reason: str | None = None) -> None:
    """Nobody signs in with the account any more, and whoever is signed in is signed out. Raises Refused for one's own."""
    if account.person_id == by.id:
        raise Refused(_("You cannot deactivate your own account. Ask another administrator."))
    if account.active:
        account.active = False
        sign_out_everywhere(account)
        record("account.deactivated", f"account:{account.id}", by=by, reason=reason)


def activate(account: Account, *, by: Person, now: datetime) -> None:
    """Let somebody sign in again."""
    if not account.active:
        account.active = True
        record("account.activated", f"account:{account.id}", by=by)


def reset_second_factor(account: Account, *, by: Person, now: datetime, reason: str | None = None) -> None:
    """Take away two-factor sign-in, recovery codes and passkeys, for somebody who lost the device; they are told by mail."""
    account.tf_primary_method = account.tf_totp_secret = account.tf_last_counter = account.mf_recovery_codes = None
    db.session.execute(sa.delete(Passkey).where(Passkey.user_id == account.id))
    sign_out_everywhere(account)
    letters.second_factor_reset(account)
    record("account.two_factor_reset", f"account:{account.id}", by=by, reason=reason)


def sign_out_everywhere(account: Account) -> None:
    """End every session of the account, and every link sent to it."""
    account.fs_uniquifier = secrets.token_hex(16)


def confirm_address(account: Account, now: datetime) -> None:
    """The holder followed a link that was sent to the address: it is theirs."""
    if account.confirmed_at is None:
        # Flask-Security's own columns hold naive instants of UTC.
        account.confirmed_at = now.astimezone(UTC).replace(tzinfo=None)


def invitation_token(account: Account) -> str:
    """What the link of an invitation carries: good until a password is set, or `letters.INVITATION_DAYS` are over."""
    return letters.sign_invitation(account)


def account_invited(token: str) -> Account | None:
    """The account whose invitation this is; None when it is forged, too old, or a password was set since."""
    found = letters.read_invitation(token)
    account = db.session.scalar(sa.select(Account).where(Account.fs_uniquifier == found)) if found else None
    return account if account is not None and account.active and account.password is None else None
