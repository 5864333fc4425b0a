"""The words of this room."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from dostyk.core.i18n import labels
from dostyk.core.uploads import UploadState

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
