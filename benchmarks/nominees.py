"""What naming and reminding cost: a file of 10,000 people, and the reminder run over 100,000 vouchers. On both databases.

`python -m benchmarks.nominees [--people 10000] [--vouchers 100000] [--databases sqlite,postgresql]` prints the figures.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_migrate import upgrade

from dostyk import config, create_app
from dostyk.core import uploads
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.text import new_code
from dostyk.core.uploads.tasks import carry_out, check
from dostyk.nominees import queries, service
from dostyk.nominees.models import Nominee
from dostyk.nominees.service import NOMINEES, subject_of_files
from dostyk.people.models import Person
from dostyk.people.rules import Sex
from dostyk.vouchers.models import Batch, Voucher
from tests import factories
from tests.postgres import temp_postgres

ROOT = Path(__file__).parent.parent
Quiet = Callable[[int, int], None]


def quiet(_done: int, _total: int) -> None:
    """Nobody looks at the progress."""


@contextlib.contextmanager
def an_app(kind: str) -> Iterator[Flask]:
    """An application with an empty database."""
    with tempfile.TemporaryDirectory() as folder, temp_postgres() if kind == "postgresql" else contextlib.nullcontext("") as url:
        settings = config.read(
            {"INSTANCE": folder, "DATABASE_URL": url, "QUEUE_URL": "memory://", "PUBLIC_URL": "http://localhost", "LOG_LEVEL": "CRITICAL"}
        )
        app = create_app({"TESTING": True}, settings)
        with app.app_context():
            upgrade(directory=str(ROOT / "migrations"))
            yield app
            db.session.remove()
            db.engine.dispose()


def timed(name: str, rows: int, act: Callable[[], object]) -> None:
    """Print how long `act` took, for each row, and how much memory the process has held at most."""
    began = time.perf_counter()
    act()
    took = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"  {name:44} {took:8.1f} s {rows / took:10.0f} rows/s {memory:6} MB", flush=True)


def a_batch(quantity: int, **values: Any) -> Batch:
    """A batch of so many open vouchers, made at once."""
    batch = factories.a_batch(factories.a_cohort(seats={"KG": quantity}), 0, **values)
    with work():
        db.session.get_one(Batch, batch.id).quantity = quantity
        for start in range(0, quantity, 5000):
            rows = [{"batch_id": batch.id, "code": new_code(), "uses": 1, "used": 0} for _ in range(start, min(start + 5000, quantity))]
            db.session.execute(sa.insert(Voucher), rows)
    return batch


def naming(people: int) -> None:
    """A file, from handing in to everybody bound to a voucher; the page and the checks of so many people."""
    batch, by = a_batch(people), factories.a_person()
    kept = io.StringIO()
    rows = csv.writer(kept)
    rows.writerow(["full_name", "own_name", "email", "birth_year", "employer", "post", "years_of_service", "languages"])
    for n in range(people):
        name = f"Person{chr(97 + n % 26)} {''.join(chr(97 + int(d)) for d in str(n))}"
        rows.writerow(
            [name, "Айтбаева Айгүл", f"p{n}@example.org", 1960 + n % 40, "Ministry of Labour", "Specialist", n % 30, "Kyrgyz, Russian"]
        )
    with work():
        upload = uploads.hand_in(NOMINEES, subject_of_files(batch), "people.csv", kept.getvalue().encode(), by=by, now=utcnow())
    number, person = upload.id, by.id
    timed(f"file of {people}: checked", people, lambda: check(quiet, number, "en"))
    with work():
        uploads.apply(db.session.get_one(uploads.Upload, number), by=db.session.get_one(Person, person), now=utcnow())
    timed(f"file of {people}: applied", people, lambda: carry_out(quiet, number, person, "en", {}))
    db.session.remove()
    found = db.session.get_one(Batch, batch.id)
    first = db.session.scalars(queries.of_batch(found).order_by(Nominee.sort_name, Nominee.id).limit(50)).all()
    timed("checks and stages of one page of 50", 50, lambda: queries.standings(first, utcnow()))
    everybody = db.session.scalars(queries.of_batch(found)).all()
    timed(f"checks and stages of all {people}", people, lambda: queries.standings(everybody, utcnow()))
    db.session.remove()


def reminding(vouchers: int) -> None:
    """The hourly run, when everybody is due at once, and the next one, when nobody is."""
    batch = a_batch(vouchers, valid_until=utcnow() + timedelta(days=4))
    by = factories.a_person()
    with work():
        numbers = db.session.scalars(sa.select(Voucher.id).where(Voucher.batch_id == batch.id)).all()
        same = {
            "batch_id": batch.id, "full_name": "Aigul Aitbaeva", "own_name": "", "sort_name": "aigul", "name_key": "aigul",
            "search": "aigul",
            "sex": Sex.FEMALE, "employer": "", "post": "", "languages": [], "letter_language": "ru", "named_at": utcnow(),
            "named_by_id": by.id, "invited_at": utcnow() - timedelta(days=3),
        }  # fmt: skip
        for start in range(0, len(numbers), 5000):
            part = [{**same, "voucher_id": n, "email": f"p{n}@example.org"} for n in numbers[start : start + 5000]]
            db.session.execute(sa.insert(Nominee), part)
    db.session.remove()
    timed("(memory before)", 1, lambda: None)
    for half in (vouchers, 0):
        timed(f"reminder run, {half} due of {vouchers}", max(half, 1), lambda: service.remind_due(utcnow(), 5, lambda _written: None))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--vouchers", type=int, default=100_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    chosen = parser.parse_args()
    for kind in chosen.databases.split(","):
        print(kind, flush=True)
        with an_app(kind):
            naming(chosen.people)
        with an_app(kind):
            reminding(chosen.vouchers)


if __name__ == "__main__":
    main()
