"""Kill -9 the worker in the middle of checking and of applying a file: nothing is lost, nothing is done twice."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from dostyk.cohorts.models import Cohort, CountrySeats
from dostyk.core import outbox, uploads
from dostyk.core.access import Role
from dostyk.core.clock import utcnow
from dostyk.core.database import db
from dostyk.core.mail import Mail
from dostyk.core.uploads import Upload, UploadState
from dostyk.people.models import Person
from tests import factories as make
from tests.imports.cast import a_file, handed_in, ordered, outcomes, people, results, seated

PEOPLE = 40


def run_until(app: Flask, job_id: int, stop_at: int) -> None:
    """Start a worker and kill it while it is in the middle of the `stop_at`-th row."""
    db.session.rollback()  # what was read holds SQLite's lock
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    words = [sys.executable, "-m", "tests.imports.killed_worker", app.config["INSTANCE"], url, str(job_id), str(stop_at)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert not outbox.run(job_id)  # dead, and nobody knows yet
    assert job_id in outbox.sweep(utcnow() + outbox.STALE + timedelta(seconds=1))


def state_of(upload: Upload) -> UploadState:
    db.session.rollback()
    return db.session.get_one(Upload, upload.id, populate_existing=True).state


def test_a_worker_killed_while_applying_loses_nothing(app: Flask, run_jobs: Callable[[], int]) -> None:
    cohort, by = make.a_cohort(seats={"KG": PEOPLE}), make.somebody(Role.COORDINATOR)
    upload = handed_in(cohort, by, a_file(*people(PEOPLE)))
    run_jobs()
    before = db.session.scalar(sa.select(sa.func.count()).select_from(Person)) or 0
    job_id = ordered(upload, by, invite=True).id
    done = 0
    for stop_at in (13, 1, 8):
        run_until(app, job_id, stop_at)
        done += stop_at - 1
        assert len(seated(cohort)) == done  # the one in the making is undone as a whole
        assert [outcome for _line, outcome in outcomes(upload)] == ["done"] * done + [None] * (PEOPLE - done)
        assert state_of(upload) is UploadState.APPLYING
    assert outbox.run(job_id)
    assert (state_of(upload), outcomes(upload)) == (UploadState.APPLIED, [(n + 2, "done") for n in range(PEOPLE)])
    assert sorted(seated(cohort)) == sorted(str(row[0]) for row in people(PEOPLE))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Person)) == before + PEOPLE
    assert db.session.get_one(Cohort, cohort.id).taken == db.session.get_one(CountrySeats, (cohort.id, "KG")).taken == PEOPLE
    run_jobs()
    letters = db.session.scalars(sa.select(Mail.to).where(Mail.kind == "account.invitation")).all()
    assert sorted(letters) == sorted(str(row[2]) for row in people(PEOPLE))


def test_a_worker_killed_while_checking_begins_anew(app: Flask, run_jobs: Callable[[], int]) -> None:
    cohort, by = make.a_cohort(seats={"KG": PEOPLE}), make.somebody(Role.COORDINATOR)
    upload = handed_in(cohort, by, a_file(*people(PEOPLE)))
    job = uploads.job_of(upload)
    assert job is not None
    job_id = job.id
    run_until(app, job_id, 20)
    assert state_of(upload) is UploadState.CHECKING
    assert outbox.run(job_id)
    assert (state_of(upload), results(upload)) == (UploadState.CHECKED, [(n + 2, "new") for n in range(PEOPLE)])
