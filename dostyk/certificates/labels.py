"""Words for people: what is missing and how much of it."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from dostyk.attendance.rules import hours_needed
from dostyk.certificates.rules import Lacking, Record, Standing, Unmet, Validity
from dostyk.core.i18n import hours, labels, percent
from dostyk.courses.rules import CompletionRule

labels(
    {
        # Translators: what still stands between a participant and the certificate, in two or three words.
        Unmet.WITHDRAWN: _l("Gave the seat back"),
        Unmet.NOT_FINISHED: _l("The course is not over"),
        Unmet.ATTENDANCE: _l("Attendance"),
        Unmet.CULTURE: _l("Cultural programme"),
        Unmet.NAME_MISSING: _l("Name is missing"),
        Unmet.NAME_LETTERS: _l("Letters of the name"),
        Unmet.NAME_LENGTH: _l("Length of the name"),
    }
)
STANDINGS = labels(
    {
        # Translators: where a participant stands with the certificate; one word or two, beside a shape.
        Standing.ELIGIBLE: _l("Eligible"),
        Standing.NOT_YET: _l("Not eligible"),
        Standing.ISSUED: _l("Issued"),
        Standing.REVOKED: _l("Revoked"),
        Standing.WITHDRAWN: _l("Withdrawn"),
    }
)
labels(
    {
        # Translators: the answer of the verification page, in one large word.
        Validity.VALID: _l("Valid"),
        Validity.REVOKED: _l("Revoked"),
        Validity.UNKNOWN: _l("Unknown"),
    }
)
labels(
    {
        # Translators: what certificates cannot be printed without, in a word or two.
        Lacking.SIGNATORY: _l("Who signs"),
        Lacking.AGENCY: _l("The agency"),
    }
)
# The shape beside a standing, as macros/page.html knows it.
SHAPES = {
    Standing.ELIGIBLE: "info",
    Standing.NOT_YET: "warn",
    Standing.ISSUED: "ok",
    Standing.REVOKED: "bad",
    Standing.WITHDRAWN: "bad",
}


def why_not(failing: Iterable[Unmet], record: Record, rule: CompletionRule) -> list[str]:
    """One sentence for each condition that fails, which says how much is missing; in the order of `Unmet`."""
    found = frozenset(failing)
    return [sentence(condition, record, rule) for condition in Unmet if condition in found]


def sentence(condition: Unmet, record: Record, rule: CompletionRule) -> str:
    """What is missing for one condition, and how much of it."""
    match condition:
        case Unmet.WITHDRAWN:
            return _("The seat was given back.")
        case Unmet.NOT_FINISHED:
            return _("The course is not over yet.")
        case Unmet.ATTENDANCE:
            return _attendance(record, rule)
        case Unmet.CULTURE:
            return ngettext(
                "%(have)s of %(num)s required cultural event attended.",
                "%(have)s of %(num)s required cultural events attended.",
                rule.cultural_events,
                have=record.attended.cultural_events,
            )
        case Unmet.NAME_MISSING:
            return _("The name as in the passport is missing in the profile.")
        case Unmet.NAME_LETTERS:
            return _(
                "The name holds characters that cannot be printed: %(letters)s. Correct the name in the profile.", letters=record.letters
            )
        case Unmet.NAME_LENGTH:
            return _("The name is too long for the page of the certificate. Shorten it in the profile.")


def _attendance(record: Record, rule: CompletionRule) -> str:
    need = percent(rule.attendance)
    if not record.attended.counted:
        return _("Attendance: no planned hours count yet, %(need)s of them is needed.", need=need)
    return _(
        "Attendance is %(have)s of the planned hours, %(need)s is needed (academic hours missing: %(hours)s).",
        have=percent(record.attendance),
        need=need,
        hours=hours(_up(hours_needed(record.attended, rule))),
    )


def _up(value: Fraction) -> Fraction:
    """Rounded up to hundredths: what is missing is never shown as 0."""
    return Fraction(-(-value * 100 // 1), 100)
