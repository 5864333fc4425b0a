"""Where the holder of a good voucher waits when all seats are taken. The room above that keeps waiting lists tells here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from dostyk.people.models import Account, Person
from dostyk.vouchers.models import Voucher

Joins = Callable[[Person, Voucher, Account | None, datetime], str]
_joins: list[Joins] = []


def provides(joins: Joins) -> Joins:
    """Mark a function as putting a person on the list, with the voucher in hand; it returns the path of the page that shows their place.

    The account is the one that was opened for it a moment ago, if any. Twice is the same place.
    """
    _joins[:] = [joins]
    return joins


def offered() -> bool:
    """Whether there are waiting lists at all."""
    return bool(_joins)


def join(person: Person, voucher: Voucher, account: Account | None, now: datetime) -> str:
    """Put the person on the list; the path of the page that shows their place. Raises Refused when there is none for them."""
    return _joins[0](person, voucher, account, now)
