"""Which vouchers belong to somebody, so that lowering a batch leaves them for last. The rooms above know of names and tell here."""

from __future__ import annotations

from collections.abc import Callable

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


def exchanged(old: Voucher, new: Voucher) -> None:
    """Tell the rooms above that a voucher has another code now."""
    for exchange in _exchanges:
        exchange(old, new)
