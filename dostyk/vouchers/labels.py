"""Words of vouchers: their states, why a code was refused, and what a person with a good code is told when there is no seat."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from dostyk.cohorts.rules import NoSeat
from dostyk.core.i18n import labels
from dostyk.vouchers.rules import MOST_AT_ONCE, BatchKind, BatchState, NoChange, NoReplacement, Refusal, VoucherState

BATCH_STATES = labels(
    {
        # Translators: where a batch of vouchers stands
        BatchState.DRAFT: _l("Draft"),
        BatchState.ISSUED: _l("Issued"),
        BatchState.CLOSED: _l("Closed"),
    }
)
BATCH_SHAPES = {BatchState.DRAFT: "info", BatchState.ISSUED: "ok", BatchState.CLOSED: "warn"}

BATCH_KINDS = labels(
    {
        BatchKind.SINGLE: _l("One code a person"),
        BatchKind.GROUP: _l("One code for the group"),
    }
)

STATES = labels(
    {
        # Translators: the state of one voucher, in one word.
        VoucherState.OPEN: _l("Open"),
        VoucherState.USED: _l("Used"),
        VoucherState.EXPIRED: _l("Expired"),
        VoucherState.REVOKED: _l("Revoked"),
    }
)
# The shape beside the word (macros/page.html).
SHAPES = {VoucherState.OPEN: "info", VoucherState.USED: "ok", VoucherState.EXPIRED: "warn", VoucherState.REVOKED: "bad"}

REFUSALS = labels(
    {
        # Translators: why a voucher code was refused; read by coordinators only.
        Refusal.UNKNOWN: _l("There is no such code"),
        Refusal.MISTYPED: _l("Mistyped"),
        Refusal.REVOKED: _l("Revoked"),
        Refusal.EXPIRED: _l("Expired"),
        Refusal.USED: _l("Used by somebody else"),
        Refusal.FOREIGN: _l("The person is of another country"),
        Refusal.OTHER_ADDRESS: _l("Locked to another e-mail address"),
    }
)
TRIES = {
    **{refusal.value: word for refusal, word in REFUSALS.items()},
    # Translators: why a good voucher gave no seat; read by coordinators only.
    NoSeat.ARCHIVED.value: _l("The cohort is archived"),
    NoSeat.NOT_OPEN.value: _l("Before the window for enrolling"),
    NoSeat.CLOSED.value: _l("After the window for enrolling"),
    NoSeat.COUNTRY_NOT_INVITED.value: _l("No seats for this country"),
    NoSeat.COUNTRY_FULL.value: _l("All seats of the country are taken"),
    NoSeat.FULL.value: _l("All seats of the cohort are taken"),
}

# Whatever is wrong with a code that could exist: one sentence, so that nothing can be learnt by trying.
GIVES_NO_SEAT = _l("This code gives no seat. Compare it with your voucher; if it is the same, ask whoever gave it to you.")
# The check character shows this without any look-up, so it says nothing of whether a code exists.
MISTYPED = _l("Check the code: one of the characters seems to be wrong. It has 12 letters and digits.")

ADDRESS_HAS_ACCOUNT = _l("This address cannot be used for a new account. If it is yours, sign in: the voucher code is kept.")
# The code is good, and its holder may know what is in the way. `opens` and `closes` are moments, `country` a name.
NO_SEAT = {
    NoSeat.ARCHIVED: _l("Your code is right, but this course is over. Ask whoever gave you the voucher for another one."),
    NoSeat.NOT_OPEN: _l("Your code is right. Enrolment opens on %(opens)s: come back then, the code keeps."),
    NoSeat.CLOSED: _l("Your code is right, but enrolment closed on %(closes)s. Ask whoever gave you the voucher what can be done."),
    NoSeat.COUNTRY_NOT_INVITED: _l("Your code is right, but the course holds no seats for %(country)s. Ask whoever gave you the voucher."),
    NoSeat.COUNTRY_FULL: _l(
        "Your code is right, but all seats for %(country)s are taken. Your voucher stays unused: ask whoever gave it to you."
    ),
    NoSeat.FULL: _l("Your code is right, but all seats of this course are taken. Your voucher stays unused: ask whoever gave it to you."),
}

NO_CHANGE = labels(
    {
        NoChange.NOT_A_DRAFT: _l("This batch is no draft any more: somebody issued it meanwhile. Change what was issued instead."),
        NoChange.NOT_ISSUED: _l("This batch is a draft, or closed: only issued batches can be changed. Issue it, or issue a new one."),
        NoChange.EXPIRED: _l("This batch has expired. Let it be valid longer first, then raise the number."),
        NoChange.BELOW_USED: _l("More seats than that were taken with this batch. Choose a larger number, or withdraw people first."),
        NoChange.ABOVE_MOST: _l("A batch holds at most %(max)s seats. Issue another one.", max=MOST_AT_ONCE),
        NoChange.SAME: _l("The batch has this number already."),
    }
)
NO_REPLACEMENT = labels(
    {
        NoReplacement.STILL_HELD: _l("This person still holds the seat. Withdraw them first, then give their place to somebody else."),
        NoReplacement.ARCHIVED: _l("This cohort is archived. Restore it in the settings first."),
        NoReplacement.OVER: _l("The last day to replace somebody is over. Choose a later one in the settings, if the course allows it."),
        NoReplacement.REPLACED: _l("Somebody has this place already, or an open voucher for it: look at the vouchers of the cohort."),
        NoReplacement.NO_SEAT: _l("The seat was given to somebody else meanwhile. Give the country another seat in the settings first."),
    }
)
