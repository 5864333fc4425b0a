from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa

from dostyk.core.audit import Event
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from dostyk.courses import queries, service
from dostyk.courses.models import Course
from dostyk.courses.rules import CourseKind, ExcusedHours, LateHours
from dostyk.courses.service import CourseDetails, ProgrammeDetails, ProjectDetails
from tests.factories import a_cohort, a_course, a_person, a_programme, a_project, an_organisation

pytestmark = pytest.mark.usefixtures("app")


def details(project=None, **values):
    usual = CourseDetails(
        project_id=(project or a_project()).id, title={"en": "Digital Public Services"}, summary={}, kind=CourseKind.ADVANCED,
        academic_hours=Decimal(40), minutes_per_hour=45, languages=["ru", "en"], least_attendance=80, excused_hours=ExcusedHours.LEFT_OUT,
        late_hours=LateHours.FULL, least_cultural_events=0, public=True, slug="",
    )  # fmt: skip
    return replace(usual, **values)


def create(**values):
    plan, by = details(**values), a_person()
    with work():
        return service.create(plan, by, utcnow())


def edit(course, **values):
    plan, by = details(course.project, **{"slug": course.slug, **values}), a_person()
    with work():
        service.edit(course, plan, by, utcnow())


def kinds():
    return list(db.session.scalars(sa.select(Event.kind).order_by(Event.id)))


def test_addresses_come_from_the_english_title_and_run_on():
    assert [create().slug for _ in range(3)] == ["digital-public-services", "digital-public-services-2", "digital-public-services-3"]


def test_a_title_in_another_script_gives_an_address_too():
    assert create(title={"ru": "Цифровые услуги"}).slug.isascii()
    assert create(title={"en": "公务员"}).slug == "course"
    assert create(title={"en": "New"}).slug == "new-2"


@pytest.mark.parametrize("slug", ["new", "programmes", "A B", "é", "-x"])
def test_an_odd_address_is_refused_at_its_field(slug):
    with pytest.raises(Refused) as refused:
        create(slug=slug)
    assert refused.value.field == "slug"


def test_an_address_of_another_is_refused_when_made_and_when_changed():
    create(slug="taken")
    with pytest.raises(Refused):
        create(slug="taken")
    other = create(slug="free")
    with pytest.raises(Refused) as refused:
        edit(other, slug="taken")
    assert refused.value.field == "slug"
    assert set(db.session.scalars(sa.select(Course.slug))) == {"taken", "free"}


def test_an_address_stays_once_a_cohort_exists():
    course = a_course()
    edit(course, slug="another")
    assert course.slug == "another"
    a_cohort(course)
    with pytest.raises(Refused):
        edit(course, slug="third")
    edit(course, academic_hours=Decimal("7.5"))
    assert queries.by_slug("another").academic_hours == Decimal("7.50")


def test_unusual_hours_are_saved():
    assert create(academic_hours=Decimal("0.01")).academic_hours == Decimal("0.01")
    assert create(academic_hours=Decimal("9999.99")).id


def test_an_edit_without_a_change_leaves_no_event():
    course = create()
    edit(course, languages=["ru", "en"])
    assert kinds() == ["course.created"]
    edit(course, title={"en": "Other", "kk": "Басқа"})
    assert kinds() == ["course.created", "course.edited"]
    assert "baska" in course.search


def test_archiving_twice_is_once_and_takes_the_course_from_visitors():
    course, by = a_course(), a_person()
    with work():
        service.archive(course, by, utcnow())
        service.archive(course, by, utcnow())
    assert list(queries.public_courses()) == []
    assert list(queries.offered()) == []
    with work():
        service.restore(course, by, utcnow())
    assert list(queries.public_courses()) == [course]
    assert kinds() == ["course.archived", "course.restored"]


def test_a_hidden_course_is_offered_to_coordinators_only():
    course = a_course(public=False)
    assert list(queries.public_courses()) == []
    assert list(queries.offered()) == [course]


def programme(code, **values):
    return ProgrammeDetails(**{"code": code, "title": {"en": "Digitalization"}, "summary": {}, **values})


def test_a_code_of_another_programme_is_refused():
    with work():
        service.create_programme(programme("DIG"), a_person(), utcnow())
    with pytest.raises(Refused) as refused, work():
        service.create_programme(programme("DIG"), a_person(), utcnow())
    assert refused.value.field == "code"


def test_a_programme_keeps_its_code_once_a_cohort_exists():
    found, by = a_programme("DIG"), a_person()
    course = a_course(a_project(found))
    with work():
        service.edit_programme(found, programme("DGT"), by, utcnow())
    a_cohort(course)
    with pytest.raises(Refused), work():
        service.edit_programme(found, programme("XYZ"), by, utcnow())
    with work():
        service.edit_programme(found, programme("DGT", title={"en": "New title"}), by, utcnow())
    assert queries.programme_by_code("dgt").title == {"en": "New title"}


def test_a_project_does_not_end_before_it_begins():
    plan, programme, by = (
        ProjectDetails({"en": "Project"}, an_organisation().id, date(2026, 5, 1), date(2026, 4, 1)),
        a_programme(),
        a_person(),
    )
    with pytest.raises(Refused) as refused, work():
        service.create_project(programme, plan, by, utcnow())
    assert refused.value.field == "ends_on"


def test_a_project_of_another_programme_is_not_found():
    project = a_project()
    assert queries.project_of(project.programme, project.id) == project
    assert queries.project_of(a_programme(), project.id) is None
