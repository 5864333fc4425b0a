"""Who: organisations, people, their accounts and their consents."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask_security.core import UserMixin, WebAuthnMixin
from sqlalchemy import event
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship

from dostyk.core.database import Codes, Instant, Localized, Model
from dostyk.people.rules import WORD_LENGTH, OrganisationKind, Purpose, Sex, words_of


class Organisation(Model):
    """A host university, a partner government body, a donor, or the agency itself."""

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[OrganisationKind] = mapped_column(index=True)
    name: Mapped[Localized]
    short_name: Mapped[str] = mapped_column(sa.String(80), default="")
    country: Mapped[str] = mapped_column(sa.String(2), index=True)
    city: Mapped[Localized] = mapped_column(default=dict)
    website: Mapped[str] = mapped_column(sa.String(300), default="")
    email: Mapped[str] = mapped_column(sa.String(255), default="")
    search: Mapped[str] = mapped_column(sa.Text, default="")
    demo: Mapped[bool] = mapped_column(default=False)
    archived_at: Mapped[Instant | None]


_MERGED = sa.text("merged_into_id IS NOT NULL")


class Person(Model):
    """A human being: participant, trainer, coordinator, focal point.

    `full_name` is the name as in the passport, in Latin letters, and the authority; `own_name` is the name in the
    person's own script. The parts are optional: many Afghans have no family name.
    """

    # One index for each order of the list, so that its first page costs the same for a thousand people and a hundred thousand.
    __table_args__ = (
        sa.Index("ix_person_sort_id", "sort_name", "id"),
        sa.Index("ix_person_country_sort_id", "country", "sort_name", "id"),
        sa.Index("ix_person_created_id", "created_at", "id"),
        # For records of one human being: all that is asked about them stands in the index.
        sa.Index("ix_person_same", "name_key", "birth_year", "merged_into_id"),
        sa.Index("ix_person_address", "email", "merged_into_id"),
        # Of the few that are merged: SQLite takes an index of all for a good way to those that are not.
        sa.Index("ix_person_merged_into_id", "merged_into_id", sqlite_where=_MERGED, postgresql_where=_MERGED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    full_name: Mapped[str] = mapped_column(sa.String(200))
    own_name: Mapped[str] = mapped_column(sa.String(200), default="")
    family_name: Mapped[str] = mapped_column(sa.String(100), default="")
    given_name: Mapped[str] = mapped_column(sa.String(100), default="")
    patronymic: Mapped[str] = mapped_column(sa.String(100), default="")
    sort_name: Mapped[str] = mapped_column(sa.String(220), default="")  # folded family name if any, else the full name
    name_key: Mapped[str] = mapped_column(sa.String(220), default="")  # the folded words of the full name, in the order of the alphabet
    search: Mapped[str] = mapped_column(sa.Text, default="")  # folded names and address, in every script we know
    sex: Mapped[Sex] = mapped_column(default=Sex.NOT_STATED)
    country: Mapped[str | None] = mapped_column(sa.String(2))
    email: Mapped[str] = mapped_column(sa.String(255), default="")
    phone: Mapped[str] = mapped_column(sa.String(40), default="")
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    employer: Mapped[str] = mapped_column(sa.String(300), default="")  # as the person writes it; `organisation` is for staff and partners
    post: Mapped[str] = mapped_column(sa.String(200), default="")
    languages: Mapped[Codes] = mapped_column(default=list)
    demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Instant]
    archived_at: Mapped[Instant | None]
    birth_year: Mapped[int | None]  # tells people of the same name apart; the full date is not asked for
    merged_into_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))  # another record of the same human being
    anonymised_at: Mapped[Instant | None]

    organisation: Mapped[Organisation | None] = relationship()


# Compared byte by byte on both databases, so that an index finds what begins with some letters.
_BYTES = sa.String(WORD_LENGTH).with_variant(sa.String(WORD_LENGTH, collation="C"), "postgresql")


class PersonWord(Model):
    """Each word of `Person.search`, for finding a person by how the words begin. Kept by the two functions below."""

    __table_args__ = (sa.Index("ix_person_word_word", "word", "person_id"), {"sqlite_with_rowid": False})

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    word: Mapped[str] = mapped_column(_BYTES, primary_key=True)


@event.listens_for(Person, "after_insert")
def _keep_words(_mapper: Mapper[Person], connection: sa.Connection, person: Person) -> None:
    rows = [{"person_id": person.id, "word": word} for word in words_of(person.search or "")]
    if rows:
        connection.execute(sa.insert(PersonWord), rows)


@event.listens_for(Person, "after_update")
def _keep_words_anew(mapper: Mapper[Person], connection: sa.Connection, person: Person) -> None:
    if sa.inspect(person).attrs.search.history.has_changes():
        connection.execute(sa.delete(PersonWord).where(PersonWord.person_id == person.id))
        _keep_words(mapper, connection, person)


class Consent(Model):
    """What a person agreed to, when, in which wording; withdrawn, never deleted."""

    __table_args__ = (sa.Index("ix_consent_person_purpose", "person_id", "purpose"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    purpose: Mapped[Purpose]
    wording: Mapped[str] = mapped_column(sa.Text)  # what the person read, in the language in which they read it
    language: Mapped[str] = mapped_column(sa.String(16))
    given_at: Mapped[Instant]
    withdrawn_at: Mapped[Instant | None]


class Account(UserMixin, Model):
    """How a person signs in. The columns are those that Flask-Security reads; its roles are not used (see core.access)."""

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), unique=True)
    email: Mapped[str] = mapped_column(sa.String(255), unique=True)  # in small letters, so that the index finds it
    password: Mapped[str | None] = mapped_column(sa.String(255))
    active: Mapped[bool] = mapped_column(default=True)
    demo: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str | None] = mapped_column(sa.String(16))
    fs_uniquifier: Mapped[str] = mapped_column(sa.String(64), unique=True)
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(sa.String(64), unique=True)  # type: ignore[assignment]
    confirmed_at: Mapped[dt.datetime | None]
    last_login_at: Mapped[dt.datetime | None]  # type: ignore[assignment]
    current_login_at: Mapped[dt.datetime | None]  # type: ignore[assignment]
    last_login_ip: Mapped[str | None] = mapped_column(sa.String(64))
    current_login_ip: Mapped[str | None] = mapped_column(sa.String(64))
    login_count: Mapped[int | None]  # type: ignore[assignment]
    tf_primary_method: Mapped[str | None] = mapped_column(sa.String(64))
    tf_totp_secret: Mapped[str | None] = mapped_column(sa.String(255))
    tf_last_counter: Mapped[int | None]  # of the last code that was used: no code is taken twice
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(sa.JSON()))
    created_at: Mapped[Instant]
    invited_at: Mapped[Instant | None]

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
    webauthn: Mapped[list[Passkey]] = relationship(  # type: ignore[assignment]  # theirs is a list of a mixin
        back_populates="user", cascade="all, delete"
    )

    @property
    def roles(self) -> list[Any]:  # type: ignore[override]  # theirs can be written
        """Flask-Security asks for roles at each request; ours are grants (core.access), so there are none here."""
        return []

    @property
    def name(self) -> str:
        """The name in the header of the page."""
        return self.person.full_name


class Passkey(WebAuthnMixin, Model):
    """A key of a phone or laptop with which a person signs in without a password."""

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column("account_id", sa.ForeignKey("account.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(sa.LargeBinary(1024), unique=True)
    public_key: Mapped[bytes] = mapped_column(sa.LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    transports: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(sa.JSON()))
    backup_state: Mapped[bool]
    device_type: Mapped[str] = mapped_column(sa.String(64))
    extensions: Mapped[str | None] = mapped_column(sa.String(255))
    create_datetime: Mapped[dt.datetime] = mapped_column(server_default=sa.func.now())
    lastuse_datetime: Mapped[dt.datetime]
    name: Mapped[str] = mapped_column(sa.String(64))
    usage: Mapped[str] = mapped_column(sa.String(64))

    user: Mapped[Account] = relationship(back_populates="webauthn")
