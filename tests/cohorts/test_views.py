from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from dostyk.cohorts import queries
from dostyk.cohorts.models import Assignment, Cohort, CountrySeats, Enrolment
from dostyk.cohorts.rules import EnrolmentState
from dostyk.core.access import Role
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from tests.factories import (
    a_batch,
    a_cohort,
    a_course,
    a_host,
    a_person,
    an_account,
    an_assignment,
    an_enrolment,
    an_organisation,
    somebody,
)


@pytest.fixture
def coordinator(sign_in):
    return sign_in(somebody(Role.COORDINATOR))


def body(response):
    return response.get_data(as_text=True)


def plan(**values):
    """What a coordinator types for a cohort."""
    usual = {
        "host_id": str(values.pop("host", None) or a_host().id), "city-en": "Almaty", "time_zone": "Asia/Almaty", "starts_on": "2027-03-01",
        "ends_on": "2027-03-05", "opens_at": "", "closes_at": "", "capacity": "22", "seats-0-country": "KG", "seats-0-seats": "6",
        "seats-1-country": "", "seats-1-seats": "", "seats-2-country": "TJ", "seats-2-seats": "6",
    }  # fmt: skip
    return {**usual, **values}


# --- List -----------------------------------------------------------------------------------------------------------


def test_everybody_lists_their_own(sign_in, client):
    one, two = a_cohort(code="ONE-1", seats={"KG": 3}), a_cohort(code="TWO-2")
    person = somebody()
    an_enrolment(one, person, "KG")
    donor = an_organisation()
    third = a_cohort(a_course(), code="THREE-3")
    with work():
        third.course.project.donor = donor
    for who, codes in (
        (person, {"ONE-1"}),
        (somebody(Role.TRAINER, cohort=two), {"TWO-2"}),
        (somebody(Role.COORDINATOR), {"ONE-1", "TWO-2", "THREE-3"}),
        (somebody(Role.OBSERVER, organisation=donor), {"THREE-3"}),
        (somebody(Role.OBSERVER, country="KG"), {"ONE-1"}),
    ):
        page = body(sign_in(who).get("/cohorts/"))
        assert {code for code in ("ONE-1", "TWO-2", "THREE-3") if code in page} == codes
    assert sign_in(somebody()).get("/cohorts/").status_code == 403
    assert client.get("/cohorts/").status_code == 302


def test_a_participant_sees_no_counts_in_the_list(sign_in):
    cohort, person = a_cohort(capacity=77), somebody()
    an_enrolment(cohort, person)
    assert "of 77" not in body(sign_in(person).get("/cohorts/"))
    assert body(sign_in(person).get("/cohorts/?format=csv")).endswith("Running,,\r\n")
    assert body(sign_in(somebody(Role.OBSERVER)).get("/cohorts/?format=csv")).endswith("Running,77,1\r\n")


def test_the_list_is_searched_filtered_and_sorted(coordinator):
    host = a_host()
    a_cohort(code="DIG-2026-01", host=host, city={"en": "Shymkent"})
    a_cohort(code="DIP-2026-01", starts_on=(utcnow() + timedelta(days=50)).date())
    a_cohort(code="OLD-2020-01", starts_on=(utcnow() - timedelta(days=900)).date(), archived_at=utcnow())
    for address, codes in {
        "": "DIG DIP", "?q=dig-2026": "DIG", "?q=shymkent": "DIG", "?q=ЦИФРОВЫЕ": "DIG DIP", "?q=-": "", "?q=%00": "DIG DIP",
        "?phase=upcoming": "DIP", "?phase=running": "DIG",
        "?phase=finished": "", "?phase=archived": "OLD", f"?host={host.id}": "DIG", "?host=x'": "DIG DIP", "?sort=title&desc=1": "DIG DIP",
        "?page=999999": "", "?sort=odd&page=-4&phase=odd": "DIG DIP",
    }.items():  # fmt: skip
        page = body(coordinator.get(f"/cohorts/{address}"))
        assert " ".join(code for code in ("DIG", "DIP", "OLD") if f"{code}-20" in page) == codes, address


