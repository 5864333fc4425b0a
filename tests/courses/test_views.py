from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from dostyk.core.access import Role
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.courses.models import Course, Programme, Project
from tests.factories import a_cohort, a_course, a_programme, a_project, somebody

FORM = {
    "title-en": "Digital Public Services", "title-kk": "Цифрлық қызметтер", "kind": "advanced", "academic_hours": "40",
    "minutes_per_hour": "45", "languages": ["ru", "en"], "least_attendance": "80", "excused_hours": "left_out", "late_hours": "full",
    "least_cultural_events": "0", "public": "y",
}  # fmt: skip


@pytest.fixture
def coordinator(sign_in):
    return sign_in(somebody(Role.COORDINATOR))


def body(response):
    return response.get_data(as_text=True)


def test_visitors_see_public_courses_and_their_next_dates(client):
    course = a_course()
    a_course(title={"en": "Secret"}, public=False)
    a_course(title={"en": "Past"}, archived_at=utcnow())
    a_cohort(course, starts_on=(utcnow() + timedelta(days=40)).date(), city={"en": "Shymkent"})
    page = body(client.get("/courses/"))
    assert "Digital Public Services" in page
    assert "Shymkent" in page
    assert "Secret" not in page
    assert "Past" not in page


def test_the_public_page_says_what_when_where_and_what_it_takes(client):
    course = a_course(minutes_per_hour=50, least_cultural_events=1, summary={"en": "What you learn.\n\nHow."})
    a_cohort(course, starts_on=(utcnow() + timedelta(days=40)).date(), code="DIG-1")
    a_cohort(course, code="NOW-1")
    page = body(client.get(f"/courses/{course.slug}"))
    for text in ("33 h 20 min", "at least 80%", "at least 1 cultural event", "What you learn.", "DIG-1", "/redeem"):
        assert text in page, text
    assert "NOW-1" not in page


@pytest.mark.parametrize("values", [{"public": False}, {"archived_at": utcnow()}])
def test_what_is_not_public_is_not_found_by_visitors_and_participants(values, client, sign_in, coordinator):
    slug = a_course(**values).slug
    assert client.get(f"/courses/{slug}").status_code == 404
    assert sign_in(somebody(Role.TRAINER, cohort=a_cohort())).get(f"/courses/{slug}").status_code == 404
    assert coordinator.get(f"/courses/{slug}").status_code == 200


def test_a_visitors_pages_take_few_statements_however_many_courses(client, statements):
    for number in range(3):
        a_cohort(a_course(slug=f"c{number}"), starts_on=(utcnow() + timedelta(days=40)).date())
    with statements() as few:
        client.get("/courses/")
    with statements() as one:
        client.get("/courses/c1")
    project = a_project()
    with work():
        db.session.add_all(
            Course(
                project_id=project.id, slug=f"d{number}", title={"en": f"C {number}"}, kind="advanced", academic_hours=Decimal(8),
                languages=["ru"], excused_hours="left_out", late_hours="full",
            )
            for number in range(300)
        )  # fmt: skip
    with statements() as many:
        client.get("/courses/")
    assert len(few) == len(many) <= 4, many
    assert len(one) <= 2, one


def test_search_folds_scripts_and_filters_narrow(client):
    a_course()
    a_course(title={"en": "Diplomacy"}, kind="seminar")
    assert "Diplomacy" not in body(client.get("/courses/?q=ЦИФРОВЫЕ"))
    assert "Digital Public" in body(client.get("/courses/?q=цифрлық"))
    assert "Digital Public" not in body(client.get("/courses/?kind=seminar"))
    assert "No course like this" in body(client.get("/courses/?q=zzz"))
    assert client.get("/courses/?kind=odd&sort=odd&page=9999999999999&programme='").status_code == 200


def test_the_list_can_be_exported(client):
    a_course(title={"en": "=cmd()"})
    csv = body(client.get("/courses/?format=csv"))
    assert csv.startswith("\ufeff")
    assert "'=cmd()" in csv


def test_a_course_is_made_with_a_warning_and_its_source(coordinator):
    project = a_project()
    made = coordinator.post("/courses/new", data={**FORM, "project_id": project.id, "academic_hours": "7,5"}, follow_redirects=True)
    assert "https://www.apa.kz/en/about-professional-development/" in body(made)
    assert db.session.scalars(sa.select(Course)).one().academic_hours == Decimal("7.50")
    assert "apa.kz" in body(coordinator.get("/courses/digital-public-services/edit"))


