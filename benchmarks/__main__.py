"""What the product costs: CPU of one worker process, statements, bytes and memory, on both databases, at two sizes.

`make bench` prints the table. Nothing here is asserted: machines differ, ratios do not.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import event

from benchmarks import data
from dostyk import config, create_app
from dostyk.certificates import printing, queries, service
from dostyk.certificates.models import Certificate
from dostyk.cohorts.models import Enrolment
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.people.models import Account
from dostyk.schedule.models import Slot
from dostyk.vouchers.models import Voucher
from tests.postgres import temp_postgres

SIZES = (1_000, 100_000)


@dataclass
class Figure:
    cpu: float  # milliseconds, median
    statements: int
    size: int  # bytes of the answer


class Bench:
    """One database of one size, and the clients that walk through it."""

    def __init__(self, app: Flask, size: int) -> None:
        self.app, self.size = app, size
        self.figures: dict[str, Figure] = {}
        self._statements = 0
        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", self._count)

    def _count(self, _c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self._statements += not statement.startswith(("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE"))

    def measure(self, name: str, once: Callable[[], int], *, runs: int = 30, warm: int = 3) -> None:
        """Median CPU of `once`, which returns the bytes it got; statements of the last run."""
        for _ in range(warm):
            once()
        took = []
        gc.collect()
        for _ in range(runs):
            self._statements, began = 0, time.process_time()
            size = once()
            took.append((time.process_time() - began) * 1000)
        self.figures[name] = Figure(statistics.median(took), self._statements, size)

    def client(self, account_id: int | None = None) -> FlaskClient:
        client = self.app.test_client()
        if account_id:
            with self.app.app_context():
                account = db.session.get_one(Account, account_id)
                uniquifier = account.fs_uniquifier
            with client.session_transaction() as session:
                session.update(_user_id=uniquifier, _fresh=True, fs_cc="set", fs_paa=time.time(), identity_id=uniquifier)
        return client


def get(client: FlaskClient, path: str, expected: int = 200, **kwargs: Any) -> int:
    answer = client.get(path, **kwargs)
    assert answer.status_code == expected, (path, answer.status_code, answer.text[:500])
    return len(answer.data)


def walk(bench: Bench) -> None:
    """The pages that the programme lives on."""
    app, size = bench.app, bench.size
    with app.app_context():
        codes = iter(db.session.scalars(sa.select(Voucher.code).where(Voucher.used == 0).order_by(Voucher.id)).all())
        slot = db.session.scalar(sa.select(Slot.id).where(Slot.cohort_id == 1).order_by(Slot.starts_at.desc()).limit(1))
        people = iter(db.session.scalars(sa.select(Enrolment.id).where(Enrolment.cohort_id == 1).order_by(Enrolment.id)).all())
        issued = certificate(2)
        today_slot = db.session.scalar(sa.select(Slot.id).where(Slot.cohort_id == 1).order_by(Slot.id).offset(8).limit(1)) or slot
    visitor, coordinator, trainer, participant = bench.client(), bench.client(size + 1), bench.client(size + 2), bench.client(1)

    def redeem() -> int:
        newcomer, code = app.test_client(), next(codes)
        total = get(newcomer, "/redeem")
        newcomer.post("/redeem", data={"code": code})
        total += get(newcomer, f"/redeem/{code}")
        answer = newcomer.post(f"/redeem/{code}", data=details(data.token()))
        assert answer.status_code in (302, 303), answer.text[:3000]
        return total + get(newcomer, answer.headers["Location"])

    def mark() -> int:
        number = next(people)
        said = {f"status-{number}": "present", f"shown-{number}": ""}
        answer = trainer.post(f"/cohorts/BENCH-1/attendance/{today_slot}/{number}", data=said, headers={"HX-Request": "true"})  # fmt: skip
        assert answer.status_code == 200, answer.text[:1000]
        return len(answer.data)

    bench.measure("redeem page to seat", redeem, runs=20)
    bench.measure("one mark", mark, runs=30)
    bench.measure("roster of 100", lambda: get(trainer, f"/cohorts/BENCH-1/attendance/{today_slot}"))
    bench.measure("participants of a cohort, 100 rows", lambda: get(coordinator, "/cohorts/BENCH-1/participants?per_page=100"))
    bench.measure("people register, 100 rows", lambda: get(coordinator, "/people/?per_page=100"))
    bench.measure("cohort overview", lambda: get(coordinator, "/cohorts/BENCH-1/"))
    bench.measure("home of a coordinator", lambda: get(coordinator, "/home"))
    bench.measure("public course page", lambda: get(visitor, "/courses/digital-public-services"))
    bench.measure("own page", lambda: get(participant, "/home"))
    bench.measure("verification", lambda: get(visitor, f"/verify/{issued.code}"))
    with app.app_context():
        bench.measure("one certificate (PDF)", lambda: len(printing.pdf(issued.snapshot, issued.issued_at)))
    bench.measure("CSV export, a tenth of the people", lambda: get(coordinator, "/people/?format=csv&country=MN"), runs=3, warm=1)


def details(token: str) -> dict[str, str]:
    return {
        "full_name": "Nurzhan Omurbekov", "own_name": "Нүржан Өмүрбеков", "sex": "male", "country": "KG", "employer": "Ministry of Labour",
        "post": "Chief specialist", "languages": "ru", "email": f"new{token}@example.org", "consent_programme": "y", "consent_partner": "y",
    }  # fmt: skip


def certificate(cohort_id: int) -> Certificate:
    """One certificate as the worker issues it; those of the bulk data have nothing printed in them."""
    cohort, now = queries.cohort(cohort_id), utcnow()
    with work():
        candidate = next(c for c in queries.candidates(cohort, now) if c.certificate is None)
        issued = service.issue_one(service.terms_of(cohort), candidate, by=candidate.person, now=now)
    assert issued is not None
    return issued


@contextlib.contextmanager
def application(url: str) -> Iterator[Flask]:
    with tempfile.TemporaryDirectory() as folder:
        settings = config.read({"INSTANCE": folder, "DATABASE_URL": url or f"sqlite:///{folder}/bench.db", "LOG_LEVEL": "ERROR"})
        app = create_app({"WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False, "QUEUE_URL": "memory://"}, settings)
        with app.app_context():
            upgrade(directory=str(Path(app.root_path).parent / "migrations"))
        yield app
        with app.app_context():
            db.engine.dispose()


def start_up() -> tuple[float, float]:
    """CPU seconds and megabytes of a process that has made the application and answered once."""
    # VmHWM, not ru_maxrss: that one is inherited from the process that started this one.
    program = (
        "import resource; from wsgi import app; app.test_client().get('/healthz');"
        "u = resource.getrusage(resource.RUSAGE_SELF);"
        "kb = next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM'));"
        "print(u.ru_utime + u.ru_stime, int(kb) / 1024)"
    )
    with tempfile.TemporaryDirectory() as folder:
        out = subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "INSTANCE": folder, "LOG_LEVEL": "ERROR"},
        )
    cpu, memory = out.stdout.split()[-2:]
    return float(cpu), float(memory)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="numbers of participants, with commas")
    parser.add_argument("--databases", default="sqlite,postgresql")
    chosen = parser.parse_args()
    columns: dict[tuple[str, int], dict[str, Figure]] = {}
    for kind in chosen.databases.split(","):
        for size in map(int, chosen.sizes.split(",")):
            with contextlib.ExitStack() as stack:
                url = stack.enter_context(temp_postgres()) if kind == "postgresql" else ""
                app = stack.enter_context(application(url))
                began = time.perf_counter()
                with app.app_context():
                    data.fill(size)
                print(f"{kind}, {size:,} participants: filled in {time.perf_counter() - began:.0f} s", file=sys.stderr)
                bench = Bench(app, size)
                walk(bench)
                columns[kind, size] = bench.figures
    table(columns)
    cpu, memory = start_up()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nstart-up to the first answer: {cpu:.2f} s CPU, {memory:.0f} MB; this process after all of the above: {peak:.0f} MB")


def table(columns: dict[tuple[str, int], dict[str, Figure]]) -> None:
    """CPU ms / statements / kB a row; the ratio of the larger size to the smaller where there are two."""
    names = list(next(iter(columns.values())))
    print("| what | " + " | ".join(f"{kind} {size:,}: ms / SQL / kB" for kind, size in columns) + " | ratio |")
    print("| --- |" + " --- |" * (len(columns) + 1))
    for name in names:
        cells = [f"{f[name].cpu:.1f} / {f[name].statements} / {f[name].size / 1000:.1f}" for f in columns.values()]
        kinds = {kind for kind, _ in columns}
        ratios = []
        for kind in sorted(kinds):
            row = [f[name].cpu for (k, _), f in columns.items() if k == kind]
            ratios.append(f"{row[-1] / row[0]:.2f}" if len(row) > 1 else "–")
        print(f"| {name} | " + " | ".join(cells) + f" | {', '.join(ratios)} |")


if __name__ == "__main__":
    main()
