"""The pages: who sees what, what a stranger learns, what is handed out and what is not any more."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dostyk.certificates import queries, service
from dostyk.certificates.models import Certificate, Signatory
from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.core import limits  # noqa: F401 -- the storage that the limiter counts in
from dostyk.core.access import Role
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.text import new_code
from dostyk.people.models import Account, Person
from tests import factories as make
from tests.certificates import cast

SignIn = Callable[[Account | Person], FlaskClient]
RunJobs = Callable[[], int]
JSON = {"Accept": "application/json"}


@pytest.fixture
def coordinator(app: Flask, sign_in: SignIn) -> FlaskClient:
    return sign_in(make.somebody(Role.COORDINATOR))


@pytest.fixture
def holder(app: Flask) -> Person:
    return make.somebody(full_name="Aigul Sydykova", own_name="Сыдыкова Айгүл", email="aigul@example.org", phone="+996555123456")


@pytest.fixture
def certificate(holder: Person, run_jobs: RunJobs) -> Certificate:
    cohort = cast.a_finished_cohort("DIG")
    cast.mark([make.an_enrolment(cohort, holder, "KG")])
    cast.order(cohort, make.a_person())
    run_jobs()
    [certificate] = cast.certificates()
    return certificate


def tab(cohort: Cohort, rest: str = "") -> str:
    return f"/cohorts/{cohort.code}/certificates{rest}"


def revoke(certificate: Certificate, reason: str = "Issued with a wrong name") -> None:
    found, by = queries.by_number(certificate.number), make.a_person("Coordinator")
    assert found is not None
    with work():
        service.revoke(found, reason, by=by, now=utcnow())


def plain(response: TestResponse) -> str:
    """The words of a page, without tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.text).split())


# --- The tab of the cohort ------------------------------------------------------------------------------------------


def test_the_coordinator_sees_first_who_would_get_one_and_then_issues(coordinator: FlaskClient, run_jobs: RunJobs) -> None:
    cohort = cast.a_finished_cohort(slots=5)
    cast.people_in(cohort, 3)
    cast.people_in(cohort, 2, present=1)
    page = plain(coordinator.get(tab(cohort)))
    assert "3 eligible, not issued yet" in page
    assert "2 not eligible" in page
    assert "Attendance is 20% of the planned hours, 80% is needed" in page
    shown = coordinator.get(tab(cohort, "/issue"))
    assert "3 people get a certificate" in plain(shown)
    assert "The timetable holds 10 of the 40 academic hours that are printed." in plain(shown)
    [people] = re.findall(r'name="people"[^>]*value="([0-9a-f]+)"', shown.text)
    assert coordinator.post(tab(cohort, "/issue"), data={"people": people}).status_code == 302
    page = coordinator.get(tab(cohort)).text
    assert 'hx-trigger="every 1s"' in page
    assert '<meta http-equiv="refresh"' in page
    assert "HX-Refresh" not in coordinator.get(tab(cohort, "/progress")).headers
    run_jobs()
    assert coordinator.get(tab(cohort, "/progress")).headers["HX-Refresh"] == "true"
    assert "3 have their certificate" in plain(coordinator.get(tab(cohort)))
    again = coordinator.post(tab(cohort, "/issue"), data={"people": people})
    assert again.status_code == 200
    assert "Nobody is eligible" in plain(again)
    assert len(cast.certificates()) == 3


@pytest.mark.parametrize("people", [3, 300])
def test_the_tab_takes_the_same_statements_for_3_and_for_300(people: int, coordinator: FlaskClient, statements: Callable[[], Any]) -> None:
    cohort = cast.a_finished_cohort(slots=1)
    cast.people_in(cohort, people)
    address = tab(cohort)
    db.session.remove()
    with statements() as found:
        assert coordinator.get(address).status_code == 200
    assert len(found) == 12


