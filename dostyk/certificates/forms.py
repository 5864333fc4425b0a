"""What coordinators fill in."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField
from wtforms.validators import DataRequired, Length

from dostyk.core.forms import Form, LocalizedField, tidy


class SignatoryForm(Form):
    name = LocalizedField(_l("Name"), required=True, description=_l("As it is printed below the line for the signature."))
    post = LocalizedField(_l("Post"), required=True, description=_l("For example: Chair of the Management Board."))


class IssueForm(Form):
    people = HiddenField()  # a mark of who was shown: exactly they get a certificate


class RevokeForm(Form):
    reason = StringField(
        _l("Reason"),
        [DataRequired(_l("Say why the certificate is revoked.")), Length(max=300)],
        filters=[tidy],
        description=_l("Kept for the records and shown to coordinators only, never on the verification page."),
    )