def test_lists_take_the_same_number_of_statements_for_3_and_300(sign_in, statements):
    host, course = a_host(), a_course()
    people = [somebody(Role.COORDINATOR), somebody(Role.OBSERVER, country="KG")]
    cohort = a_cohort(course, {"KG": 300}, host=host)
    pages = ["/cohorts/", "/cohorts/?format=csv", f"/cohorts/{cohort.code}/participants", f"/cohorts/{cohort.code}/participants?format=csv"]

    def counted(pages):
        found = []
        for person, page in pages:
            client = sign_in(person)
            with statements() as made:
                assert client.get(page).status_code == 200
            found.append(len(made))
        return found

    asked = [(people[0], page) for page in pages] + [(people[1], "/cohorts/")]
    for _ in range(2):
        a_cohort(course, {"KG": 1}, host=host)
    for _ in range(3):
        an_enrolment(cohort, country="KG")
    few = counted(asked)
    with work():
        for n in range(300):
            same = {c: getattr(cohort, c) for c in ("starts_on", "ends_on", "opens_at", "closes_at", "city", "time_zone")}
            other = Cohort(code=f"MANY-{n}", course_id=course.id, host_id=host.id, capacity=5, taken=0, search="", **same)
            db.session.add_all([other, CountrySeats(cohort=other, country="KG", seats=5)])
    with work():
        many = [a_person_row(n) for n in range(297)]
        db.session.add_all(many)
        db.session.add_all(
            Enrolment(cohort_id=cohort.id, person=p, country="KG", enrolled_at=utcnow(), state=EnrolmentState.ENROLLED) for p in many
        )
    assert counted(asked) == few
    assert max(few) <= 11, few


def a_person_row(n):
    from dostyk.people.models import Person

    return Person(full_name=f"Person {n}", sort_name=f"person {n}", country="KG", created_at=utcnow())


# --- Overview -------------------------------------------------------------------------------------------------------


def test_each_sees_the_overview_that_is_right_for_them(sign_in):
    cohort = a_cohort(seats={"KG": 3, "TJ": 2}, capacity=9, welcome={"en": "Meet at gate 3."})
    other = an_enrolment(cohort, a_person("Aigerim Other"), "KG").person
    person = somebody()
    an_enrolment(cohort, person, "KG")
    trainer = somebody(Role.TRAINER, cohort=cohort, full_name="Trainer Talgat")
    pages = {
        who: body(sign_in(p).get(f"/cohorts/{cohort.code}/"))
        for who, p in {
            "participant": person, "trainer": trainer, "observer": somebody(Role.OBSERVER), "coordinator": somebody(Role.COORDINATOR),
        }.items()
    }  # fmt: skip
    assert "Meet at gate 3." in pages["participant"]
    assert "Trainer Talgat" in pages["participant"]
    assert "Seats by country" not in pages["participant"]
    assert "of 9 seats taken" not in pages["participant"]
    assert "Seats by country" in pages["observer"]
    assert "Trainer Talgat" not in pages["observer"]
    for who in ("trainer", "coordinator"):
        assert "of 9 seats taken" in pages[who]
        assert "Trainer Talgat" in pages[who]
    assert all(other.full_name not in page for page in pages.values())
    assert "Day 1" in pages["participant"]


def test_the_overview_takes_a_constant_number_of_statements(sign_in, statements):
    cohort, person = a_cohort(seats={"KG": 100, "TJ": 50}, capacity=200), somebody(Role.COORDINATOR)

    def count():
        client = sign_in(person)
        with statements() as found:
            assert client.get(f"/cohorts/{cohort.code}/").status_code == 200
        return len(found)

    an_enrolment(cohort, country="KG")
    few = count()
    for _ in range(40):
        an_enrolment(cohort, country="KG")
    for _ in range(5):
        an_assignment(a_person(), Role.TRAINER, cohort=cohort)
    assert count() == few


