"""The pages: handing in, the report, applying; who may, and what they cost."""

from __future__ import annotations

import io
import re

import pytest
import sqlalchemy as sa

from dostyk.cohorts.models import CountrySeats
from dostyk.core import uploads
from dostyk.core.access import Role
from dostyk.core.database import db, work
from dostyk.core.outbox import Job, JobState
from dostyk.core.sheets import open_table
from dostyk.core.uploads import Upload, UploadRow
from dostyk.imports.labels import COLUMNS
from tests import factories as make
from tests.imports.cast import a_file, handed_in, ordered, outcomes, people, rows_of, seated

AIGUL = ("AITBAEVA Aigul", "KG", "aigul@example.org", 1990)


@pytest.fixture
def by(app):
    return make.somebody(Role.COORDINATOR)


@pytest.fixture
def cohort(app):
    return make.a_cohort(seats={"KG": 900})


@pytest.fixture
def coordinator(by, sign_in):
    return sign_in(by)


def base(cohort):
    return f"/cohorts/{cohort.code}/participants/import"


def page(answer):
    assert answer.status_code == 200
    return answer.text


def notices(text):
    return [re.sub(r"<[^>]+>|\s+", " ", found).strip() for found in re.findall(r'<div class="notice [^"]*">(.*?)</div></div>', text, re.S)]


def hand_in(client, cohort, content, name="people.csv"):
    answer = client.post(base(cohort), data={"file": (io.BytesIO(content), name)})
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def test_from_the_page_of_participants_to_seats(coordinator, cohort, run_jobs):
    assert base(cohort) in page(coordinator.get(f"/cohorts/{cohort.code}/participants"))
    template = coordinator.get(f"{base(cohort)}/template.xlsx")
    assert template.headers["Content-Disposition"] == 'attachment; filename="participants.xlsx"'
    address = hand_in(coordinator, cohort, template.data, "Участники 2026.xlsx")
    assert "Checking the rows" in page(coordinator.get(address))
    assert "HX-Refresh" not in coordinator.get(f"{address}/progress").headers
    run_jobs()
    assert coordinator.get(f"{address}/progress").headers["HX-Refresh"] == "true"
    text = page(coordinator.get(address))
    assert "Участники 2026.xlsx" in text
    assert "Apply: 1 new, 0 changed" in text
    assert coordinator.post(f"{address}/apply").status_code == 302
    assert "Applying the rows" in page(coordinator.get(address))
    run_jobs()
    assert notices(page(coordinator.get(address))) == ["1 row is applied."]
    assert seated(cohort) == ["AITBAEVA Aigul"]
    assert "Участники 2026.xlsx" in page(coordinator.get(base(cohort)))


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["en", "ru", "kk", "fa_AF"])
def test_the_template_of_every_language_is_read_back(coordinator, by, cohort, kind, language):
    db.session.rollback()
    with work():
        make.account_of(by).language = language
    content = coordinator.get(f"{base(cohort)}/template.{kind}").data
    found = open_table(content, COLUMNS)
    assert [dict(line.cells) for line in found.lines] == [{column.key: column.example for column in COLUMNS}]
    assert found.unknown == []


def test_without_a_file_the_form_says_so(coordinator, cohort):
    assert "Choose a file." in page(coordinator.post(base(cohort)))
    empty = coordinator.post(base(cohort), data={"file": (io.BytesIO(b""), "x.csv")})
    assert "The file is empty. Choose another one." in page(empty)
    assert db.session.scalars(sa.select(Upload)).all() == []


def test_a_file_that_is_too_large_is_told_so(app, coordinator, cohort):
    assert app.config["MAX_CONTENT_LENGTH"] == 12 << 20
    app.config["MAX_CONTENT_LENGTH"] = 12 << 10
    answer = coordinator.post(base(cohort), data={"file": (io.BytesIO(b"x" * (13 << 10)), "x.csv")})
    assert (answer.status_code, "The file is too large" in answer.text) == (413, True)


def test_an_unreadable_file_is_told_so_and_can_be_thrown_away(coordinator, cohort, run_jobs):
    address = hand_in(coordinator, cohort, b"\xd0\xcf\x11\xe0", "old.xls")
    run_jobs()
    said = "This is a spreadsheet of the old kind (XLS), or one with a password. Save it as XLSX without a password."
    assert notices(page(coordinator.get(address))) == [said]
    for _ in range(2):
        assert coordinator.post(f"{address}/throw-away").headers["Location"] == base(cohort)
    assert coordinator.get(address).status_code == 404