def test_the_list_is_searched_filtered_and_sorted(coordinator: FlaskClient) -> None:
    cohort = cast.a_finished_cohort(slots=5)
    for name, present in (("Bolat Akhmetov", 5), ("Aigul Sydykova", 2), ("Zarina Alieva", 3)):
        cast.mark([make.an_enrolment(cohort, make.a_person(name, own_name=""))], present)
    names = re.compile(r"<bdi>(Bolat|Aigul|Zarina)")

    def listed(query: str) -> list[str]:
        return names.findall(coordinator.get(f"{tab(cohort)}?{query}").text)

    assert listed("") == ["Aigul", "Bolat", "Zarina"]
    assert listed("sort=attendance&desc=1") == ["Bolat", "Zarina", "Aigul"]
    assert listed("standing=not_yet&sort=attendance") == ["Aigul", "Zarina"]
    assert listed("q=зарина") == ["Zarina"]
    assert listed("q=nobody") == []
    assert listed("sort=nonsense&standing=nonsense&page=99") == ["Aigul", "Bolat", "Zarina"]


def test_the_csv_says_who_has_one_and_what_is_missing(coordinator: FlaskClient, certificate: Certificate) -> None:
    cohort = certificate.enrolment.cohort
    cast.mark([make.an_enrolment(cohort, make.a_person("=cmd()", own_name="Ҳусейнӣ"))], 1)
    answer = coordinator.get(tab(cohort, "?format=csv"))
    assert answer.mimetype == "text/csv"
    lines = answer.text.splitlines()
    assert lines[0].startswith("\ufeffName,")
    assert any(line.startswith("Aigul Sydykova,Сыдыкова Айгүл,KG,Issued,,4.00,4.00,100.00,0," + certificate.number) for line in lines)
    assert any(line.startswith("'=cmd(),Ҳусейнӣ,,Not eligible,") for line in lines)


def test_who_signs_is_entered_on_the_tab(coordinator: FlaskClient) -> None:
    cohort = cast.a_finished_cohort(printed=False)
    cast.an_agency()
    cast.people_in(cohort, 1)
    assert "It is not entered who signs" in plain(coordinator.get(tab(cohort)))
    assert "Issue 1 certificate" not in plain(coordinator.get(tab(cohort)))
    assert coordinator.post(tab(cohort, "/signatory"), data={"name-en": "A. Seitkali"}).status_code == 200  # no post
    data = {"name-en": "A. Seitkali", "name-kk": "Ә. Сейтқали", "post-en": "Chair"}
    assert coordinator.post(tab(cohort, "/signatory"), data=data).status_code == 302
    assert db.session.scalars(sa.select(Signatory)).one().name == {"en": "A. Seitkali", "kk": "Ә. Сейтқали"}
    assert "Issue 1 certificate" in plain(coordinator.get(tab(cohort)))
    assert 'value="Ә. Сейтқали"' in coordinator.get(tab(cohort, "/signatory")).text


def test_a_specimen_is_marked_as_one_and_changes_nothing(coordinator: FlaskClient) -> None:
    cohort = cast.a_finished_cohort()
    cast.people_in(cohort, 1)
    answer = coordinator.get(tab(cohort, "/specimen.pdf"))
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert cast.certificates() == []


def test_an_empty_cohort_says_what_comes_first(coordinator: FlaskClient) -> None:
    cohort = make.a_cohort()
    assert "No participants yet" in plain(coordinator.get(tab(cohort)))
    assert "Nobody to issue to" in plain(coordinator.get(tab(cohort, "/issue")))


def test_others_neither_see_nor_issue(app: Flask, sign_in: SignIn, certificate: Certificate, holder: Person) -> None:
    cohort = certificate.enrolment.cohort
    trainer = make.somebody(Role.TRAINER, cohort=cohort)
    foreign = make.somebody(Role.COORDINATOR, cohort=make.a_cohort())
    addresses = ["", "/progress", "/issue", "/signatory", "/specimen.pdf", f"/{certificate.number}.pdf", f"/{certificate.number}/revoke"]
    for person, status in ((trainer, 403), (holder, 403), (foreign, 404)):
        client = sign_in(person)
        assert {client.get(tab(cohort, address)).status_code for address in addresses} == {status}
        assert client.post(tab(cohort, f"/{certificate.number}/revoke"), data={"reason": "x"}).status_code == status
    assert cast.certificates()[0].revoked_at is None


