"""What is typed for a letter of invitation."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import DateField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from dostyk.core.forms import CountryField, Form, tidy
from dostyk.letters.rules import NUMBER_LENGTH, Passport


class PassportForm(Form):
    passport_number = StringField(
        _l("Number of the passport"), [DataRequired(_l("Write the number of the passport.")), Length(max=NUMBER_LENGTH)], filters=[tidy]
    )
    passport_expires_on = DateField(_l("Passport valid until"), [InputRequired(_l("Write until when the passport is valid."))])
    born_on = DateField(_l("Date of birth"), [InputRequired(_l("Write the date of birth, as in the passport."))])
    citizenship = CountryField(_l("Citizenship"), [InputRequired(_l("Choose the country that gave the passport."))])
    consulate = StringField(
        _l("City of the consulate"),
        [Optional(), Length(max=120)],
        filters=[tidy],
        description=_l("Where you ask for the visa, if you know it already."),
    )

    def passport(self) -> Passport:
        """What was typed."""
        return Passport(
            self.passport_number.data or "",
            self.passport_expires_on.data,
            self.born_on.data,
            self.citizenship.data,
            self.consulate.data or "",
        )
