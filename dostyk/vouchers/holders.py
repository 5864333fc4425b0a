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