def test_the_report_is_filtered_searched_paged_and_exported(coordinator, by, cohort, run_jobs):
    upload = handed_in(cohort, by, a_file(*people(70), ("Bad Name", "Narnia", "", "")))
    run_jobs()
    address = f"{base(cohort)}/{upload.id}"
    assert page(coordinator.get(address)).count('data-l="Line"') == 50
    assert page(coordinator.get(f"{address}?page=2")).count('data-l="Line"') == 21
    text = page(coordinator.get(f"{address}?result=error"))
    assert "Country (B):" in text
    assert text.count('data-l="Line"') == 1
    assert page(coordinator.get(f"{address}?q=numberbc")).count('data-l="Line"') == 1
    exported = coordinator.get(f"{address}?result=error&format=csv").data
    found = open_table(exported, COLUMNS)
    assert [(line.cells["full_name"], line.cells["country"]) for line in found.lines] == [("Bad Name", "Narnia")]
    assert found.unknown == ["Line", "Result", "What was found", "Applied"]


def test_what_is_in_the_cells_is_text_on_the_page(coordinator, by, cohort, run_jobs):
    upload = handed_in(cohort, by, a_file(("<script>alert(1)</script>", "<b>KG", "x", "")))
    run_jobs()
    text = page(coordinator.get(f"{base(cohort)}/{upload.id}"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert" not in text
    assert "<b>KG" not in text


def test_the_report_takes_the_same_number_of_statements_for_three_rows_and_three_hundred(coordinator, by, cohort, run_jobs, statements):
    def counted(rows):
        upload = handed_in(cohort, by, a_file(*people(rows)))
        run_jobs()
        address = f"{base(cohort)}/{upload.id}"
        with statements() as found:
            page(coordinator.get(address))
        return len(found)

    assert counted(3) == counted(300)


def test_a_file_of_another_cohort_is_not_there(app, sign_in, by, cohort, run_jobs):
    other = make.a_cohort(seats={"KG": 9})
    upload = handed_in(cohort, by, a_file(AIGUL))
    run_jobs()
    stranger = sign_in(make.somebody(Role.COORDINATOR, cohort=other))
    for client in (stranger, sign_in(make.somebody(Role.COORDINATOR))):
        wrong = f"{base(other)}/{upload.id}"
        assert [client.get(wrong).status_code, client.get(f"{wrong}/progress").status_code] == [404, 404]
        assert client.post(f"{wrong}/apply").status_code == 404
        assert client.post(f"{wrong}/throw-away").status_code == 302
    assert stranger.post(f"{base(cohort)}/{upload.id}/apply").status_code == 404
    assert outcomes(upload) == [(2, None)]


def test_pressed_twice_it_is_applied_once(coordinator, by, cohort, run_jobs):
    upload = handed_in(cohort, by, a_file(AIGUL))
    run_jobs()
    for _ in range(2):
        coordinator.post(f"{base(cohort)}/{upload.id}/apply")
    assert len(db.session.scalars(sa.select(Job).where(Job.name == "uploads.apply")).all()) == 1
    run_jobs()
    coordinator.post(f"{base(cohort)}/{upload.id}/apply")
    assert "There is nothing to apply" in page(coordinator.get(f"{base(cohort)}/{upload.id}"))
    assert seated(cohort) == ["AITBAEVA Aigul"]


def test_a_file_is_checked_again_when_something_else_has_changed(coordinator, by, run_jobs):
    cohort = make.a_cohort(seats={"TJ": 9})
    upload = handed_in(cohort, by, a_file(AIGUL))
    run_jobs()
    address = f"{base(cohort)}/{upload.id}"
    assert "This cohort holds no seats for that country." in page(coordinator.get(address))
    make.save(CountrySeats(cohort_id=cohort.id, country="KG", seats=1, taken=0))
    for _ in range(2):
        assert coordinator.post(f"{address}/check-again").status_code == 302
    run_jobs()
    assert "Apply: 1 new, 0 changed" in page(coordinator.get(address))
    assert len(db.session.scalars(sa.select(Job).where(Job.name == "uploads.check")).all()) == 2


def test_a_half_applied_file_says_so(coordinator, by, cohort, run_jobs):
    upload = handed_in(cohort, by, a_file(*people(3)))
    run_jobs()
    number = ordered(upload, by).id
    first = rows_of(upload)[0]
    with work():
        job = db.session.get_one(Job, number)
        job.state, job.done, first.outcome = JobState.FAILED, 1, uploads.RowOutcome.DONE
    text = page(coordinator.get(f"{base(cohort)}/{upload.id}"))
    assert notices(text)[0].startswith("Applying stopped after 1 of 3 rows because of a technical error.")
    coordinator.post(f"{base(cohort)}/{upload.id}/apply")
    run_jobs()
    assert notices(page(coordinator.get(f"{base(cohort)}/{upload.id}"))) == ["3 rows are applied."]


def test_a_forgotten_file_shows_its_counts(coordinator, by, cohort, run_jobs):
    upload = handed_in(cohort, by, a_file(AIGUL))
    run_jobs()
    with work():
        db.session.execute(sa.delete(UploadRow))
        found = db.session.get_one(Upload, upload.id)
        found.report = {**found.report, "forgotten": True}
    text = page(coordinator.get(f"{base(cohort)}/{upload.id}"))
    assert notices(text) == ["The rows of this file were deleted after 30 days, because they are personal data. The counts stay."]
    assert "<b><bdi>1</bdi></b>" in text
