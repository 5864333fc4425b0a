"""The words of this room."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from dostyk.core.i18n import labels
from dostyk.nominees.rules import Finding, Stage

FINDINGS = labels(
    {
        # Translators: what a check found about somebody named for a seat
        Finding.TRAINED_BEFORE: _l("Trained before"),
        Finding.NAMED_TWICE: _l("Named twice"),
        Finding.OVER_SEATS: _l("More people than seats"),
        Finding.LANGUAGE: _l("Language of instruction missing"),
        Finding.YEARS_OF_SERVICE: _l("Too few years of service"),
    }
)

STAGES = labels(
    {
        # Translators: how far somebody named for a seat has come
        Stage.NAMED: _l("Named"),
        Stage.INVITED: _l("Invited"),
        Stage.PENDING: _l("Waits for approval"),
        Stage.REDEEMED: _l("Enrolled"),
        Stage.ATTENDING: _l("Attending"),
        Stage.CERTIFIED: _l("Certificate"),
        Stage.REPLACED: _l("Replaced"),
        Stage.GIVEN_BACK: _l("Given back"),
        Stage.WITHDRAWN: _l("Withdrawn"),
        Stage.DECLINED: _l("Declined"),
    }
)