def test_a_certificate_of_another_cohort_is_not_there(coordinator: FlaskClient, certificate: Certificate) -> None:
    other = make.a_cohort()
    for address in (f"/{certificate.number}.pdf", f"/{certificate.number}/revoke", "/DST-NONE-2026-0001.pdf"):
        assert coordinator.get(tab(other, address)).status_code == 404
    assert coordinator.post(tab(other, f"/{certificate.number}/revoke"), data={"reason": "x"}).status_code == 404


def test_revoking_asks_for_a_reason_and_is_done_once(coordinator: FlaskClient, certificate: Certificate) -> None:
    cohort = certificate.enrolment.cohort
    address = tab(cohort, f"/{certificate.number}/revoke")
    assert "Say why the certificate is revoked." in plain(coordinator.post(address, data={"reason": "  "}))
    assert coordinator.post(address, data={"reason": "Wrong name"}).status_code == 302
    assert "revoked before" in plain(coordinator.post(address, data={"reason": "Again"}))
    page = plain(coordinator.get(tab(cohort)))
    assert "Wrong name" in page
    assert "Issue a new one" in page
    one = coordinator.get(tab(cohort, f"/issue?enrolment={certificate.enrolment_id}"))
    assert "1 person gets a certificate" in plain(one)
    assert coordinator.get(tab(cohort, f"/{certificate.number}.pdf")).status_code == 410


# --- One's own ------------------------------------------------------------------------------------------------------


def test_the_holder_downloads_it_and_nobody_else(app: Flask, sign_in: SignIn, certificate: Certificate, holder: Person) -> None:
    address = f"/me/certificates/{certificate.number}.pdf"
    answer = sign_in(holder).get(address)
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{certificate.number}.pdf"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.data.startswith(b"%PDF")
    stranger = sign_in(make.somebody())
    assert stranger.get(address).status_code == 404
    assert stranger.get("/me/certificates/DST-DIG-2026-9999.pdf").status_code == 404
    assert app.test_client().get(address).status_code == 302


def test_the_file_name_is_ascii_whatever_the_programme_is_called(sign_in: SignIn, certificate: Certificate, holder: Person) -> None:
    with work():
        certificate.number = "DST-ҚЗ-2026-0001"
    answer = sign_in(holder).get("/me/certificates/DST-ҚЗ-2026-0001.pdf")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="DST-2026-0001.pdf"'


def test_renaming_the_profile_changes_nothing_that_is_handed_out(sign_in: SignIn, certificate: Certificate, holder: Person) -> None:
    client, address = sign_in(holder), f"/me/certificates/{certificate.number}.pdf"
    before = client.get(address).data
    with work():
        db.session.get_one(Person, holder.id).full_name = "Somebody Else"
    assert client.get(address).data == before


def test_a_revoked_certificate_is_no_longer_handed_out(sign_in: SignIn, certificate: Certificate, holder: Person) -> None:
    revoke(certificate)
    answer = sign_in(holder).get(f"/me/certificates/{certificate.number}.pdf")
    assert answer.status_code == 410
    assert "This certificate was revoked" in plain(answer)
    assert "Issued with a wrong name" not in answer.text


# --- Anybody's ------------------------------------------------------------------------------------------------------


def test_a_stranger_sees_at_once_that_it_is_valid_and_what_is_printed(client: FlaskClient, certificate: Certificate) -> None:
    answer = client.get(f"/verify/{certificate.code}")
    page = plain(answer)
    assert answer.status_code == 200
    for expected in ("Valid", certificate.number, "Aigul Sydykova", "Сыдыкова Айгүл", "Digital Public Services", "40 (45 minutes each)"):
        assert expected in page
    assert "Revoked" not in page


def test_a_revoked_one_says_when_and_not_why(client: FlaskClient, certificate: Certificate) -> None:
    revoke(certificate)
    answer = client.get(f"/verify/{certificate.code}")
    assert answer.status_code == 200
    assert "This certificate was revoked on" in plain(answer)
    assert "wrong name" not in answer.text


@pytest.mark.parametrize("code", ["7H3K9QMX4TRW", "nonsense", "x" * 500, "DST-DIG-2026-0001", "' OR 1=1 --"])
def test_what_is_not_a_code_is_unknown(client: FlaskClient, certificate: Certificate, code: str) -> None:
    answer = client.get(f"/verify/{code}")
    assert answer.status_code == 404
    assert "No certificate has this code" in plain(answer)


