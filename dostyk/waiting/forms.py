"""What is filled in about waiting lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField, SubmitField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from dostyk.core.forms import Form
from dostyk.people.labels import CONSENT_WORDING, PURPOSES
from dostyk.people.rules import REQUIRED, Purpose


def _consent(purpose: Purpose) -> BooleanField:
    return BooleanField(
        PURPOSES[purpose], [InputRequired(_l("Without this consent no seat can be given."))], description=CONSENT_WORDING[purpose]
    )


class PlaceForm(Form):
    """To join, to confirm or to leave; only consents are asked for that do not stand yet."""

    consent_programme = _consent(Purpose.PROGRAMME)
    consent_partner = _consent(Purpose.PARTNER)
    leave = SubmitField(_l("Leave the waiting list"))

    def leave_out(self, given: Collection[Purpose]) -> None:
        """Do not ask again for what stands."""
        for purpose in REQUIRED:
            if purpose in given:
                del self[f"consent_{purpose.value}"]

    @property
    def consent_fields(self) -> list[BooleanField]:
        """The consents that are asked for."""
        return [field for purpose in REQUIRED if (field := self._fields.get(f"consent_{purpose.value}")) is not None]

    @property
    def consents(self) -> dict[Purpose, str]:
        """What was ticked, in the words that were read."""
        return {Purpose(f.name.removeprefix("consent_")): str(f.description) for f in self.consent_fields if f.data}


class AddForm(Form):
    """Somebody who was found by the search."""

    person_id = RadioField(_l("Person"), [InputRequired(message=_l("Choose the person."))], coerce=int)

    def offer(self, people: Iterable[tuple[int, str]]) -> None:
        """The people found, as (number, name)."""
        self.person_id.choices = [SelectChoice(number, name) for number, name in people]


class PlanForm(Form):
    """What was seen is carried out."""

    seen = HiddenField()
