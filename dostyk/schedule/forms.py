"""The shapes of what a coordinator says about a timetable."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from wtforms import DateField, DecimalField, RadioField, SelectField, StringField, TextAreaField, TimeField
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import TextInput

from dostyk.cohorts.models import Cohort
from dostyk.core.forms import EDITED, Form, LocalizedField, choices, tidy
from dostyk.core.text import DIGITS
from dostyk.people.models import Person
from dostyk.schedule.labels import KINDS, PROBLEMS
from dostyk.schedule.models import Slot
from dostyk.schedule.rules import Problem, SlotKind
from dostyk.schedule.rules.table import parse_hours
from dostyk.schedule.service import SlotDetails


class HoursField(DecimalField):
    """Academic hours: `1.5` and `1,5`, digits of any script."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0].strip().translate(DIGITS) if valuelist else ""
        self.data = parse_hours(text) if text else None
        if text and self.data is None:
            raise ValueError(str(PROBLEMS[Problem.HOURS_UNCLEAR]) % {"value": text[:20]})


class AddForm(Form):
    """One slot. `offer` tells who may be its trainer."""

    kind = RadioField(_l("Kind"), [InputRequired()], choices=lambda: [(k.value, word) for k, word in KINDS.items()], default="training")
    title = LocalizedField(_l("Title"), required=True)
    on = DateField(_l("Date"), [InputRequired()])
    start = TimeField(_l("Start"), [InputRequired()])
    end = TimeField(_l("End"), [InputRequired()], description=_l("An end before the start lies on the next day."))
    place = StringField(_l("Place"), [Length(max=200)], filters=[tidy])
    trainer = SelectField(_l("Trainer"), [Optional()], coerce=str)
    academic_hours = HoursField(
        _l("Academic hours"),
        [Optional(), NumberRange(0, 999.99)],
        description=_l("Left empty: as many as the time holds. The cultural programme has none."),
    )

    def offer(self, trainers: Iterable[Person], present: Person | None = None) -> None:
        """The trainers to choose from; whoever gives the slot at present can stay."""
        people = list(trainers)
        people += [present] if present is not None and present not in people else []
        self.trainer.choices = choices(((str(p.id), p.full_name) for p in people), empty=_l("Nobody yet"))

    def details(self) -> SlotDetails:
        """What was filled in; call it after the form was found valid."""
        return SlotDetails(
            kind=SlotKind(self.kind.data), title=self.title.data, on=self.on.data, start=self.start.data, end=self.end.data,
            place=self.place.data or "", trainer_id=int(self.trainer.data) if self.trainer.data else None,
            academic_hours=self.academic_hours.data,
        )  # fmt: skip


class EditForm(AddForm):
    """One slot that exists."""


def filled_from(slot: Slot, cohort: Cohort) -> dict[str, Any]:
    """What the form of a slot shows at first, on the clock of the venue."""
    zone = ZoneInfo(cohort.time_zone)
    starts, ends = slot.starts_at.astimezone(zone), slot.ends_at.astimezone(zone)
    return {
        "kind": slot.kind.value, "title": slot.title, "on": starts.date(), "start": starts.time(), "end": ends.time(), "place": slot.place,
        "trainer": str(slot.trainer_id or ""), "academic_hours": slot.academic_hours if slot.kind is SlotKind.TRAINING else None,
    }  # fmt: skip


class PasteForm(Form):
    """A timetable as text, copied out of a spreadsheet or a document."""

    table = TextAreaField(_l("Rows of the timetable"), [InputRequired()])
    language = SelectField(_l("Language of the titles"), [InputRequired()], choices=list(EDITED))
