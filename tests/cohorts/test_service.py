from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from dostyk.cohorts import queries, rules, service
from dostyk.cohorts.models import Assignment, Cohort, CountrySeats, Enrolment
from dostyk.cohorts.rules import EnrolmentState, NoSeat
from dostyk.cohorts.service import CohortDetails
from dostyk.core.access import Role
from dostyk.core.audit import Event
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from tests.factories import a_cohort, a_course, a_host, a_person, a_programme, a_project, an_assignment, an_enrolment, an_organisation

pytestmark = pytest.mark.usefixtures("app")


def enrol(person, cohort, country="KG", now=None, by=None):
    with work():
        return service.enrol(person, cohort, country, now or utcnow(), by=by)


def withdraw(enrolment, by, reason="ill"):
    with work():
        service.withdraw(enrolment, reason, by, utcnow())


def counts(cohort):
    """Seats taken as the database has them: of the cohort, and of its countries."""
    db.session.expire_all()
    taken = db.session.scalar(sa.select(Cohort.taken).where(Cohort.id == cohort.id))
    by_country = db.session.execute(sa.select(CountrySeats.country, CountrySeats.taken).where(CountrySeats.cohort_id == cohort.id))
    return taken, dict(tuple(row) for row in by_country)


def events(kind):
    return db.session.scalars(sa.select(Event).where(Event.kind == kind).order_by(Event.id)).all()


# --- Seats ----------------------------------------------------------------------------------------------------------


def test_a_seat_counts_for_the_country_and_the_cohort():
    cohort, person = a_cohort(seats={"KG": 2, "TJ": 1}, capacity=5), a_person()
    enrolment = enrol(person, cohort)
    assert (enrolment.person, enrolment.cohort, enrolment.country, cohort.taken) == (person, cohort, "KG", 1)
    assert counts(cohort) == (1, {"KG": 1, "TJ": 0})
    assert [e.data["person"] for e in events("enrolment.given")] == [person.id]


def test_the_same_person_again_gets_the_same_seat_even_when_it_was_the_last_and_the_window_is_over():
    cohort, person = a_cohort(seats={"KG": 1}, capacity=1), a_person()
    first = enrol(person, cohort)
    assert enrol(person, cohort, now=utcnow() + timedelta(days=900)) is first
    assert counts(cohort) == (1, {"KG": 1})
    assert len(events("enrolment.given")) == 1


def test_the_last_seat_of_a_country_goes_to_one_and_the_refusal_is_in_the_log_alone():
    cohort = a_cohort(seats={"KG": 1, "TJ": 1}, capacity=5)
    enrol(a_person(), cohort)
    late = a_person()
    with pytest.raises(Refused) as refused:
        enrol(late, cohort)
    assert "All seats for your country are taken" in str(refused.value.sentence)
    assert counts(cohort) == (1, {"KG": 1, "TJ": 0})
    assert queries.enrolment_of(cohort.id, late.id) is None
    assert [e.reason for e in events("enrolment.refused")] == [NoSeat.COUNTRY_FULL]


def test_the_last_seat_of_the_cohort_goes_to_one():
    cohort = a_cohort(capacity=1)
    assert enrol(a_person(), cohort).country is None
    with pytest.raises(Refused):
        enrol(a_person(), cohort)
    assert counts(cohort) == (1, {})


@pytest.mark.parametrize(
    ("country", "values", "at", "reason"),
    [
        ("UZ", {}, 0, NoSeat.COUNTRY_NOT_INVITED),
        (None, {}, 0, NoSeat.COUNTRY_NOT_INVITED),
        ("KG", {"archived_at": datetime(2026, 1, 1, tzinfo=UTC)}, 0, NoSeat.ARCHIVED),
        ("KG", {}, -900, NoSeat.NOT_OPEN),
        ("KG", {}, 900, NoSeat.CLOSED),
    ],
)
def test_each_reason_is_told_and_kept(country, values, at, reason):
    cohort = a_cohort(seats={"KG": 1}, capacity=5, **values)
    with pytest.raises(Refused):
        enrol(a_person(), cohort, country, now=utcnow() + timedelta(days=at))
    assert [e.reason for e in events("enrolment.refused")] == [reason]
    assert counts(cohort) == (0, {"KG": 0})


