"""The first page, composed of parts: each for whoever has the permission it is about, however many roles that is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dostyk.certificates import queries as certificates
from dostyk.core import todo
from dostyk.core.access import Permission, Role, can, grants, grants_with
from dostyk.home import queries
from dostyk.people.models import Person
from dostyk.schedule import queries as schedule
from dostyk.vouchers import queries as vouchers
from dostyk.vouchers.rules import valid_through
from dostyk.waiting import queries as waiting_lists


@dataclass(frozen=True)
class Part:
    """One part: its template, `home/_<name>.html`, and what that shows."""

    name: str
    shown: dict[str, Any] = field(default_factory=dict)

    @property
    def template(self) -> str:
        return f"home/_{self.name}.html"


def parts(person: Person, now: datetime) -> list[Part]:
    """What the first page of `person` consists of at `now`; only parts that have something to say."""
    roles = {grant.role for grant in grants()}
    found = [Part("todo", {"todos": todo.collect(person, now)})]
    if waiting := vouchers.pending_of(person.id):
        found.append(Part("pending", {"seats": waiting}))
    if places := waiting_lists.standing_of(person.id, now):
        found.append(Part("waiting", {"entries": places}))
    if Role.TRAINER in roles:
        found.append(Part("trainer", {"slots": schedule.today_of_trainer(person, now)}))
    if Role.PARTICIPANT in roles:
        seats = queries.seats_of(person.id)
        found.append(Part("today", {"slots": queries.today_of_participant(seats, now)}))
        found.append(Part("participant", {"seats": seats[: queries.SHOWN], "held": certificates.of_person(person.id)}))
    elif held := certificates.of_person(person.id):
        found.append(Part("participant", {"seats": [], "held": held}))
    if can(Permission.EDIT_COHORT):
        found.append(Part("coordinator", {"cohorts": queries.current_cohorts(grants_with(Permission.EDIT_COHORT), now)}))
    if Role.FOCAL_POINT in roles:
        mine = [grant for grant in grants() if grant.role is Role.FOCAL_POINT]
        found.append(Part("focal_point", {"batches": queries.batches_of(mine, now), "valid_through": valid_through}))
    if Role.OBSERVER in roles:
        found.append(Part("observer", {"counts": queries.counts([grant for grant in grants() if grant.role is Role.OBSERVER], now)}))
    if can(Permission.MANAGE_USERS):
        found.append(Part("admin"))
    return found
