"""What waiting lists cost: the preview and carrying it out with many people waiting, and the page that lists them.

python -m benchmarks.waiting --people 10000 --seats 500 --databases sqlite,postgresql
"""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from benchmarks import data
from benchmarks.__main__ import Bench, application, get
from dostyk.cohorts.models import Cohort, CountrySeats
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.people.models import Person
from dostyk.waiting import queries, service
from dostyk.waiting.models import WaitingEntry
from dostyk.waiting.rules import WaitingState
from tests.postgres import temp_postgres


def bench(kind: str, people: int, seats: int) -> None:
    """A cohort with so many free seats of one country, which go to the lists of the others."""
    statements = 0

    def note(*_: Any) -> None:
        nonlocal statements
        statements += 1

    def report(what: str, act: Callable[[], Any]) -> None:
        nonlocal statements
        statements, began = 0, time.perf_counter()
        act()
        took = (time.perf_counter() - began) * 1000
        print(f"| {kind} | {people:,} | {what} | {took:,.0f} | {statements} |", flush=True)

    with contextlib.ExitStack() as stack:
        url = stack.enter_context(temp_postgres()) if kind == "postgresql" else ""
        app = stack.enter_context(application(url))
        with app.app_context():
            data.fill(people)
            now = utcnow()
            with work():
                cohort = db.session.get_one(Cohort, 1)
                cohort.starts_on, cohort.ends_on = now.date() + timedelta(days=20), now.date() + timedelta(days=24)
                cohort.opens_at, cohort.closes_at = now - timedelta(days=1), now + timedelta(days=15)
                cohort.capacity += seats
                row = db.session.get_one(CountrySeats, (1, "KG"))
                row.seats += seats
                first = now - timedelta(days=2)
                everybody_else = sa.select(Person.id, Person.country).where(Person.id > data.PER_COHORT, Person.country.is_not(None))
                db.session.execute(
                    sa.insert(WaitingEntry),
                    [
                        {
                            "cohort_id": 1, "person_id": number, "country": country if country != "KG" else "UZ",
                            "state": WaitingState.WAITING, "joined_at": first + timedelta(seconds=number),
                        }
                        for number, country in db.session.execute(everybody_else)
                    ],
                )  # fmt: skip
            event.listen(db.engine, "before_cursor_execute", note)
            with app.test_request_context():
                report("preview with handing back", lambda: queries.outlook(cohort, utcnow(), share=True))

            def carry_out() -> None:
                with app.test_request_context(), work():
                    done = service.go_on(db.session.get_one(Cohort, 1), utcnow(), share=True)
                    print(f"{len(done.plan.offers)} offers, {len(done.plan.moves)} moves")

            report(f"carry out: {seats} offers with letters", carry_out)
            with app.test_request_context():
                report("preview again", lambda: queries.outlook(db.session.get_one(Cohort, 1), utcnow(), share=True))

            def once() -> None:
                with app.test_request_context(), work():
                    service.go_on(db.session.get_one(Cohort, 1), utcnow() + timedelta(hours=80))

            report("an hour in which all offers lapse and go on", once)
        walk = Bench(app, people)
        coordinator = walk.client(people + 1)
        pages = {"list, 50 rows": "waiting", "list by name, page 100": "waiting?sort=name&page=100", "preview page": "waiting/plan"}
        for what, address in pages.items():
            report(what, lambda address=address: get(coordinator, f"/cohorts/BENCH-1/{address}"))  # type: ignore[misc]
        report("CSV of all", lambda: get(coordinator, "/cohorts/BENCH-1/waiting?format=csv&state=all"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--seats", type=int, default=500)
    parser.add_argument("--databases", default="sqlite,postgresql")
    chosen = parser.parse_args()
    print("| database | people | what | ms | statements |\n| --- | --- | --- | --- | --- |")
    for kind in chosen.databases.split(","):
        bench(kind, chosen.people, chosen.seats)


if __name__ == "__main__":
    main()