def test_the_coordinator_is_told_what_a_coordinator_can_do():
    cohort = a_cohort(seats={"KG": 1}, capacity=5)
    enrol(a_person(), cohort)
    with pytest.raises(Refused) as refused:
        enrol(a_person(), cohort, by=a_person())
    assert refused.value.field == "country"
    assert "settings" in str(refused.value.sentence)


def test_enrolling_takes_few_statements(statements):
    cohort, person = a_cohort(seats={"KG": 2}, capacity=5), a_person()
    cohort, person = queries.by_code(cohort.code), db.session.get_one(type(person), person.id)
    with work(), statements() as found:
        service.enrol(person, cohort, "KG", utcnow())
        db.session.flush()
        assert cohort.taken == 1
    assert len(found) <= 8, found  # two of them ask the rooms above what is promised


def test_withdrawing_returns_the_seat_once():
    cohort, person, by = a_cohort(seats={"KG": 1}, capacity=1), a_person(), a_person()
    enrolment = enrol(person, cohort)
    withdraw(enrolment, by, "ill")
    withdraw(enrolment, by, "again")
    assert (enrolment.state, enrolment.withdrawn_reason, cohort.taken) == (EnrolmentState.WITHDRAWN, "ill", 0)
    assert counts(cohort) == (0, {"KG": 0})
    assert [e.reason for e in events("enrolment.withdrawn")] == ["ill"]


def test_withdrawing_needs_a_reason():
    cohort, person = a_cohort(), a_person()
    enrolment = enrol(person, cohort)
    with pytest.raises(Refused):
        withdraw(enrolment, person, "")
    assert counts(cohort)[0] == 1


def test_who_withdrew_takes_a_seat_anew_perhaps_of_another_country():
    cohort, person = a_cohort(seats={"KG": 1, "TJ": 1}, capacity=2), a_person()
    first = enrol(person, cohort)
    withdraw(first, person)
    enrol(a_person(), cohort)
    with pytest.raises(Refused):
        enrol(person, cohort)
    assert first.state is EnrolmentState.WITHDRAWN
    again = enrol(person, cohort, "TJ")
    assert (again.id, again.state, again.country, again.withdrawn_reason) == (first.id, EnrolmentState.ENROLLED, "TJ", None)
    assert counts(cohort) == (2, {"KG": 1, "TJ": 1})


def test_a_withdrawal_is_undone_after_the_window_while_a_seat_is_free():
    cohort, person = a_cohort(seats={"KG": 1}, capacity=2), a_person()
    enrolment = enrol(person, cohort)
    withdraw(enrolment, person)
    with work():
        service.reinstate(enrolment, person, utcnow() + timedelta(days=900))
        service.reinstate(enrolment, person, utcnow() + timedelta(days=900))
    assert (enrolment.state, enrolment.withdrawn_at) == (EnrolmentState.ENROLLED, None)
    assert counts(cohort) == (1, {"KG": 1})


def test_a_withdrawal_is_not_undone_when_the_seat_went_to_another():
    cohort, person = a_cohort(seats={"KG": 1}, capacity=2), a_person()
    enrolment = enrol(person, cohort)
    withdraw(enrolment, person)
    enrol(a_person(), cohort)
    with pytest.raises(Refused), work():
        service.reinstate(enrolment, person, utcnow())
    db.session.expire_all()
    assert enrolment.state is EnrolmentState.WITHDRAWN
    assert counts(cohort) == (1, {"KG": 1})


def test_a_seat_that_counted_for_no_country_returns_to_none():
    cohort, person = a_cohort(capacity=3), a_person()
    enrolment = enrol(person, cohort)
    with work():
        db.session.add(CountrySeats(cohort_id=cohort.id, country="KG", seats=2))
    withdraw(enrolment, person)
    assert counts(cohort) == (0, {"KG": 0})


def test_the_database_itself_refuses_a_seat_too_many():
    cohort = a_cohort(seats={"KG": 1}, capacity=1)
    for statement in (
        sa.update(Cohort).where(Cohort.id == cohort.id).values(taken=2),
        sa.update(CountrySeats).where(CountrySeats.cohort_id == cohort.id).values(taken=-1),
        sa.update(Cohort).where(Cohort.id == cohort.id).values(ends_on=date(1999, 1, 1)),
    ):
        with pytest.raises(sa.exc.IntegrityError), work():
            db.session.execute(statement)