def test_visitors_are_not_told_of_the_warning(client):
    course = a_course(academic_hours=Decimal(300))
    assert "apa.kz" not in body(client.get(f"/courses/{course.slug}"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("academic_hours", "0"), ("academic_hours", "-5"), ("academic_hours", "NaN"), ("academic_hours", "Infinity"),
        ("academic_hours", "1e9"),
        ("academic_hours", "9" * 400), ("academic_hours", "1.005"), ("academic_hours", ""), ("academic_hours", "forty"),
        ("minutes_per_hour", "39"), ("minutes_per_hour", "51"), ("minutes_per_hour", "9" * 50),
        ("least_attendance", "101"), ("least_attendance", "-1"),
        ("least_cultural_events", "-1"), ("least_cultural_events", "9999999999"), ("kind", "odd"), ("languages", ["xx"]),
        ("languages", []), ("project_id", "99999999999999999999"), ("project_id", "x"), ("project_id", ""),
        ("excused_hours", "odd"), ("late_hours", ""),
        ("slug", "Ünïcode"), ("slug", "programmes"), ("slug", "x" * 500), ("title-en", "x" * 400),
    ],
)  # fmt: skip
def test_what_is_no_course_is_refused_at_its_field(coordinator, field, value):
    data = {**FORM, "project_id": a_project().id, field: value}
    if field == "title-en":
        data.pop("title-kk")
    response = coordinator.post("/courses/new", data=data)
    assert response.status_code == 200
    assert "Please correct this first" in body(response)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Course)) == 0


def test_a_title_in_one_language_is_enough_but_none_is_not(coordinator):
    data = {**FORM, "project_id": a_project().id, "title-en": "", "title-kk": ""}
    assert "Fill in at least one language." in body(coordinator.post("/courses/new", data=data))
    assert coordinator.post("/courses/new", data={**data, "title-kk": "Қызмет"}).status_code == 302


def test_an_empty_form_is_sent_back(coordinator):
    assert "There is no project yet" in body(coordinator.post("/courses/new", data={}))
    a_project()
    assert "Please correct this first" in body(coordinator.post("/courses/new", data={}))


def test_a_course_is_edited_archived_and_restored(coordinator):
    course = a_course()
    data = {**FORM, "project_id": course.project_id, "title-en": "Renamed", "slug": course.slug}
    assert coordinator.post(f"/courses/{course.slug}/edit", data=data).status_code == 302
    assert "Renamed" in body(coordinator.get("/courses/"))
    coordinator.post(f"/courses/{course.slug}/archive")
    assert "Renamed" not in body(coordinator.get("/courses/"))
    assert "Renamed" in body(coordinator.get("/courses/?state=archived"))
    coordinator.post(f"/courses/{course.slug}/restore")
    assert "Renamed" in body(coordinator.get("/courses/"))


def test_an_edit_that_is_refused_shows_what_was_typed(coordinator):
    a_course(slug="taken")
    course = a_course()
    data = {**FORM, "project_id": course.project_id, "slug": "taken", "title-en": "Typed"}
    page = body(coordinator.post(f"/courses/{course.slug}/edit", data=data))
    assert "Another course has this address" in page
    assert "Typed" in page


def test_programmes_and_projects_are_made_and_changed(coordinator):
    assert "No programmes yet" in body(coordinator.get("/courses/programmes/"))
    assert coordinator.post("/courses/programmes/new", data={"code": "dig", "title-en": "Digitalization"}).location.endswith("/DIG/")
    assert "Another programme has this code" in body(coordinator.post("/courses/programmes/new", data={"code": "DIG", "title-en": "Other"}))
    assert "Latin capital letters" in body(coordinator.post("/courses/programmes/new", data={"code": "ДИГ", "title-en": "Other"}))
    data = {"title-en": "Temasek", "starts_on": "2026-01-01", "ends_on": "2025-01-01"}
    assert "ends before it begins" in body(coordinator.post("/courses/programmes/DIG/projects/new", data=data))
    assert "2000 and 2100" in body(coordinator.post("/courses/programmes/DIG/projects/new", data={**data, "starts_on": "0001-01-01"}))
    assert coordinator.post("/courses/programmes/DIG/projects/new", data={**data, "ends_on": "2027-01-01"}).status_code == 302
    project = db.session.scalars(sa.select(Project)).one()
    page = f"/courses/programmes/DIG/projects/{project.id}"
    assert coordinator.post(f"{page}/edit", data={"title-en": "JICA"}).status_code == 302
    assert "JICA" in body(coordinator.get("/courses/programmes/DIG/"))
    assert coordinator.post(f"{page}/archive").status_code == 302
    assert coordinator.post("/courses/programmes/DIG/archive").status_code == 302
    assert coordinator.get("/courses/programmes/").status_code == 200
    assert "DIG" in body(coordinator.get("/courses/programmes/?state=archived"))
    assert "DIG" in body(coordinator.get("/courses/programmes/?state=archived&format=csv"))
    assert db.session.scalars(sa.select(Programme)).one().archived_at is not None


def test_a_project_under_a_foreign_programme_is_not_found(coordinator):
    project, other = a_project(), a_programme("XY")
    assert coordinator.get(f"/courses/programmes/{other.code}/projects/{project.id}/edit").status_code == 404
    assert coordinator.get("/courses/programmes/NONE/").status_code == 404
    assert coordinator.get("/courses/no-such").status_code == 404
    assert coordinator.get("/courses/%00").status_code == 404


def test_who_does_not_make_courses_makes_none(sign_in, client):
    course = a_course()
    for person in (somebody(Role.COORDINATOR, cohort=a_cohort(course)), somebody(Role.OBSERVER), somebody()):
        assert sign_in(person).get("/courses/new").status_code == 403
        assert sign_in(person).post(f"/courses/{course.slug}/archive").status_code == 403
        assert "New course" not in body(sign_in(person).get("/courses/"))
    assert client.get("/courses/new").status_code == 302
