"""The words of this room."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from dostyk.core.i18n import labels
from dostyk.letters.rules import Flaw

FLAWS = labels(
    {
        Flaw.NUMBER: _l("Write the number as it stands in the passport, with its letters and digits."),
        Flaw.EXPIRES_TOO_EARLY: _l("The passport expires before the course ends. Renew it first, and come back with the new number."),
        Flaw.BORN: _l("Check the date of birth."),
    }
)
FIELDS = {Flaw.NUMBER: "passport_number", Flaw.EXPIRES_TOO_EARLY: "passport_expires_on", Flaw.BORN: "born_on"}
