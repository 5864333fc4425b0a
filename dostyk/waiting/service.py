"""Joining, leaving, offering, confirming. Nothing here commits.

Rows are locked in one order: entry, voucher, then what `cohorts.service.seats` says. Who holds the seats already changes only entries
that wait, because nobody holds one of those who is about to take a seat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from dostyk.cohorts import queries as cohorts
from dostyk.cohorts import service as cohorts_service
from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.cohorts.rules import HOLDING, MoveKind
from dostyk.cohorts.service.statements import APART, insert
from dostyk.core.audit import record
from dostyk.core.database import changed, db
from dostyk.core.errors import Refused
from dostyk.core.i18n import known
from dostyk.people import queries as people
from dostyk.people import service as people_service
from dostyk.people.models import Account, Person
from dostyk.people.rules import Purpose, missing_consents
from dostyk.vouchers import holders, queues
from dostyk.vouchers import letters as vouchers_letters
from dostyk.vouchers import service as vouchers
from dostyk.vouchers.models import Voucher
from dostyk.waiting import letters, queries, rules
from dostyk.waiting.labels import CHANGED, NO_OFFER, NO_PLACE, NO_PLACE_FOR_STAFF, OFFER_OVER
from dostyk.waiting.models import WaitingEntry
from dostyk.waiting.queries import Outlook
from dostyk.waiting.rules import NoPlace, PlaceFacts, WaitingState

CHUNK = 500


def why_no_place(cohort: Cohort, person: Person, now: datetime, *, full: bool = False) -> NoPlace | None:
    """Why this person cannot wait for a seat of the cohort; None when they can."""
    table = cohorts.seat_table(cohort, now)
    seat = cohorts.enrolment_of(cohort.id, person.id)
    return rules.why_no_place(
        PlaceFacts(
            over=queries.is_over(cohort, now), has_seat=seat is not None and seat.state in HOLDING, country=person.country,
            order=cohort.country_order, seats=table, waiting=queries.waiting_there(cohort, person.country, table), full=full,
        )
    )  # fmt: skip


def join(
    cohort: Cohort, person: Person, now: datetime, *, by: Person | None = None, voucher: Voucher | None = None,
    account: Account | None = None, consents: Mapping[Purpose, str] | None = None, language: str = "",
) -> WaitingEntry:  # fmt: skip
    """A place at the end of the list of the person's country; the same place when they have one.

    `by` is the coordinator who does it for somebody else. `voucher`: good, but all seats are taken. `account`: opened for this
    a moment ago. Raises Refused when there is nothing to wait for, or a consent is missing without which nobody can be taught.
    """
    if why := why_no_place(cohort, person, now, full=voucher is not None):
        raise Refused((NO_PLACE_FOR_STAFF if by else NO_PLACE)[why])
    if consents is not None:
        _agree(person, consents, language, now)
    db.session.flush()
    place = {"country": person.country, "voucher_id": voucher.id if voucher else None, "joined_at": now, "state": WaitingState.WAITING}
    claim = insert(WaitingEntry).values(cohort_id=cohort.id, person_id=person.id, **place)
    claim = claim.on_conflict_do_nothing(index_elements=["cohort_id", "person_id"])
    new = db.session.scalar(claim.returning(WaitingEntry.id)) is not None
    if not new:
        over = sa.or_(
            WaitingEntry.state.not_in(rules.STANDING),
            sa.and_(WaitingEntry.state == WaitingState.OFFERED, WaitingEntry.offered_until <= now),
        )
        mine = sa.update(WaitingEntry).where(WaitingEntry.cohort_id == cohort.id, WaitingEntry.person_id == person.id, over)
        new = changed(db.session.execute(mine.values(**dict.fromkeys(_ENDED), **place), execution_options=APART)) == 1
    entry = queries.entry_of(cohort.id, person.id)
    if entry is None:
        raise ValueError("a place was kept, and is not there")
    if new:
        _record("waiting.joined", entry, by or person)
        letters.joined(entry, queries.position(entry), account or people.account_of(person.id), new=account is not None)
    elif voucher is not None and entry.voucher_id is None:
        entry.voucher = voucher
    return entry


_ENDED = ("offered_at", "offered_until", "ended_at", "enrolment_id")


@queues.provides
def join_with_voucher(person: Person, voucher: Voucher, account: Account | None, now: datetime) -> str:
    """For the holder of a good voucher who found all seats taken; the path of the page with their place."""
    cohort = voucher.batch.cohort
    join(cohort, person, now, voucher=voucher, account=account)
    return f"/waiting/{cohort.code}"


@holders.precedes
def let_go(old: Voucher, now: datetime, for_somebody_else: bool) -> None:
    """Hold the places of those who wait with a voucher whose code is exchanged; when somebody else gets the new one, they
    wait without one, in their old order: the seat that it reserves is not theirs any more, nor is an offer of it."""
    mine = sa.select(WaitingEntry).where(WaitingEntry.voucher_id == old.id, WaitingEntry.state.in_(rules.STANDING))
    mine = mine.order_by(WaitingEntry.id).options(joinedload(WaitingEntry.cohort, innerjoin=True))
    mine = mine.with_for_update(of=WaitingEntry).execution_options(populate_existing=True)
    places = db.session.scalars(mine).all()
    for entry in places if for_somebody_else else ():
        entry.voucher = None
        if entry.state is WaitingState.OFFERED and entry.offered_until is not None and entry.offered_until > now:
            entry.state, entry.offered_at, entry.offered_until = WaitingState.WAITING, None, None
            record("waiting.put_back", f"waiting_entry:{entry.id}", cohort=entry.cohort.code, person=entry.person_id, voucher=old.id)
    db.session.flush()


@holders.follows
def wait_with_another(old: Voucher, new: Voucher) -> None:
    """Whoever waits with a code that was lost waits with the new one."""
    mine = sa.update(WaitingEntry).where(WaitingEntry.voucher_id == old.id, WaitingEntry.state.in_(rules.STANDING))
    db.session.execute(mine.values(voucher_id=new.id), execution_options=APART)


def _agree(person: Person, consents: Mapping[Purpose, str], language: str, now: datetime) -> None:
    if missing_consents({*consents, *people.standing_consents(person.id)}):
        raise Refused(_("Without the consents marked as required no seat can be given. Tick them to go on."))
    people_service.consent(person, consents, language, now)


def leave(entry: WaitingEntry, now: datetime, *, by: Person, reason: str = "") -> bool:
    """End a place on the list; a seat that was offered goes on to who waits next. False when it had ended before.

    A coordinator takes somebody off with a reason.
    """
    if by.id != entry.person_id and not reason:
        raise Refused(_("Say why: it is kept with the list."), field="reason")
    mine = sa.update(WaitingEntry).where(WaitingEntry.id == entry.id, WaitingEntry.state.in_(rules.STANDING))
    done = changed(db.session.execute(mine.values(state=WaitingState.LEFT, ended_at=now), execution_options=APART)) == 1
    db.session.refresh(entry, ["state", "ended_at"])
    if done:
        _record("waiting.left", entry, by, reason)
    return done


def put_back(entry: WaitingEntry, now: datetime, *, by: Person, reason: str) -> bool:
    """Give somebody the place that they had on the list. False when they wait already.

    Raises Refused without a reason, and when the person has a seat or no seat is given any more.
    """
    if not reason:
        raise Refused(_("Say why: it is kept with the list."), field="reason")
    why = why_no_place(entry.cohort, entry.person, now, full=True)
    if why is not None:
        raise Refused(NO_PLACE_FOR_STAFF[why])
    mine = sa.update(WaitingEntry).where(WaitingEntry.id == entry.id, WaitingEntry.state != WaitingState.WAITING)
    values = {"state": WaitingState.WAITING, **dict.fromkeys(_ENDED)}
    done = changed(db.session.execute(mine.values(values), execution_options=APART)) == 1
    db.session.refresh(entry, ["state", *_ENDED])
    if done:
        _record("waiting.put_back", entry, by, reason)
    return done


def confirm(entry: WaitingEntry, consents: Mapping[Purpose, str], language: str, now: datetime) -> Enrolment:
    """The seat that was offered; the same one when it was confirmed before. The person came with a voucher: it is used up.

    Raises Refused when no seat is offered, or no longer, and when a required consent is missing.
    """
    cohort = entry.cohort
    mine = sa.update(WaitingEntry).where(
        WaitingEntry.id == entry.id, WaitingEntry.state == WaitingState.OFFERED, WaitingEntry.offered_until > now
    )
    took = changed(db.session.execute(mine.values(state=WaitingState.CONFIRMED, ended_at=now), execution_options=APART)) == 1
    db.session.refresh(entry, ["state", "ended_at", "offered_until", "enrolment_id", "voucher_id"])
    db.session.expire(entry, ["voucher"])  # it may have another code by now
    if not took:
        if entry.enrolment is not None and entry.enrolment.state in HOLDING:
            return entry.enrolment
        lapsed = entry.state is WaitingState.LAPSED or (entry.offered_until is not None and entry.offered_until <= now)
        raise Refused(OFFER_OVER if lapsed else NO_OFFER)
    if queries.is_over(cohort, now):
        raise Refused(NO_PLACE[NoPlace.OVER])
    _agree(entry.person, consents, language, now)
    approval = entry.voucher is not None and entry.voucher.batch.approval

    def give() -> Enrolment:
        return cohorts_service.enrol(entry.person, cohort, entry.country, now, promised=True, late=True, pending=approval)

    seat = vouchers.use(entry.voucher, give, now) if entry.voucher else give()
    entry.enrolment = seat
    _record("waiting.confirmed", entry, entry.person)
    if seat.enrolled_at == now and (account := _account(entry.person, language, now)):
        vouchers_letters.welcome(seat, account, new=account.password is None, pending=approval)
    return seat


def _account(person: Person, language: str, now: datetime) -> Account | None:
    """The account of the person, opened now if they have none; None when nobody knows an address, or another has it."""
    if found := people.account_of(person.id):
        return found
    try:
        return people_service.open_account(person, person.email, known(language), now) if person.email else None
    except Refused:
        return None


# --- Offering -------------------------------------------------------------------------------------------------------


def go_on(cohort: Cohort, now: datetime, *, share: bool = False, by: Person | None = None, seen: str | None = None) -> Outlook:
    """Let offers end whose time is over, hand back and share out seats where that is due, and offer what is free. What was done.

    `share`: hand back and share out now, before the day. `seen` is the mark of what a coordinator looked at: Raises Refused,
    and does nothing, when something else would be done by now.
    """
    _settle(cohort, now)
    done = queries.outlook(cohort, now, share=share, lock=True)
    if seen is not None and seen != done.mark:
        raise Refused(CHANGED)
    _lapse(cohort, done.lapsing, now)
    for move in done.plan.moves:
        kind = MoveKind.HANDED_BACK if move.target is None else MoveKind.PROMOTED
        cohorts_service.move_seats(cohort, move.seats, source=move.source, target=move.target, kind=kind, by=by, now=now)
    _offer(cohort, done.plan.offers, now, by)
    return done


def _settle(cohort: Cohort, now: datetime) -> None:
    """Who has got a seat by another way waits no longer."""
    seat = sa.select(Enrolment.id).where(Enrolment.cohort_id == cohort.id, Enrolment.person_id == WaitingEntry.person_id)
    mine = sa.update(WaitingEntry).where(
        WaitingEntry.cohort_id == cohort.id, WaitingEntry.state.in_(rules.STANDING), queries.seated()
    )  # fmt: skip
    values = {"state": WaitingState.CONFIRMED, "ended_at": now, "enrolment_id": seat.scalar_subquery()}
    db.session.execute(mine.values(values), execution_options=APART)


def _lapse(cohort: Cohort, ids: Sequence[int], now: datetime) -> None:
    if ids:
        _turn(ids, WaitingState.OFFERED, state=WaitingState.LAPSED, ended_at=now)
        record("waiting.lapsed", f"cohort:{cohort.id}", cohort=cohort.code, entries=list(ids))
        letters.lapsed(cohort, queries.readers(ids))


def _offer(cohort: Cohort, ids: Sequence[int], now: datetime, by: Person | None) -> None:
    if ids:
        until = rules.confirm_until(now, cohort.confirm_hours, queries.end_of(cohort))
        _turn(ids, WaitingState.WAITING, state=WaitingState.OFFERED, offered_at=now, offered_until=until)
        record("waiting.offered", f"cohort:{cohort.id}", by=by, cohort=cohort.code, entries=list(ids), until=until.isoformat())
        letters.promoted(cohort, queries.readers(ids))


def _turn(ids: Sequence[int], before: WaitingState, **values: Any) -> None:
    """Change entries that are in a state. Raises Refused when one of them no longer is."""
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        mine = sa.update(WaitingEntry).where(WaitingEntry.id.in_(chunk), WaitingEntry.state == before)
        if changed(db.session.execute(mine.values(values), execution_options=APART)) != len(chunk):
            raise Refused(CHANGED)


def _record(kind: str, entry: WaitingEntry, by: Person, reason: str = "") -> None:
    about = {"person": entry.person_id, "country": entry.country}
    record(kind, f"waiting_entry:{entry.id}", by=by, reason=reason or None, cohort=entry.cohort.code, **about)
