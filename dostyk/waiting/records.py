"""What this room keeps about people: their places on waiting lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy.orm import aliased, joinedload
from sqlalchemy.sql import ColumnElement

from dostyk.cohorts.models import Cohort
from dostyk.core.database import db
from dostyk.people.models import Person
from dostyk.people.records import Clash, Fate, Section, link, needs_until, tells
from dostyk.waiting.models import WaitingEntry
from dostyk.waiting.rules import STANDING


def _two_places(stays: Person, goes: Person) -> Sequence[Clash]:
    other = aliased(WaitingEntry)
    twice = sa.select(WaitingEntry).join(other, sa.and_(other.cohort_id == WaitingEntry.cohort_id, other.person_id == stays.id))
    found = []
    for place in db.session.scalars(twice.where(WaitingEntry.person_id == goes.id).options(joinedload(WaitingEntry.cohort))):
        if place.state in STANDING:
            sentence = _(
                "Both have been on the waiting list of %(cohort)s, and the record that goes still is. Take it off the list first.",
                cohort=place.cohort.code,
            )
            found.append(Clash(place.id, Fate.STOPS, sentence))
        else:
            sentence = _("The ended place on the waiting list of %(cohort)s stays with the old record.", cohort=place.cohort.code)
            found.append(Clash(place.id, Fate.STAYS, sentence))
    return found


link(WaitingEntry.person_id, lambda n: ngettext("%(num)s place on a waiting list", "%(num)s places on waiting lists", n), _two_places)


@needs_until
def _waited(moment: datetime) -> ColumnElement[bool]:
    """Whoever joined since, and whoever may still be offered a seat, until the cohort has ended."""
    stands = sa.and_(WaitingEntry.state.in_(STANDING), WaitingEntry.cohort.has(Cohort.ends_on >= moment.date()))
    return sa.exists().where(WaitingEntry.person_id == Person.id, sa.or_(WaitingEntry.joined_at >= moment, stands))


@tells(67)
def _told(person: Person) -> Section:
    columns = [
        ("cohort", _l("Cohort")), ("joined_at", _l("Since")), ("state", _l("State")), ("offered_at", _l("Offered on")),
        ("ended_at", _l("Ended on")),
    ]  # fmt: skip
    places = sa.select(WaitingEntry).where(WaitingEntry.person_id == person.id).options(joinedload(WaitingEntry.cohort))
    rows = [[p.cohort.code, p.joined_at, p.state, p.offered_at, p.ended_at] for p in db.session.scalars(places.order_by(WaitingEntry.id))]
    return Section("waiting", _l("Waiting lists"), columns, rows)
