"""A cohort held once more: the same plan on other days, for other people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from blinker import Signal
from flask_babel import gettext as _
from flask_babel import ngettext

from dostyk.cohorts import queries, rules
from dostyk.cohorts.models import Cohort
from dostyk.cohorts.rules import MoveKind
from dostyk.cohorts.service.plans import CohortDetails, create
from dostyk.cohorts.service.roles import assign
from dostyk.core.audit import record
from dostyk.core.clock import days_later
from dostyk.people.models import Person

# Sent in the unit of work that copies, with the cohort copied; `copy`, `days`, `by`, `now`. Upper rooms copy what is theirs and
# answer with a sentence, or None when there was nothing.
cohort_copied = Signal()


@dataclass(frozen=True)
class Copied:
    """A new cohort, and what it has of the old one, a sentence each."""

    cohort: Cohort
    told: Sequence[str]


def usual_start(cohort: Cohort, now: datetime) -> date:
    """The first day on the same day of the week after the cohort has ended that leaves time to enrol."""
    earliest = max(cohort.ends_on, cohort.today(now) + rules.OPENS_BEFORE) + timedelta(days=1)
    weeks = -(-(earliest - cohort.starts_on).days // 7)
    return cohort.starts_on + timedelta(weeks=weeks)


def copy(cohort: Cohort, code: str, starts_on: date, *, staff: bool, by: Person, now: datetime) -> Copied:
    """A new cohort like `cohort` that begins on `starts_on`; an empty code is the next one, as for `create`.

    Every day and time keeps its distance from the first day, on the calendar and the clock of the venue. People, marks,
    vouchers and certificates are never copied. Raises Refused as `create` does.
    """
    days, zone = (starts_on - cohort.starts_on).days, cohort.time_zone
    held = _planned(cohort)
    details = CohortDetails(
        host_id=cohort.host_id, city=dict(cohort.city), time_zone=zone, starts_on=starts_on, ends_on=cohort.ends_on + timedelta(days=days),
        opens_at=days_later(cohort.opens_at, days, zone), closes_at=days_later(cohort.closes_at, days, zone), capacity=cohort.capacity,
        welcome=dict(cohort.welcome), seats=held,
    )  # fmt: skip
    new = create(cohort.course, code, details, by, now)
    for name in ("hand_back_on", "replace_until"):
        day = getattr(cohort, name)
        setattr(new, name, day and day + timedelta(days=days))
    new.country_order, new.confirm_hours = list(cohort.country_order), cohort.confirm_hours
    told = [ngettext("%(num)s seat in all", "%(num)s seats in all", cohort.capacity)]
    if held:
        told.append(ngettext("the seats of %(num)s country", "the seats of %(num)s countries", len(held)))
    if staff and (roles := queries.staff_of(cohort)):
        for role in roles:
            assign(role.person, role.role, by, now, cohort=new)
        told.append(ngettext("%(num)s role", "%(num)s roles", len(roles)))
    answers: list[tuple[Any, str | None]] = cohort_copied.send(cohort, copy=new, days=days, by=by, now=now)
    told += sorted(answer for _receiver, answer in answers if answer)
    record("cohort.copied", f"cohort:{new.id}", by=by, cohort=new.code, from_=cohort.code, days=days, staff=staff)
    return Copied(new, told)


def sentence(copied: Copied, old: Cohort) -> str:
    """What was copied, to be read on the next page."""
    return _("%(new)s is a copy of %(old)s: %(what)s.", new=copied.cohort.code, old=old.code, what=", ".join(copied.told))


def _planned(cohort: Cohort) -> dict[str, int]:
    """The seats of countries as they were planned, before unused ones were handed back and shared out."""
    held = Counter({row.country: row.seats for row in queries.seats_of(cohort)})
    for move in queries.moves_of(cohort):
        if move.kind is not MoveKind.PLANNED:
            held.update({country: step for country, step in ((move.from_country, move.seats), (move.to_country, -move.seats)) if country})
    return {country: seats for country, seats in sorted(held.items()) if seats > 0}