def test_a_foreign_cohort_is_not_found_and_a_tab_too_many_is_forbidden(sign_in):
    mine, other = a_cohort(), a_cohort()
    person = somebody()
    seat = an_enrolment(mine, person)
    client = sign_in(person)
    for page in ("", "participants", "settings", "settings/staff", "participants/enrol"):
        assert client.get(f"/cohorts/{other.code}/{page}").status_code == 404
        assert client.get(f"/cohorts/NONE-1/{page}").status_code == 404
    assert client.get(f"/cohorts/{mine.code.lower()}/").status_code == 200
    for page in ("participants", "settings", "settings/staff", "participants/enrol"):
        assert client.get(f"/cohorts/{mine.code}/{page}").status_code == 403
    assert client.post(f"/cohorts/{mine.code}/participants/{seat.id}/withdraw", data={"reason": "x"}).status_code == 403
    assert client.post(f"/cohorts/{mine.code}/archive").status_code == 403


# --- New and settings -----------------------------------------------------------------------------------------------


def test_a_cohort_is_made_with_the_usual_window_and_the_next_code(coordinator):
    course, _host = a_course(), a_host()
    code = f"{course.project.programme.code}-"
    assert code in body(coordinator.get(f"/cohorts/new?course={course.id}"))
    response = coordinator.post("/cohorts/new", data=plan(course_id=course.id))
    cohort = db.session.scalars(sa.select(Cohort)).one()
    assert response.location.endswith(f"/cohorts/{cohort.code}/settings/staff")
    assert cohort.code == f"{code}2027-01"
    assert cohort.opens_at.isoformat() == "2027-01-29T19:00:00+00:00"
    assert cohort.closes_at.isoformat() == "2027-02-23T19:00:00+00:00"
    assert {s.country: s.seats for s in queries.seats_of(cohort)} == {"KG": 6, "TJ": 6}


def test_before_the_first_course_and_host_the_page_says_what_to_do(coordinator):
    assert "There is no course yet" in body(coordinator.get("/cohorts/new"))
    a_course()
    assert "There is no host yet" in body(coordinator.get("/cohorts/new"))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"ends_on": "2027-02-01"}, "ends before it begins"),
        ({"starts_on": "0001-01-01"}, "between 2000 and 2100"),
        ({"starts_on": "tomorrow"}, "Please correct"),
        ({"opens_at": "2027-02-02T00:00", "closes_at": "2027-02-01T00:00"}, "Enrolment ends before it begins"),
        ({"closes_at": "2027-03-06T00:01"}, "after the cohort has ended"),
        ({"closes_at": "0001-01-01T00:00"}, "between 2000 and 2100"),
        ({"time_zone": "Asia/Atlantis"}, "Please correct"),
        ({"time_zone": "../../etc/passwd"}, "Please correct"),
        ({"capacity": "11"}, "The countries together hold more seats"),
        ({"capacity": "0"}, "from 1 to 10,000"),
        ({"capacity": "9" * 60}, "from 1 to 10,000"),
        ({"capacity": "٢٢x"}, "Please correct"),
        ({"capacity": ""}, "Please correct"),
        ({"seats-0-seats": "-3"}, "from 1 to 10,000"),
        ({"seats-0-seats": "99999999999999999999999"}, "from 1 to 10,000"),
        ({"seats-0-seats": ""}, "Write how many seats this country has"),
        ({"seats-1-seats": "4"}, "Choose the country that has these seats"),
        ({"seats-1-country": "KG", "seats-1-seats": "1"}, "This country has a row already"),
        ({"seats-0-country": "XX"}, "Please correct"),
        ({"code": "ДИГ-1"}, "Latin capital letters, digits"),
        ({"code": "NEW"}, "Latin capital letters, digits"),
        ({"code": "A" * 99}, "Please correct"),
        ({"host_id": "9" * 30}, "Please correct"),
        ({"host_id": ""}, "Choose the host"),
        ({"course_id": "0"}, "Please correct"),
        ({"course_id": "x"}, "Please correct"),
        ({"city-en": ""}, "at least one language"),
    ],
)
def test_what_is_no_cohort_is_refused_with_what_was_typed(coordinator, values, sentence):
    response = coordinator.post("/cohorts/new", data=plan(**{"course_id": a_course().id, "welcome-en": "Kept text", **values}))
    assert response.status_code == 200
    assert sentence in body(response)
    assert "Kept text" in body(response)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Cohort)) == 0


def test_more_rows_keep_what_was_typed_and_save_nothing(coordinator):
    response = coordinator.post("/cohorts/new", data=plan(course_id=a_course().id, capacity="odd", more="1"))
    page = body(response)
    assert "Please correct" not in page
    assert 'value="odd"' in page
    assert "seats-5-country" in page
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Cohort)) == 0


