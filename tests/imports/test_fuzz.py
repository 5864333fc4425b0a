"""Any bytes and any cells, through the pages: a clear result, never an error of ours, never a file that is half applied unsaid."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.core.access import Role
from dostyk.core.database import db
from dostyk.core.outbox import Job, JobState
from dostyk.core.uploads import RowOutcome, RowResult, Upload, UploadState
from tests import factories as make
from tests.imports.cast import a_file, rows_of

ANY = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
HEAD = ("full_name", "own_name", "country", "email", "birth_year", "sex", "languages", "post")
# Cells that mean something, and anything.
MEANT = {
    "full_name": ["AITBAEVA Aigul", "OMUROV Bakyt", "Ahmad", "Ahmad Shah", "Өмүр", "=cmd|' /C calc'!A0"],
    "own_name": ["", "Айгүл", "احمد شاه"],
    "country": ["KG", "Таджикистан", "", "AF"],
    "email": ["", "a@example.org", "b@example.org", "x"],
    "birth_year": ["", "1990", "1985", "14.03.1990", "3000"],
    "sex": ["", "ж", "male"],
    "languages": ["", "ru, kk", "?"],
    "post": ["", "Chief", "Chief specialist"],
}
cells = st.tuples(*(st.sampled_from(MEANT[key]) | st.text(max_size=30) if key != "own_name" else st.text(max_size=250) for key in HEAD))
likely = st.tuples(*(st.sampled_from(MEANT[key]) for key in HEAD))


@pytest.fixture
def cohort(app):
    return make.a_cohort(seats={"KG": 40, "TJ": 2})


@pytest.fixture
def client(app, sign_in):
    return sign_in(make.somebody(Role.COORDINATOR))


def through(client, cohort, content, run_jobs):
    """Hand in, look, apply, look. What the page says must be what is stored."""
    base = f"/cohorts/{cohort.code}/participants/import"
    answer = client.post(base, data={"file": (io.BytesIO(content), "any.csv")})
    assert answer.status_code in (200, 302)
    if answer.status_code == 200:
        assert content == b""
        return None
    address = answer.headers["Location"]
    run_jobs()
    assert client.get(address).status_code == client.get(f"{address}?format=csv").status_code == 200
    upload = db.session.get_one(Upload, int(address.rpartition("/")[2]), populate_existing=True)
    assert upload.state in (UploadState.CHECKED, UploadState.UNREADABLE)
    assert (upload.state is UploadState.UNREADABLE) == bool(upload.report.get("said"))
    seats = enrolled()
    assert client.post(f"{address}/apply").status_code == 302
    run_jobs()
    assert client.get(address).status_code == 200
    rows = rows_of(upload)
    doing = [row for row in rows if row.result in (RowResult.NEW, RowResult.CHANGED)]
    assert all((row.outcome is not None) == (row in doing) for row in rows)
    new = sum(row.outcome is RowOutcome.DONE and row.result is RowResult.NEW for row in rows)
    assert enrolled() == seats + new == db.session.get_one(Cohort, cohort.id, populate_existing=True).taken
    assert {row.findings != [] or row.said is not None for row in rows if row.result in (RowResult.ERROR, RowResult.CONTRADICTION)} <= {
        True
    }
    assert set(db.session.scalars(sa.select(Job.state))) <= {JobState.DONE}
    return upload


def enrolled():
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Enrolment))


@ANY
@given(content=st.binary(max_size=2000))
def test_any_bytes(client, cohort, run_jobs, content):
    through(client, cohort, content, run_jobs)


@ANY
@given(content=st.binary(max_size=600))
def test_any_bytes_below_a_head(client, cohort, run_jobs, content):
    through(client, cohort, b"full_name,country,email\r\n" + content, run_jobs)


@ANY
@given(rows=st.lists(cells, max_size=6))
def test_any_cells(client, cohort, run_jobs, rows):
    through(client, cohort, a_file(*rows, head=HEAD), run_jobs)


@ANY
@given(rows=st.lists(likely, max_size=12), again=st.lists(likely, max_size=4))
def test_files_of_people_who_are_hard_to_tell_apart(client, cohort, run_jobs, rows, again):
    through(client, cohort, a_file(*rows, head=HEAD), run_jobs)
    # Whatever came of it: handed in again, it gives nobody a second seat and makes nobody a second person.
    doing = (
        [row.line for row in rows_of(through(client, cohort, a_file(*rows, head=HEAD), run_jobs)) if row.outcome is RowOutcome.DONE]
        if rows
        else []
    )
    through(client, cohort, a_file(*rows, *again, head=HEAD), run_jobs)
    if rows:
        third = through(client, cohort, a_file(*rows, head=HEAD), run_jobs)
        assert [row.line for row in rows_of(third) if row.outcome is RowOutcome.DONE and row.result is RowResult.NEW] == [], doing
