"""What is known of whoever a voucher was given to, so that they need not type it. The rooms above know of names and tell here.

Whoever holds a code may have found it: a code alone shows nothing of anybody. The letter that was mailed carries a key
with it and shows all, because who reads it has the mailbox; the printed letter carries another, and shows the names that
stand on that paper anyway.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from flask import current_app

from dostyk.vouchers.models import Voucher

Known = Mapping[str, Any]  # by field of the form
Provider = Callable[[int], "Known | None"]
_providers: list[Provider] = []
ON_PAPER = ("full_name", "own_name")


class Bearer(StrEnum):
    """What carries the key, and so how much it shows."""

    MAIL = "mail"
    PAPER = "paper"


def provides(provider: Provider) -> Provider:
    """Mark a function as telling what is known of whoever holds the voucher of this number; None for nobody. One statement."""
    _providers.append(provider)
    return provider


def key(bearer: Bearer, voucher: Voucher) -> str:
    """The key that goes with a code; it is worth nothing with another one."""
    made = hmac.new(current_app.config["SECRET_KEY"].encode(), f"prefill {bearer} {voucher.code}".encode(), hashlib.sha256)
    return base64.b32encode(made.digest()).decode()[:16].lower()


def path(bearer: Bearer, voucher: Voucher) -> str:
    """The path of the address that opens a voucher, with the key of what carries it."""
    return f"/redeem/{voucher.code}?k={key(bearer, voucher)}"


def known(voucher: Voucher, typed: str) -> Known:
    """What the form may show to whoever opened this voucher with this key; nothing, and no statement, without a right one."""
    for bearer in Bearer:
        if hmac.compare_digest(key(bearer, voucher), typed[:64].encode("ascii", "replace").decode()):
            found = next((told for provider in _providers if (told := provider(voucher.id)) is not None), {})
            return found if bearer is Bearer.MAIL else {name: found[name] for name in ON_PAPER if name in found}
    return {}