def test_a_code_of_another_is_told_at_its_field(coordinator):
    a_cohort(code="DIG-1")
    page = body(coordinator.post("/cohorts/new", data=plan(course_id=a_course().id, code="dig-1")))
    assert "Another cohort has this code" in page
    assert 'aria-describedby="code-help code-error"' in page


def test_settings_are_shown_as_they_are_and_changed(coordinator):
    cohort = a_cohort(seats={"KG": 6}, capacity=9, code="DIG-1")
    page = body(coordinator.get("/cohorts/DIG-1/settings"))
    assert 'name="seats-3-country"' in page
    assert 'value="6"' in page
    assert (
        coordinator.post("/cohorts/DIG-1/settings", data=plan(version=cohort.version, **{"welcome-kk": "Қош келдіңіз"})).status_code == 302
    )
    db.session.expire_all()
    assert (cohort.capacity, cohort.welcome, cohort.version) == (22, {"kk": "Қош келдіңіз"}, 2)


@pytest.mark.parametrize("version", ["0", "99", "", "x", "9" * 40, "-1", "²"])
def test_an_older_page_overwrites_nothing_and_keeps_what_was_typed(coordinator, version):
    cohort = a_cohort(capacity=9, code="DIG-1")
    page = body(coordinator.post("/cohorts/DIG-1/settings", data=plan(version=version, **{"welcome-en": "Kept text"})))
    assert "Somebody changed this cohort" in page
    assert "Kept text" in page
    assert f'name="version" type="hidden" value="{cohort.version}"' in page
    db.session.expire_all()
    assert cohort.capacity == 9


def test_seats_below_those_taken_are_refused_with_the_country(coordinator):
    cohort = a_cohort(seats={"KG": 6}, code="DIG-1")
    for _ in range(3):
        an_enrolment(cohort, country="KG")
    page = body(coordinator.post("/cohorts/DIG-1/settings", data=plan(version=1, **{"seats-0-seats": "2"})))
    assert "Kyrgyzstan (3)" in page
    page = body(
        coordinator.post(
            "/cohorts/DIG-1/settings",
            data=plan(version=1, capacity="2", **{"seats-0-country": "", "seats-0-seats": "", "seats-2-seats": "1"}),
        )
    )
    assert "More seats" in page


def test_a_cohort_is_archived_and_restored(coordinator):
    a_cohort(code="DIG-1")
    coordinator.post("/cohorts/DIG-1/archive")
    assert "archived" in body(coordinator.get("/cohorts/DIG-1/"))
    coordinator.post("/cohorts/DIG-1/restore")
    assert "This cohort is archived" not in body(coordinator.get("/cohorts/DIG-1/"))


# --- Staff ----------------------------------------------------------------------------------------------------------


def test_roles_are_given_by_list_or_address_and_taken_once(coordinator, sign_in):
    a_cohort(code="DIG-1")
    known = a_person("Known Trainer")
    an_assignment(known, Role.TRAINER, cohort=a_cohort())
    by_mail = a_person("Mail Trainer", email="Someone@Example.org")
    an_account(a_person("Account Holder"), email="holder@example.org")
    page = "/cohorts/DIG-1/settings/staff"
    assert coordinator.post(page, data={"role": "trainer", "person_id": known.id}).status_code == 302
    assert coordinator.post(page, data={"role": "coordinator", "person_id": "", "email": " someone@example.ORG "}).status_code == 302
    assert coordinator.post(page, data={"role": "trainer", "person_id": "", "email": "HOLDER@example.org"}).status_code == 302
    shown = body(coordinator.get(page))
    assert all(name in shown for name in ("Known Trainer", "Mail Trainer", "Account Holder"))
    number = db.session.scalars(sa.select(Assignment.id).where(Assignment.person_id == by_mail.id)).one()
    assert coordinator.post(f"{page}/{number}/remove").status_code == 302
    assert "Mail Trainer no longer has the role" in body(coordinator.get(page))
    assert coordinator.post(f"{page}/{number}/remove").status_code == 302
    assert "Mail Trainer" not in body(coordinator.get(page))


