"""What happens to a batch after it was issued: more or fewer seats, another end, other codes, seats given back.

Each of these holds the batch first, so that two who change it do so one after the other; against those who redeem at the
same moment stand conditional UPDATEs.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext

from dostyk.cohorts import queries as cohorts
from dostyk.cohorts import service as cohorts_service
from dostyk.cohorts.rules import MoveKind
from dostyk.core.audit import record
from dostyk.core.countries import country_name
from dostyk.core.database import changed, db
from dostyk.core.errors import Refused
from dostyk.core.i18n import language
from dostyk.people.models import Person
from dostyk.vouchers import holders, labels, queries, rules
from dostyk.vouchers.models import Batch, Voucher
from dostyk.vouchers.rules import BatchKind, BatchState
from dostyk.vouchers.service.issuing import hold, insert_codes, no_end, too_many

APART: dict[str, Any] = {"synchronize_session": False}


def change_quantity(batch: Batch, quantity: int, reason: str, by: Person, now: datetime) -> None:
    """Raise or lower the number of seats of a batch, never below those that were taken with it.

    Lowered, it loses open vouchers that belong to nobody first, the newest first. Raises Refused (field `quantity`)
    with the numbers when so many seats are not free.
    """
    _hold(batch, reason)
    before = batch.quantity
    left = db.session.scalars(queries.seats_left(batch)).one()
    if why := rules.why_no_quantity(quantity, before, before - left, batch.valid_until <= now):
        raise Refused(labels.NO_CHANGE[why], field="quantity")
    if quantity > before:
        _need_free(batch, quantity - before, now, field="quantity")
        if batch.kind is BatchKind.GROUP:
            _grow(batch, quantity - before)
        else:
            insert_codes(batch, quantity - before)
    else:
        _lower(batch, before - quantity, reason, now, anybodys=True)
    batch.quantity = quantity
    _record("batch.quantity_changed", batch, by, reason, before=before, after=quantity)


def extend(batch: Batch, valid_through: date, reason: str, by: Person, now: datetime) -> None:
    """Let the vouchers of a batch end later, or earlier, but not in the past nor after enrolment.

    Those that had expired live again, if their seats are still free. Raises Refused.
    """
    _hold(batch, reason)
    cohort = batch.cohort
    closes = queries.end_of(cohort, replaces=batch.replaces_id is not None)
    if why := rules.why_no_end(valid_through, closes, cohort.time_zone, now):
        raise no_end(why, closes, cohort.time_zone)
    if batch.valid_until <= now:
        _need_free(batch, db.session.scalars(queries.seats_left(batch)).one(), now, field="valid_through")
    before = rules.valid_through(batch.valid_until, cohort.time_zone)
    batch.valid_until = rules.end_of_day(valid_through, cohort.time_zone)
    _record("batch.validity_changed", batch, by, reason, before=before.isoformat(), after=valid_through.isoformat())


def revoke(batch: Batch, reason: str, by: Person, now: datetime, voucher_id: int | None = None) -> int:
    """Revoke one voucher of the batch, or all that have seats to give; they stay, with when and why. Returns how many.

    Raises Refused when there is none left to revoke.
    """
    _hold(batch, reason)
    number = _revoke(batch, reason, now, voucher_id)
    if number == 0 and voucher_id is not None:
        raise Refused(_("This voucher was used or revoked before."))
    if number == 0:
        raise Refused(_("No voucher of this batch is left to revoke: all are used or revoked."))
    one = {} if voucher_id is None else {"voucher": voucher_id}
    _record("vouchers.revoked", batch, by, reason, number=number, **one)
    return number


def close(batch: Batch, reason: str, by: Person, now: datetime) -> int:
    """End a batch: what is left of it is revoked, and it cannot be changed any more. Returns how many vouchers were left."""
    _hold(batch, reason)
    number = _revoke(batch, reason, now)
    batch.state, batch.closed_at = BatchState.CLOSED, now
    _record("batch.closed", batch, by, reason, number=number)
    return number


def exchange(voucher: Voucher, reason: str, by: Person, now: datetime, *, for_somebody_else: bool = False) -> Voucher:
    """A new code in place of this one, which dies: for a code that was lost, or for somebody else. Its seat stays reserved all the while.

    Whoever had the old one has the new one, and it is locked to the same address; one for somebody else belongs to nobody yet.
    Raises Refused when the old one gives no seat any more.
    """
    batch = voucher.batch
    _hold(batch, reason)
    holders.about_to_be_exchanged(voucher, now, for_somebody_else=for_somebody_else)
    mine = _open(batch, now).where(Voucher.id == voucher.id)
    found = db.session.execute(
        mine.values(revoked_at=now, revoked_reason=reason).returning(Voucher.uses - Voucher.used, Voucher.email), execution_options=APART
    ).one_or_none()
    db.session.refresh(voucher, ["used", "revoked_at", "revoked_reason"])
    if found is None:
        raise Refused(_("This voucher cannot be exchanged: it was used or revoked, or it has expired."))
    uses, email = found
    (code,) = insert_codes(batch, 1, uses, None if for_somebody_else else email)
    new = db.session.scalars(sa.select(Voucher).where(Voucher.code == code)).one()
    if not for_somebody_else:
        holders.exchanged(voucher, new)
    _record("voucher.exchanged", batch, by, reason, voucher=voucher.id, new=new.id)
    return new


def lock_to(voucher: Voucher, email: str, by: Person, now: datetime) -> None:
    """Let only this e-mail address redeem the voucher; "" lets any. Raises Refused for a group code, and when it gives no seat any more."""
    batch = voucher.batch
    if batch.kind is BatchKind.GROUP:
        raise Refused(_("A code for a group cannot be locked to one address."))
    mine = _open(batch, now).where(Voucher.id == voucher.id, Voucher.used == 0)
    if not changed(db.session.execute(mine.values(email=rules.compared(email) or None), execution_options=APART)):
        raise Refused(_("This voucher was used or revoked, or it has expired."))
    db.session.refresh(voucher, ["email"])
    _record("voucher.locked" if email else "voucher.unlocked", batch, by, None, voucher=voucher.id)


def hand_back(batch: Batch, number: int, reason: str, by: Person | None, now: datetime, vouchers: Collection[int] = ()) -> None:
    """Give unused seats of a batch back to the common pool: those of `vouchers` (their numbers), then others that belong to nobody.

    `by` is None for what happens by rule, on the day. In a cohort that holds no seats for countries the seats are
    simply free again. Raises Refused (field `number`) when so many are not left.
    """
    _hold(batch, reason)
    if number < 1 or batch.valid_until <= now:
        raise Refused(_("This batch has no open voucher: its seats are free already."), field="number")
    _lower(batch, number, reason, now, anybodys=False, first=vouchers)
    batch.quantity -= number
    _record("batch.handed_back", batch, by, reason, number=number)
    db.session.flush()
    seats = cohorts.seat_table(batch.cohort, now, lock=True)
    own = seats.countries.get(batch.country)
    # Where more was promised than there is, the seats that come back are those of other promises.
    if own is not None and (movable := min(number, own.free)) > 0:
        cohorts_service.move_seats(
            batch.cohort, movable, source=batch.country, target=None, kind=MoveKind.HANDED_BACK, by=by, now=now, reason=reason
        )


# --- Steps -----------------------------------------------------------------------------------------------------------


def _hold(batch: Batch, reason: str) -> None:
    if not reason:
        raise Refused(_("Say why: it is kept with the batch."), field="reason")
    hold(batch, BatchState.ISSUED)


def _open(batch: Batch, now: datetime) -> sa.Update:
    """An UPDATE of the vouchers of a batch that can be redeemed."""
    issued = sa.select(Batch.id).where(Batch.id == batch.id, Batch.state == BatchState.ISSUED, Batch.valid_until > now)
    return sa.update(Voucher).where(Voucher.batch_id.in_(issued), Voucher.used < Voucher.uses, Voucher.revoked_at.is_(None))


def _revoke(batch: Batch, reason: str, now: datetime, voucher_id: int | None = None) -> int:
    """Revoke one voucher, or all, of those that have seats to give; the batch is so many smaller. How many vouchers."""
    unused = sa.update(Voucher).where(Voucher.batch_id == batch.id, Voucher.used < Voucher.uses, Voucher.revoked_at.is_(None))
    if voucher_id is not None:
        unused = unused.where(Voucher.id == voucher_id)
    done = unused.values(revoked_at=now, revoked_reason=reason).returning(Voucher.uses - Voucher.used)
    seats = db.session.scalars(done, execution_options=APART).all()
    batch.quantity -= sum(seats)
    db.session.flush()
    return len(seats)


def _lower(batch: Batch, number: int, reason: str, now: datetime, *, anybodys: bool, first: Collection[int] = ()) -> None:
    """Take so many seats away from the vouchers of a batch: those of `first`, then of nobody's, then (if told) of anybody's."""
    if batch.kind is BatchKind.GROUP:
        return _shrink(batch, number, reason, now)
    theirs = holders.spoken_for()
    left = sa.select(Voucher.id).where(Voucher.batch_id == batch.id, Voucher.used == 0, Voucher.revoked_at.is_(None))
    if not anybodys:
        left = left.where(sa.or_(Voucher.id.in_(first), ~theirs))
    order = (sa.case((Voucher.id.in_(first), 0), (theirs, 2), else_=1), Voucher.id.desc())
    chosen = db.session.scalars(left.order_by(*order).limit(number).with_for_update()).all()
    if len(chosen) < number or not set(first) <= set(chosen):
        raise _too_few(len(chosen))
    # Whoever redeemed one of them a moment ago was waited for by the lock, and keeps the seat.
    done = sa.update(Voucher).where(Voucher.id.in_(chosen), Voucher.used == 0).values(revoked_at=now, revoked_reason=reason)
    if (gone := changed(db.session.execute(done, execution_options=APART))) < number:
        raise _too_few(gone)
    return None


def _too_few(number: int) -> Refused:
    said = ngettext("Only %(num)s voucher is left that nobody has.", "Only %(num)s vouchers are left that nobody has.", number)
    return Refused(said, field="number")


def _grow(batch: Batch, number: int) -> None:
    """The group code gives more seats; a new one does when the old was revoked."""
    alive = sa.update(Voucher).where(Voucher.batch_id == batch.id, Voucher.revoked_at.is_(None)).values(uses=Voucher.uses + number)
    if not changed(db.session.execute(alive, execution_options=APART)):
        insert_codes(batch, 1, number)


def _shrink(batch: Batch, number: int, reason: str, now: datetime) -> None:
    """The group code gives fewer seats; it dies when none would be left."""
    mine = (Voucher.batch_id == batch.id, Voucher.revoked_at.is_(None))
    fewer = sa.update(Voucher).where(*mine, Voucher.uses - number >= Voucher.used, Voucher.uses > number)
    if changed(db.session.execute(fewer.values(uses=Voucher.uses - number), execution_options=APART)):
        return
    none = sa.update(Voucher).where(*mine, Voucher.uses == number, Voucher.used == 0)
    if not changed(db.session.execute(none.values(revoked_at=now, revoked_reason=reason), execution_options=APART)):
        raise _too_few(db.session.scalars(queries.seats_left(batch)).one())


def _need_free(batch: Batch, number: int, now: datetime, *, field: str) -> None:
    """Raises Refused unless the cohort has so many free seats for the country of the batch; nobody else takes them meanwhile."""
    db.session.flush()
    seats = cohorts.seat_table(batch.cohort, now, lock=True)
    facts = queries.batch_facts(batch.cohort, batch.organisation, batch.country, seats)
    if facts.seats is None or facts.seats.free < number:
        country = country_name(batch.country, language())
        if facts.seats is None:
            raise Refused(_("The cohort holds no seats for %(country)s any more. Add them in the settings.", country=country), field=field)
        raise Refused(too_many(facts, country), field=field)


def _record(kind: str, batch: Batch, by: Person | None, reason: str | None, **more: object) -> None:
    record(kind, queries.subject(batch), by=by, reason=reason, cohort=batch.cohort.code, **more)
