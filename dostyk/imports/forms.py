"""The shape of what coordinators hand in."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField

from dostyk.core.forms import Form


class HandInForm(Form):
    """A file of participants."""

    file = FileField(
        _l("File"),
        [FileRequired(_l("Choose a file."))],
        description=_l("XLSX or CSV, at most 12 MB and 20,000 rows. Nothing is changed before you have seen what the file would do."),
    )


class ApplyForm(Form):
    """What else happens when a file is applied."""

    invite = BooleanField(
        _l("Open an account for each new person who has an e-mail address, and write to them with a link to choose a password")
    )