def together(app, *jobs):
    """Run the jobs at once, each in a thread with its own session; returns what each gave or raised."""
    barrier, outcomes = threading.Barrier(len(jobs)), [None] * len(jobs)

    def run(n, job):
        with app.app_context():
            barrier.wait(timeout=20)
            try:
                outcomes[n] = job()
            except Exception as error:  # noqa: BLE001 -- what went wrong is what is looked at
                outcomes[n] = error
            finally:
                db.session.remove()

    db.session.rollback()
    threads = [threading.Thread(target=run, args=(n, job)) for n, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    db.session.expire_all()
    return outcomes


def enrolling(person_id, code, country="KG"):
    def job():
        with work():
            person = db.session.get_one(type_of_person, person_id)
            return service.enrol(person, queries.by_code(code), country, utcnow()).id

    from dostyk.people.models import Person as type_of_person

    return job


def test_the_same_person_twice_at_once_gets_one_seat(app):
    cohort, person = a_cohort(seats={"KG": 5}, capacity=9), a_person()
    outcomes = together(app, *[enrolling(person.id, cohort.code)] * 6)
    assert len(set(outcomes)) == 1
    assert isinstance(outcomes[0], int), outcomes
    assert counts(cohort) == (1, {"KG": 1})


def test_who_withdrew_and_comes_back_twice_at_once_takes_one_seat(app):
    cohort, person = a_cohort(seats={"KG": 5}, capacity=9), a_person()
    withdraw(enrol(person, cohort), person)
    outcomes = together(app, *[enrolling(person.id, cohort.code)] * 6)
    assert len(set(outcomes)) == 1
    assert counts(cohort) == (1, {"KG": 1})


def test_many_at_once_take_the_last_seats_and_no_more(app):
    cohort = a_cohort(seats={"KG": 2, "TJ": 2}, capacity=3)
    jobs = [enrolling(a_person().id, cohort.code, country) for country in ("KG", "TJ") for _ in range(6)]
    outcomes = together(app, *jobs)
    assert sorted(type(o).__name__ for o in outcomes) == ["Refused"] * 9 + ["int"] * 3
    taken, by_country = counts(cohort)
    assert taken == 3 == sum(by_country.values())
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Enrolment)) == 3


def test_withdrawing_twice_at_once_returns_one_seat(app):
    cohort = a_cohort(seats={"KG": 5}, capacity=9)
    people = [a_person() for _ in range(3)]
    seats = [enrol(p, cohort).id for p in people]

    def job():
        with work():
            service.withdraw(queries.enrolment(queries.by_code(cohort.code), seats[0]), "ill", people[0], utcnow())

    assert together(app, *[job] * 5) == [None] * 5
    assert counts(cohort) == (2, {"KG": 2})


# --- Plans ----------------------------------------------------------------------------------------------------------


def details(host=None, **values):
    opens, closes = rules.usual_window(date(2027, 3, 1), "Asia/Almaty")
    usual = CohortDetails(
        host_id=(host or a_host()).id, city={"en": "Almaty"}, time_zone="Asia/Almaty", starts_on=date(2027, 3, 1), ends_on=date(2027, 3, 5),
        opens_at=opens, closes_at=closes, capacity=20, welcome={}, seats={"KG": 6, "TJ": 6},
    )  # fmt: skip
    return replace(usual, **values)


def create(code="", course=None, **values):
    course, plan, by = course or a_course(), details(**values), a_person()
    with work():
        return service.create(course, code, plan, by, utcnow())


def edit(cohort, version=None, **values):
    plan, by = details(**values), a_person()
    with work():
        service.edit(cohort, version or cohort.version, plan, by, utcnow())


def test_codes_run_on_within_a_programme_and_year():
    course = a_course(a_project(a_programme("DIG")))
    codes = [
        create(course=course).code,
        create(course=a_course(course.project)).code,
        create(course=course, starts_on=date(2026, 3, 1)).code,
    ]
    assert codes == ["DIG-2027-01", "DIG-2027-02", "DIG-2026-01"]
    assert create().code != codes[0]


