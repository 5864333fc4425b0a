"""The words of this room."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from dostyk.core.i18n import labels
from dostyk.waiting.rules import WaitingState

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
