"""When a voucher gives a seat, and what can be done with a batch. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class VoucherState(StrEnum):
    """What a list says of a voucher."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Refusal(StrEnum):
    """Why a voucher gives no seat. Kept for the log and the coordinator; the outside hears one neutral sentence."""

    UNKNOWN = "unknown"
    MISTYPED = "mistyped"
    REVOKED = "revoked"
    EXPIRED = "expired"
    USED = "used"


@dataclass(frozen=True)
class VoucherFacts:
    uses_left: int
    revoked: bool
    valid_until: datetime  # exclusive


def why_not(voucher: VoucherFacts, now: datetime) -> Refusal | None:
    """The first reason why the voucher gives no seat at `now`; None when it does."""
    checks = (
        (voucher.revoked, Refusal.REVOKED),
        (voucher.uses_left < 1, Refusal.USED),
        (now >= voucher.valid_until, Refusal.EXPIRED),
    )
    return next((refusal for failed, refusal in checks if failed), None)


def state(voucher: VoucherFacts, now: datetime) -> VoucherState:
    """The one word for a voucher in a list."""
    match why_not(voucher, now):
        case Refusal.REVOKED:
            return VoucherState.REVOKED
        case Refusal.USED:
            return VoucherState.USED
        case Refusal.EXPIRED:
            return VoucherState.EXPIRED
        case _:
            return VoucherState.OPEN