def test_a_code_of_another_is_refused_at_its_field():
    create("ABC-1")
    with pytest.raises(Refused) as refused:
        create("ABC-1")
    assert refused.value.field == "code"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Cohort)) == 1


def test_two_who_create_at_once_get_two_codes(app):
    course, by, host = a_course(a_project(a_programme("DIG"))), a_person(), a_host()
    plan = details(host)

    def job():
        with work():
            from dostyk.courses.queries import by_id

            return service.create(by_id(course_id), "", plan, db.session.get_one(type(by), by_id_), utcnow()).code

    course_id, by_id_ = course.id, by.id
    assert sorted(together(app, *[job] * 4)) == ["DIG-2027-01", "DIG-2027-02", "DIG-2027-03", "DIG-2027-04"]


def test_the_same_typed_code_twice_at_once_is_a_refusal_not_an_error(app):
    course, by, host = a_course(), a_person(), a_host()
    plan, course_id, by_number = details(host), course.id, by.id

    def job():
        with work():
            from dostyk.courses.queries import by_id

            return service.create(by_id(course_id), "SAME-1", plan, db.session.get_one(type(by), by_number), utcnow()).code

    outcomes = together(app, *[job] * 4)
    assert sorted(type(o).__name__ for o in outcomes) == ["Refused"] * 3 + ["str"]
    assert {o.field for o in outcomes if isinstance(o, Refused)} == {"code"}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"ends_on": date(2027, 2, 1)}, "ends_on"),
        ({"time_zone": "Asia/Atlantis"}, "time_zone"),
        ({"closes_at": datetime(2020, 1, 1, tzinfo=UTC)}, "closes_at"),
        ({"closes_at": datetime(2027, 3, 6, tzinfo=UTC)}, "closes_at"),
        ({"capacity": 11}, "capacity"),
    ],
)
def test_a_wrong_plan_is_refused_at_its_field_when_made_and_when_changed(values, field):
    with pytest.raises(Refused) as refused:
        create(**values)
    assert refused.value.field == field
    cohort = create()
    with pytest.raises(Refused) as refused:
        edit(cohort, **values)
    assert refused.value.field == field


def test_editing_changes_everything_and_counts_a_version():
    cohort = create()
    edit(cohort, capacity=30, seats={"TJ": 3, "UZ": 9}, city={"en": "Astana"}, welcome={"en": "Come"})
    assert (cohort.capacity, cohort.city, cohort.version) == (30, {"en": "Astana"}, 2)
    assert {row.country: row.seats for row in queries.seats_of(cohort)} == {"TJ": 3, "UZ": 9}
    event = events("cohort.edited")[0]
    assert set(event.data["changed"]) >= {"capacity", "city", "welcome"}
    assert event.cohort == cohort.code


def test_who_edits_what_another_changed_overwrites_nothing():
    cohort = create()
    seen = cohort.version
    edit(cohort, capacity=30)
    with pytest.raises(Refused) as refused:
        edit(cohort, seen, capacity=40)
    assert "still here" in str(refused.value.sentence)
    assert db.session.scalar(sa.select(Cohort.capacity)) == 30


def test_two_who_edit_at_once_do_not_both_win(app):
    cohort, by = create(), a_person()
    plans = [details(capacity=n, seats={"KG": 1, "UZ": n - 30, "TM": n - 25}) for n in (31, 32, 33, 34)]

    def editing(plan):
        def job():
            with work():
                service.edit(queries.by_code(code), 1, plan, db.session.get_one(type(by), by_number), utcnow())

        return job

    code, by_number = cohort.code, by.id
    outcomes = together(app, *[editing(plan) for plan in plans])
    assert sorted(type(o).__name__ for o in outcomes) == ["NoneType"] + ["Refused"] * 3, outcomes
    won = plans[[type(o) for o in outcomes].index(type(None))]
    assert {row.country: row.seats for row in queries.seats_of(cohort)} == won.seats
    assert db.session.scalar(sa.select(Cohort.capacity)) == won.capacity


