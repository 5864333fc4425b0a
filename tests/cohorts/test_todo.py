from __future__ import annotations

from datetime import timedelta

from dostyk.core.access import Role
from dostyk.core.clock import utcnow
from tests.factories import a_cohort, a_person, an_assignment, an_enrolment, somebody


def body(response):
    return response.get_data(as_text=True)


def test_a_coordinator_is_told_of_free_seats_and_missing_trainers_while_something_can_be_done(sign_in):
    soon, late = utcnow() + timedelta(days=3), utcnow() + timedelta(days=30)
    day = (utcnow() + timedelta(days=9)).date()
    mine = a_cohort(code="FREE-1", closes_at=soon, capacity=7, starts_on=day)
    far = a_cohort(code="FAR-1", closes_at=late, starts_on=(utcnow() + timedelta(days=90)).date())
    full = a_cohort(code="FULL-1", closes_at=soon, capacity=1, starts_on=day)
    an_enrolment(full)
    for cohort in (far, full):
        an_assignment(a_person(), Role.TRAINER, cohort=cohort)
    page = body(sign_in(somebody(Role.COORDINATOR)).get("/home"))
    assert "seats are still free in FREE-1" in page
    assert "cohort has no trainer: FREE-1" in page
    for text in ("still free in FAR-1", "still free in FULL-1", "no trainer: FAR-1", "no trainer: FULL-1"):
        assert text not in page
    an_assignment(a_person(), Role.TRAINER, cohort=mine)
    assert "no trainer: FREE-1" not in body(sign_in(somebody(Role.COORDINATOR)).get("/home"))
    assert "FREE-1" not in body(sign_in(somebody(Role.COORDINATOR, cohort=far)).get("/home"))


def test_a_persons_page_shows_their_seats_in_the_cohorts_one_may_see(sign_in):
    one, other = a_cohort(code="ONE-1"), a_cohort(code="OTHER-1")
    person = a_person()
    for cohort in (one, other):
        an_enrolment(cohort, person)
    page = body(sign_in(somebody(Role.COORDINATOR, cohort=one)).get(f"/people/{person.id}"))
    assert "ONE-1" in page
    assert "OTHER-1" not in page
    assert sign_in(somebody(Role.COORDINATOR, cohort=one)).get(f"/people/{a_person().id}").status_code == 404
