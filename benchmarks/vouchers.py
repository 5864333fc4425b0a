"""What a batch of 10,000 vouchers costs to issue, change and export, and a cohort with 500 people to look at.

    python -m benchmarks.vouchers

Nothing is asserted: machines differ. Seconds of the clock and of the processor, statements, and how far memory grew.
"""

from __future__ import annotations

import contextlib
import resource
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event

from benchmarks.__main__ import application
from dostyk.cohorts.models import Cohort, CountrySeats, Enrolment
from dostyk.cohorts.rules import EnrolmentState
from dostyk.core.access import Role
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.people.models import Person
from dostyk.vouchers import service
from dostyk.vouchers.models import Batch
from tests import factories
from tests.conftest import Visitor, sign_in_client
from tests.postgres import temp_postgres

VOUCHERS, PEOPLE = 10_000, 500


class Clock:
    """Prints a line for each thing that is done."""

    def __init__(self) -> None:
        self.statements = 0
        event.listen(db.engine, "before_cursor_execute", self._count)

    def _count(self, _c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self.statements += not statement.startswith(("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE"))

    def __call__(self, name: str, act: Callable[[], Any]) -> Any:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self.statements, wall, cpu = 0, time.perf_counter(), time.process_time()
        result = act()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        grew = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024
        assert getattr(result, "status_code", 200) == 200, (name, result.status_code, result.text[2000:4000])
        size = f"{len(result.data) / 1024:9,.0f} kB" if hasattr(result, "data") else " " * 12
        print(f"  {name:44} {wall:7.2f} s {cpu:7.2f} s cpu {self.statements:5} statements {size} {grew:+6.0f} MB")
        return result


def measure(app: Flask) -> None:
    """One database, from nothing."""
    app.test_client_class = Visitor
    timed, now = Clock(), utcnow()
    person = factories.somebody(Role.COORDINATOR)
    cohort = factories.a_cohort(seats={"KG": VOUCHERS + PEOPLE, "TJ": 10}, starts_on=now.date() + timedelta(days=20))
    fill(cohort)
    body = factories.an_organisation(country="KG")
    order = service.Order(body, "KG", VOUCHERS - 100, cohort.today(now) + timedelta(days=5), "ru")
    client = sign_in_client(app, person)

    def in_work(verb: Callable[..., Any], *given: Any) -> Any:
        with work():
            return verb(*given)

    batch: Batch = timed(f"issue {VOUCHERS - 100:,} vouchers", lambda: in_work(service.issue, cohort, order, person, now))
    timed("raise it by 100", lambda: in_work(service.change_quantity, batch, VOUCHERS, "more", person, now))
    timed("lower it by 100", lambda: in_work(service.change_quantity, batch, VOUCHERS - 100, "fewer", person, now))
    address = f"/cohorts/{cohort.code}/vouchers"
    timed("its page", lambda: client.get(f"{address}/batches/{batch.id}"))
    timed("its codes as CSV", lambda: client.get(f"{address}/batches/{batch.id}?format=csv"))
    timed("all vouchers of the cohort, first page", lambda: client.get(address))
    timed(f"cohort page with {PEOPLE} people", lambda: client.get(f"/cohorts/{cohort.code}/"))
    timed("  the same, warm", lambda: client.get(f"/cohorts/{cohort.code}/"))
    timed("participants, 200 rows", lambda: client.get(f"/cohorts/{cohort.code}/participants?per_page=200"))
    timed("participants as CSV", lambda: client.get(f"/cohorts/{cohort.code}/participants?format=csv"))
    timed("attendance of all", lambda: client.get(f"/cohorts/{cohort.code}/attendance"))
    timed("revoke all that is left", lambda: in_work(service.revoke, batch, "over", person, now))


def fill(cohort: Cohort) -> None:
    """People with seats, some slots."""
    now = utcnow()
    with work():
        named = [{"full_name": f"Person {n}", "sort_name": f"person {n}", "search": f"person {n}"} for n in range(PEOPLE)]
        people = [Person(**names, country="KG", languages=[], created_at=now) for names in named]
        db.session.add_all(people)
        db.session.flush()
        seat = {"cohort_id": cohort.id, "country": "KG", "state": EnrolmentState.ENROLLED, "enrolled_at": now}
        db.session.execute(sa.insert(Enrolment), [{**seat, "person_id": person.id} for person in people])
        db.session.execute(sa.update(CountrySeats).where(CountrySeats.country == "KG").values(taken=PEOPLE))
        cohort.taken = PEOPLE
    for day in range(5):
        for hour in (9, 11, 14):
            factories.a_slot(cohort, day=day, hour=hour)


def main() -> None:
    for kind in ("sqlite", "postgresql"):
        with contextlib.ExitStack() as stack:
            url = stack.enter_context(temp_postgres()) if kind == "postgresql" else ""
            app = stack.enter_context(application(url))
            print(kind)
            with app.app_context():
                measure(app)


if __name__ == "__main__":
    main()
