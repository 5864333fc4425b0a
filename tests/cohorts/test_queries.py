from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dostyk.cohorts import queries
from dostyk.cohorts.models import Cohort
from dostyk.cohorts.rules import EnrolmentState, Phase
from dostyk.core.access import Grant, Role
from dostyk.core.clock import utcnow
from dostyk.core.database import db
from dostyk.people.models import Person
from tests.factories import a_cohort, a_course, a_host, a_person, a_project, an_assignment, an_enrolment, an_organisation

pytestmark = pytest.mark.usefixtures("app")
EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def world(app):
    """Three hosts, two donors, cohorts with and without seats for countries."""
    hosts = [a_host() for _ in range(3)]
    donors = [an_organisation(), an_organisation(), None]
    courses = [a_course(a_project(donor=donor)) for donor in donors]
    plans = ({}, {"KG": 2}, {"KG": 1, "TJ": 1}, {"UZ": 3})
    for n in range(8):
        a_cohort(courses[n % 3], plans[n % 4], host=hosts[n % 2])
    return [h.id for h in hosts] + [d.id for d in donors if d]


@pytest.mark.parametrize("role", [Role.COORDINATOR])
def test_within_is_covers_for_lists(world, role):
    numbers = list(db.session.scalars(sa.select(Cohort.id)))
    grants = st.one_of(
        st.builds(Grant, st.just(role), cohort_id=st.sampled_from([*numbers, 0])),
        st.builds(Grant, st.just(role), organisation_id=st.sampled_from([*world, 0])),
        st.builds(Grant, st.just(role), country=st.sampled_from(["KG", "TJ", "UZ", "AF"])),
        st.just(Grant(role)),
    )

    @EXAMPLES
    @given(st.lists(grants, max_size=4))
    def check(given_):
        cohorts = db.session.scalars(sa.select(Cohort).options(*queries.HEAD)).all()
        by_one = {c.id for c in cohorts if any(g.everywhere or queries.covers(c, g) for g in given_)}
        assert by_one == set(db.session.scalars(sa.select(Cohort.id).where(queries.within(given_))))

    check()


def test_a_grant_reaches_the_people_of_its_scope():
    body, host = an_organisation(), a_host()
    cohort = a_cohort(seats={"KG": 5}, host=host)
    seated, trainer, official, foreign = (
        a_person(),
        a_person(country="KZ"),
        a_person(organisation=body, country="TJ"),
        a_person(country="UZ"),
    )
    gone = an_enrolment(cohort, a_person(country="AF"), state=EnrolmentState.WITHDRAWN).person
    an_enrolment(cohort, seated, "KG")
    an_assignment(trainer, Role.TRAINER, cohort=cohort)

    def reached(**scope):
        return set(db.session.scalars(sa.select(Person).where(queries.people_within([Grant(Role.COORDINATOR, **scope)]))))

    assert reached(cohort_id=cohort.id) == {seated, trainer, gone}
    assert reached(organisation_id=body.id) == {official}
    assert reached(organisation_id=host.id) == {seated, gone}
    assert reached(country="UZ") == {foreign}
    assert reached(cohort_id=cohort.id + 999) == set()


zones = ("Asia/Almaty", "Asia/Kabul", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York")


def test_the_phase_in_lists_is_the_phase_of_each():
    now = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
    for n, zone in enumerate(zones * 3):
        today = now.astimezone(ZoneInfo(zone)).date()
        a_cohort(starts_on=today + timedelta(days=n % 4 - 2), days=2, time_zone=zone, archived_at=now if n == 7 else None)

    @EXAMPLES
    @given(st.datetimes(datetime(2026, 11, 22), datetime(2026, 11, 29), timezones=st.just(UTC)), st.sampled_from(Phase))
    def check(at, phase):
        one_by_one = {c.id for c in db.session.scalars(sa.select(Cohort)) if c.phase(at) is phase}
        assert one_by_one == set(db.session.scalars(sa.select(Cohort.id).where(queries.phase_is(phase, at))))

    check()


def test_participants_are_those_with_a_seat_by_name(statements):
    cohort = a_cohort()
    for name in ("Zarina", "Aibek", "Ҷамшед"):
        an_enrolment(cohort, a_person(name))
    an_enrolment(cohort, a_person("Gone"), state=EnrolmentState.WITHDRAWN)
    with statements() as found:
        names = [e.person.full_name for e in queries.participants(cohort)]
    assert names == ["Aibek", "Ҷамшед", "Zarina"]
    assert len(found) == 1
    assert len(queries.participants(cohort, None)) == 4


def test_an_enrolment_of_another_cohort_is_not_found():
    enrolment = an_enrolment()
    assert queries.enrolment(enrolment.cohort, enrolment.id) == enrolment
    assert queries.enrolment(a_cohort(), enrolment.id) is None


def test_coming_dates_are_those_that_have_not_begun():
    course, now = a_course(), utcnow()
    today = now.astimezone(ZoneInfo("Asia/Almaty")).date()
    a_cohort(course, starts_on=today)
    later = a_cohort(course, starts_on=today + timedelta(days=9))
    soon = a_cohort(course, starts_on=today + timedelta(days=2), closes_at=now)
    a_cohort(course, starts_on=today + timedelta(days=3), archived_at=now)
    coming = queries.coming([course.id], now)[course.id]
    assert [(held.code, held.open_) for held in coming] == [(soon.code, False), (later.code, True)]
