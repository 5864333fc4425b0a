"""What files of participants cost: reading, checking and applying rows, statements of a chunk, and memory while checking.

python -m benchmarks.imports --rows 1000,10000 --databases sqlite,postgresql
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from sqlalchemy import event

from benchmarks import data
from benchmarks.__main__ import application
from dostyk.cohorts.models import Cohort, CountrySeats
from dostyk.core import outbox, uploads
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.outbox import Job
from dostyk.core.sheets import open_table
from dostyk.imports import service
from dostyk.imports.labels import COLUMNS
from dostyk.imports.service import PARTICIPANTS
from dostyk.people.models import Person
from tests.postgres import temp_postgres

HEAD = [column.key for column in COLUMNS]
REGISTER = 10_000  # people who are there already


def rows(count: int) -> list[list[str]]:
    letters = "abcdefijkl"  # no two of them are folded into one
    return [
        [
            f"Person {''.join(letters[int(digit)] for digit in str(n))}", f"Айтбаева Айгүл {n}", "", "", "", "ж", "Кыргызстан",
            "Ministry of Labour and Social Protection", "Chief specialist", "ky, ru", f"new{n}@example.org", str(1970 + n % 30),
        ]
        for n in range(count)
    ]  # fmt: skip


def as_csv(found: list[list[str]]) -> bytes:
    kept = io.StringIO()
    csv.writer(kept).writerows([HEAD, *found])
    return kept.getvalue().encode()


def as_xlsx(found: list[list[str]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("People")
    for row in [HEAD, *found]:
        sheet.append(row)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def measured(act: Callable[[], Any]) -> tuple[float, float]:
    """Seconds, and how many megabytes the process grew at most."""
    Path("/proc/self/clear_refs").write_text("5")  # forget the highest mark of memory
    before = _memory("VmRSS")
    began = time.perf_counter()
    act()
    return time.perf_counter() - began, _memory("VmHWM") - before


def _memory(mark: str) -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(mark))
    return int(line.split()[1]) / 1024


def bench(kind: str, count: int) -> None:
    """One database with a register of people; a file of new ones is handed in, checked, applied, and handed in again."""
    statements = 0

    def note(*_: Any) -> None:
        nonlocal statements
        statements += 1

    with contextlib.ExitStack() as stack:
        url = stack.enter_context(temp_postgres()) if kind == "postgresql" else ""
        app = stack.enter_context(application(url))
        stack.enter_context(app.app_context())
        data.fill(REGISTER)
        with work():
            cohort = db.session.get_one(Cohort, 1)
            cohort.capacity += count
            db.session.get_one(CountrySeats, (1, "KG")).seats += count
        by = db.session.get_one(Person, REGISTER + 1)
        event.listen(db.engine, "before_cursor_execute", note)
        found = rows(count)
        contents = {"CSV": as_csv(found), "XLSX": as_xlsx(found)}
        for name, content in contents.items():
            with app.test_request_context():
                took, grown = measured(lambda content=content: sum(1 for _ in open_table(content, COLUMNS).lines))  # type: ignore[misc]
            print(f"| {kind} | {count:,} | read {name} ({len(content) / 1e6:.1f} MB) | {count / took:,.0f} | | {grown:.0f} |")

        def hand_in(name: str) -> tuple[uploads.Upload, Job]:
            with work():
                upload = uploads.hand_in(PARTICIPANTS, service.subject(cohort), name, contents[name], by=by, now=utcnow())
            job = uploads.job_of(upload)
            assert job is not None
            return upload, job

        def report(what: str, job: Job) -> None:
            nonlocal statements
            statements, number = 0, job.id
            took, grown = measured(lambda: outbox.run(number))
            print(f"| {kind} | {count:,} | {what} | {count / took:,.0f} | {statements / count:.2f} | {grown:.0f} |", flush=True)

        upload, job = hand_in("XLSX")
        report("check XLSX, all new", job)
        upload, job = hand_in("CSV")
        report("check CSV, all new", job)
        with work():
            order = uploads.apply(db.session.get_one(uploads.Upload, upload.id), by=by, now=utcnow())
        report("apply", order)
        upload, job = hand_in("CSV")
        report("check CSV, all the same", job)
        db.session.refresh(upload)
        print(f"{kind}, {count:,}: {upload.report['counts']}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="1000,10000", help="rows of the file, with commas")
    parser.add_argument("--databases", default="sqlite,postgresql")
    chosen = parser.parse_args()
    print("| database | rows | what | rows/s | statements a row | MB more |\n| --- | --- | --- | --- | --- | --- |")
    for kind in chosen.databases.split(","):
        for count in map(int, chosen.rows.split(",")):
            bench(kind, count)


if __name__ == "__main__":
    main()
