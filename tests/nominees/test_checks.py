"""What the checks find in the tables, and what coordinators decide about it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from dostyk.cohorts.models import Cohort
from dostyk.core.access import Role
from dostyk.core.audit import Event
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from dostyk.courses.rules import Finding
from dostyk.nominees import queries, service
from dostyk.nominees.models import Decision, Nominee
from dostyk.nominees.rules import Likeness
from dostyk.people.models import Person
from dostyk.vouchers import service as vouchers
from tests import factories as make
from tests.nominees.cast import alive, details, fresh, letters, named, stages


@pytest.fixture
def cohort(app):
    return make.a_cohort(seats={"KG": 9}, starts_on=utcnow().date() + timedelta(days=20))


@pytest.fixture
def batch(cohort):
    return make.a_batch(cohort, 3)


@pytest.fixture
def who(batch):
    return make.somebody(Role.FOCAL_POINT, organisation=batch.organisation)


@pytest.fixture
def coordinator(cohort):
    return make.somebody(Role.COORDINATOR, cohort=cohort)


def found(nominee):
    one = fresh(nominee)
    return {f.finding: f for f in queries.check([one])[one.id]}


def kinds(nominee):
    return [finding.value for finding in found(nominee)]


def trained(full_name="AITBAEVA Aigul", *, days=-60, **values):
    past = make.a_cohort(seats={"KG": 5}, starts_on=utcnow().date() + timedelta(days=days))
    return make.an_enrolment(past, make.a_person(full_name, **values), "KG")


def ask(cohort, **values):
    db.session.rollback()
    with work():
        for name, value in values.items():
            setattr(db.session.get_one(Cohort, cohort.id).course, name, value)


def decide(nominee, by, finding=Finding.LANGUAGE, *, accept=True, reason=""):
    db.session.rollback()
    with work():
        one = db.session.get_one(type(nominee), nominee.id)
        service.decide(one, finding, accept=accept, reason=reason, by=db.session.get_one(Person, by.id), now=utcnow())


@pytest.mark.parametrize(
    ("person", "said", "expected"),
    [
        ({"email": "aigul@example.org", "full_name": "Aigul Bekova"}, {"email": "aigul@example.org"}, Likeness.CERTAIN),
        ({"birth_year": 1990, "full_name": "Aigul Aitbaeva"}, {"birth_year": 1990}, Likeness.CERTAIN),
        ({"full_name": "AITBAEVA AIGUL"}, {"birth_year": 1990}, Likeness.PERHAPS),
        ({"birth_year": 1970}, {"birth_year": 1990}, None),
        ({"country": "TJ"}, {}, None),
        ({"days": 40}, {}, None),
        ({"full_name": "Somebody Else"}, {}, None),
    ],
)
def test_who_was_trained_before_is_found_whatever_the_order_of_the_name(batch, who, person, said, expected):
    trained(**person)
    nominee = named(batch, who, **said)
    training = found(nominee).get(Finding.TRAINED_BEFORE)
    assert (training and training.likeness) == expected


def test_who_withdrew_was_not_trained(batch, who):
    from dostyk.cohorts.rules import EnrolmentState

    seat = trained()
    with work():
        seat.state = EnrolmentState.WITHDRAWN
    assert "trained_before" not in kinds(named(batch, who))


def test_the_same_person_in_another_batch_of_the_cohort_is_found_on_both_sides(cohort, batch, who):
    other = make.a_batch(cohort, 1)
    first, second = named(batch, who, birth_year=1990), named(other, who, "Aigul Aitbaeva", birth_year=1990)
    assert [kinds(n) for n in (first, second)] == [["named_twice"]] * 2
    elsewhere = make.a_batch(make.a_cohort(seats={"KG": 1}), 1)
    assert kinds(named(elsewhere, who)) == []


def test_a_batch_of_another_country_is_never_looked_at(cohort, batch, who):
    foreign = make.a_batch(cohort, 1, country="TJ")
    named(foreign, who, email="aigul@example.org")
    assert kinds(named(batch, who, email="aigul@example.org")) == []


def test_who_was_replaced_is_named_no_more(batch, who):
    old = named(batch, who)
    with work():
        service.replace(fresh(old), details("Second Person"), "Ill", db.session.get_one(Person, who.id), utcnow())
    assert kinds(named(batch, who)) == []


def test_language_and_years_are_held_against_what_the_course_asks(cohort, batch, who):
    ask(cohort, years_of_service=5)
    assert kinds(named(batch, who, "First Person", languages=("ru",), years_of_service=5)) == []
    assert kinds(named(batch, who, "Second Person", languages=("en",), years_of_service=4)) == ["language", "years_of_service"]
    unknown = found(named(batch, who, "Third Person", languages=()))
    assert [f.unknown for f in unknown.values()] == [True, True]


def test_an_enforced_check_stops_the_invitation_until_somebody_decides(cohort, batch, who, coordinator):
    ask(cohort, enforced_checks=["language"])
    nominee = named(batch, who, email="aigul@example.org", languages=("en",))

    def invite():
        db.session.rollback()
        with work():
            return service.invite([fresh(nominee)], db.session.get_one(Person, who.id), utcnow()).letters

    assert invite() == 0
    decide(nominee, coordinator)
    assert invite() == 1
    assert [letter.to for letter in letters()] == ["aigul@example.org"]


def test_who_is_declined_loses_the_code_and_the_seat_is_free(cohort, batch, who, coordinator):
    nominee = named(batch, who, email="aigul@example.org", languages=("en",))
    code = nominee.voucher.code
    with pytest.raises(Refused):
        decide(nominee, coordinator, accept=False)
    decide(nominee, coordinator, accept=False, reason="Learn Russian first")
    assert stages(batch) == {"AITBAEVA Aigul": "declined"}
    assert len(alive(batch)) == 3
    assert code not in {v.code for v in alive(batch)}
    assert {v.email for v in alive(batch)} == {None}
    with pytest.raises(Refused):
        vouchers.offer(code, None, None, utcnow())


def test_new_data_open_the_decision_again_and_bring_another_code(batch, who, coordinator):
    nominee = named(batch, who, languages=("en",))
    decide(nominee, coordinator, accept=False, reason="Learn Russian first")
    db.session.rollback()
    with work():
        service.edit(fresh(nominee), details(languages=("ru",)), db.session.get_one(Person, who.id), utcnow())
    assert stages(batch) == {"AITBAEVA Aigul": "named"}
    assert fresh(nominee).voucher.revoked_at is None
    assert db.session.scalars(sa.select(Decision)).all() == []
    reopened = db.session.scalars(sa.select(Event).where(Event.kind == "nominee.edited")).one()
    assert reopened.data["reopened"] == ["language"]


def test_a_decision_is_kept_once_with_who_and_why(batch, who, coordinator):
    nominee = named(batch, who, languages=("en",))
    for reason in ("She learns", "She learns fast"):
        decide(nominee, coordinator, reason=reason)
    row = db.session.scalars(sa.select(Decision)).one()
    assert (row.accepted, row.reason, row.by_id) == (True, "She learns fast", coordinator.id)
    kinds_of = db.session.scalars(sa.select(Event.kind).where(Event.subject == f"nominee:{nominee.id}").order_by(Event.id)).all()
    assert kinds_of == ["nominee.named", "nominee.accepted", "nominee.accepted"]


def test_nothing_is_decided_about_what_is_not_found(batch, who, coordinator):
    with pytest.raises(Refused):
        decide(named(batch, who), coordinator)


def test_who_has_taken_the_seat_is_not_declined_any_more(cohort, batch, who, coordinator):
    nominee = named(batch, who, languages=("en",))
    make.a_redemption(nominee.voucher, make.an_enrolment(cohort, make.a_person(), "KG"))
    with pytest.raises(Refused):
        decide(nominee, coordinator, accept=False, reason="Too late")


def test_the_coordinator_decides_on_the_page_of_the_cohort(cohort, batch, who, coordinator, sign_in):
    nominee = named(batch, who, languages=("en",))
    client, page = sign_in(coordinator), f"/cohorts/{cohort.code}/nominees"
    assert "This person follows none of them." in client.get(page).text
    decline = {"finding": "language", "decline": "1"}
    client.post(f"{page}/{nominee.id}/decide", data=decline)
    assert "Say why: the body that named this person reads it." in client.get(page).text
    client.post(f"{page}/{nominee.id}/decide", data={**decline, "reason": "Learn Russian first"})
    focal = sign_in(who).get(f"/vouchers/{batch.id}/people/{nominee.id}").text
    assert "Learn Russian first" in focal
    assert client.post(f"{page}/{nominee.id}/decide", data={"finding": "nonsense", "accept": "1"}).status_code == 302


def test_a_focal_point_decides_nothing(cohort, batch, who, sign_in):
    nominee = named(batch, who, languages=("en",))
    answer = sign_in(who).post(f"/cohorts/{cohort.code}/nominees/{nominee.id}/decide", data={"finding": "language", "accept": "1"})
    assert answer.status_code == 404
    country = make.somebody(Role.FOCAL_POINT, country="KG")
    assert sign_in(country).get(f"/cohorts/{cohort.code}/nominees").status_code == 403
    assert db.session.scalars(sa.select(Decision)).all() == []


def test_the_course_says_what_it_asks_for(sign_in, cohort):
    admin = sign_in(make.somebody(Role.COORDINATOR))
    slug = cohort.course.slug
    page = admin.get(f"/courses/{slug}/edit").text
    assert "Checks that stop an invitation until a coordinator decides" in page
    data = {
        "project_id": cohort.course.project_id, "title-en": "Digital Public Services", "kind": "advanced", "academic_hours": "40",
        "minutes_per_hour": "45", "languages": ["ru"], "least_attendance": "80", "excused_hours": "left_out",
        "late_hours": "full",
        "least_cultural_events": "0", "years_of_service": "3", "enforced_checks": ["language", "trained_before"], "slug": slug,
        "public": "y",
    }  # fmt: skip
    assert admin.post(f"/courses/{slug}/edit", data=data).status_code == 302
    db.session.expire_all()
    course = db.session.get_one(Cohort, cohort.id).course
    assert (course.years_of_service, course.enforced_checks) == (3, ["language", "trained_before"])


def test_the_stage_in_sql_is_that_of_the_rule(cohort, who):
    from dostyk.cohorts.rules import EnrolmentState

    batch, now = make.a_batch(cohort, 12), utcnow()
    make.a_nominee(batch, "Named Person")
    make.a_nominee(batch, "Invited Person", invited_at=now)
    old = make.a_nominee(batch, "Old Person", ended_at=now, ended_reason="Ill")
    make.a_nominee(batch, "New Person", replaces_id=old.id)
    make.a_nominee(batch, "Gone Person", ended_at=now, ended_reason="Budget")
    declined = make.a_nominee(batch, "Declined Person", invited_at=now)
    make.save(Decision(nominee=declined, finding=Finding.LANGUAGE, accepted=False, reason="No", at=now, by_id=who.id))
    for state in EnrolmentState:
        nominee = make.a_nominee(batch, f"{state.value.title()} Seat")
        make.a_redemption(nominee.voucher, make.an_enrolment(cohort, make.a_person(), "KG", state=state))
    db.session.rollback()
    told = dict(db.session.execute(sa.select(Nominee.full_name, queries.staged())).all())
    assert told == stages(batch)
    assert sum(queries.counts(batch).values()) == len(told) == 10
