"""What becomes of vouchers. Nothing here commits.

Rows are locked in one order: batch, voucher, then what `cohorts.service.seats` says. Codes never go into a log.
"""

from dostyk.vouchers.service.changing import change_quantity, close, exchange, extend, hand_back, lock_to, revoke
from dostyk.vouchers.service.deciding import approve, decline, leave
from dostyk.vouchers.service.issuing import Order, discard, edit_draft, issue, issue_draft, replacement
from dostyk.vouchers.service.redeeming import Given, Offer, Queued, no_seat_sentence, offer, redeem, ticket, use, wait

__all__ = [
    "Given", "Offer", "Order", "Queued", "approve", "change_quantity", "close", "decline", "discard", "edit_draft", "exchange", "extend",
    "hand_back", "issue", "issue_draft", "leave", "lock_to", "no_seat_sentence", "offer", "redeem", "replacement", "revoke", "ticket",
    "use", "wait",
]  # fmt: skip
