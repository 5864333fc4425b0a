"""What is typed as the text of a letter."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import Length

from dostyk.core.forms import Form, tidy
from dostyk.core.mail import LONGEST_SUBJECT
from dostyk.messages import rules, service
from dostyk.messages.kinds import Kind
from dostyk.messages.queries import Text


class TextForm(Form):
    subject = StringField(_l("Subject"), [Length(max=LONGEST_SUBJECT)], filters=[tidy])
    body = TextAreaField(
        _l("Text"), [Length(max=20_000)], description=_l("An empty line makes a paragraph. Placeholders are filled for each reader.")
    )
    seen = HiddenField()

    def of(self, kind: Kind) -> TextForm:
        """Let it know which placeholders there are."""
        self.kind = kind
        self.subject.flags.required = self.body.flags.required = True
        return self

    def validate(self, extra_validators: Any = None) -> bool:
        """All faults at once, each at its field; the verb that saves refuses the first."""
        valid: bool = super().validate(extra_validators)
        for found in rules.faults(self.text.subject, self.text.body, self.kind.places):
            field = self[found.field]
            field.errors, valid = [*field.errors, service.fault_sentence(found)], False
        return valid

    @property
    def text(self) -> Text:
        return Text(self.subject.data or "", rules.paragraphs(self.body.data or ""))
