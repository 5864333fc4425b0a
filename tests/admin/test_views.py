"""Users, roles, log, letters and jobs, as administrators meet them."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
import sqlalchemy as sa

from dostyk.cohorts.models import Assignment
from dostyk.core import audit, mail, outbox
from dostyk.core.access import Role
from dostyk.core.audit import Event
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.mail import Mail, MailState
from dostyk.core.outbox import HANDLERS, Job, JobState
from dostyk.people.models import Account, Person
from tests import factories as make

NEW = {"full_name": "Sitora Rahmonzoda", "email": "Sitora@Example.org", "language": "ru", "role": "observer", "reach": "everywhere"}


@pytest.fixture
def boss(app) -> Person:
    return make.somebody(Role.ADMIN, full_name="Daniyar Umirbek", email="admin@example.org")


@pytest.fixture
def admin(boss, sign_in) -> Any:
    return sign_in(boss)


def account_of(person: Person) -> Account:
    return db.session.scalars(sa.select(Account).where(Account.person_id == person.id)).one()


def roles() -> list[tuple[Any, ...]]:
    found = sa.select(Assignment.role, Assignment.cohort_id, Assignment.organisation_id, Assignment.country).order_by(Assignment.id)
    return [tuple(row) for row in db.session.execute(found)][1:]


# --- Users ------------------------------------------------------------------------------------------------------------


def test_somebody_is_invited_with_a_role(app, admin):
    answer = admin.post("/admin/invite", data=NEW)
    account = db.session.scalars(sa.select(Account).where(Account.email == "sitora@example.org")).one()
    assert answer.location == f"/admin/users/{account.id}"
    assert roles() == [(Role.OBSERVER, None, None, None)]
    letter = db.session.scalars(sa.select(Mail)).one()
    assert (letter.to, letter.language) == ("sitora@example.org", "ru")
    assert "Invited" in admin.get(answer.location).text


def test_a_role_reaches_as_far_as_was_chosen_and_no_further(app, admin):
    cohort, body = make.a_cohort(), make.an_organisation()
    scopes = {"cohort_id": str(cohort.id), "organisation_id": str(body.id), "country": "KG"}
    for n, reach in enumerate(("cohort", "organisation", "country", "everywhere")):
        admin.post("/admin/invite", data={**NEW, **scopes, "email": f"a{n}@example.org", "reach": reach})
    role = Role.OBSERVER
    assert roles() == [(role, cohort.id, None, None), (role, None, body.id, None), (role, None, None, "KG"), (role, None, None, None)]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"email": "admin@example.org"}, "already an account"),
        ({"email": "ADMIN@example.org"}, "already an account"),
        ({"email": "nonsense"}, "not an e-mail address"),
        ({"full_name": "Ситора"}, "not Latin"),
        ({"role": ""}, "Choose a role"),
        ({"role": "participant"}, "Not a valid choice"),
        ({"reach": ""}, "Choose where the role holds"),
        ({"reach": "cohort"}, "Choose the cohort"),
        ({"reach": "cohort", "cohort_id": "999"}, "Not a valid choice"),
        ({"role": "admin", "reach": "country", "country": "KG"}, "Administrators work everywhere"),
        ({"role": "focal_point"}, "one organisation or one country"),
    ],
)
def test_an_invitation_that_cannot_be_leaves_nothing_behind(app, admin, changed, sentence):
    answer = admin.post("/admin/invite", data={**NEW, **changed})
    assert answer.status_code == 200
    assert sentence in answer.text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Person)) == 1
    assert roles() == []
    assert db.session.scalars(sa.select(Mail)).all() == []


def test_somebody_known_gets_an_account_of_their_own(app, admin):
    person = make.a_person("Zarina Azimova", email="zarina@example.org")
    assert "Zarina Azimova" in admin.get(f"/admin/invite?person={person.id}").text
    admin.post(f"/admin/invite?person={person.id}", data={**NEW, "full_name": "x", "email": "zarina@example.org"})
    assert account_of(person).email == "zarina@example.org"
    assert admin.get("/admin/invite?person=99999").status_code == 404
    assert admin.get("/admin/invite?person=3000000000").status_code == 200, "as if nobody was named"


def test_the_invitation_is_sent_again_until_a_password_is_chosen(app, admin):
    account = make.an_account()
    admin.post(f"/admin/users/{account.id}/invite-again")
    assert len(db.session.scalars(sa.select(Mail)).all()) == 1
    with work():
        account.password = "chosen"
    admin.post(f"/admin/users/{account.id}/invite-again")
    assert len(db.session.scalars(sa.select(Mail)).all()) == 1
    assert "already chosen a password" in admin.get(f"/admin/users/{account.id}").text


def test_roles_are_given_once_and_taken_back(app, admin):
    account = make.an_account()
    for _ in range(2):
        admin.post(f"/admin/users/{account.id}", data={"role": "coordinator", "reach": "everywhere"})
    (given,) = db.session.scalars(sa.select(Assignment).where(Assignment.person_id == account.person_id)).all()
    other = make.an_account()
    assert admin.post(f"/admin/users/{other.id}/take-role", data={"assignment_id": given.id}).status_code == 404, "somebody else's"
    assert admin.post(f"/admin/users/{account.id}/take-role", data={}).status_code == 404
    assert admin.post(f"/admin/users/{account.id}/take-role", data={"assignment_id": "9" * 20}).status_code == 404
    admin.post(f"/admin/users/{account.id}/take-role", data={"assignment_id": given.id})
    assert roles() == []


def test_nobody_takes_away_their_own_administration_or_account(app, admin, boss):
    account = account_of(boss)
    make.somebody(Role.ADMIN)
    own = db.session.scalars(sa.select(Assignment).where(Assignment.person_id == boss.id)).one()
    admin.post(f"/admin/users/{account.id}/take-role", data={"assignment_id": own.id})
    admin.post(f"/admin/users/{account.id}/deactivate", data={"reason": "tired"})
    page = admin.get(f"/admin/users/{account.id}").text
    assert "You cannot take away your own administration" in page
    assert "You cannot deactivate your own account" in page
    db.session.expire_all()
    assert db.session.get(Assignment, own.id)
    assert account_of(boss).active


def test_an_account_is_deactivated_with_a_reason_and_activated_again(app, admin, sign_in):
    person = make.somebody()
    account, theirs = account_of(person), sign_in(person)
    admin.post(f"/admin/users/{account.id}/deactivate", data={"reason": " "})
    assert theirs.get("/me/security").status_code == 200, "not without a reason"
    admin.post(f"/admin/users/{account.id}/deactivate", data={"reason": "left the ministry"})
    assert theirs.get("/me/security").status_code == 302, "signed out at once"
    assert db.session.scalars(sa.select(Event).where(Event.kind == "account.deactivated")).one().reason == "left the ministry"
    admin.post(f"/admin/users/{account.id}/activate")
    db.session.expire_all()
    assert account_of(person).active


def test_two_factor_sign_in_is_reset_with_a_reason_and_the_holder_is_told(app, admin, boss):
    account = make.an_account(tf_primary_method="authenticator", tf_totp_secret="x", mf_recovery_codes=["a"])
    url = f"/admin/users/{account.id}/reset-second-factor"
    admin.post(url)
    db.session.expire_all()
    assert account.tf_primary_method
    admin.post(url, data={"reason": "saw the passport"})
    db.session.expire_all()
    assert (account.tf_primary_method, account.tf_totp_secret, account.mf_recovery_codes) == (None, None, None)
    assert db.session.scalars(sa.select(Mail)).one().to == account.email
    admin.post(f"/admin/users/{account_of(boss).id}/reset-second-factor", data={"reason": "x"})
    assert len(db.session.scalars(sa.select(Mail)).all()) == 1, "one's own is changed elsewhere"


def test_changing_users_asks_again_after_a_while(app, admin):
    account = make.an_account()
    with admin.session_transaction() as session:
        session["fs_paa"] = time.time() - 3600
    assert admin.get("/admin/").status_code == 200
    for path in ("/admin/invite", f"/admin/users/{account.id}"):
        assert admin.get(path).location.startswith("/me/confirm?next="), path
    answer = admin.post(f"/admin/users/{account.id}/deactivate", data={"reason": "x"})
    assert answer.location == f"/me/confirm?next=/admin/users/{account.id}"
    db.session.expire_all()
    assert account.active


def test_the_list_of_users_is_constant_in_statements(app, admin, statements):
    counts = []
    for number in (3, 30):
        for _ in range(number):
            make.somebody(Role.TRAINER, cohort=make.a_cohort())
        with statements() as found:
            admin.get("/admin/")
        counts.append(len(found))
    assert counts[0] == counts[1] <= 6, found


def test_users_are_found_and_exported(app, admin):
    make.somebody(Role.TRAINER, cohort=make.a_cohort(), full_name="Yerlan Nurmagambetov", email="trainer@example.org")
    for query in ("q=yerlan", "q=trainer@", "role=trainer", "state=invited", "sort=seen&desc=1", "sort=email"):
        assert "Yerlan" in admin.get(f"/admin/?{query}").text, query
    assert "Yerlan" not in admin.get("/admin/?role=observer").text
    assert "Yerlan Nurmagambetov,trainer@example.org,Trainer" in admin.get("/admin/?format=csv").text


@pytest.mark.parametrize("path", ["/admin/users/999999", "/admin/users/99999999999999999999", "/admin/mail/999999"])
def test_what_is_not_there_is_not_found(app, admin, path):
    assert admin.get(path).status_code == 404


@pytest.mark.parametrize("role", [None, Role.COORDINATOR, Role.OBSERVER])
def test_others_stay_outside(app, sign_in, role):
    client = sign_in(make.somebody(role))
    for path in ("/admin/", "/admin/invite", "/admin/audit", "/admin/mail", "/admin/jobs"):
        assert client.get(path).status_code == 403, path


# --- The log ----------------------------------------------------------------------------------------------------------


def test_the_log_is_filtered_by_what_who_and_when(app, admin, boss):
    with work():
        audit.record("voucher.redeemed", "voucher:7", by=boss, cohort="DIG-2026-01", reason="because", odd={"a": ["<b>"]})
        audit.record("account.sign_in_failed", "account:1")
    day = utcnow().date().isoformat()
    for query in (
        "thing=voucher",
        "q=voucher:7",
        "q=dig-2026-01",
        "q=Daniyar",
        "subject=voucher:7",
        "cohort=DIG-2026-01",
        f"actor={boss.id}",
        "kind=voucher.redeemed",
    ):
        page = admin.get(f"/admin/audit?{query}").text
        assert "voucher:7" in page, query
        assert "sign_in_failed" not in page.partition("<tbody>")[2], query
    assert "voucher:7" in admin.get(f"/admin/audit?since={day[:8]}01").text
    assert "voucher:7" not in admin.get("/admin/audit?until=2020-01-01").text
    assert "&lt;b&gt;" in admin.get("/admin/audit").text
    assert "voucher:7" in admin.get("/admin/audit?format=csv&thing=voucher").text


@pytest.mark.parametrize(
    "query",
    [
        "since=yesterday",
        "until=9999-99-99",
        "since=0001-01-01",
        "until=9999-12-31",
        "actor=x",
        "actor=²",
        "actor=99999999999999",
        "q=%00",
        "page=0",
    ],
)
def test_odd_filters_are_survived(app, admin, query):
    assert admin.get(f"/admin/audit?{query}").status_code == 200


# --- Letters and jobs -------------------------------------------------------------------------------------------------


def a_letter(body: str = "Dear Aigul,\n\nopen http://localhost/invitation/abc.def now") -> Mail:
    with work():
        return mail.send("account.invitation", "aigul@example.org", "Your account", body, language="en")


def test_letters_are_read_and_their_links_followed(app, admin):
    letter = a_letter("<script>alert(1)</script>\n\nopen http://localhost/invitation/abc.def now")
    assert "Your account" in admin.get("/admin/mail?q=aigul&state=queued").text
    page = admin.get(f"/admin/mail/{letter.id}").text
    assert 'href="http://localhost/invitation/abc.def"' in page
    assert "<script>alert" not in page


def test_production_hides_the_keys_in_links(app, admin):
    letter = a_letter()
    app.config["ENVIRONMENT"] = "production"
    page = admin.get(f"/admin/mail/{letter.id}").text
    assert "abc.def" not in page
    assert "/invitation/(hidden)" in page


def test_a_letter_that_failed_is_sent_again_once_at_a_time(app, admin, run_jobs):
    letter = a_letter()
    admin.post(f"/admin/mail/{letter.id}/send-again")
    assert "on its way already" in admin.get(f"/admin/mail/{letter.id}").text
    with work():
        db.session.execute(sa.update(Job).values(state=JobState.FAILED))
        db.session.execute(sa.update(Mail).values(state=MailState.FAILED, error="refused"))
    admin.post(f"/admin/mail/{letter.id}/send-again")
    run_jobs()
    db.session.expire_all()
    assert db.session.get_one(Mail, letter.id).state is MailState.SENT
    admin.post(f"/admin/mail/{letter.id}/send-again")
    assert "This letter was sent" in admin.get(f"/admin/mail/{letter.id}").text


def test_a_failed_job_runs_again(app, admin, run_jobs, monkeypatch):
    ran: list[int] = []
    monkeypatch.setitem(HANDLERS, "test.job", lambda _progress, **_payload: ran.append(1))
    with work():
        job = outbox.enqueue("test.job", subject="thing:1")
        db.session.flush()
        job.state, job.error, job.attempts = JobState.FAILED, "Traceback <b>", 5
    page = admin.get("/admin/jobs?state=failed").text
    assert re.search(r"Traceback &lt;b&gt;", page)
    assert admin.post(f"/admin/jobs/{job.id}/retry").location == "/admin/jobs"
    run_jobs()
    assert ran == [1]
    admin.post(f"/admin/jobs/{job.id}/retry")
    assert "Only a job that failed" in admin.get("/admin/jobs").text


# --- Commands ---------------------------------------------------------------------------------------------------------


def test_the_first_administrator_is_made_on_the_command_line(app):
    runner = app.test_cli_runner()
    answer = runner.invoke(args=["users", "create-admin", "Boss@Example.org", "Boss Bossov"])
    assert answer.exit_code == 0
    link = re.search(r"http://localhost(/invitation/\S+)", answer.output)
    assert link
    assert app.test_client().get(link.group(1)).status_code == 302
    again = runner.invoke(args=["users", "create-admin", "boss@example.org", "Boss Bossov"])
    assert again.exit_code == 0
    assert [role for (role,) in db.session.execute(sa.select(Assignment.role))] == [Role.ADMIN]
    assert "boss@example.org\tBoss Bossov\tinvited" in runner.invoke(args=["users", "list"]).output


@pytest.mark.parametrize("arguments", [["nonsense", "Boss"], ["boss@example.org", "Босс"], ["boss@example.org", ""]])
def test_an_administrator_that_cannot_be_is_one_sentence(app, arguments):
    answer = app.test_cli_runner().invoke(args=["users", "create-admin", *arguments])
    assert answer.exit_code == 1
    assert answer.output.startswith("Error: ")
    assert "Traceback" not in answer.output
