"""Nobody learns by trying: one page for every code that gives no seat, and longer and longer waits."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from dostyk.core.audit import Event
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.text import group_code, new_code
from dostyk.extensions import limiter
from dostyk.people.rules import REQUIRED
from dostyk.vouchers.models import Voucher
from tests import factories
from tests.conftest import make_app, migrate, sign_in_client

AIGUL = {
    "full_name": "Aigul Bekova", "sex": "female", "email": "aigul@example.org",
    **{f"consent_{purpose.value}": "y" for purpose in REQUIRED},
}  # fmt: skip
CASES = ("unknown", "used", "expired", "revoked", "foreign", "other_address")


def bad_code(case):
    """A code that gives Aigul of Kyrgyzstan no seat."""
    if case == "unknown":
        return new_code()
    country = "TJ" if case == "foreign" else "KG"
    valid = utcnow() + timedelta(days=-1 if case == "expired" else 5)
    cohort = factories.a_cohort(seats={country: 3})
    code = factories.vouchers_of(factories.a_batch(cohort, 1, country=country, valid_until=valid))[0].code
    with work():
        voucher = db.session.scalars(sa.select(Voucher).where(Voucher.code == code)).one()
        voucher.used = int(case == "used")
        voucher.revoked_at = utcnow() if case == "revoked" else None
        voucher.email = "somebody@example.org" if case == "other_address" else None
    return code


def bare(answer, code):
    """The page without what differs each time: the code that was typed, the token of the form and the number of the request."""
    text = re.sub(r'name="csrf_token"[^>]*value="[^"]*"', "", answer.text)
    for secret in (code, group_code(code), answer.headers.get("X-Request-Id", "-")):
        text = text.replace(secret, "CODE")
    return re.sub(r'nonce="[^"]*"', "", text)


def tried(client, statements, cases, ask):
    """What each case was answered, in how many statements, and what the log knows."""
    pages, numbers, reasons = set(), set(), []
    for case in cases:
        code = bad_code(case)
        with statements() as found:
            answer = ask(client, code)
        assert answer.status_code == 200
        pages.add(bare(answer, code))
        numbers.add(len(found))
        reasons += db.session.scalars(sa.select(Event.reason).order_by(Event.id.desc()).limit(1))
    return len(pages), len(numbers), reasons


TYPED = {
    "typed": lambda client, code: client.post("/redeem", data={"code": code}),
    "opened": lambda client, code: client.get(f"/redeem/{code}"),
    "sent": lambda client, code: client.post(f"/redeem/{code}", data=AIGUL),
}


@pytest.mark.parametrize("ask", TYPED)
def test_whoever_is_signed_in_gets_the_same_page_for_whatever_is_wrong(app, statements, ask):
    app.config["WTF_CSRF_ENABLED"] = ask == "opened"
    client = sign_in_client(app, factories.somebody(country="KG", email="aigul@example.org"))
    client.get("/redeem")
    # Looking changes nothing: what was opened is only in the log of the server.
    assert tried(client, statements, CASES, TYPED[ask]) == (1, 1, [] if ask == "opened" else list(CASES))


@pytest.mark.parametrize("ask", TYPED)
def test_a_visitor_gets_the_same_page_for_whatever_is_wrong(client, statements, ask):
    # Which country a visitor is of nobody knows yet, and which address only once it is sent.
    cases = [case for case in CASES if case != "foreign" and (case != "other_address" or ask == "sent")]
    client.get("/redeem")
    assert tried(client, statements, cases, TYPED[ask]) == (1, 1, [] if ask == "opened" else cases)


def test_the_comparison_can_fail(client):
    code, good = new_code(), factories.vouchers_of(factories.a_batch(quantity=1))[0].code
    pages = {bare(client.get(f"/redeem/{one}"), one) for one in (code, good)}
    assert len(pages) == 2


# --- Waiting ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def limited(tmp_path, clock):
    """An application that counts tries as it comes."""
    app = make_app(tmp_path, RATELIMIT_ENABLED=True)
    migrate(app)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    limiter.enabled = False


def guess(client, **more):
    return client.post("/redeem", data={"code": new_code()}, **more)


def test_five_wrong_codes_a_minute_whatever_the_visitor_says_of_itself(limited, clock):
    client = limited.test_client()
    answers = [
        guess(client, headers={"X-Forwarded-For": f"203.0.113.{n}", "Forwarded": f"for=203.0.113.{n}"}).status_code for n in range(7)
    ]
    assert answers == [200] * 5 + [429] * 2
    assert guess(limited.test_client()).status_code == 429
    clock.shift(61)
    assert guess(client).status_code == 200


def test_behind_a_proxy_the_address_that_the_proxy_saw_counts(tmp_path, clock):
    app = make_app(tmp_path, RATELIMIT_ENABLED=True)
    migrate(app)
    from werkzeug.middleware.proxy_fix import ProxyFix

    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)
    with app.app_context():
        client = app.test_client()
        # What stands before the last entry was written by the visitor.
        answers = [guess(client, headers={"X-Forwarded-For": f"203.0.113.{n}, 198.51.100.7"}).status_code for n in range(6)]
        assert answers == [200] * 5 + [429]
        assert guess(client, headers={"X-Forwarded-For": "198.51.100.7, 198.51.100.8"}).status_code == 200
        db.session.remove()
        db.engine.dispose()
    limiter.enabled = False


def test_who_is_signed_in_waits_longer_and_longer_wherever_they_sit(limited, clock):
    person = factories.somebody(country="KG")
    good = factories.vouchers_of(factories.a_batch(factories.a_cohort(seats={"KG": 3}), 3))
    clients = [sign_in_client(limited, person) for _ in range(2)]

    def guess_from(number, code=None):
        return clients[number % 2].post(
            "/redeem", data={"code": code or new_code()}, environ_overrides={"REMOTE_ADDR": f"198.51.100.{number}"}
        )

    assert [guess_from(number).status_code for number in range(20)] == [200] * 20
    for minutes in (1, 2, 4, 8):
        waits = guess_from(100 + minutes)
        assert waits.status_code == 429
        assert f"Wait {minutes} minute" in waits.text
        assert guess_from(101, good[0].code).status_code == 429  # a good code does not tell itself apart
        clock.shift(60 * minutes + 1)
        assert guess_from(120 + minutes, good[0].code).status_code == 303  # and never makes anybody wait
        assert guess_from(140 + minutes).status_code == 200
    # The form itself is there, and nobody else waits.
    assert clients[0].get("/redeem").status_code == 200
    assert guess(sign_in_client(limited, factories.somebody(country="KG"))).status_code == 200


def test_good_codes_never_make_anybody_wait(limited):
    client = sign_in_client(limited, factories.somebody(country="KG"))
    (voucher,) = factories.vouchers_of(factories.a_batch(quantity=1))
    assert [client.post("/redeem", data={"code": voucher.code}).status_code for _ in range(40)] == [303] * 40
