"""Naming people, and correcting what was said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from dostyk.core.audit import record
from dostyk.core.database import changed, db
from dostyk.core.errors import Refused
from dostyk.core.text import clean_name, fold
from dostyk.nominees import queries
from dostyk.nominees.models import Decision, Nominee
from dostyk.people.models import Person
from dostyk.people.rules import PersonDetails, Sex, name_key
from dostyk.people.service import checked
from dostyk.vouchers import holders
from dostyk.vouchers import rules as vouchers
from dostyk.vouchers import service as voucher_service
from dostyk.vouchers.models import Batch, Redemption, Voucher
from dostyk.vouchers.rules import BatchKind, BatchState

APART: dict[str, Any] = {"synchronize_session": False}


@dataclass(frozen=True)
class NomineeDetails:
    """What a body says of somebody whom it names."""

    full_name: str
    own_name: str = ""
    birth_year: int | None = None
    sex: Sex = Sex.NOT_STATED
    employer: str = ""
    post: str = ""
    years_of_service: int | None = None
    email: str = ""
    languages: tuple[str, ...] = ()
    letter_language: str = "en"


def name(batch: Batch, details: NomineeDetails, by: Person, now: datetime, *, replaces: Nominee | None = None) -> Nominee:
    """Somebody named for a seat of the batch, and bound to an open voucher of it; without one when none is left.

    Raises Refused, at its field, for what cannot be stored, and for a batch in which nobody can be named.
    """
    hold(batch, now)
    values = _stored(details)
    nominee = Nominee(
        batch=batch, named_at=now, named_by=by, invited_at=None, reminded_at=None, ended_at=None, ended_reason=None,
        voucher_id=None, replaces=replaces, **values,
    )  # fmt: skip
    db.session.add(nominee)
    db.session.flush()
    bind(nominee, now)
    note("nominee.named", nominee, by, voucher=nominee.voucher_id)
    return nominee


def edit(nominee: Nominee, details: NomineeDetails, by: Person, now: datetime) -> bool:
    """Correct what was said of somebody; whatever was decided about them is open again. False when nothing is different.

    Whoever has the letter that went to an address that was wrong has a dead code.
    Raises Refused, at its field, for what cannot be stored, and once the seat was taken or the nominee is no more.
    """
    hold(nominee.batch, now)
    _refuse_past(nominee)
    values = _stored(details)
    before = {key: getattr(nominee, key) for key in values}
    fields = sorted(key for key in values if before[key] != values[key] and key not in ("sort_name", "name_key", "search"))
    if not fields:
        return False
    for key, value in values.items():
        setattr(nominee, key, value)
    db.session.flush()
    reopened = [] if fields == ["letter_language"] else _reopen(nominee)
    if nominee.voucher is None or nominee.voucher.revoked_at is not None:
        bind(nominee, now)  # who was declined, and is somebody else by now, needs another voucher
    elif "email" in fields:
        voucher = nominee.voucher
        if nominee.invited_at is not None:
            voucher, old = voucher_service.exchange(voucher, _("Locked to another e-mail address"), by, now), voucher
            old.email = None  # the address was wrong, and the code is dead
            db.session.refresh(nominee, ["voucher_id", "voucher", "invited_at", "reminded_at"])
        voucher_service.lock_to(voucher, nominee.email, by, now)
    if "email" in fields:
        nominee.invited_at = nominee.reminded_at = None  # the letter went to another address
    note("nominee.edited", nominee, by, fields=fields, **({"reopened": reopened} if reopened else {}))
    return True


def hold(batch: Batch, now: datetime) -> None:
    """Read a batch anew and keep others from naming people in it meanwhile. Raises Refused for one that takes no names."""
    hold_even_expired(batch)
    if batch.state is BatchState.DRAFT:
        raise Refused(_("This batch is a draft: people can be named when it is issued."))
    if batch.state is BatchState.CLOSED:
        raise Refused(_("This batch is closed: nobody can be named in it any more. Ask the coordinator for another one."))
    if batch.kind is BatchKind.GROUP:
        raise Refused(_("This batch has one code for the whole group: hand it to your people. Nobody is named in it."))
    if batch.valid_until <= now:
        raise Refused(_("The last day of this batch is over. Ask the coordinator to extend it."))


def hold_even_expired(batch: Batch) -> None:
    """Read a batch anew and keep others from changing it meanwhile, whatever has become of it."""
    db.session.refresh(batch, ["state", "valid_until"], with_for_update={"key_share": True})


def lock(people: Sequence[Nominee]) -> Sequence[Nominee]:
    """The same people as they are by now, with their vouchers, kept from others meanwhile; their batch is held.

    In one order, in which all lock several of them.
    """
    again = sa.select(Nominee).where(Nominee.id.in_([one.id for one in people])).order_by(Nominee.id)
    again = again.options(joinedload(Nominee.voucher)).with_for_update(of=Nominee, key_share=True)
    return db.session.scalars(again, execution_options={"populate_existing": True}).all()


def bind(nominee: Nominee, now: datetime) -> bool:
    """Give a nominee an open voucher of the batch that belongs to nobody, locked to their address if they have one. False: none is left.

    One conditional UPDATE takes it, so that two who name people at the same moment, or somebody who redeems, never have the same one.
    """
    chosen = queries.free_vouchers(nominee.batch, now).with_only_columns(Voucher.id, maintain_column_froms=True).limit(1)
    number = db.session.scalar(chosen.options().with_for_update(of=Voucher, skip_locked=True))
    nobodys = sa.update(Voucher).where(Voucher.id == number, Voucher.used == 0, Voucher.revoked_at.is_(None), Voucher.email.is_(None))
    if number is None or not changed(
        db.session.execute(nobodys.values(email=vouchers.compared(nominee.email) or None), execution_options=APART)
    ):
        return False
    mine = sa.update(Nominee).where(Nominee.id == nominee.id, Nominee.ended_at.is_(None))
    db.session.execute(mine.values(voucher_id=number), execution_options=APART)
    db.session.refresh(nominee, ["voucher_id"])
    db.session.expire(nominee, ["voucher"])
    return True


@holders.follows
def give_another(old: Voucher, new: Voucher) -> None:
    """Whoever had a code that was lost has the new one, and is invited with it again."""
    mine = sa.update(Nominee).where(Nominee.voucher_id == old.id, Nominee.ended_at.is_(None))
    db.session.execute(mine.values(voucher_id=new.id, invited_at=None, reminded_at=None), execution_options=APART)


def redeemed(nominee: Nominee) -> bool:
    """Whether a seat was taken with the voucher of a nominee."""
    return bool(db.session.scalar(sa.select(sa.exists().where(Redemption.voucher_id == nominee.voucher_id))))


def _refuse_past(nominee: Nominee) -> None:
    lock([nominee])
    if nominee.ended_at is not None:
        raise Refused(_("This person was replaced, or the seat was given back: nothing can be changed any more."))
    if nominee.voucher_id is not None and redeemed(nominee):
        raise Refused(_("This person has taken the seat, and sees to their own data now. Ask the coordinator to correct them."))


def _reopen(nominee: Nominee) -> list[str]:
    gone = sa.delete(Decision).where(Decision.nominee_id == nominee.id).returning(Decision.finding)
    return sorted(finding.value for finding in db.session.scalars(gone, execution_options=APART))


def _stored(details: NomineeDetails) -> dict[str, Any]:
    """The details as they are kept: checked as those of a person are, with what is worked out of them."""
    person = checked(
        PersonDetails(
            full_name=details.full_name, own_name=details.own_name, sex=details.sex, email=details.email, employer=details.employer,
            post=details.post, languages=details.languages, birth_year=details.birth_year,
        )
    )  # fmt: skip
    kept = {**asdict(details), **{key: person[key] for key in ("full_name", "own_name", "email", "employer", "post", "languages")}}
    key = fold(kept["full_name"])
    search = " ".join(dict.fromkeys(fold(f"{kept['full_name']} {kept['own_name']} {kept['employer']}").split()))
    return {**kept, "sort_name": key[:220], "name_key": name_key(key), "search": f"{search} {fold(kept['email'])}".strip()}


def same(nominee: Nominee, details: NomineeDetails) -> bool:
    """Whether the details say what is stored, so that a file that is handed in twice names nobody twice."""
    said = {**asdict(details), "full_name": clean_name(details.full_name), "languages": sorted(details.languages)}
    return all((sorted(nominee.languages) if key == "languages" else getattr(nominee, key)) == value for key, value in said.items())


def note(kind: str, nominee: Nominee, by: Person | None, reason: str | None = None, /, **more: object) -> None:
    """Put what happened to a nominee into the log."""
    batch = nominee.batch
    record(kind, queries.subject(nominee), by=by, reason=reason, cohort=batch.cohort.code, batch=batch.id, **more)
