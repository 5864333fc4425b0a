"""The pages where anybody redeems a voucher: the way to the seat, and everybody who must not get one."""

from __future__ import annotations

import logging
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dostyk.cohorts.models import Enrolment
from dostyk.core.audit import Event
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.mail import Mail
from dostyk.core.text import group_code, new_code
from dostyk.extensions import limiter
from dostyk.people.models import Account, Consent, Person
from dostyk.people.rules import Purpose
from dostyk.vouchers.forms import ConsentForm
from dostyk.vouchers.models import Redemption, Voucher
from tests import factories
from tests.conftest import make_app, migrate, sign_in_client

AIGUL = {
    "full_name": "Aigul Bekova", "own_name": "Айгүл Бекова", "sex": "female", "email": "aigul@example.org", "employer": "Ministry",
    "post": "Chief specialist", "languages": ["ky", "ru"], "consent_programme": "y", "consent_partner": "y",
}  # fmt: skip


@pytest.fixture
def cohort(app):
    return factories.a_cohort(seats={"KG": 3}, welcome={"en": "Bring your passport.\nThe hostel opens on Sunday."})


@pytest.fixture
def batch(cohort):
    return factories.a_batch(cohort, 3, country="KG")


@pytest.fixture
def code(batch):
    return factories.vouchers_of(batch)[0].code


def take(client, code, **changes):
    client.get(f"/redeem/{code}")
    return client.post(f"/redeem/{code}", data={**AIGUL, **changes})


def a_stranger(country, **values):
    """Somebody with an account and no role."""
    person = factories.a_person(country=country, **values)
    factories.an_account(person)
    return person


def number(model):
    return db.session.scalar(sa.select(sa.func.count()).select_from(model))


def everything():
    return {table.name: number(table) for table in db.metadata.sorted_tables}


def used(code):
    return db.session.scalar(sa.select(Voucher.used).where(Voucher.code == code))


# --- The way to the seat ---------------------------------------------------------------------------------------------


def test_from_the_code_to_the_seat_in_few_statements(client, code, cohort, statements):
    cohort_code = cohort.code
    with statements() as found:
        assert client.get("/redeem").status_code == 200
    assert found == []
    with statements() as found:
        typed = client.post("/redeem", data={"code": group_code(code).lower()})
        assert (typed.status_code, typed.location) == (303, f"/redeem/{code}")
        form = client.get(typed.location)
        assert "Digital Public Services" in form.text
        assert "Kyrgyzstan" in form.text
        taken = client.post(typed.location, data={**AIGUL, "consent_donor": "y", "consent_photo": "y"})
        assert (taken.status_code, taken.location) == (303, f"/redeem/welcome/{cohort_code}")
    assert len(found) <= 18, found
    with statements() as found:
        assert "The seat is yours" in client.get(taken.location).text
    assert len(found) <= 3, found
    person = db.session.scalars(sa.select(Person).where(Person.email == "aigul@example.org")).one()
    assert (person.full_name, person.own_name, person.country, person.languages) == ("Aigul Bekova", "Айгүл Бекова", "KG", ["ky", "ru"])
    assert db.session.scalars(sa.select(Enrolment)).one().person == person
    assert set(db.session.scalars(sa.select(Consent.purpose))) == set(Purpose)


def test_who_is_new_is_signed_in_and_told_what_comes_next(client, code, cohort):
    welcome = client.get(take(client, code).location).text
    assert "Bring your passport." in welcome
    assert "aigul@example.org" in welcome
    with client.session_transaction() as session:
        assert "form" not in session
    assert client.get(f"/cohorts/{cohort.code}/").status_code == 200
    calendar = client.get(f"/redeem/welcome/{cohort.code}/calendar.ics")
    assert f"DTSTART;VALUE=DATE:{cohort.starts_on:%Y%m%d}\r\n" in calendar.text
    assert f"DTEND;VALUE=DATE:{cohort.ends_on + timedelta(days=1):%Y%m%d}\r\n" in calendar.text
    assert all(len(line.encode()) <= 75 for line in calendar.text.split("\r\n"))


