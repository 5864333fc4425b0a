"""Words for what the administration shows."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from dostyk.core.i18n import labels
from dostyk.core.mail import MailState
from dostyk.core.outbox import JobState
from dostyk.messages.labels import SHAPES as LETTER_SHAPES

JOB_STATES: dict[JobState, Any] = labels(
    {
        # Translators: the state of a job, work that is done in the background
        JobState.QUEUED: _l("Waiting"),
        JobState.RUNNING: _l("Running"),
        JobState.DONE: _l("Done"),
        JobState.FAILED: _l("Failed"),
    }
)
# The shape beside the word: see macros/page.html.
SHAPES: dict[MailState | JobState, str] = {
    **dict(LETTER_SHAPES.items()),
    JobState.QUEUED: "info",
    JobState.RUNNING: "warn",
    JobState.DONE: "ok",
    JobState.FAILED: "bad",
}
# What the log is about: the first word of an event's kind.
THINGS: dict[str, Any] = {
    "account": _l("Accounts and sign-in"),
    "attendance": _l("Attendance"),
    "batch": _l("Batches of vouchers"),
    "certificate": _l("Certificates"),
    "cohort": _l("Cohorts"),
    "consent": _l("Consents"),
    "course": _l("Courses"),
    "enrolment": _l("Seats"),
    "job": _l("Jobs"),
    "letter": _l("Letters"),
    "message": _l("Texts of letters"),
    "organisation": _l("Organisations"),
    "person": _l("People"),
    "programme": _l("Programmes"),
    "project": _l("Projects"),
    "role": _l("Roles"),
    "schedule": _l("Timetables"),
    "signatory": _l("Signatories"),
    "slot": _l("Slots of timetables"),
    "voucher": _l("Vouchers"),
}
