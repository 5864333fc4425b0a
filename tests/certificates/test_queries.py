"""What the pages read: in a constant number of statements, judged by one rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from dostyk.attendance import queries as attendance
from dostyk.certificates import queries
from dostyk.certificates.labels import why_not
from dostyk.certificates.rules import Standing, Unmet
from dostyk.cohorts.rules import EnrolmentState
from dostyk.core.access import Grant, Role
from dostyk.core.clock import utcnow
from dostyk.core.database import db
from dostyk.courses.rules import ExcusedHours, LateHours
from tests import factories as make
from tests.certificates import cast

pytestmark = pytest.mark.usefixtures("app")
EVERYWHERE = [Grant(Role.COORDINATOR)]


def test_records_of_single_seats_are_those_of_the_cohort() -> None:
    rules: dict[str, Any] = {"excused_hours": ExcusedHours.MISSED, "late_hours": LateHours.LESS_MINUTES}
    cohorts = [cast.a_finished_cohort(slots=3, printed=False), cast.a_finished_cohort(slots=2, printed=False, course=rules)]
    seats = [seat for cohort in cohorts for present in (0, 1, 2) for seat in cast.people_in(cohort, 1, present=present)]
    now = utcnow()
    together = attendance.records_of(seats, now)
    assert together == {**attendance.records(cohorts[0], now), **attendance.records(cohorts[1], now)}


@pytest.mark.parametrize("people", [3, 300])
def test_statements_do_not_grow_with_the_cohort(people: int, statements: Callable[[], Any]) -> None:
    cohort = cast.a_finished_cohort(slots=1)
    cast.people_in(cohort, people)
    code = cohort.code
    db.session.remove()
    cohort = queries.cohort(cohort.id)
    with statements() as found:
        judged = queries.candidates(cohort, utcnow())
    assert (len(judged), len(found)) == (people, 6)
    db.session.remove()
    with statements() as found:
        waiting = queries.candidates_of(queries.without_certificate(EVERYWHERE, utcnow()), utcnow())
    assert (len(waiting), len(found)) == (people, 5)
    assert {c.enrolment.cohort.code for c in waiting} == {code}


def test_the_sentences_say_how_much_is_missing() -> None:
    cohort = cast.a_finished_cohort(slots=5, course={"least_cultural_events": 2})
    [seat] = cast.people_in(cohort, 1, present=3)
    [judged] = queries.candidates(cohort, utcnow())
    assert judged.unmet == {Unmet.ATTENDANCE, Unmet.CULTURE}
    assert why_not(judged.unmet, judged.record, judged.rule) == [
        "Attendance is 60% of the planned hours, 80% is needed (academic hours missing: 2).",
        "0 of 2 required cultural events attended.",
    ]
    assert judged.enrolment.id == seat.id


def test_who_withdrew_stays_in_the_list_and_gets_nothing() -> None:
    cohort = cast.a_finished_cohort()
    cast.people_in(cohort, 1)
    seat = make.an_enrolment(cohort, state=EnrolmentState.WITHDRAWN)
    cast.mark([seat])
    standings = {c.enrolment.id: c.standing for c in queries.candidates(cohort, utcnow())}
    assert standings[seat.id] is Standing.WITHDRAWN
    assert seat.id not in [s.id for s in queries.without_certificate(EVERYWHERE, utcnow())]


def test_only_cohorts_within_reach_that_ended_lately_ask_for_certificates() -> None:
    mine, foreign = cast.a_finished_cohort(printed=False), cast.a_finished_cohort(printed=False)
    cast.people_in(mine, 1)
    cast.people_in(foreign, 1)
    old = make.a_cohort(starts_on=utcnow().date() - timedelta(days=400))
    cast.people_in(old, 1)
    running = make.a_cohort()
    cast.people_in(running, 1)
    grants = [Grant(Role.COORDINATOR, cohort_id=cohort.id) for cohort in (mine, old, running)]
    assert {s.cohort_id for s in queries.without_certificate(grants, utcnow())} == {mine.id}
    assert queries.without_certificate([], utcnow()) == []