def test_one_letter_welcomes_and_invites(client, code, cohort):
    take(client, code)
    letter = db.session.scalars(sa.select(Mail)).one()
    assert letter.to == "aigul@example.org"
    assert "Digital Public Services" in letter.subject
    assert f"http://localhost/redeem/welcome/{cohort.code}" in letter.body
    assert code not in letter.body
    link = re.search(r"http://localhost(/invitation/\S+)", letter.body)
    assert link
    assert client.application.test_client().get(link[1]).status_code in (200, 302)
    assert db.session.scalars(sa.select(Account)).one().invited_at is not None


def test_the_letter_and_the_consent_are_in_the_language_of_the_reader(client, code):
    client.set_cookie("lang", "ru")
    take(client, code)
    assert db.session.scalars(sa.select(Mail.language)).all() == ["ru"]
    assert db.session.scalars(sa.select(Account.language)).all() == ["ru"]
    assert set(db.session.scalars(sa.select(Consent.language))) == {"ru"}


def test_an_account_signs_in_and_comes_back_to_the_same_code(client, code, sign_in):
    page = client.get(f"/redeem/{code}").text
    assert f'href="/sign-in?next=/redeem/{code}"' in page.replace("%2F", "/")
    person = a_stranger("KG", full_name="Nurlan Asanov")
    mine = sign_in(person)
    page = mine.get(f"/redeem/{code}").text
    assert "Nurlan Asanov" in page
    assert 'name="full_name"' not in page
    taken = mine.post(f"/redeem/{code}", data={"consent_programme": "y", "consent_partner": "y"})
    assert taken.status_code == 303
    assert number(Account) == 1
    assert "invitation" not in db.session.scalars(sa.select(Mail.body)).one()
    # The second course: nothing is asked that stands already.
    other = factories.vouchers_of(factories.a_batch(factories.a_cohort(seats={"KG": 1}), 1))[0].code
    assert 'name="consent_programme"' not in mine.get(f"/redeem/{other}").text
    assert mine.post(f"/redeem/{other}", data={}).status_code == 303


def test_who_has_the_seat_is_led_to_it(client, code, cohort, batch):
    take(client, code)
    assert client.get(f"/redeem/{code}").location == f"/redeem/welcome/{cohort.code}"
    assert client.post(f"/redeem/{code}").location == f"/redeem/welcome/{cohort.code}"
    other = factories.vouchers_of(batch)[1].code
    assert client.get(f"/redeem/{other}").location == f"/redeem/welcome/{cohort.code}"
    assert (used(other), number(Redemption)) == (0, 1)


def test_a_lost_answer_is_no_lost_seat(client, code, cohort):
    """The seat was given, the answer never came, and the same form is sent again with the old cookies."""
    client.get(f"/redeem/{code}")
    with client.session_transaction() as session:
        before = dict(session)
    client.post(f"/redeem/{code}", data=AIGUL)
    again = client.application.test_client()
    with again.session_transaction() as session:
        session.update(before)
    assert "Go on" in again.get(f"/redeem/{code}").text
    assert again.post(f"/redeem/{code}", data=AIGUL).location == f"/redeem/welcome/{cohort.code}"
    assert again.get(f"/redeem/welcome/{cohort.code}").status_code == 200
    assert (number(Redemption), number(Account)) == (1, 1)


def test_a_seat_without_a_free_place_is_said_before_the_form(client, code, cohort):
    with work():
        cohort.opens_at = utcnow() + timedelta(days=1)
    page = client.get(f"/redeem/{code}").text
    assert "Your code is right. Enrolment opens on" in page
    assert 'name="full_name"' not in page
    assert "Your code is right" in take(client, code).text
    assert (used(code), number(Account)) == (0, 0)


# --- What is refused -------------------------------------------------------------------------------------------------


def bad_codes(batch):
    """One code for each reason, and the person of another country who tries."""
    one, used, revoked = factories.vouchers_of(batch)
    expired = factories.vouchers_of(factories.a_batch(batch.cohort, 1, valid_until=utcnow() - timedelta(days=1)))[0]
    with work():
        used.used, revoked.revoked_at = 1, utcnow()
    return {"unknown": new_code(), "used": used.code, "revoked": revoked.code, "expired": expired.code, "foreign": one.code}


