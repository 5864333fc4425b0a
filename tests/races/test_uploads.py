"""Many press “apply” at the same moment, and many workers carry out the same file: each row is done once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.core import uploads
from dostyk.core.access import Role
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from dostyk.core.outbox import Job
from dostyk.core.uploads import Upload, UploadState
from dostyk.people.models import Person
from tests import factories as make
from tests.imports.cast import a_file, handed_in, ordered, outcomes, people

pytestmark = pytest.mark.xdist_group("races")  # the racing processes are started once
PEOPLE = 30


def press(app: Flask, argument: tuple[int, int]) -> str:
    upload_id, person_id = argument
    with app.test_request_context("/apply", method="POST"):
        try:
            with work():
                upload, by = db.session.get_one(Upload, upload_id), db.session.get_one(Person, person_id)
                return f"job {uploads.apply(upload, by=by, now=utcnow()).subject}"
        except Refused:
            return "refused"


def carry_out(app: Flask, argument: tuple[int, int]) -> str:
    upload_id, person_id = argument
    with app.app_context():
        uploads.tasks.carry_out(lambda _done, _total: None, upload_id, person_id, "en", {})
    return "done"


def count(model: type[Any]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def test_of_two_files_of_a_cohort_one_is_applied_by_one_job(app, racers, run_jobs):
    cohort, by = make.a_cohort(seats={"KG": PEOPLE}), make.somebody(Role.COORDINATOR)
    files = [handed_in(cohort, by, a_file(*people(PEOPLE))).id for _ in range(2)]
    run_jobs()
    person = by.id
    db.session.rollback()
    said = Counter(racers.race(press, [(files[n % 2], person) for n in range(32)]))
    assert said["refused"] == 16
    assert sum(said.values()) == 32
    assert len(said) == 2
    assert len(db.session.scalars(sa.select(Job).where(Job.name == "uploads.apply")).all()) == 1


def test_sixteen_workers_with_the_same_file_do_each_row_once(app, racers, run_jobs):
    cohort, by = make.a_cohort(seats={"KG": PEOPLE}), make.somebody(Role.COORDINATOR)
    upload = handed_in(cohort, by, a_file(*people(PEOPLE)))
    run_jobs()
    ordered(upload, by)
    before, argument, number = count(Person), (upload.id, by.id), cohort.id
    db.session.rollback()
    assert racers.race(carry_out, [argument] * 16) == ["done"] * 16
    assert (count(Person), count(Enrolment)) == (before + PEOPLE, PEOPLE)
    assert db.session.get_one(Cohort, number).taken == PEOPLE
    found = db.session.get_one(Upload, argument[0])
    assert found.state is UploadState.APPLIED
    assert outcomes(found) == [(n + 2, "done") for n in range(PEOPLE)]
