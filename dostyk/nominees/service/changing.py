"""Somebody else in the place of who was named, seats given back, and what coordinators decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from dostyk.cohorts.rules import HOLDING, EnrolmentState
from dostyk.core.audit import gathered
from dostyk.core.database import changed, db
from dostyk.core.errors import Refused
from dostyk.courses.rules import Finding
from dostyk.nominees import letters, queries
from dostyk.nominees.models import Decision, Nominee
from dostyk.nominees.queries import Standing
from dostyk.nominees.service.inviting import invite
from dostyk.nominees.service.naming import APART, NomineeDetails, bind, hold, hold_even_expired, lock, name, note, redeemed
from dostyk.people.models import Person
from dostyk.vouchers import rules as vouchers
from dostyk.vouchers import service as voucher_service
from dostyk.vouchers.models import Batch, Voucher
from dostyk.vouchers.rules import VoucherState


@dataclass(frozen=True)
class Replacement:
    """Who comes instead, and whether they were invited at once."""

    nominee: Nominee
    invited: bool


def why_not_replaced(standing: Standing) -> str:
    """Why nobody can take the place of a nominee, as a sentence; "" when somebody can."""
    if standing.nominee.ended_at is not None or standing.successor_id is not None:
        return _("This person was replaced, or the seat was given back: nothing can be changed any more.")
    if standing.seat is not None and standing.seat.state in HOLDING:
        return _(
            "This person holds the seat. When they have given it back, or the coordinator has withdrawn them, somebody else can have it."
        )
    return ""


def replace(nominee: Nominee, details: NomineeDetails, reason: str, by: Person, now: datetime) -> Replacement:
    """Name somebody else in the place of who has not redeemed: the old code dies, a new one lives; both are told if they have an address.

    Raises Refused when the seat was taken meanwhile, or the nominee is no more.
    """
    batch = nominee.batch
    hold(batch, now)
    lock([nominee])
    old = nominee.voucher
    if nominee.voucher_id is not None and redeemed(nominee):
        raise Refused(_("This person has taken the seat meanwhile."))
    with gathered():
        if old is not None and old.revoked_at is None:
            voucher_service.exchange(old, reason, by, now, for_somebody_else=True)
        _end(nominee, reason, now)
        successor = name(batch, details, by, now, replaces=nominee)
        note("nominee.replaced", nominee, by, reason, by_nominee=successor.id)
        if nominee.invited_at is not None and nominee.email:
            letters.replaced(nominee)
        return Replacement(successor, invite([successor], by, now).letters == 1)


def replace_after_leaving(standing: Standing, details: NomineeDetails, reason: str, by: Person, now: datetime) -> Replacement:
    """Name somebody in the place of who took the seat and left it, in a batch of its own, as long as the cohort allows. Raises Refused."""
    nominee, seat = standing.nominee, standing.seat
    if seat is None or seat.state not in (EnrolmentState.WITHDRAWN, EnrolmentState.DECLINED):
        raise Refused(_("This person holds the seat. Their place can be given to somebody else when they have left it."))
    with gathered():
        batch = voucher_service.replacement(seat, by, now)
        _end(nominee, reason, now)
        successor = name(batch, details, by, now, replaces=nominee)
        note("nominee.replaced", nominee, by, reason, by_nominee=successor.id, after_leaving=True)
        return Replacement(successor, invite([successor], by, now).letters == 1)


def give_back(batch: Batch, number: int, people: Sequence[Nominee], reason: str, by: Person, now: datetime) -> None:
    """Give seats of a batch back: those of `people`, who are named no more, then seats for which nobody is named.

    Raises Refused (field `number`) when so many are not left, and when one of `people` has redeemed meanwhile.
    """
    hold(batch, now)
    lock(people)
    mine = [one.voucher_id for one in people if one.voucher_id is not None]
    if number < len(mine):
        raise Refused(_("You chose more people than seats. Raise the number, or take people out."), field="number")
    with gathered():
        for nominee in people:
            _end(nominee, reason, now)
            note("nominee.given_back", nominee, by, reason)
        voucher_service.hand_back(batch, number, reason, by, now, vouchers=mine)


def decide(nominee: Nominee, finding: Finding, *, accept: bool, reason: str, by: Person, now: datetime) -> None:
    """Keep what a coordinator decides about a finding. Who is declined loses the code; the seat is free for somebody else.

    Raises Refused without a reason to decline, for what no check finds, and when the seat was taken.
    """
    hold_even_expired(nominee.batch)
    lock([nominee])
    if nominee.ended_at is not None:
        raise Refused(_("This person was replaced, or the seat was given back: nothing can be changed any more."))
    if not accept and not reason:
        raise Refused(_("Say why: the body that named this person reads it."), field="reason")
    if finding not in {found.finding for found in queries.check([nominee])[nominee.id]}:
        raise Refused(_("Nothing of this kind is found about this person any more: there is nothing to decide."))
    if not accept and nominee.voucher_id is not None and redeemed(nominee):
        raise Refused(_("This person has taken the seat already. Withdraw them under Participants."))
    row = db.session.scalar(sa.select(Decision).where(Decision.nominee_id == nominee.id, Decision.finding == finding))
    row = row or Decision(nominee=nominee, finding=finding)
    row.accepted, row.reason, row.at, row.by = accept, reason, now, by
    db.session.add(row)
    db.session.flush()
    note("nominee.accepted" if accept else "nominee.declined", nominee, by, reason or None, finding=finding.value)
    if not accept:
        _take_code(nominee, reason, by, now)
    elif (nominee.voucher is None or nominee.voucher.revoked_at is not None) and not queries.standings([nominee], now)[0].journey.declined:
        bind(nominee, now)


def _take_code(nominee: Nominee, reason: str, by: Person, now: datetime) -> None:
    """The code of who is declined dies; a new one, that nobody has, keeps the seat."""
    voucher = nominee.voucher
    if voucher is not None and _is_open(voucher, nominee.batch, now):
        voucher_service.exchange(voucher, reason, by, now, for_somebody_else=True)


def _is_open(voucher: Voucher, batch: Batch, now: datetime) -> bool:
    facts = vouchers.VoucherFacts(
        voucher.uses - voucher.used, voucher.revoked_at is not None, batch.valid_until, batch.country, voucher.email
    )
    return vouchers.state(facts, now) is VoucherState.OPEN


def _end(nominee: Nominee, reason: str, now: datetime) -> None:
    if not reason:
        raise Refused(_("Say why: it is kept with the batch."), field="reason")
    mine = sa.update(Nominee).where(Nominee.id == nominee.id, Nominee.ended_at.is_(None))
    if not changed(db.session.execute(mine.values(ended_at=now, ended_reason=reason), execution_options=APART)):
        raise Refused(_("This person was replaced, or the seat was given back: nothing can be changed any more."))
    db.session.refresh(nominee, ["ended_at", "ended_reason"])