def bare(response, code):
    """An answer without what was typed and what differs from one second to the next."""
    body = re.sub(r'(name="csrf_token"[^>]*value=")[^"]+', r"\1", response.text)
    headers = {k: v for k, v in response.headers if k not in ("X-Request-ID", "Set-Cookie", "Content-Length")}
    return response.status_code, body.replace(group_code(code), "CODE").replace(code, "CODE"), headers


@pytest.mark.parametrize("way", ["typed", "link", "form"])
@pytest.mark.parametrize("signed_in", [True, False], ids=["signed-in", "visitor"])
def test_wrong_used_expired_revoked_and_foreign_look_the_same_and_cost_the_same(app, client, batch, statements, way, signed_in):
    codes = bad_codes(batch)
    if signed_in:
        client = sign_in_client(app, a_stranger("TJ"))
    else:
        del codes["foreign"]  # who is not known is of no country yet
    answers, costs = [], []
    for code in codes.values():
        with statements() as found:
            if way == "typed":
                answer = client.post("/redeem", data={"code": code})
            elif way == "link":
                answer = client.get(f"/redeem/{code}")
            else:
                answer = client.post(f"/redeem/{code}", data=AIGUL)
        answers.append(bare(answer, code))
        costs.append([s.split("(")[0].split(",")[0] for s in found])
    assert "This code gives no seat" in answers[0][1]
    assert all(answer == answers[0] for answer in answers)
    assert all(cost == costs[0] for cost in costs)
    assert number(Redemption) == 0


def test_the_reasons_are_kept_when_somebody_tried(app, batch):
    client = sign_in_client(app, a_stranger("TJ"))
    codes = bad_codes(batch)
    for code in codes.values():
        client.post("/redeem", data={"code": code})
    reasons = db.session.scalars(sa.select(Event.reason).where(Event.kind == "voucher.refused").order_by(Event.id)).all()
    assert reasons == list(codes)


def test_a_mistyped_code_is_told_without_a_look(client, code, statements):
    wrong = code[:3] + ("A" if code[3] != "A" else "B") + code[4:]
    with statements() as found:
        assert "one of the characters seems to be wrong" in client.post("/redeem", data={"code": wrong}).text
        assert "one of the characters seems to be wrong" in client.get(f"/redeem/{wrong}").text
    assert found == []


def test_an_address_that_has_an_account_is_sent_to_sign_in(client, code):
    person = a_stranger("KG", email="aigul@example.org", full_name="Secret Name")
    before = everything()
    page = take(client, code)
    assert "If it is yours, sign in" in page.text
    assert f"/redeem/{code}" in page.text.replace("%2F", "/")
    assert "Secret Name" not in page.text
    assert 'value="Aigul Bekova"' in page.text
    assert (everything(), used(code)) == (before, 0)
    assert person.email == "aigul@example.org"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"full_name": ""}, "Write the full name"),
        ({"full_name": "Айгүл Бекова"}, "Latin"),
        ({"full_name": "A" * 201}, "200"),
        ({"own_name": "Айгүл 🙂"}, "cannot be printed"),
        ({"sex": ""}, "Choose one"),
        ({"sex": "both"}, "Not a valid choice"),
        ({"email": "aigul"}, "not an e-mail address"),
        ({"email": "aigul@example.org\nBcc: all@example.org"}, "not an e-mail address"),
        ({"email": "a" * 250 + "@example.org"}, "Field cannot be longer"),
        ({"email": ""}, "Write an e-mail address"),
        ({"consent_programme": None}, "no seat can be given"),
        ({"consent_partner": None}, "no seat can be given"),
        ({"languages": ["tlh"]}, "not a valid choice"),
        ({"employer": "x" * 301}, "Field cannot be longer"),
    ],
)
def test_a_form_with_a_mistake_comes_back_whole_and_leaves_nothing(client, code, changes, said):
    before = everything()
    client.get(f"/redeem/{code}")
    page = client.post(f"/redeem/{code}", data={k: v for k, v in {**AIGUL, **changes}.items() if v is not None})
    assert page.status_code == 200
    assert said.lower() in page.text.lower()
    assert "Please correct this first" in page.text
    if "employer" not in changes:
        assert 'value="Ministry"' in page.text
    assert (everything(), used(code)) == (before, 0)


