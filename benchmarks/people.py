"""What a search over very many people costs, on both databases: `make bench PEOPLE=1000000`.

Times are those of a whole page, from request to answer; beside them the index that the database says it uses.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import sqlalchemy as sa

from benchmarks.__main__ import application
from benchmarks.names import Invented, people
from dostyk.cohorts.models import Assignment
from dostyk.core.access import Role
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.text import fold
from dostyk.people import queries
from dostyk.people.models import Account, Person, PersonWord
from dostyk.people.rules import name_key, words_of
from tests.postgres import temp_postgres

INDEX = next(index for index in PersonWord.__table__.indexes if index.name == "ix_person_word_word")  # type: ignore[attr-defined]


def fill(size: int) -> list[Invented]:
    """`size` people and a coordinator; a thousand of them, to be looked for."""
    now, seen, chance = utcnow(), [], random.Random(1)
    rows = enumerate(people(size), 1)
    with work():
        INDEX.drop(db.session.connection())
        while chunk := list(islice(rows, 10_000)):
            table, words = [], []
            for n, p in chunk:
                search = " ".join(dict.fromkeys(fold(f"{p.full_name} {p.own_name}").split())) + f" {fold(p.email)}"
                table.append({
                    "id": n, "full_name": p.full_name, "own_name": p.own_name, "family_name": p.family_name, "country": p.country,
                    "sort_name": fold(p.family_name or p.full_name), "name_key": name_key(fold(p.full_name)), "search": search,
                    "sex": p.sex, "email": p.email, "languages": [], "birth_year": 1950 + n % 50, "created_at": now,
                })  # fmt: skip
                words += [{"person_id": n, "word": word} for word in words_of(search)]
                if chance.random() < 1000 / size:
                    seen.append(p)
            db.session.execute(sa.insert(Person), table)
            db.session.execute(sa.insert(PersonWord), words)
        INDEX.create(db.session.connection())
        person = Person(id=size + 1, full_name="Coordinator", created_at=now)
        account = Account(id=1, person=person, email="coordinator@example.org", fs_uniquifier="bench", active=True, created_at=now)
        db.session.add_all([person, account, Assignment(person=person, role=Role.COORDINATOR, given_at=now)])
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("VACUUM ANALYZE"))
    return seen


def typed(seen: list[Invented]) -> Iterator[tuple[str, list[str]]]:
    """What people type, by kind."""
    with_family = [p for p in seen if p.family_name]
    yield "family and given name", [" ".join(p.full_name.split()[:2]) for p in with_family]
    yield "the same in the own script", [" ".join(p.own_name.split()[:2]) for p in seen]
    yield "family name", [p.family_name for p in with_family]
    yield "given name", [p.full_name.split()[1] for p in with_family]
    yield "four letters", [p.full_name[:4] for p in seen]
    yield "two letters", [p.full_name[:2] for p in seen]
    yield "an initial and a family name", [f"{p.full_name.split()[1][0]} {p.family_name}" for p in with_family]
    yield "e-mail address", [p.email for p in seen]
    yield "a name that nobody has", [f"{p.full_name[:3]}qqq" for p in seen]


def measure(client: Any, seen: list[Invented], runs: int) -> dict[str, tuple[float, float, int]]:
    """Median and 95th percentile in milliseconds, and how many were found in the middle (1,001: more than a thousand)."""
    figures = {}
    kinds = [("no search", [""] * 50), *typed(seen)]
    for kind, words in kinds:
        took, counts = [], []
        for word in words[:runs]:
            began = time.perf_counter()
            answer = client.get("/people/", query_string={"q": word})
            took.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200
            if word:
                with client.application.app_context():
                    counts.append(len(set(db.session.scalars(queries._bearers(*words_of(fold(word))).limit(1001)))))
        took.sort()
        counts.sort()
        figures[kind] = (took[len(took) // 2], took[int(len(took) * 0.95)], counts[len(counts) // 2] if counts else 0)
    return figures


def plans() -> None:
    """What the databases say that they do, for a rare, a middling and a frequent name."""
    for word in ("gulnoraqqq", "omurbekkul", "karim", "nurzhan"):
        page = sa.select(Person.id).where(Person.archived_at.is_(None), queries.named(word)).order_by(Person.sort_name, Person.id).limit(50)
        statement = page.compile(db.engine, compile_kwargs={"literal_binds": True})
        explain = (
            "EXPLAIN QUERY PLAN"
            if db.engine.dialect.name == "sqlite"
            else "EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, COSTS OFF, BUFFERS OFF)"
        )
        db.session.rollback()
        with db.engine.connect() as connection:
            rows = connection.exec_driver_sql(f"{explain} {statement}".replace("%", "%%")).all()
        print(f"{db.engine.dialect.name}, {word}:")
        print("\n".join(f"    {str(row[-1])[:150]}" for row in rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--runs", type=int, default=100)
    chosen = parser.parse_args()
    columns = {}
    for kind in chosen.databases.split(","):
        with contextlib.ExitStack() as stack:
            url = stack.enter_context(temp_postgres()) if kind == "postgresql" else ""
            app = stack.enter_context(application(url))
            began = time.perf_counter()
            with app.app_context():
                seen = fill(chosen.size)
                print(f"{kind}, {chosen.size:,} people: filled in {time.perf_counter() - began:.0f} s", file=sys.stderr)
                plans()
                began = time.perf_counter()
                groups = len(queries.duplicates())
                print(f"{kind}: {groups} groups of duplicates in {(time.perf_counter() - began) * 1000:.0f} ms")
            client = app.test_client()
            with client.session_transaction() as session:
                session.update(_user_id="bench", _fresh=True, fs_cc="set", fs_paa=time.time(), identity_id="bench")
            columns[kind] = measure(client, seen, chosen.runs)
    print(f"\n| search among {chosen.size:,} people | " + " | ".join(f"{kind}: p50 / p95 ms" for kind in columns) + " | found (median) |")
    print("| --- |" + " --- |" * (len(columns) + 1))
    for name, (_p50, _p95, found) in next(iter(columns.values())).items():
        cells = [f"{figures[name][0]:.0f} / {figures[name][1]:.0f}" for figures in columns.values()]
        print(f"| {name} | " + " | ".join(cells) + f" | {'more than 1,000' if found > 1000 else found or '–'} |")


if __name__ == "__main__":
    main()
