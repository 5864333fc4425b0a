"""The first page of each role, one's own page, and the settings that every page offers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dostyk.certificates import queries, service
from dostyk.core.access import Role
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.people.models import Account, Person
from tests import factories as make
from tests.certificates import cast

SignIn = Callable[[Account | Person], FlaskClient]
RunJobs = Callable[[], int]


def plain(response: TestResponse) -> str:
    """The words of the main part of a page, without tags."""
    [main] = re.findall(r"<main.*?</main>", response.text, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


# --- Visitors -------------------------------------------------------------------------------------------------------


def test_a_visitor_can_redeem_verify_and_see_what_is_taught(client: FlaskClient) -> None:
    make.a_course(title={"en": "Digital Public Services"})
    make.a_course(title={"en": "Secret Course"}, public=False)
    answer = client.get("/")
    assert 'action="/redeem"' in answer.text
    assert 'action="/verify"' in answer.text
    assert "Digital Public Services" in plain(answer)
    assert "Secret Course" not in answer.text


def test_the_first_page_without_courses_says_so(client: FlaskClient) -> None:
    assert "courses of the coming season are being prepared" in plain(client.get("/"))


def test_the_codes_of_the_first_page_lead_on(client: FlaskClient) -> None:
    batch = make.a_batch()
    [voucher, *_] = make.vouchers_of(batch)
    assert client.post("/redeem", data={"code": voucher.code}).location == f"/redeem/{voucher.code}"
    assert client.get("/verify", query_string={"code": "abcd efgh jkmn"}).location == "/verify/ABCDEFGHJKMN"


def test_the_first_page_costs_one_statement(client: FlaskClient, statements: Callable[[], Any]) -> None:
    for _ in range(8):
        make.a_course()
    with statements() as found:
        client.get("/")
    assert len(found) == 1


def test_robots_keep_out_of_what_names_people(client: FlaskClient) -> None:
    answer = client.get("/robots.txt")
    assert answer.mimetype == "text/plain"
    for path in ("/verify/", "/redeem/", "/me/", "/cohorts/", "/people/", "/admin/"):
        assert f"Disallow: {path}\n" in answer.text
    assert client.get("/favicon.ico").location == "/static/img/favicon.svg"


def test_home_asks_a_visitor_to_sign_in(client: FlaskClient) -> None:
    for path in ("/home", "/me/"):
        assert client.get(path).location.startswith("/sign-in")


# --- Each role ------------------------------------------------------------------------------------------------------


def test_who_is_signed_in_goes_from_the_first_page_to_their_own(sign_in: SignIn) -> None:
    assert sign_in(make.somebody()).get("/").location == "/home"


def test_who_has_nothing_yet_is_told_what_to_do(sign_in: SignIn) -> None:
    page = plain(sign_in(make.somebody()).get("/home"))
    assert "Nothing here yet" in page
    assert "Redeem a voucher" in page


def test_a_participant_sees_the_courses_and_today(sign_in: SignIn) -> None:
    person, cohort = make.somebody(full_name="Aigul Sydykova"), make.a_cohort()
    make.an_enrolment(cohort, person)
    make.a_slot(cohort, hour=23, minutes=59, title={"en": "The last slot of today"})
    make.a_slot(cohort, day=1, title={"en": "The first slot of tomorrow"})
    make.a_slot(make.a_cohort(), hour=23, minutes=59, title={"en": "A slot of others"})
    page = plain(sign_in(person).get("/home"))
    assert "Welcome, Aigul Sydykova" in page
    assert "Digital Public Services" in page
    assert "The last slot of today" in page
    assert "tomorrow" not in page
    assert "A slot of others" not in page


def test_a_certificate_is_news_for_its_holder(sign_in: SignIn, run_jobs: RunJobs) -> None:
    person, cohort = make.somebody(), cast.a_finished_cohort()
    cast.mark([make.an_enrolment(cohort, person)])
    assert "certificate is ready" not in plain(sign_in(person).get("/home"))
    cast.order(cohort, make.a_person())
    run_jobs()
    [certificate] = cast.certificates()
    answer = sign_in(person).get("/home")
    assert "1 certificate is ready for you" in plain(answer)
    assert f'href="/me/certificates/{certificate.number}.pdf"' in answer.text
    found, by = queries.by_number(certificate.number), make.a_person()
    assert found is not None
    with work():
        service.revoke(found, "Wrong name", by=by, now=utcnow())
    answer = sign_in(person).get("/home")
    assert "certificate is ready" not in plain(answer)
    assert "Wrong name" not in answer.text
    assert f"/me/certificates/{certificate.number}.pdf" not in answer.text


def test_a_trainer_sees_the_slots_of_today(sign_in: SignIn) -> None:
    cohort, trainer = make.a_cohort(), make.somebody(full_name="Trainer")
    make.an_assignment(trainer, Role.TRAINER, cohort=cohort)
    assert "You do not teach today" in plain(sign_in(trainer).get("/home"))
    slot = make.a_slot(cohort, hour=10, title={"en": "Registers"}, trainer=trainer)
    answer = sign_in(trainer).get("/home")
    assert "Registers" in plain(answer)
    assert f'href="/cohorts/{cohort.code}/attendance/{slot.id}"' in answer.text


def test_a_coordinator_sees_cohorts_and_certificates_to_issue(sign_in: SignIn) -> None:
    coordinator = make.somebody(Role.COORDINATOR)
    assert "No cohort is running or to come" in plain(sign_in(coordinator).get("/home"))
    running = make.a_cohort(capacity=20)
    make.an_enrolment(running)
    finished = cast.a_finished_cohort()
    cast.people_in(finished, 2)
    answer = sign_in(coordinator).get("/home")
    assert "1 of 20" in plain(answer)
    assert f"2 certificates ready to be issued in {finished.code}" in plain(answer)
    assert f'href="/cohorts/{finished.code}/certificates"' in answer.text


def test_a_coordinator_of_one_cohort_sees_that_one(sign_in: SignIn) -> None:
    mine, foreign = make.a_cohort(), make.a_cohort()
    page = plain(sign_in(make.somebody(Role.COORDINATOR, cohort=mine)).get("/home"))
    assert mine.code in page
    assert foreign.code not in page


def test_a_focal_point_sees_the_vouchers_of_the_own_body(sign_in: SignIn) -> None:
    body = make.an_organisation()
    person = make.somebody(Role.FOCAL_POINT, organisation=body)
    assert "No vouchers have been handed to you yet" in plain(sign_in(person).get("/home"))
    mine, foreign = make.a_batch(organisation=body, quantity=4), make.a_batch()
    with work():
        make.vouchers_of(mine)[0].used = 1
    answer = sign_in(person).get("/home")
    assert "1 of 4 3 can still be redeemed" in plain(answer)
    assert f'href="/vouchers/{mine.id}"' in answer.text
    assert foreign.cohort.code not in answer.text


def test_an_observer_sees_numbers_and_nobody(sign_in: SignIn, run_jobs: RunJobs) -> None:
    cohort = cast.a_finished_cohort()
    cast.people_in(cohort, 2)
    cast.order(cohort, make.a_person())
    run_jobs()
    make.a_cohort()
    donor = make.an_organisation()
    page = plain(sign_in(make.somebody(Role.OBSERVER)).get("/home"))
    assert "2 cohorts 1 running today 2 seats taken 2 certificates issued" in page
    assert "Sydykova" not in page
    assert "0 cohorts" in plain(sign_in(make.somebody(Role.OBSERVER, organisation=donor)).get("/home"))


def test_an_admin_finds_the_administration(sign_in: SignIn) -> None:
    answer = sign_in(make.somebody(Role.ADMIN)).get("/home")
    for path in ("/admin/", "/admin/audit", "/admin/mail", "/admin/jobs"):
        assert f'href="{path}"' in answer.text


def test_the_statements_of_home_do_not_grow(sign_in: SignIn, statements: Callable[[], Any]) -> None:
    person = make.somebody(Role.COORDINATOR)
    client, counted = sign_in(person), []
    for number in (3, 27):
        for more in range(number):
            cohort = make.a_cohort(starts_on=utcnow().date() - timedelta(days=more % 3))
            make.an_enrolment(cohort, person)
            make.a_slot(cohort, hour=23, minutes=59)
            cast.people_in(cast.a_finished_cohort(slots=1), 1)
        with statements() as found:
            assert client.get("/home").status_code == 200
        counted.append(len(found))
    assert counted[0] == counted[1] <= 34  # every room that tells what needs one adds one or two


# --- One's own page -------------------------------------------------------------------------------------------------


def test_my_page_says_what_is_missing_for_the_certificate(sign_in: SignIn, run_jobs: RunJobs) -> None:
    person, cohort = make.somebody(), cast.a_finished_cohort(slots=5)
    cast.mark([make.an_enrolment(cohort, person)], 3)
    page = plain(sign_in(person).get("/me/"))
    assert "Attendance is 60% of the planned hours, 80% is needed (academic hours missing: 2)." in page
    other, done = make.somebody(), cast.a_finished_cohort()
    cast.mark([make.an_enrolment(done, other)])
    assert "Everything for the certificate is there." in plain(sign_in(other).get("/me/"))
    cast.order(done, make.a_person())
    run_jobs()
    [certificate] = cast.certificates()
    answer = sign_in(other).get("/me/")
    assert certificate.number in plain(answer)
    assert "Everything for the certificate is there." not in plain(answer)
    assert certificate.number not in sign_in(person).get("/me/").text


def test_my_page_without_anything_says_what_to_do(sign_in: SignIn) -> None:
    page = plain(sign_in(make.somebody()).get("/me/"))
    assert "You hold no seat in a course." in page
    assert "Your certificates appear here" in page


@pytest.mark.parametrize("number", [1, 20])
def test_the_statements_of_my_page_do_not_grow(number: int, sign_in: SignIn, statements: Callable[[], Any]) -> None:
    person = make.somebody()
    for _ in range(number):
        cohort = make.a_cohort()
        make.an_enrolment(cohort, person)
        make.a_slot(cohort)
    client = sign_in(person)
    with statements() as found:
        assert client.get("/me/").status_code == 200
    assert len(found) == 8


# --- Language and appearance ----------------------------------------------------------------------------------------


def test_the_language_is_remembered_for_a_visitor(client: FlaskClient) -> None:
    answer = client.post("/language", data={"lang": "ru", "next": "/courses/"})
    assert (answer.status_code, answer.location) == (302, "/courses/")
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "SameSite=Lax" in answer.headers["Set-Cookie"]
    assert '<html lang="ru"' in client.get("/").text
    client.post("/language", data={"lang": "fa_AF"})
    assert '<html lang="prs" dir="rtl"' in client.get("/").text


def test_the_language_is_kept_with_the_account(app: Flask, sign_in: SignIn) -> None:
    person = make.somebody()
    client = sign_in(person)
    client.post("/language", data={"lang": "kk", "next": "/home"})
    assert make.account_of(person).language == "kk"
    assert '<html lang="kk"' in sign_in(person).get("/home").text  # on another device, too


def test_the_theme_is_remembered(client: FlaskClient) -> None:
    assert client.post("/theme", data={"theme": "dark", "next": "/"}).location == "/"
    assert 'data-bs-theme="dark"' in client.get("/").text


@pytest.mark.parametrize(("path", "field"), [("/language", "lang"), ("/theme", "theme")])
@pytest.mark.parametrize("value", ["", "xx", "../../etc", "<script>"])
def test_what_we_do_not_offer_sets_nothing(client: FlaskClient, path: str, field: str, value: str) -> None:
    answer = client.post(path, data={field: value, "next": "https://evil.example/"})
    assert answer.location == "/"
    assert "Set-Cookie" not in answer.headers
    assert client.get(path).status_code == 405


def test_the_account_is_not_touched_without_a_token(app: Flask, sign_in: SignIn) -> None:
    person = make.somebody()
    client = sign_in(person)
    app.config["WTF_CSRF_ENABLED"] = True
    assert client.post("/language", data={"lang": "kk"}).status_code == 400
    db.session.rollback()
    assert make.account_of(person).language == "en"