@pytest.mark.parametrize(
    "data",
    [
        {"role": "trainer", "person_id": ""},
        {"role": "trainer", "person_id": "", "email": "nobody@example.org"},
        {"role": "admin", "person_id": "1"},
        {"role": "", "person_id": "1"},
        {"role": "trainer", "person_id": "9" * 30},
        {},
    ],
)
def test_a_role_for_nobody_or_of_another_kind_is_refused(coordinator, data):
    a_cohort(code="DIG-1")
    before = db.session.scalar(sa.select(sa.func.count()).select_from(Assignment))
    assert "Please correct" in body(coordinator.post("/cohorts/DIG-1/settings/staff", data=data))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Assignment)) == before


def test_an_address_written_into_ones_own_profile_brings_no_role(coordinator):
    a_cohort(code="DIG-1")
    an_account(a_person("Pretender", email="professor@example.org"), email="pretender@example.org")
    answer = coordinator.post("/cohorts/DIG-1/settings/staff", data={"role": "trainer", "person_id": "", "email": "professor@example.org"})
    assert "Nobody, or more than one person, has this address" in body(answer)


def test_an_address_that_nobody_confirmed_brings_no_role(coordinator):
    a_cohort(code="DIG-1")
    an_account(a_person("Pretender", email="professor@example.org"), confirmed_at=None)
    answer = coordinator.post("/cohorts/DIG-1/settings/staff", data={"role": "trainer", "person_id": "", "email": "professor@example.org"})
    assert "it may not be theirs" in body(answer)
    assert db.session.scalars(sa.select(Assignment).where(Assignment.role == Role.TRAINER)).all() == []


def test_a_role_elsewhere_is_not_taken_here(coordinator):
    a_cohort(code="DIG-1")
    elsewhere = an_assignment(a_person(), Role.TRAINER, cohort=a_cohort())
    assert coordinator.post(f"/cohorts/DIG-1/settings/staff/{elsewhere.id}/remove").status_code == 302
    assert db.session.get(Assignment, elsewhere.id) is not None


# --- Participants ---------------------------------------------------------------------------------------------------


def test_participants_are_listed_searched_and_exported(coordinator, sign_in):
    cohort = a_cohort(code="DIG-1", seats={"UZ": 5, "AF": 2})
    an_enrolment(
        cohort, a_person("Gʻulomova Oʻgʻiloy", own_name="Ғуломова Ўғилой", country="UZ", email="g@example.org", employer="=1+1"), "UZ"
    )
    an_enrolment(cohort, a_person("Mohammad Naim", own_name="محمدنعیم", country="AF"), "AF")
    page = "/cohorts/DIG-1/participants"
    shown = body(coordinator.get(page))
    assert "Gʻulomova" in shown
    assert "محمدنعیم" in shown
    for typed in ("gulomova", "ҒУЛОМОВА", "G'ulomova", "гуломова"):
        found = body(coordinator.get(page, query_string={"q": typed}))
        assert "Gʻulomova" in found, typed
        assert "Mohammad" not in found
    assert "Gʻulomova" not in body(coordinator.get(f"{page}?country=AF"))
    csv = body(coordinator.get(f"{page}?format=csv"))
    assert "g@example.org" in csv
    assert "'=1+1" in csv
    assert "g@example.org" not in body(sign_in(somebody(Role.TRAINER, cohort=cohort)).get(f"{page}?format=csv"))
    for sort in ("name", "country", "enrolled", "employer"):
        assert coordinator.get(f"{page}?sort={sort}&desc=1").status_code == 200


