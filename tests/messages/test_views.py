"""The pages: texts with their preview, the log, one letter; of a cohort and of all of them."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from html import unescape

import pytest
import sqlalchemy as sa

from dostyk.core import mail
from dostyk.core.access import Role
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.i18n import SUPPORTED
from dostyk.core.mail import Draft, Mail, MailState
from dostyk.core.post import Trouble
from dostyk.messages import kinds, service
from dostyk.messages.models import MessageTemplate
from dostyk.people import service as people
from tests import factories
from tests.messages.cast import TRIAL, VALUES

GOOD = {"subject": "Come: {course}", "body": "Dear {name},\r\n\r\ncome. {voucher}\r\n{link}", "seen": ""}


@pytest.fixture(autouse=True)
def trial(monkeypatch):
    monkeypatch.setitem(kinds._kinds, TRIAL.name, TRIAL)


@pytest.fixture
def cohort(app):
    return factories.a_cohort(code="DIG-2026-01", seats={"KG": 3})


@pytest.fixture
def coordinator(cohort):
    return factories.somebody(Role.COORDINATOR, cohort=cohort, email="coordinator@example.org")


@pytest.fixture
def browser(sign_in, coordinator):
    return sign_in(coordinator)


@pytest.fixture
def chief(app, sign_in):
    return sign_in(factories.somebody(Role.COORDINATOR, email="chief@example.org"))


TEXT = "/cohorts/DIG-2026-01/messages/texts/test.trial/en"
LOG = "/cohorts/DIG-2026-01/messages/log"


def write(cohort=None, *, person=None, state=None, trouble=None, to="aigul@example.org", **more):
    with work():
        letter = service.write(TRIAL, to, language="en", values={**VALUES, **more}, person_id=person.id if person else None, cohort=cohort)
    if state:
        with work():
            letter.state, letter.trouble = state, trouble
    return letter


def letters():
    return list(db.session.scalars(sa.select(Mail).order_by(Mail.id)))


def texts():
    return [(row.language, row.cohort_id is None, row.subject, row.body) for row in db.session.scalars(sa.select(MessageTemplate))]


# --- Texts -----------------------------------------------------------------------------------------------------------


def test_every_kind_is_listed_in_every_language_and_own_texts_are_marked(browser):
    page = browser.get("/cohorts/DIG-2026-01/messages").text
    for kind in kinds.all_of_them():
        for language in SUPPORTED:
            assert f'href="/cohorts/DIG-2026-01/messages/texts/{kind.name}/{language}"' in page
    assert "Own text" not in page
    browser.post(TEXT, data={**GOOD, "do": "save"})
    assert browser.get("/cohorts/DIG-2026-01/messages").text.count("Own text of this cohort") == 1


def test_a_text_is_typed_looked_at_saved_and_taken_back(browser, cohort):
    page = unescape(browser.get(TEXT).text)
    assert "Your seat: {course}" in page
    assert "Your seat: Digital Public Services" in page
    assert "{voucher}" in page
    page = browser.post(TEXT, data={**GOOD, "do": "preview"}).text
    assert "Come: Digital Public Services" in page
    assert "7H3K-9QMX-4TRW" in page
    assert texts() == []
    saved = browser.post(TEXT, data={**GOOD, "do": "save"})
    assert (saved.status_code, saved.location) == (302, TEXT)
    assert texts() == [("en", False, "Come: {course}", "Dear {name},\n\ncome. {voucher}\n{link}")]
    assert write(cohort).subject == "Come: Digital Public Services"
    assert "Use our text again" in browser.get(TEXT).text
    assert browser.post(f"{TEXT}/reset").location == TEXT
    assert browser.post(f"{TEXT}/reset").location == TEXT
    assert texts() == []
    assert "Use our text again" not in browser.get(TEXT).text


def test_all_faults_are_told_at_their_fields_and_nothing_typed_is_lost(browser):
    typed = {"subject": "Seat {voucher}", "body": "<script>alert(1)</script> {nmae} {0.__class__}", "seen": "", "do": "save"}
    page = browser.post(TEXT, data=typed).text
    plain = unescape(page)
    for said in (
        "{voucher} must not stand in the subject", "{nmae} is not a placeholder of this letter", "{0.__class__} is not a placeholder",
        "{link} is missing",
    ):  # fmt: skip
        assert said in plain
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert texts() == []


@pytest.mark.parametrize(
    "data",
    [
        {}, {"do": "nonsense", **GOOD}, {"do": "save", "subject": "x" * 301, "body": "{link}"},
        {"do": "save", "subject": "x", "body": "{link}" + "x" * 20_001}, {"do": "save", **GOOD, "seen": "x"},
    ],
)  # fmt: skip
def test_what_cannot_be_saved_is_not(browser, data):
    assert browser.post(TEXT, data=data).status_code == 200
    assert texts() == []


def test_who_edits_an_older_text_is_told_shown_theirs_and_can_save_again(clock, browser, sign_in, cohort):
    other = sign_in(factories.somebody(Role.COORDINATOR, cohort=cohort))
    browser.get(TEXT)
    other.post(TEXT, data={**GOOD, "body": "Theirs {link}", "do": "save"})
    page = unescape(browser.post(TEXT, data={**GOOD, "body": "Mine {link}", "do": "save"}).text)
    assert "Somebody changed this text" in page
    assert "Theirs" in page
    assert "Mine {link}" in page
    seen = page.split('name="seen"')[1].split('value="')[1].split('"')[0]
    assert browser.post(TEXT, data={**GOOD, "body": "Mine {link}", "seen": seen, "do": "save"}).status_code == 302
    assert [body for *_, body in texts()] == ["Mine {link}"]


def test_a_test_letter_goes_to_oneself_and_saves_nothing(browser, coordinator):
    page = browser.post(TEXT, data={**GOOD, "do": "test"}).text
    assert "coordinator@example.org" in page
    (letter,) = letters()
    assert (letter.to, letter.kind, letter.cohort, letter.person_id) == (
        "coordinator@example.org",
        "messages.test",
        "DIG-2026-01",
        coordinator.id,
    )
    assert letter.subject == "[Test] Come: Digital Public Services"
    assert texts() == []


def test_a_text_for_all_cohorts_counts_where_a_cohort_has_none(chief, browser, cohort):
    page = "/messages/texts/test.trial/en"
    assert chief.post(page, data={**GOOD, "subject": "All: {course}", "do": "save"}).location == page
    assert write(cohort).subject == "All: Digital Public Services"
    assert "Own text for all cohorts" in browser.get("/cohorts/DIG-2026-01/messages").text
    assert "All: {course}" in unescape(browser.get(TEXT).text)
    browser.post(TEXT, data={**GOOD, "do": "save"})
    assert write(cohort).subject == "Come: Digital Public Services"
    assert "Texts for all cohorts" in chief.get("/cohorts/DIG-2026-01/messages").text
    assert "Texts for all cohorts" not in browser.get("/cohorts/DIG-2026-01/messages").text


def test_only_who_works_everywhere_has_the_pages_about_all_cohorts_in_the_menu(browser, chief):
    assert 'href="/messages/"' in chief.get("/home").text
    assert 'href="/messages/"' not in browser.get("/home").text


@pytest.mark.parametrize("path", ["no.such/en", "test.trial/xx", "test.trial/fa", "../../x/en"])
def test_what_is_no_letter_is_not_found(browser, path):
    assert browser.get(f"/cohorts/DIG-2026-01/messages/texts/{path}").status_code == 404


def test_the_pages_take_the_same_statements_whatever_was_written(browser, cohort, coordinator, statements):
    counts = []
    for number in (1, 4):
        for language in list(SUPPORTED)[:number]:
            browser.post(f"/cohorts/DIG-2026-01/messages/texts/test.trial/{language}", data={**GOOD, "do": "save"})
        with statements() as index:
            browser.get("/cohorts/DIG-2026-01/messages")
        with statements() as edit:
            browser.get(TEXT)
        counts.append((len(index), len(edit)))
    assert counts[0] == counts[1]


# --- The log ---------------------------------------------------------------------------------------------------------


def test_the_log_tells_what_went_to_whom_and_what_became_of_it(browser, cohort):
    aigul = factories.a_person("Aigul Bekova", own_name="Айгүл Бекова")
    write(cohort, person=aigul, state=MailState.SENT)
    write(cohort, to="gone@example.org", state=MailState.FAILED, trouble=Trouble.ADDRESS)
    write(cohort, to="late@example.org")
    page = browser.get(LOG).text
    for said in ("Aigul Bekova", "Айгүл Бекова", "Handed to the mail server", "there is no such address", "Waiting", "gone@example.org"):
        assert said in page
    assert "7H3K" not in page
    assert "1 letter was not delivered" in browser.get("/cohorts/DIG-2026-01/messages").text


def test_letters_of_other_cohorts_are_not_there(browser, sign_in, cohort):
    foreign = write(factories.a_cohort(), to="foreign@example.org", state=MailState.FAILED)
    account = factories.a_letter(to="nobody@example.org")
    assert "foreign@example.org" not in browser.get(LOG).text
    for number in (foreign.id, account.id, 2147483647):
        assert browser.get(f"{LOG}/{number}").status_code == 404
        assert browser.post(f"{LOG}/{number}/again").status_code == 404
    browser.post(f"{LOG}/again")
    assert len(letters()) == 2


def test_the_log_is_searched_filtered_and_sorted(browser, cohort):
    write(cohort, person=factories.a_person("Aigul Gʻulomova"), to="a@example.org", state=MailState.SENT)
    write(cohort, to="b@example.org", state=MailState.FAILED, trouble=Trouble.SLOW)

    def found(query):
        page = browser.get(f"{LOG}?{query}").text
        return [to for to in ("a@example.org", "b@example.org") if to in page]

    assert found("q=b@example") == ["b@example.org"]
    assert found("q=seat") == ["a@example.org", "b@example.org"]
    assert found("state=failed") == ["b@example.org"]
    assert found("kind=test.trial&language=en") == ["a@example.org", "b@example.org"]
    assert found("kind=vouchers.welcome") == []
    assert found("q=%25") == []
    assert found("sort=to&desc=1&page=99999&state=nonsense&per_page=x") == []
    assert "No letter like this" in browser.get(f"{LOG}?q=nobody").text


def test_an_empty_log_says_what_will_be_there(browser):
    assert "No letters yet" in browser.get(LOG).text


def test_the_export_holds_the_log_and_no_texts(browser, cohort):
    write(cohort, to="=cmd@example.org", state=MailState.FAILED, trouble=Trouble.BUSY)
    answer = browser.get(f"{LOG}?format=csv&state=failed")
    head, row = csv.reader(io.StringIO(answer.text.lstrip("\ufeff")))
    told = dict(zip(head, row, strict=True))
    assert (told["Letter"], told["Cohort"], told["To"], told["State"]) == ("Trial", "DIG-2026-01", "'=cmd@example.org", "Not delivered")
    assert "at that moment" in told["Why not"]
    assert "7H3K" not in answer.text


def test_the_log_takes_the_same_statements_for_few_and_many(browser, cohort, statements):
    counts = []
    for number in (3, 300):
        with work():
            mail.send_all([Draft("test.trial", "a@example.org", "Letter", "Text", "en", cohort="DIG-2026-01")] * number)
        with statements() as found:
            browser.get(LOG)
        with statements() as export:
            browser.get(f"{LOG}?format=csv")
        counts.append((len(found), len(export)))
    assert counts[0] == counts[1]


# --- One letter ------------------------------------------------------------------------------------------------------


def test_a_letter_is_shown_without_what_lets_somebody_in(browser, cohort):
    letter = write(cohort, state=MailState.FAILED, trouble=Trouble.ADDRESS)
    with work():
        letter.error = "550 <b>no such user</b>"
    page = browser.get(f"{LOG}/{letter.id}").text
    assert "Dear Aigul Bekova," in page
    assert "7H3K" not in page
    assert "(hidden)" in page
    assert "550 &lt;b&gt;no such user&lt;/b&gt;" in page


def test_a_letter_is_sent_again_with_what_it_hides(browser, cohort):
    letter = write(cohort, state=MailState.FAILED, trouble=Trouble.SLOW)
    answer = browser.post(f"{LOG}/{letter.id}/again")
    copy = letters()[-1]
    assert (answer.location, copy.body, copy.to) == (f"{LOG}/{copy.id}", letter.body, letter.to)
    assert "Repeats an earlier letter" in browser.get(f"{LOG}/{copy.id}").text
    page = browser.get(f"{LOG}/{letter.id}").text
    assert "Was sent again" in page
    assert f"{LOG}/{letter.id}/again" not in page
    browser.post(f"{LOG}/{letter.id}/again")
    browser.post(f"{LOG}/{copy.id}/again")
    assert len(letters()) == 2


def test_two_who_press_the_button_at_once_are_told(browser, cohort, monkeypatch):
    letter = write(cohort, state=MailState.SENT)
    browser.post(f"{LOG}/{letter.id}/again")
    monkeypatch.setattr("dostyk.messages.queries.repeat_of", lambda mail: None)
    answer = browser.post(f"{LOG}/{letter.id}/again")
    assert answer.status_code == 409
    assert "was sent again already" in answer.text
    assert len(letters()) == 2


def test_all_that_failed_is_sent_again_from_the_log(browser, cohort):
    for n in range(3):
        write(cohort, to=f"person{n}@example.org", state=MailState.FAILED, trouble=Trouble.SLOW)
    assert "Send again what was not delivered" in browser.get(LOG).text
    assert browser.post(f"{LOG}/again").location == LOG
    assert len(letters()) == 6
    assert "Send again what was not delivered" not in browser.get(LOG).text


def test_a_letter_in_dari_is_shown_in_its_direction(browser, cohort):
    letter = factories.a_letter(cohort=cohort.code, language="fa_AF", body="سلام Aigul", subject="جای شما")
    page = browser.get(f"{LOG}/{letter.id}").text
    assert 'lang="prs" dir="rtl"' in page


# --- Of all, of a person, of those who have work ----------------------------------------------------------------------


def test_the_log_of_all_leaves_out_what_keeps_sign_in_safe(chief, cohort):
    person = factories.a_person()
    write(cohort, to="one@example.org")
    kept = factories.a_letter(kind="account.password_reset", to="reset@example.org", person_id=person.id)
    factories.a_letter(kind="account.invitation", to="invited@example.org", person_id=person.id)
    factories.a_letter(to="nobody@example.org")
    page = chief.get("/messages/log").text
    assert [to for to in ("one", "reset", "invited", "nobody") if f"{to}@example.org" in page] == ["one", "invited"]
    assert chief.get(f"/messages/log/{kept.id}").status_code == 404


def test_a_persons_page_shows_the_letters_that_one_may_see(browser, chief, cohort):
    person = factories.a_person(email="aigul@example.org")
    factories.an_enrolment(cohort, person, "KG")
    other = factories.a_cohort()
    write(cohort, person=person, state=MailState.SENT)
    write(other, person=person)
    mine, theirs = browser.get(f"/people/{person.id}").text, chief.get(f"/people/{person.id}").text
    assert ("DIG-2026-01/messages/log/" in mine, f"{other.code}/messages/log/" in mine) == (True, False)
    assert ("DIG-2026-01/messages/log/" in theirs, f"{other.code}/messages/log/" in theirs) == (True, True)


def test_a_persons_page_shows_the_letters_to_records_merged_into_theirs(chief, cohort):
    stays, goes = factories.a_person("Nilufar Gulomova"), factories.a_person("Nilufar Gulomova")
    write(cohort, person=goes)
    with work():
        people.merge(stays, goes, (), powers=True, by=factories.a_person(), now=utcnow())
    assert "DIG-2026-01/messages/log/" in chief.get(f"/people/{stays.id}").text


def test_letters_that_did_not_arrive_need_their_coordinator(browser, sign_in, cohort):
    write(cohort, state=MailState.FAILED, trouble=Trouble.ADDRESS)
    write(factories.a_cohort(), state=MailState.FAILED, trouble=Trouble.ADDRESS)
    page = browser.get("/home").text
    assert "letter was not delivered: DIG-2026-01" in page
    assert page.count("not delivered") == 1
    browser.post(f"{LOG}/again")
    assert "not delivered" not in browser.get("/home").text


def test_a_letter_that_waits_says_when_it_is_tried_again(clock, browser, cohort):
    letter = write(cohort)
    with work():
        letter.trouble, letter.attempts, letter.due_at = Trouble.UNREACHABLE, 3, utcnow() + timedelta(minutes=4)
    page = browser.get(f"{LOG}/{letter.id}").text
    assert "The mail server did not answer" in page
    assert "Tried again on" in page
    assert f"{LOG}/{letter.id}/again" not in page
