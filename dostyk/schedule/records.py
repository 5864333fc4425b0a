"""What this room keeps about people: the slots they teach."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import ngettext
from sqlalchemy.sql import ColumnElement

from dostyk.people.models import Person
from dostyk.people.records import link, needs_until
from dostyk.schedule.models import Slot

link(Slot.trainer_id, lambda n: ngettext("%(num)s slot taught", "%(num)s slots taught", n))


@needs_until
def _taught(moment: datetime) -> ColumnElement[bool]:
    return sa.exists().where(Slot.trainer_id == Person.id, Slot.starts_at >= moment)
