"""Which vouchers belong to somebody, so that lowering a batch leaves them for last. The rooms above know of names and tell here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.sql import ColumnElement

from dostyk.vouchers.models import Voucher

Condition = Callable[[], ColumnElement[bool]]
_conditions: list[Condition] = []


def provides(condition: Condition) -> Condition:
    """Mark a function as giving a condition on `Voucher`: those that were given to a person who has not redeemed them yet."""
    _conditions.append(condition)
    return condition


def spoken_for() -> ColumnElement[bool]:
    """The vouchers that are locked to an address or given to somebody, as a condition."""
    return sa.or_(Voucher.email.is_not(None), *(condition() for condition in _conditions))


Exchange = Callable[[Voucher, Voucher], None]
_exchanges: list[Exchange] = []


def follows(exchange: Exchange) -> Exchange:
    """Mark a function of (old, new) as giving the new voucher to whoever the old one was given to."""
    _exchanges.append(exchange)
    return exchange


Prelude = Callable[[Voucher, datetime, bool], None]
_preludes: list[Prelude] = []


def precedes(prelude: Prelude) -> Prelude:
    """Mark a function of (old, now, for_somebody_else) as called before a code dies: a room that locks its rows before
    vouchers does so, and ends what the voucher gave to whoever had it when the new one is for somebody else."""
    _preludes.append(prelude)
    return prelude


def about_to_be_exchanged(old: Voucher, now: datetime, *, for_somebody_else: bool) -> None:
    """Tell the rooms above that a voucher is about to get another code."""
    for prelude in _preludes:
        prelude(old, now, for_somebody_else)


def exchanged(old: Voucher, new: Voucher) -> None:
    """Tell the rooms above that a voucher has another code now."""
    for exchange in _exchanges:
        exchange(old, new)
