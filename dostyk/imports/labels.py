"""The words of this room."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from dostyk.core.i18n import labels
from dostyk.core.uploads import RowOutcome, RowResult, UploadState

STATES = labels(
    {
        # Translators: how far a file that was handed in is
        UploadState.CHECKING: _l("Being checked"),
        UploadState.CHECKED: _l("Checked, not applied"),
        UploadState.APPLYING: _l("Being applied"),
        UploadState.APPLIED: _l("Applied"),
        UploadState.UNREADABLE: _l("Cannot be read"),
    }
)
RESULTS = labels(
    {
        # Translators: what a row of a file would do
        RowResult.NEW: _l("New"),
        RowResult.CHANGED: _l("Changed"),
        RowResult.SAME: _l("Same"),
        RowResult.CONTRADICTION: _l("Contradiction"),
        RowResult.ERROR: _l("Error"),
    }
)
OUTCOMES = labels(
    {
        # Translators: what a row of a file did when it was applied
        RowOutcome.DONE: _l("Done"),
        RowOutcome.UNCHANGED: _l("Nothing to do any more"),
        RowOutcome.REFUSED: _l("Not done"),
    }
)