def test_odd_addresses_that_are_right(client, batch):
    codes = [v.code for v in factories.vouchers_of(batch)]
    for code, typed, stored in zip(
        codes,
        ["  Aigul.Bekova+kg@Example.ORG ", "o'neill@example.org", "aigul@почта.рф"],
        ["aigul.bekova+kg@example.org", "o'neill@example.org", "aigul@xn--80a1acny.xn--p1ai"],
        strict=True,
    ):
        assert take(client.application.test_client(), code, email=typed).status_code == 303
        assert stored in set(db.session.scalars(sa.select(Account.email)))


def test_the_country_is_the_vouchers_whatever_the_form_says(client, code):
    take(client, code, country="TJ")
    assert db.session.scalars(sa.select(Person.country).where(Person.email == "aigul@example.org")).all() == ["KG"]


def test_two_browsers_at_once_get_one_seat(app, code):
    one, other = app.test_client(), app.test_client()
    for client in (one, other):
        client.get(f"/redeem/{code}")
    assert one.post(f"/redeem/{code}", data=AIGUL).status_code == 303
    late = other.post(f"/redeem/{code}", data={**AIGUL, "email": "other@example.org"})
    assert "This code gives no seat" in late.text
    assert (number(Account), number(Redemption)) == (1, 1)
    assert other.get("/home").status_code == 302


def test_looking_changes_nothing(app, client, code, batch):
    known = sign_in_client(app, a_stranger("KG"))
    foreign = sign_in_client(app, a_stranger("TJ"))
    before = everything(), used(code)
    for visitor in (client, known, foreign):
        for method in ("GET", "HEAD", "OPTIONS"):
            for address in ("/redeem", "/redeem/", f"/redeem/{code}", f"/redeem/{new_code()}", "/redeem/welcome"):
                visitor.open(address, method=method, headers={"Sec-Purpose": "prefetch"})
    assert (everything(), used(code)) == before


def test_nobody_is_led_to_another_site(client, code):
    for address in ("//evil.example", "https:evil.example", "..%2f..%2fevil"):
        answer = client.get(f"/redeem/{address}")
        assert (answer.location or "/").startswith(("/", "http://localhost/"))
    taken = client.post(f"/redeem/{code}?next=https://evil.example", data=AIGUL)
    assert taken.location.startswith("/redeem/welcome/")


def test_huge_and_strange_input(client, code):
    for typed in ("A" * 100_000, "٣" * 50, "\u202e" + code[::-1], "' OR 1=1 --", "%00", "\N{SLIGHTLY SMILING FACE}"):
        assert client.post("/redeem", data={"code": typed}).status_code == 200
    assert client.get("/redeem/" + "A" * 5000).status_code == 200
    big = client.post(f"/redeem/{code}", data={**AIGUL, "employer": "x" * 13_000_000})
    assert big.status_code == 413
    many = client.post(f"/redeem/{code}", data={**{f"field{n}": "x" for n in range(2000)}})
    assert many.status_code in (200, 413)
    assert used(code) == 0


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_a_code_that_gives_no_seat(client, typed):
    assert client.post("/redeem", data={"code": typed}).status_code == 200


# --- Protection ------------------------------------------------------------------------------------------------------


@pytest.fixture
def limited(tmp_path):
    """A visitor of an application that counts tries, and three good codes."""
    app = make_app(tmp_path, RATELIMIT_ENABLED=True, LIMIT_CODE="5/minute")
    migrate(app)
    with app.app_context():
        codes = [v.code for v in factories.vouchers_of(factories.a_batch(factories.a_cohort(seats={"KG": 3}), 3))]
        yield app.test_client(), codes
        db.session.remove()
        db.engine.dispose()
    limiter.enabled = False


