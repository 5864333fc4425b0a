"""Kill -9 the worker in the middle of issuing 50 certificates: nothing is lost, nothing twice, no number missing."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from dostyk.core import outbox
from dostyk.core.clock import utcnow
from dostyk.core.database import db
from dostyk.core.mail import Mail
from dostyk.core.outbox import Job, JobState
from tests import factories as make
from tests.certificates import cast

PEOPLE = 50


def run_until(app: Flask, job_id: int, stop_at: int) -> None:
    """Start a worker and kill it while it is in the middle of the `stop_at`-th certificate it makes."""
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    words = [sys.executable, "-m", "tests.certificates.killed_worker", app.config["INSTANCE"], url, str(job_id), str(stop_at)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "issuing\n"
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL


def state_of(job_id: int) -> JobState:
    db.session.rollback()
    return db.session.scalars(sa.select(Job.state).where(Job.id == job_id)).one()


def test_a_worker_killed_while_issuing_loses_nothing(app: Flask, run_jobs: Callable[[], int]) -> None:
    cohort = cast.a_finished_cohort("DIG", slots=1)
    seats = sorted(seat.id for seat in cast.people_in(cohort, PEOPLE, email="aigul@example.org"))
    job_id = cast.order(cohort, make.a_person()).id
    db.session.rollback()
    issued = 0
    for stop_at in (17, 1, 9):
        run_until(app, job_id, stop_at)
        issued += stop_at - 1
        assert len(cast.certificates()) == issued  # the one in the making is undone as a whole
        assert state_of(job_id) is JobState.RUNNING  # dead, and nobody knows yet
        assert not outbox.run(job_id)
        assert job_id in outbox.sweep(utcnow() + outbox.STALE + timedelta(seconds=1))
    assert 0 < issued < PEOPLE
    assert outbox.run(job_id)
    found = cast.certificates()
    assert sorted(c.enrolment_id for c in found) == seats
    assert [c.serial for c in found] == list(range(1, PEOPLE + 1))
    assert state_of(job_id) is JobState.DONE
    letters = db.session.scalars(sa.select(Mail.subject).where(Mail.kind == "certificates.ready")).all()
    assert len(letters) == len(set(letters)) == PEOPLE


@pytest.mark.parametrize("people", [3])
def test_the_check_would_notice_a_lost_number(app: Flask, run_jobs: Callable[[], int], people: int) -> None:
    """The twin: taking the number in a transaction of its own leaves a gap when the rest is undone."""
    from dostyk.certificates import queries, service
    from dostyk.core.database import work

    cohort = cast.a_finished_cohort("DIG", slots=1)
    cast.people_in(cohort, people)
    terms, candidates, by = service.terms_of(cohort), queries.candidates(cohort, utcnow()), make.a_person()
    db.session.rollback()
    with work():
        service._next_serial(cohort.course.project.programme_id, utcnow().astimezone(make.ZONE).year)
    with work():
        service.issue_one(terms, candidates[0], by=by, now=utcnow())
    assert [c.serial for c in cast.certificates()] == [2]
