"""Inviting and reminding: one letter each, never two by accident."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from dostyk.core.audit import gathered, record
from dostyk.core.database import changed, db, work
from dostyk.messages import service as messages
from dostyk.messages.queries import Texts
from dostyk.nominees import letters, queries, rules
from dostyk.nominees.models import Nominee
from dostyk.nominees.queries import Standing, Unredeemed
from dostyk.nominees.rules import NotInvited
from dostyk.nominees.service.naming import APART, hold_even_expired, lock, note
from dostyk.people.models import Person
from dostyk.vouchers import queries as vouchers
from dostyk.vouchers.models import Batch, Voucher
from dostyk.vouchers.rules import BatchState, VoucherState, state

CHUNK = 500
NOT_BEFORE = timedelta(days=1)  # after the invitation: who was invited on the last days gets no second letter the next hour


@dataclass
class Sent:
    """How many letters were written, and why not to the others."""

    letters: int = 0
    why_not: Counter[NotInvited] = field(default_factory=Counter)


def why_not_invited(standing: Standing, now: datetime, *, again: bool = False) -> NotInvited | None:
    """Why no invitation goes to somebody; no statement."""
    voucher = standing.nominee.voucher
    open_ = voucher is not None and standing.nominee.batch.state is BatchState.ISSUED
    open_ = open_ and voucher is not None and state(vouchers.facts(voucher), now) is VoucherState.OPEN
    return rules.why_not_invited(
        standing.journey, has_seat=voucher is not None, open_=open_, address=bool(standing.nominee.email),
        waiting=standing.waiting, again=again,
    )  # fmt: skip


def invite(people: Sequence[Nominee], by: Person, now: datetime, *, again: bool = False) -> Sent:
    """Write the invitation to each who can get one; twice only when told `again`. What came of it."""
    return _write(people, by, now, lambda standing: why_not_invited(standing, now, again=again), "invited", again=again)


def remind(people: Sequence[Nominee], by: Person, now: datetime) -> Sent:
    """Write a reminder to each who was invited and has not redeemed. What came of it."""

    def hinders(standing: Standing) -> NotInvited | None:
        if standing.nominee.invited_at is None or rules.reminded_lately(standing.nominee.reminded_at, now):
            return NotInvited.INVITED
        return why_not_invited(standing, now, again=True)

    return _write(people, by, now, hinders, "reminded", again=True)


def _write(
    people: Sequence[Nominee], by: Person, now: datetime, hinders: Callable[[Standing], NotInvited | None], what: str, *, again: bool
) -> Sent:  # fmt: skip
    sent, texts = Sent(), Texts()
    column, letter = (Nominee.invited_at, letters.invite) if what == "invited" else (Nominee.reminded_at, letters.remind)
    batches = sorted({one.batch for one in people}, key=lambda batch: batch.id)
    for batch in batches:
        hold_even_expired(batch)
    with gathered():
        for standing in queries.standings(lock(people), now):
            nominee = standing.nominee
            if reason := hinders(standing):
                sent.why_not[reason] += 1
                continue
            # Two who press the button at the same moment: the second finds another value than it has read, and writes nothing.
            before = getattr(nominee, column.key)
            claim = sa.update(Nominee).where(Nominee.id == nominee.id, Nominee.ended_at.is_(None), column.is_not_distinct_from(before))
            if not changed(db.session.execute(claim.values({column.key: now}), execution_options=APART)):
                sent.why_not[NotInvited.INVITED] += 1
                continue
            db.session.refresh(nominee, [column.key])
            letter(nominee, texts)
            note(f"nominee.{what}", nominee, by, **({"again": True} if again and before is not None else {}))
            sent.letters += 1
    return sent


# --- By the clock ------------------------------------------------------------------------------------------------------------


def remind_due(now: datetime, days: int, progress: Callable[[int], None]) -> int:
    """Write the one reminder to whoever was invited and has not redeemed `days` before the end; how many.

    A unit of work for each five hundred, so that memory stays flat and a worker that is killed writes nobody twice.
    """
    last = written = 0
    while True:
        with work():
            found = [Unredeemed(*row) for row in db.session.execute(_due(now, days, last))]
            if not found:
                return written
            last = found[-1].id
            written += _remind_chunk(found, now)
        progress(written)


def _due(now: datetime, days: int, last: int) -> sa.Select[*tuple[Any, ...]]:
    soon = Batch.valid_until <= now + timedelta(days=days)
    once = (Nominee.reminded_at.is_(None), Nominee.invited_at < now - NOT_BEFORE)
    return queries.unredeemed(now).where(soon, *once, Nominee.id > last).order_by(Nominee.id).limit(CHUNK)


def _remind_chunk(found: Sequence[Unredeemed], now: datetime) -> int:
    mine = sa.update(Nominee).where(Nominee.id.in_([row.id for row in found]), Nominee.reminded_at.is_(None), Nominee.ended_at.is_(None))
    claimed = set(db.session.scalars(mine.values(reminded_at=now).returning(Nominee.id), execution_options=APART))
    rows = [row for row in found if row.id in claimed]
    batches = queries.batches_by_id({row.batch_id for row in rows})
    codes = {v.id: v for v in db.session.scalars(sa.select(Voucher).where(Voucher.id.in_([row.voucher_id for row in rows])))}

    def letter(row: Unredeemed) -> messages.Letter:
        batch, voucher = batches[row.batch_id], codes[row.voucher_id]
        return messages.Letter(row.email, row.language, lambda: letters.said(row.full_name, batch, voucher), cohort=batch.cohort)

    with gathered():
        for row in rows:
            record("nominee.reminded", f"nominee:{row.id}", cohort=batches[row.batch_id].cohort.code, batch=row.batch_id, by_clock=True)
    return messages.write_all(letters.REMINDER, (letter(row) for row in rows))