def test_guessing_ends_in_a_calm_page(limited):
    client, codes = limited
    answers = [client.post("/redeem", data={"code": new_code()}).status_code for _ in range(3)]
    answers += [client.get(f"/redeem/{new_code()}").status_code for _ in range(2)]
    assert answers == [200] * 5
    refused = client.post("/redeem", data={"code": new_code()})
    assert (refused.status_code, client.get(f"/redeem/{new_code()}").status_code) == (429, 429)
    assert "Wait a few minutes" in refused.text
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    # A good code does not tell itself apart either.
    assert client.post("/redeem", data={"code": codes[0]}).status_code == 429
    assert number(Event) == 3


def test_only_tries_that_fail_are_counted(limited):
    client, codes = limited
    for _ in range(5):
        for code in codes:
            assert client.get("/redeem").status_code == 200
            assert client.post("/redeem", data={"code": code}).status_code == 303
            assert client.get(f"/redeem/{code}").status_code == 200
            mistyped = code[:-1] + ("2" if code[-1] != "2" else "3")  # nothing is looked up
            assert client.post("/redeem", data={"code": mistyped}).status_code == 200
            assert client.post(f"/redeem/{code}", data={}).status_code == 200
    assert take(client, codes[0]).status_code == 303


def test_addresses_are_not_probed_with_one_voucher(limited):
    client, codes = limited
    factories.an_account(email="aigul@example.org")
    answers = [client.post(f"/redeem/{codes[0]}", data=AIGUL).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_form_of_another_site_does_nothing(app, client, code, scheme):
    app.config["WTF_CSRF_ENABLED"] = True
    site = f"{scheme}://localhost"
    before = everything()
    for address, data in (("/redeem", {"code": code}), (f"/redeem/{code}", AIGUL)):
        assert client.post(address, data=data, base_url=site).status_code == 400
    assert everything() == before
    page = client.get(f"/redeem/{code}", base_url=site)
    token = page.text.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    # What the browser sends with `strict-origin`: the site, never the page.
    assert page.headers["Referrer-Policy"] == "strict-origin"
    taken = client.post(f"/redeem/{code}", data={**AIGUL, "csrf_token": token}, base_url=site, headers={"Referer": f"{site}/"})
    assert taken.status_code == 303


def test_pages_with_a_code_stay_out_of_caches_referrers_and_search(client, code):
    for answer in (client.get(f"/redeem/{code}"), client.post("/redeem", data={"code": code}), client.post("/redeem", data={"code": "x"})):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "strict-origin"
        assert answer.headers["X-Robots-Tag"] == "noindex"


def test_no_code_is_written_to_the_log(app, client, code, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("dostyk"), "propagate", True)
    caplog.set_level(logging.DEBUG, logger="dostyk")
    unknown = new_code()
    for typed in (code, unknown):
        client.get(f"/redeem/{typed}")
        client.post("/redeem", data={"code": typed})
        client.post(f"/redeem/{typed}", data=AIGUL)
    said = " ".join(f"{r.getMessage()} {vars(r)}" for r in caplog.records if r.name.startswith("dostyk"))
    assert "/redeem/<code>" in said
    assert "a code was refused" in said
    assert code not in said
    assert unknown not in said


def test_the_session_of_who_redeems_is_their_own(client, code):
    """What somebody else left in the browser of a shared computer does not live on."""
    with client.session_transaction() as session:
        session["left"] = "behind"
    take(client, code)
    with client.session_transaction() as session:
        assert "left" not in session
        assert session["_user_id"]


def test_a_change_of_language_keeps_the_code(client, code):
    page = client.get(f"/redeem/{code}").text
    assert f'name="next" value="/redeem/{code}"' in page
    back = client.post("/language", data={"lang": "ru", "next": f"/redeem/{code}"})
    assert back.location.endswith(f"/redeem/{code}")
    assert 'lang="ru"' in client.get(back.location).text


def test_the_page_works_from_right_to_left_and_stays_small(client, code):
    client.set_cookie("lang", "fa_AF")
    page = client.get(f"/redeem/{code}")
    assert 'dir="rtl"' in page.text
    assert len(page.data) < 30_000


def test_every_purpose_has_its_field(app):
    with app.test_request_context():
        assert [f.name for f in ConsentForm().consent_fields] == [f"consent_{p.value}" for p in Purpose]
