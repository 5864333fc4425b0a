"""The words of this room."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from dostyk.core.i18n import labels
from dostyk.waiting.rules import NoPlace, WaitingState

STATES = labels(
    {
        # Translators: what became of somebody's place on a waiting list
        WaitingState.WAITING: _l("Waiting"),
        WaitingState.OFFERED: _l("Seat offered"),
        WaitingState.CONFIRMED: _l("Confirmed"),
        WaitingState.LAPSED: _l("Not confirmed in time"),
        WaitingState.LEFT: _l("Left the list"),
    }
)
SHAPES = {
    WaitingState.WAITING: "info", WaitingState.OFFERED: "warn", WaitingState.CONFIRMED: "ok", WaitingState.LAPSED: "bad",
    WaitingState.LEFT: "info",
}  # fmt: skip

# Why somebody cannot wait, for themselves: what to do next.
NO_PLACE = labels(
    {
        NoPlace.OVER: _l("No more seats are given in this course. Look for another date."),
        NoPlace.HAS_SEAT: _l("You have a seat in this course: there is nothing to wait for."),
        NoPlace.NO_COUNTRY: _l("The waiting lists go by country. Write yours on your page first, then come back."),
        NoPlace.NOT_INVITED: _l("No seats of this course are held for your country. Ask the body that sends you for another course."),
        NoPlace.SEATS_FREE: _l("Seats are still free. They are given with a voucher: ask the body that sends you for one."),
    }
)
# The same for the coordinator, who can do something about it.
NO_PLACE_FOR_STAFF = {
    NoPlace.OVER: _l("No more seats are given in this cohort: it is archived, or the last day to replace somebody is over."),
    NoPlace.HAS_SEAT: _l("This person has a seat in this cohort."),
    NoPlace.NO_COUNTRY: _l("The waiting lists go by country. Write the country of this person on their page first."),
    NoPlace.NOT_INVITED: _l(
        "This cohort holds no seats for the country of this person. Give it seats, or name it in the countries' order, in the settings."
    ),
    NoPlace.SEATS_FREE: _l("Seats of this country are free: enrol the person, or issue a voucher."),
}

OFFER_OVER = _l("The time to confirm this seat is over, and the seat goes on to who waits next. You can join the list again, at its end.")
NO_OFFER = _l("No seat is offered to you now.")
CHANGED = _l("Seats or lists changed since you looked. Nothing was done: this is the present state, look at it once more.")
