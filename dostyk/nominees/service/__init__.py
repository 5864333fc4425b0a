"""What becomes of people whom partner bodies name. Nothing here commits.

Rows are locked in one order: batch, voucher, nominee, then what `cohorts.service.seats` says. Codes never go into a log.
"""

from dostyk.nominees.service.changing import Replacement, decide, give_back, replace, replace_after_leaving, why_not_replaced
from dostyk.nominees.service.files import NOMINEES, Pasted, pasted, subject_of_files
from dostyk.nominees.service.inviting import Sent, invite, remind, remind_due, why_not_invited
from dostyk.nominees.service.naming import NomineeDetails, edit, name

__all__ = [
    "NOMINEES", "NomineeDetails", "Pasted", "Replacement", "Sent", "decide", "edit", "give_back", "invite", "name", "pasted", "remind",
    "remind_due", "replace", "replace_after_leaving", "subject_of_files", "why_not_invited", "why_not_replaced",
]  # fmt: skip
