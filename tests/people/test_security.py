"""Signing in, as a visitor meets it."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from flask_security import hash_password

from dostyk import config, create_app
from dostyk.config import BadSettings
from dostyk.core.access import Role
from dostyk.core.audit import Event
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.mail import Mail
from dostyk.people import service
from dostyk.people.models import Account
from dostyk.people.security import security
from tests import factories as make
from tests.conftest import CHEAP, make_app, migrate

PASSWORD = "correct horse battery"


@pytest.fixture
def aigul(app: Flask) -> Account:
    return make.an_account(make.a_person("Aigul Seitkali", email="aigul@example.org"), password=hash_password(PASSWORD))


def enter(client: FlaskClient, email: str = "aigul@example.org", password: str = PASSWORD, **more: Any) -> Any:
    return client.post("/sign-in", data={"email": email, "password": password}, **more)


def signed_in(client: FlaskClient) -> bool:
    return client.get("/me/security").status_code == 200


def events(kind: str) -> list[Event]:
    return list(db.session.scalars(sa.select(Event).where(Event.kind == kind).order_by(Event.id)))


def letters(kind: str = "") -> list[Mail]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Mail).where(Mail.kind.startswith(f"account.{kind}")).order_by(Mail.id)))


def link_in(letter: Mail, path: str) -> str:
    found = re.search(rf"http://localhost({path}/\S+)", letter.body)
    assert found, letter.body
    return found.group(1)


# --- Sign in and out --------------------------------------------------------------------------------------------------


def test_signing_in_leads_home_and_is_in_the_log(client, aigul):
    answer = enter(client)
    assert (answer.status_code, answer.location) == (302, "/home")
    assert signed_in(client)
    assert [e.actor for e in events("account.signed_in")] == ["Aigul Seitkali"]
    assert db.session.get_one(Account, aigul.id).login_count == 1


def test_the_address_may_be_typed_in_capitals(client, aigul):
    assert enter(client, "AIGUL@Example.org").status_code == 302


def test_signing_out_takes_a_post(client, aigul):
    enter(client)
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").location == "/"
    assert not signed_in(client)


@pytest.mark.parametrize("email", ["aigul@example.org", "nobody@example.org", "left@example.org", "invited@example.org"])
def test_wrong_password_unknown_deactivated_and_invited_are_answered_alike(client, aigul, email):
    make.an_account(make.a_person(email="left@example.org"), active=False, password=hash_password(PASSWORD))
    make.an_account(make.a_person(email="invited@example.org"))
    answer = enter(client, email, "wrong horse battery" if email.startswith("aigul") else PASSWORD)
    assert answer.status_code == 200
    said = re.search(r'role="alert".*?</form>', answer.text, re.S)
    assert said
    page = re.sub(r'value="[^"]*"', "", said.group())
    expected = re.search(r'role="alert".*?</form>', enter(client, "somebody@example.org").text, re.S)
    assert expected
    assert page == re.sub(r'value="[^"]*"', "", expected.group())
    assert not signed_in(client)


def test_a_failed_try_is_kept_without_naming_the_holder_as_the_actor(client, aigul):
    enter(client, password="wrong horse battery")
    (event,) = events("account.sign_in_failed")
    assert (event.subject, event.actor, event.data["with_"]) == (f"account:{aigul.id}", None, "password")


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "///evil.example", "\\\\evil.example", "https:evil.example"]
)
def test_next_never_leads_to_another_site(client, aigul, target):
    answer = client.post("/sign-in", query_string={"next": target}, data={"email": aigul.email, "password": PASSWORD})
    leads_to = urlsplit(urljoin("http://localhost/sign-in", answer.headers.get("Location", "")).replace("\\", "/"))
    assert (leads_to.scheme, leads_to.netloc) == ("http", "localhost")
    assert answer.status_code in (200, 302)


def test_next_leads_back_to_the_page_that_was_wanted(client, aigul):
    answer = client.get("/me/profile")
    assert answer.status_code == 302
    assert answer.location.startswith("/sign-in?next=")
    assert enter(client, query_string={"next": "/me/profile"}).location == "/me/profile"


def test_a_session_from_before_the_sign_in_is_worth_nothing_after_it(client, aigul):
    client.get("/sign-in")
    with client.session_transaction() as session:
        session["csrf_token"] = before = "planted"
    enter(client)
    with client.session_transaction() as session:
        assert session.get("csrf_token") != before
        assert session["_user_id"] == aigul.fs_uniquifier


def test_there_are_no_tokens_and_no_json(client, aigul):
    answer = client.post(
        "/sign-in?include_auth_token", json={"email": aigul.email, "password": PASSWORD}, headers={"Accept": "application/json"}
    )
    assert "authentication_token" not in answer.text
    with client.application.test_request_context():
        token = aigul.get_auth_token()
    visitor = client.application.test_client()
    assert visitor.get("/me/security", headers={"Authentication-Token": token}).status_code == 302


def test_a_page_of_somebody_signed_in_reads_the_account_and_the_grants_once(app, sign_in, statements):
    person = make.somebody(Role.COORDINATOR)
    client = sign_in(person)
    db.session.remove()
    with statements() as found:
        assert client.get("/me/consents").status_code == 200
    assert len(found) == 3, found  # account with person, consents, grants


# --- Passwords --------------------------------------------------------------------------------------------------------


def test_a_forgotten_password_is_replaced_by_a_letter_that_works_once(client, aigul):
    elsewhere = client.application.test_client()
    enter(elsewhere)
    assert client.post("/reset-password", data={"email": "Aigul@example.org"}).status_code == 200
    (letter,) = letters("password_reset")
    path = link_in(letter, "/reset-password")
    assert client.get(path).status_code == 200
    new = {"password": "another horse battery", "password_confirm": "another horse battery"}
    assert client.post(path, data=new).location == "/sign-in"
    assert client.get(path).location == "/reset-password", "used"
    assert client.post(path, data=new).location == "/reset-password", "used"
    assert not signed_in(elsewhere), "every other session ends"
    assert enter(client).status_code == 200
    assert enter(client, password="another horse battery").status_code == 302
    assert len(letters("password_changed")) == 1
    assert events("account.password_changed")[0].data == {"by_letter": True}
    assert db.session.get_one(Account, aigul.id).confirmed_at


def test_a_reset_letter_expires(client, aigul):
    client.post("/reset-password", data={"email": aigul.email})
    path = link_in(letters("password_reset")[0], "/reset-password")
    with time_machine.travel(utcnow() + timedelta(hours=25)):
        assert client.get(path).location == "/reset-password"


def test_a_reset_letter_does_not_go_to_the_host_that_the_request_names(client, aigul):
    client.post("/reset-password", data={"email": aigul.email}, headers={"Host": "evil.example"})
    assert "evil.example" not in letters("password_reset")[0].body


def test_asking_for_an_unknown_address_looks_the_same_and_writes_nothing(client, aigul):
    known = client.post("/reset-password", data={"email": aigul.email}).text.replace(aigul.email, "")
    unknown = client.post("/reset-password", data={"email": "nobody@example.org"}).text.replace("nobody@example.org", "")
    drop = re.compile(r'value="[^"]*"|nonce-\S+')
    assert drop.sub("", known) == drop.sub("", unknown)
    assert len(letters()) == 1


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaa", "aigul@example.org", "Aigul Seitkali", "", "long enough " * 100])
def test_weak_passwords_are_refused(client, aigul, password):
    client.post("/reset-password", data={"email": aigul.email})
    path = link_in(letters("password_reset")[0], "/reset-password")
    assert client.post(path, data={"password": password, "password_confirm": password}).status_code == 200


def test_a_password_in_any_script_and_of_any_length_works(client, aigul):
    password = "қасқыр түнде ұлиды " * 20
    enter(client)
    answer = client.post("/me/password", data={"password": PASSWORD, "new_password": password, "new_password_confirm": password})
    assert answer.location == "/me/security"
    assert enter(client.application.test_client(), password=password).status_code == 302


def test_changing_the_password_ends_the_other_sessions_and_keeps_this_one(client, aigul):
    elsewhere = client.application.test_client()
    enter(client)
    enter(elsewhere)
    wrong = {"password": "wrong horse battery", "new_password": "another horse", "new_password_confirm": "another horse"}
    assert client.post("/me/password", data=wrong).status_code == 200
    assert client.post("/me/password", data={**wrong, "password": PASSWORD}).status_code == 302
    assert signed_in(client)
    assert not signed_in(elsewhere)
    assert len(letters("password_changed")) == 1


def test_letters_are_in_the_language_of_the_account(client, aigul):
    with work():
        aigul.language = "ru"
    client.post("/reset-password", data={"email": aigul.email}, headers={"Accept-Language": "en"})
    assert letters()[0].language == "ru"


# --- Invitations ------------------------------------------------------------------------------------------------------


@pytest.fixture
def invited(app: Flask) -> Account:
    person = make.a_person("Sitora Rahmonzoda", email="sitora@example.org")
    with work():
        account = service.open_account(person, "Sitora@example.org", "en", utcnow())
        service.invite(account, utcnow())
    return account


def accept(client: FlaskClient, path: str) -> Any:
    return client.post(client.get(path).location, data={"password": PASSWORD, "password_confirm": PASSWORD})


def test_an_invitation_leads_to_a_password_and_confirms_the_address(client, invited):
    path = link_in(letters("invitation")[0], "/invitation")
    assert client.get(path).status_code == 302, "looking at it uses nothing up"
    assert accept(client, path).location == "/sign-in"
    assert enter(client, "sitora@example.org").status_code == 302
    assert db.session.get_one(Account, invited.id).confirmed_at
    assert client.get(path).status_code == 410, "used"


def test_an_old_forged_or_revoked_invitation_says_what_to_do(client, invited):
    path = link_in(letters("invitation")[0], "/invitation")
    assert client.get(path + "x").status_code == 410
    with time_machine.travel(utcnow() + timedelta(days=15)):
        assert client.get(path).status_code == 410
    with work():
        service.deactivate(db.session.get_one(Account, invited.id), by=make.a_person(), now=utcnow())
    assert client.get(path).status_code == 410


def test_who_was_invited_may_also_ask_for_a_new_link(client, invited):
    client.post("/reset-password", data={"email": "sitora@example.org"})
    assert len(letters("password_reset")) == 1


# --- Second factor ----------------------------------------------------------------------------------------------------


def code(account: Account, at: float | None = None) -> str:
    secret = db.session.scalar(sa.select(Account.tf_totp_secret).where(Account.id == account.id))
    return str(security._totp_factory._totp.from_source(secret).generate(time=at).token)


@pytest.fixture
def guarded(aigul: Account) -> Account:
    """Has two-factor sign-in and recovery codes."""
    with work():
        aigul.tf_primary_method = "authenticator"
        aigul.tf_totp_secret = security.totp_factory.generate_totp_secret()
        with db.session.no_autoflush:
            security.mf_recovery_codes_util.create_recovery_codes(aigul)
    return aigul


def test_two_factor_is_set_up_with_a_code_of_the_app(client, aigul):
    enter(client)
    page = client.post("/me/two-factor", data={"setup": "authenticator"}).text
    assert 'src="data:image/svg+xml' in page
    token = re.search(r'action="(/me/two-factor/[^"]+)"', page)
    key = re.search(r'class="code">([A-Z0-9-]+)<', page)
    assert token
    assert key
    wrong = client.post(token.group(1), data={"code": "000000"})
    assert wrong.location == "/me/two-factor"
    assert db.session.get_one(Account, aigul.id).tf_primary_method is None
    from passlib.totp import TOTP

    right = TOTP(key.group(1).replace("-", "")).generate().token
    assert client.post(token.group(1), data={"code": right}).location == "/me/security"
    db.session.expire_all()
    assert db.session.get_one(Account, aigul.id).tf_primary_method == "authenticator"
    assert len(events("account.two_factor_enabled")) == 1
    assert client.post("/me/two-factor", data={"setup": "disable"}).status_code == 302
    db.session.expire_all()
    assert db.session.get_one(Account, aigul.id).tf_totp_secret is None
    assert len(events("account.two_factor_disabled")) == 1


def test_with_two_factor_the_password_alone_is_not_enough(client, guarded):
    assert enter(client).location.startswith("/sign-in/code")
    assert not signed_in(client)
    assert client.post("/sign-in/code", data={"code": "000000"}).status_code == 200
    assert not signed_in(client)
    assert client.post("/sign-in/code", data={"code": code(guarded)}).location == "/home"
    assert signed_in(client)


def test_a_code_is_not_taken_twice(client, guarded):
    shown = code(guarded)
    enter(client)
    assert client.post("/sign-in/code", data={"code": shown}).status_code == 302
    other = client.application.test_client()
    enter(other)
    assert other.post("/sign-in/code", data={"code": shown}).status_code == 200
    assert not signed_in(other)


def test_the_code_page_without_a_password_leads_back(client, guarded):
    assert client.post("/sign-in/code", data={"code": code(guarded)}).location == "/sign-in"
    assert client.post("/sign-in/recovery-code", data={"code": "x"}).location == "/sign-in"
    assert client.get("/sign-in/choose").location == "/sign-in"
    assert client.post("/sign-in/help", data={"help_setup": "help"}).status_code == 404


def test_a_recovery_code_works_once_however_it_is_typed(client, guarded):
    codes = security.mf_recovery_codes_util.get_recovery_codes(guarded)
    assert len(codes) == 8
    assert codes[0] not in str(guarded.mf_recovery_codes), "encrypted at rest"
    enter(client)
    assert client.post("/sign-in/recovery-code", data={"code": "0000-0000-0000"}).status_code == 200
    assert client.post("/sign-in/recovery-code", data={"code": f" {codes[0].upper().replace('-', ' ')} "}).location == "/home"
    other = client.application.test_client()
    enter(other)
    assert other.post("/sign-in/recovery-code", data={"code": codes[0]}).status_code == 200
    assert len(events("account.recovery_code_used")) == 1


def test_sensitive_pages_ask_again_after_a_while(client, aigul):
    enter(client)
    with client.session_transaction() as session:
        session["fs_paa"] = time.time() - 3600
    for path in ("/me/two-factor", "/me/recovery-codes", "/me/passkeys"):
        assert client.get(path).location.startswith("/me/confirm?next="), path
    assert client.post("/me/confirm", data={"password": "wrong"}).status_code == 200
    assert client.post("/me/confirm?next=/me/recovery-codes", data={"password": PASSWORD}).location == "/me/recovery-codes"
    assert client.get("/me/recovery-codes").status_code == 200


def test_every_page_about_signing_in_opens(client, aigul):
    enter(client)
    for path in (
        "/me/two-factor",
        "/me/recovery-codes",
        "/me/passkeys",
        "/me/password",
        "/me/confirm",
        "/me/confirm/passkey",
        "/me/security",
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "<style" not in answer.text
    assert client.post("/me/recovery-codes", data={"generate_new_codes": "1"}).text.count('class="code large"') == 8
    assert client.get("/me/recovery-codes?show_codes=1").text.count('class="code large"') == 8
    assert "data-passkey" in client.post("/me/passkeys", data={"name": "Менің телефоным 📱", "usage": "first"}).text
    assert "data-passkey" in client.post("/me/confirm/passkey").text
    visitor = client.application.test_client()
    for path in ("/sign-in", "/reset-password", "/sign-in/passkey"):
        assert visitor.get(path).status_code == 200
    assert "data-passkey" in visitor.post("/sign-in/passkey").text
    assert visitor.post("/sign-in/passkey/forged", data={"credential": "{}"}).status_code == 302


# --- How often --------------------------------------------------------------------------------------------------------


@pytest.fixture
def strict(tmp_path: Path) -> Any:
    """An application that counts tries and asks for the hidden field of forms."""
    app = make_app(tmp_path, RATELIMIT_ENABLED=True, WTF_CSRF_ENABLED=False, LIMIT_SIGN_IN="5/minute")
    migrate(app)
    with app.app_context():
        yield app
        db.session.remove()


def test_signing_in_is_limited_for_an_address_and_says_so_calmly(strict):
    client = strict.test_client()
    answers = [enter(client, f"somebody{n}@example.org").status_code for n in range(7)]
    assert answers == [200] * 5 + [429] * 2
    assert "Wait a few minutes" in enter(client).text
    assert client.get("/sign-in").status_code == 200, "looking is free"


def test_an_account_cannot_be_tried_from_many_addresses(strict):
    make.an_account(make.a_person(email="aigul@example.org"), password=hash_password(PASSWORD))
    client = strict.test_client()
    for n in range(5):
        assert enter(client, password="wrong horse", environ_base={"REMOTE_ADDR": f"192.0.2.{n}"}).status_code == 200
    assert enter(client, environ_base={"REMOTE_ADDR": "192.0.2.99"}).status_code == 429


def test_signing_in_rightly_does_not_lock_anybody_out(strict):
    make.an_account(make.a_person(email="aigul@example.org"), password=hash_password(PASSWORD))
    for n in range(8):
        assert enter(strict.test_client(), environ_base={"REMOTE_ADDR": f"192.0.2.{n}"}).status_code == 302


def test_codes_cannot_be_guessed(strict):
    account = make.an_account(make.a_person(email="aigul@example.org"), password=hash_password(PASSWORD))
    with work():
        account.tf_primary_method, account.tf_totp_secret = "authenticator", security.totp_factory.generate_totp_secret()
    client = strict.test_client()
    enter(client)
    answers = [
        client.post("/sign-in/code", data={"code": f"{n:06}"}, environ_base={"REMOTE_ADDR": f"192.0.2.{n}"}).status_code for n in range(12)
    ]
    assert answers == [200] * 10 + [429] * 2


def test_forms_without_their_hidden_field_do_nothing(tmp_path):
    app = make_app(tmp_path, WTF_CSRF_ENABLED=True)
    migrate(app)
    with app.app_context():
        make.an_account(make.a_person(email="aigul@example.org"), password=hash_password(PASSWORD))
        client = app.test_client()
        assert enter(client).status_code == 400
        assert client.post("/reset-password", data={"email": "aigul@example.org"}).status_code == 400
        assert letters() == []
        field = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/sign-in").text)
        assert field
        answer = client.post("/sign-in", data={"email": "aigul@example.org", "password": PASSWORD, "csrf_token": field.group(1)})
        assert answer.status_code == 302
        assert client.post("/sign-out").status_code == 400
        assert signed_in(client)
        db.session.remove()


# --- Production -------------------------------------------------------------------------------------------------------


def production(folder: Path) -> dict[str, Any]:
    return config.read(
        {
            "ENVIRONMENT": "production", "INSTANCE": str(folder), "QUEUE_URL": "memory://", "PUBLIC_URL": "https://lms.example.org",
            "SECRET_KEY": "s" * 40, "TOTP_KEY": "t" * 40, "MAIL_URL": "smtp://localhost", "LOG_LEVEL": "CRITICAL",
        }
    )  # fmt: skip


def test_production_refuses_to_start_with_demonstration_accounts(tmp_path):
    overrides = {"TESTING": True, "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": CHEAP}
    app = create_app(overrides, production(tmp_path))  # an empty database: nothing to refuse
    migrate(app)
    app = create_app(overrides, production(tmp_path))
    with app.app_context():
        make.an_account(make.a_person(email="a@example.org"))
        make.an_account(make.a_person(email="b@example.org"), demo=True)
        db.session.remove()
    with pytest.raises(BadSettings, match="1 demonstration account"):
        create_app(overrides, production(tmp_path))


def test_production_says_when_the_database_does_not_answer(tmp_path):
    settings = {**production(tmp_path), "DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:9/none?connect_timeout=2"}
    with pytest.raises(BadSettings, match="DATABASE_URL"):
        create_app({"TESTING": True}, settings)