def test_no_plan_holds_fewer_seats_than_are_taken():
    cohort = create(opens_at=utcnow() - timedelta(days=1), closes_at=utcnow() + timedelta(days=1))
    for _ in range(3):
        enrol(a_person(), cohort)
    with pytest.raises(Refused) as refused:
        edit(cohort, capacity=2, seats={})
    assert refused.value.field is not None or "Kyrgyzstan (3)" in str(refused.value.sentence)
    with pytest.raises(Refused) as refused:
        edit(cohort, seats={"KG": 2, "TJ": 6})
    assert "Kyrgyzstan (3)" in str(refused.value.sentence)
    edit(cohort, capacity=3, seats={"KG": 3})
    assert counts(cohort) == (3, {"KG": 3})


def test_lowering_seats_while_somebody_takes_them_never_breaks_the_count(app):
    cohort = create(capacity=8, seats={"KG": 8}, opens_at=utcnow() - timedelta(days=1), closes_at=utcnow() + timedelta(days=1))
    by, code = a_person(), cohort.code
    plan, by_number = details(capacity=3, seats={"KG": 3}), by.id

    def lower():
        with work():
            service.edit(queries.by_code(code), 1, plan, db.session.get_one(type(by), by_number), utcnow())

    outcomes = together(
        app, *[enrolling(a_person().id, code) for _ in range(5)], lower, *[enrolling(a_person().id, code) for _ in range(5)]
    )
    assert all(o is None or isinstance(o, (int, Refused)) for o in outcomes), outcomes
    taken, by_country = counts(cohort)
    assert taken == by_country["KG"] <= db.session.scalar(sa.select(Cohort.capacity))


def test_archiving_closes_enrolment_and_can_be_undone():
    cohort, by = a_cohort(), a_person()
    with work():
        service.archive(cohort, by, utcnow())
        service.archive(cohort, by, utcnow())
    with pytest.raises(Refused):
        enrol(a_person(), cohort)
    with work():
        service.restore(cohort, by, utcnow())
    enrol(a_person(), cohort)
    assert len(events("cohort.archived")) == len(events("cohort.restored")) == 1


# --- Roles ----------------------------------------------------------------------------------------------------------


def test_the_same_role_twice_is_one_and_each_scope_is_its_own():
    cohort, person, body = a_cohort(), a_person(), an_organisation()
    scopes = [{"cohort": cohort}, {"organisation": body}, {"country": "KG"}, {}]
    with work():
        first = [service.assign(person, Role.COORDINATOR, None, utcnow(), **scope).id for scope in scopes]
    with work():
        again = [service.assign(person, Role.COORDINATOR, None, utcnow(), **scope).id for scope in scopes]
    assert first == again
    assert len(set(first)) == 4
    assert len(events("role.given")) == 4
    assert {g.cohort_id for g in queries.grants_of(person.id)} == {cohort.id, None}


def test_the_role_of_a_participant_comes_with_a_seat_only():
    person, cohort = a_person(), a_cohort()
    with pytest.raises(Refused), work():
        service.assign(person, Role.PARTICIPANT, None, utcnow(), cohort=cohort)


def test_a_role_is_taken_once_and_the_log_knows():
    cohort, person, by = a_cohort(), a_person(), a_person()
    given = an_assignment(person, Role.TRAINER, cohort=cohort)
    with work():
        service.unassign(given, by, utcnow())
        service.unassign(given, by, utcnow())
    assert [(e.cohort, e.data["role"]) for e in events("role.taken")] == [(cohort.code, "trainer")]
    assert queries.staff_of(cohort) == []


def test_the_last_administrator_stays():
    person = a_person()
    admin = an_assignment(person, Role.ADMIN)
    an_assignment(person, Role.ADMIN, cohort=a_cohort())
    with pytest.raises(Refused), work():
        service.unassign(admin, person, utcnow())
    an_assignment(a_person(), Role.ADMIN)
    with work():
        service.unassign(admin, person, utcnow())
    assert db.session.scalar(sa.select(sa.func.count()).where(Assignment.role == Role.ADMIN)) == 2


def test_an_enrolled_person_of_the_factories_is_a_participant():
    cohort = a_cohort(seats={"KG": 2})
    enrolment = an_enrolment(cohort=cohort)
    assert [(g.role, g.cohort_id) for g in queries.grants_of(enrolment.person_id)] == [(Role.PARTICIPANT, cohort.id)]