def test_withdrawing_and_undoing_by_button(coordinator, sign_in):
    cohort = a_cohort(code="DIG-1", seats={"KG": 1})
    enrolment = an_enrolment(cohort, country="KG")
    page = f"/cohorts/DIG-1/participants/{enrolment.id}"
    assert "Say why" in body(coordinator.post(f"{page}/withdraw", data={"reason": " "}, follow_redirects=True))
    for _ in range(2):
        assert coordinator.post(f"{page}/withdraw", data={"reason": "visa refused " + "x" * 900}).status_code == 302
    assert "visa refused" in body(coordinator.get("/cohorts/DIG-1/participants?state=withdrawn"))
    assert "No participants yet" in body(coordinator.get("/cohorts/DIG-1/participants"))
    assert coordinator.post(f"{page}/reinstate").status_code == 302
    db.session.expire_all()
    assert (enrolment.state, cohort.taken) == (EnrolmentState.ENROLLED, 1)
    assert sign_in(somebody(Role.TRAINER, cohort=cohort)).post(f"{page}/withdraw", data={"reason": "x"}).status_code == 403
    foreign = an_enrolment(a_cohort())
    assert coordinator.post(f"/cohorts/DIG-1/participants/{foreign.id}/withdraw", data={"reason": "x"}).status_code == 404
    assert coordinator.post("/cohorts/DIG-1/participants/99999999999999999999/withdraw", data={"reason": "x"}).status_code == 404


def test_undoing_without_a_free_seat_says_why(coordinator):
    cohort = a_cohort(code="DIG-1", seats={"KG": 1})
    gone = an_enrolment(cohort, country="KG", state=EnrolmentState.WITHDRAWN)
    an_enrolment(cohort, country="KG")
    page = body(coordinator.post(f"/cohorts/DIG-1/participants/{gone.id}/reinstate", follow_redirects=True))
    assert "All seats of that country are taken" in page


def test_somebody_known_is_enrolled_after_a_search(coordinator):
    cohort = a_cohort(code="DIG-1", seats={"KG": 2, "TJ": 1})
    person, twin = a_person("Nurlan Search", country="KG"), a_person("Nurlan Twin", country="UZ")
    page = "/cohorts/DIG-1/participants/enrol?q=nurlan"
    shown = body(coordinator.get(page))
    assert "Nurlan Search" in shown
    assert "Kyrgyzstan: 2 of 2 free" in shown
    assert coordinator.post(page, data={"person_id": person.id, "country": ""}).status_code == 302
    assert queries.enrolment_of(cohort.id, person.id).country == "KG"
    assert "Nurlan Search has a seat" in body(coordinator.get(page))
    assert "Nurlan Search" not in body(coordinator.get(page))
    assert "holds no seats for that country" in body(coordinator.post(page, data={"person_id": twin.id, "country": ""}))
    assert coordinator.post(page, data={"person_id": twin.id, "country": "TJ"}).status_code == 302
    assert "Nobody without a seat" in body(coordinator.get("/cohorts/DIG-1/participants/enrol?q=zzzz"))
    for data in ({}, {"person_id": "99999999999999999999"}, {"person_id": a_person("Unfound").id}, {"person_id": "x", "country": "KG"}):
        assert coordinator.post(page, data=data).status_code == 200


def test_a_coordinator_of_one_cohort_finds_strangers_by_whole_address_only(sign_in):
    cohort = a_cohort(code="DIG-1")
    client = sign_in(somebody(Role.COORDINATOR, cohort=cohort))
    a_person("Stranger", email="stranger@example.org")
    page = "/cohorts/DIG-1/participants/enrol"
    assert "Stranger" not in body(client.get(f"{page}?q=stranger"))
    assert "Stranger" in body(client.get(f"{page}?q=STRANGER@example.org"))


def test_the_tab_of_a_page_below_it_is_the_current_one(coordinator):
    a_cohort(code="DIG-1")
    page = body(coordinator.get("/cohorts/DIG-1/settings/staff"))
    assert '/cohorts/DIG-1/settings" aria-current="page"' in page
    assert '/cohorts/DIG-1/" aria-current="page"' not in page
    assert '/cohorts/DIG-1/participants" aria-current="page"' not in page


def test_who_waits_for_approval_is_no_candidate_and_promised_seats_are_not_free(coordinator):
    cohort = a_cohort(code="DIG-1", seats={"KG": 5})
    an_enrolment(cohort, a_person("Aigul Pending"), "KG", state=EnrolmentState.PENDING)
    a_batch(cohort, 3)
    a_person("Aigul Newcomer")
    page = body(coordinator.get("/cohorts/DIG-1/participants/enrol?q=aigul"))
    assert ("Aigul Newcomer" in page, "Aigul Pending" in page, "1 of 5 free" in page) == (True, False, True)