def test_typing_is_forgiving(client: FlaskClient, certificate: Certificate) -> None:
    code = certificate.code
    eastern = code.lower().translate({ord(str(n)): chr(0x06F0 + n) for n in range(10)})
    for typed in (code.lower(), " ".join(code), f"{code[:4]}-{code[4:8]}–{code[8:]}", eastern):
        answer = client.get("/verify", query_string={"code": typed})
        assert (answer.status_code, answer.location) == (302, f"/verify/{code}")
        assert client.get(f"/verify/{typed}").status_code == 200
    assert client.get("/verify/").location.endswith("/verify")
    assert client.get("/verify?code=%20").status_code == 200


def test_nothing_private_is_told(client: FlaskClient, certificate: Certificate, holder: Person) -> None:
    for headers in ({}, JSON):
        text = client.get(f"/verify/{certificate.code}", headers=headers).text
        for private in ("aigul@example.org", "996555123456", f"/people/{holder.id}", "person_id", "enrolment", "/me/certificates"):
            assert private not in text


def test_neither_search_engines_nor_caches_keep_it(client: FlaskClient, certificate: Certificate) -> None:
    for path in (f"/verify/{certificate.code}", f"/verify/{new_code()}"):
        for headers in ({}, JSON):
            answer = client.get(path, headers=headers)
            assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
            assert answer.headers["Cache-Control"] == "no-store"


def test_machines_get_the_same_facts(client: FlaskClient, certificate: Certificate) -> None:
    facts = client.get(f"/verify/{certificate.code}", headers=JSON).json
    assert facts is not None
    assert (facts["validity"], facts["revoked_on"], facts["number"]) == ("valid", None, certificate.number)
    assert facts["name"] == {"latin": "Aigul Sydykova", "own": "Сыдыкова Айгүл"}
    assert (facts["hours"], facts["minutes_per_hour"], facts["course"]["ru"]) == (40, 45, "Цифровые государственные услуги")
    revoke(certificate)
    facts = client.get(f"/verify/{certificate.code}", headers=JSON).json
    assert facts is not None
    assert facts["validity"] == "revoked"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", facts["revoked_on"])
    unknown = client.get(f"/verify/{new_code()}", headers=JSON)
    assert (unknown.status_code, unknown.mimetype) == (404, "application/problem+json")


def test_a_visitor_costs_one_statement(client: FlaskClient, certificate: Certificate, statements: Callable[[], Any]) -> None:
    path = f"/verify/{certificate.code}"
    db.session.remove()
    with statements() as found:
        assert client.get(path).status_code == 200
    assert len(found) == 1
    with statements() as found:
        client.get("/verify/MISTYPED")
    assert found == []


def test_guessing_is_limited_and_the_empty_form_is_not(certificate: Certificate, tmp_path: Any) -> None:
    from tests.conftest import make_app, migrate

    app = make_app(tmp_path, RATELIMIT_ENABLED=True, LIMIT_VERIFY="3/minute")
    migrate(app)
    client = app.test_client()
    assert [client.get(f"/verify/{new_code()}").status_code for _ in range(5)] == [404, 404, 404, 429, 429]
    assert client.get("/verify").status_code == 200


def test_a_demonstration_says_so(client: FlaskClient, run_jobs: RunJobs) -> None:
    cohort = cast.a_finished_cohort(demo=True)
    cast.people_in(cohort, 1)
    cast.order(cohort, make.a_person())
    run_jobs()
    [certificate] = cast.certificates()
    assert "This is a demonstration" in plain(client.get(f"/verify/{certificate.code}"))
    assert client.get(f"/verify/{certificate.code}", headers=JSON).json["demonstration"] is True  # type: ignore[index]


def test_another_person_in_the_same_cohort_is_not_named(client: FlaskClient, certificate: Certificate) -> None:
    other: Enrolment = make.an_enrolment(certificate.enrolment.cohort, make.a_person("Zarina Alieva"))
    assert other.person.full_name not in client.get(f"/verify/{certificate.code}").text
