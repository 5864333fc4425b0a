"""Pages of waiting lists: one's own place, the link of a letter, the lists of a cohort, and the log of seats that moved."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from dostyk.cohorts import service as seats
from dostyk.cohorts.models import Enrolment, SeatMove
from dostyk.cohorts.rules import EnrolmentState, MoveKind
from dostyk.core.access import Role
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.mail import Mail
from dostyk.people.models import Account, Consent
from dostyk.vouchers.models import Voucher
from dostyk.waiting import queries, service
from dostyk.waiting.models import WaitingEntry
from dostyk.waiting.rules import WaitingState
from tests import factories as make
from tests.waiting.cast import a_full_cohort, a_reader, a_seat_is_free, go_on, states, waiting

YES = {"consent_programme": "y", "consent_partner": "y"}
AIGUL = {"full_name": "Aigul Bekova", "own_name": "Айгүл", "sex": "female", "email": "aigul@example.org", **YES}


@pytest.fixture
def coordinator(sign_in):
    return sign_in(make.somebody(Role.COORDINATOR))


def held_by(person):
    return db.session.scalar(sa.select(Enrolment.state).where(Enrolment.person_id == person.id))


def token():
    body = db.session.scalars(sa.select(Mail.body).where(Mail.kind == "waiting.promoted").order_by(Mail.id.desc())).first()
    return re.search(r"http://localhost(/waiting/offer/\S+)", body)[1]


# --- One's own place -------------------------------------------------------------------------------------------------


def test_from_the_course_page_to_a_place_on_the_list_and_off_it(client, sign_in):
    cohort = a_full_cohort({"KG": 1})
    assert f'href="/waiting/{cohort.code}"' in client.get(f"/courses/{cohort.course.slug}").text
    assert client.get(f"/waiting/{cohort.code}").status_code == 302
    waiting(cohort, 1)
    person = make.somebody()
    mine = sign_in(person)
    page = mine.get(f"/waiting/{cohort.code}").text
    assert "Join the waiting list" in page
    assert 'name="consent_programme"' in page
    assert "Without this consent" in mine.post(f"/waiting/{cohort.code}", data={}).text
    assert mine.post(f"/waiting/{cohort.code}", data=YES).location == f"/waiting/{cohort.code}"
    assert "<bdi>2</bdi>" in mine.get(f"/waiting/{cohort.code}").text
    assert "You are number 2" in mine.get("/home").text
    mine.post(f"/waiting/{cohort.code}", data={"leave": "1"})
    assert "You have left the waiting list." in mine.get(f"/waiting/{cohort.code}").text
    assert "You are number" not in mine.get("/home").text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Consent).where(Consent.person_id == person.id)) == 2


def test_who_cannot_wait_is_told_what_to_do_and_gets_no_place_by_force(sign_in):
    cohort = make.a_cohort(seats={"KG": 1}, starts_on=(utcnow() + timedelta(days=14)).date())
    mine = sign_in(a_reader())
    assert "Seats are still free" in mine.get(f"/waiting/{cohort.code}").text
    assert "Seats are still free" in mine.post(f"/waiting/{cohort.code}", data={}).text
    assert db.session.scalars(sa.select(WaitingEntry)).all() == []


def test_a_course_that_visitors_do_not_see_has_no_page_of_waiting(sign_in):
    cohort = a_full_cohort({"KG": 1}, course=make.a_course(public=False))
    person = a_reader()
    mine = sign_in(person)
    for code in (cohort.code, "NO-SUCH-1", "%00", "../x"):
        assert mine.get(f"/waiting/{code}").status_code == 404
    make.a_place(cohort, person)
    assert mine.get(f"/waiting/{cohort.code}").status_code == 200


def test_an_offer_is_confirmed_on_ones_own_page(sign_in):
    cohort = a_full_cohort({"KG": 1})
    (entry,) = waiting(cohort, 1)
    mine = sign_in(entry.person)
    a_seat_is_free(cohort)
    assert mine.post(f"/waiting/{cohort.code}", data={"confirm": "1"}).status_code == 200
    assert held_by(entry.person) is None
    go_on(cohort)
    assert "A seat is held for you" in mine.get("/home").text
    assert "Confirm my seat" in mine.get(f"/waiting/{cohort.code}").text
    for _ in range(2):
        assert mine.post(f"/waiting/{cohort.code}", data={"confirm": "1"}).location == f"/redeem/welcome/{cohort.code}"
    assert held_by(entry.person) is EnrolmentState.ENROLLED
    assert mine.get(f"/cohorts/{cohort.code}/").status_code == 200


# --- The link of a letter --------------------------------------------------------------------------------------------


def test_the_letter_alone_confirms_and_looking_changes_nothing(client):
    cohort = a_full_cohort({"KG": 1})
    (entry,) = waiting(cohort, 1)
    a_seat_is_free(cohort)
    go_on(cohort)
    page = client.get(token())
    assert (page.status_code, page.headers["Cache-Control"], page.headers["X-Robots-Tag"]) == (200, "no-store", "noindex")
    assert entry.person.full_name in page.text
    assert states([entry]) == ["offered"]
    assert client.post(token(), data={"confirm": "1"}).status_code == 303
    assert "The seat is yours" in client.get(token()).text
    assert client.post(token(), data={"confirm": "1"}).status_code == 303
    assert held_by(entry.person) is EnrolmentState.ENROLLED
    assert client.get("/home").status_code == 302


def test_the_letter_lets_the_seat_go_without_consents(client):
    cohort = a_full_cohort({"KG": 1})
    entry = make.a_place(cohort, make.somebody())
    a_seat_is_free(cohort)
    go_on(cohort)
    assert client.post(token(), data={"confirm": "1"}).status_code == 200
    assert states([entry]) == ["offered"]
    client.post(token(), data={"leave": "1"})
    assert "You have let the seat go" in client.get(token()).text
    assert states([entry]) == ["left"]
    client.post(token(), data={"confirm": "1", **YES})
    assert held_by(entry.person) is None


def test_a_letter_that_is_too_old_or_forged_gives_nothing(client, app):
    cohort = a_full_cohort({"KG": 1})
    first, second = waiting(cohort, 2)
    a_seat_is_free(cohort)
    go_on(cohort)
    old = token()
    go_on(cohort, now=utcnow() + timedelta(days=4))
    assert "not confirmed in time" in client.get(old).text
    client.post(old, data={"confirm": "1"})
    assert held_by(first.person) is None
    # The same person is offered a seat again: only the newest letter counts.
    with work():
        service.join(cohort, first.person, utcnow())
        service.leave(second, utcnow(), by=second.person)
    go_on(cohort)
    assert states([first]) == ["offered"]
    assert client.get(old).status_code == 410
    for forged in (old[:-1] + ("a" if old[-1] != "a" else "b"), "/waiting/offer/x", "/waiting/offer/WzEsIngiXQ.abc"):
        assert client.get(forged).status_code == 410
        assert client.post(forged, data={"confirm": "1"}).status_code == 410
    assert states([first]) == ["offered"]


# --- With a voucher --------------------------------------------------------------------------------------------------


def test_a_visitor_with_a_good_voucher_and_no_seat_registers_and_waits(client):
    cohort = a_full_cohort({"KG": 1})
    code = make.vouchers_of(make.a_batch(cohort, 1))[0].code
    page = client.get(f"/redeem/{code}").text
    assert "All seats are taken: join the waiting list" in page
    assert "Take my seat" not in page
    assert "all seats for Kyrgyzstan are taken" in client.post(f"/redeem/{code}", data=AIGUL).text
    assert db.session.scalars(sa.select(WaitingEntry)).all() == []
    answer = client.post(f"/redeem/{code}", data={**AIGUL, "wait": "1"})
    assert (answer.status_code, answer.location) == (303, f"/waiting/{cohort.code}")
    assert "<bdi>1</bdi>" in client.get(answer.location).text
    account = db.session.scalars(sa.select(Account).where(Account.email == "aigul@example.org")).one()
    assert account.invited_at is not None
    letter = db.session.scalars(sa.select(Mail).where(Mail.kind == "waiting.joined")).one()
    assert "/invitation/" in letter.body
    assert db.session.scalars(sa.select(Voucher.used)).all() == [0]
    # A seat comes free: the same code takes it, and nobody waits any more.
    a_seat_is_free(cohort)
    assert client.post(f"/redeem/{code}", data={"wait": "1"}).location == f"/redeem/welcome/{cohort.code}"
    go_on(cohort)
    assert db.session.scalars(sa.select(WaitingEntry.state)).all() == [WaitingState.CONFIRMED]


def test_a_code_for_another_country_leads_to_no_list(sign_in):
    cohort = a_full_cohort({"KG": 1})
    code = make.vouchers_of(make.a_batch(cohort, 1))[0].code
    mine = sign_in(a_reader("TJ"))
    assert mine.post(f"/redeem/{code}", data={"wait": "1"}).status_code == 200
    assert db.session.scalars(sa.select(WaitingEntry)).all() == []


# --- The lists of a cohort -------------------------------------------------------------------------------------------


def test_the_lists_are_filtered_and_exported_with_positions(coordinator):
    cohort = a_full_cohort({"KG": 1, "TJ": 1})
    first, second = waiting(cohort, 2)
    (other,) = waiting(cohort, 1, "TJ")
    with work():
        service.leave(first, utcnow(), by=first.person)
    page = coordinator.get(f"/cohorts/{cohort.code}/waiting").text
    assert [e.person.full_name in page for e in (first, second, other)] == [False, True, True]
    assert first.person.full_name in coordinator.get(f"/cohorts/{cohort.code}/waiting?state=left").text
    assert other.person.full_name not in coordinator.get(f"/cohorts/{cohort.code}/waiting?country=KG").text
    lines = coordinator.get(f"/cohorts/{cohort.code}/waiting?format=csv&state=all&sort=since").text.split("\r\n")
    assert lines[0].startswith("\ufeffCountry,Position,Full name")
    rows = [line.split(",") for line in lines[1:-1]]
    assert sorted((row[0], row[1], row[-2]) for row in rows) == [
        ("Kyrgyzstan", "", "Left the list"), ("Kyrgyzstan", "1", "Waiting"), ("Tajikistan", "1", "Waiting"),
    ]  # fmt: skip
    for odd in ("?state=odd&country=%27&sort=x&page=-1", "?q=%00", "?sort=until&desc=1&per_page=200", "?sort=name&q=omur"):
        assert coordinator.get(f"/cohorts/{cohort.code}/waiting{odd}").status_code == 200


def test_a_coordinator_adds_takes_off_and_puts_back(coordinator):
    cohort, person = a_full_cohort({"KG": 1}), a_reader(full_name="Nurlan Asanov")
    found = coordinator.get(f"/cohorts/{cohort.code}/waiting/add?q=Nurlan").text
    assert "Nurlan Asanov" in found
    added = coordinator.post(f"/cohorts/{cohort.code}/waiting/add?q=Nurlan", data={"person_id": str(person.id)})
    assert added.location == f"/cohorts/{cohort.code}/waiting"
    (entry,) = db.session.scalars(sa.select(WaitingEntry)).all()
    address = f"/cohorts/{cohort.code}/waiting/{entry.id}"
    assert "Say why" in coordinator.post(f"{address}/remove", data={}, follow_redirects=True).text
    coordinator.post(f"{address}/remove", data={"reason": "asked"})
    assert states([entry]) == ["left"]
    coordinator.post(f"{address}/restore", data={"reason": "asked again"})
    assert states([entry]) == ["waiting"]
    foreign = make.a_place(a_full_cohort({"KG": 1}))
    assert coordinator.post(f"/cohorts/{cohort.code}/waiting/{foreign.id}/remove", data={"reason": "x"}).status_code == 404
    assert states([foreign]) == ["waiting"]


def seen(page):
    return re.search(r'name="seen"[^>]*value="([0-9a-f]{64})"', page)[1]


def test_the_preview_names_people_and_is_carried_out_exactly_or_not_at_all(coordinator):
    cohort = make.a_cohort(seats={"KG": 2, "TJ": 1}, starts_on=(utcnow() + timedelta(days=14)).date())
    make.an_enrolment(cohort, country="TJ")
    first, second = waiting(cohort, 2, "TJ")
    address = f"/cohorts/{cohort.code}/waiting/plan"
    assert "Nothing to do" in coordinator.get(address).text
    page = coordinator.get(f"{address}?share=1").text
    assert all(entry.person.full_name in page for entry in (first, second))
    assert "2 seats are offered" in page
    assert states([first, second]) == ["waiting", "waiting"]
    with work():
        service.leave(second, utcnow(), by=second.person)
    refused = coordinator.post(f"{address}?share=1", data={"seen": seen(page)})
    assert "changed since you looked" in refused.text
    assert states([first]) == ["waiting"]
    assert seen(refused.text) != seen(page)
    assert coordinator.post(f"{address}?share=1", data={"seen": seen(refused.text)}).status_code == 302
    assert states([first, second]) == ["offered", "left"]
    again = coordinator.post(f"{address}?share=1", data={"seen": seen(refused.text)})
    assert "changed since you looked" in again.text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SeatMove)) == 2
    assert "changed since" in coordinator.post(f"{address}?share=1", data={}).text


def test_the_settings_say_when_and_to_whom_seats_go(coordinator):
    cohort = make.a_cohort(seats={"KG": 2}, starts_on=(utcnow() + timedelta(days=14)).date())
    page = coordinator.get(f"/cohorts/{cohort.code}/settings").text
    form = {
        "host_id": str(cohort.host_id), "city-en": "Almaty", "time_zone": "Asia/Almaty", "starts_on": cohort.starts_on.isoformat(),
        "ends_on": cohort.ends_on.isoformat(), "capacity": "2", "seats-0-country": "KG", "seats-0-seats": "2",
        "version": re.search(r'name="version"[^>]*value="(\d+)"', page)[1],
    }  # fmt: skip
    day = (cohort.starts_on - timedelta(days=8)).isoformat()
    waits = {"hand_back_on": day, "country_order": "uz; kg", "confirm_hours": "48", "replace_until": cohort.ends_on.isoformat()}
    address = f"/cohorts/{cohort.code}/settings"
    for wrong, said in (
        ({"hand_back_on": cohort.starts_on.isoformat()}, "Enrolment must go on after this day"),
        ({"replace_until": (cohort.ends_on + timedelta(days=1)).isoformat()}, "The cohort is over by then"),
        ({"country_order": "KG, ZZ"}, "No country has the code ZZ"),
        ({"confirm_hours": "0"}, "A number from 1 to 720"),
    ):
        assert said in coordinator.post(address, data={**form, **waits, **wrong}).text
    assert coordinator.post(address, data={**form, **waits}).status_code == 302
    db.session.expire_all()
    assert (cohort.hand_back_on.isoformat(), cohort.country_order, cohort.confirm_hours) == (day, ["UZ", "KG"], 48)
    assert cohort.replace_until == cohort.ends_on
    assert 'value="UZ, KG"' in coordinator.get(address).text


def test_lists_and_previews_take_the_same_number_of_statements_for_3_and_60(coordinator, statements):
    cohort = a_full_cohort({"KG": 2})
    counts = []
    pages = ("waiting", "waiting?format=csv&state=all", "waiting/plan?share=1", "waiting/moves")
    for number in (3, 57):
        waiting(cohort, number)
        if not counts:
            a_seat_is_free(cohort, number=2)
        with statements() as found:
            for page in pages:
                assert coordinator.get(f"/cohorts/{cohort.code}/{page}").status_code == 200
        counts.append(len(found))
    assert counts[0] == counts[1] <= 45


# --- Seats that moved ------------------------------------------------------------------------------------------------


def test_a_body_reads_the_moves_of_its_own_country_without_names(sign_in, coordinator):
    cohort = make.a_cohort(seats={"KG": 3, "TJ": 3})
    body = make.an_organisation(country="KG")
    batch = make.a_batch(cohort, 1, country="KG", organisation=body)
    by = make.a_person("Bolat Secret")
    with work():
        for country, seats_moved in (("KG", 1), ("TJ", 2)):
            seats.move_seats(
                cohort, seats_moved, source=country, target=None, kind=MoveKind.HANDED_BACK, by=by, now=utcnow(), reason="Aigul is ill"
            )
    focal = sign_in(make.somebody(Role.FOCAL_POINT, organisation=body))
    for address in (f"/vouchers/{batch.id}/moves", f"/vouchers/{batch.id}/moves?format=csv"):
        page = focal.get(address).text
        assert "Handed back" in page
        assert "Kyrgyzstan" in page
        assert not any(word in page for word in ("Tajikistan", "Bolat", "Aigul"))
    foreign = make.a_batch(cohort, 1, country="TJ")
    assert focal.get(f"/vouchers/{foreign.id}/moves").status_code == 404
    assert focal.get(f"/cohorts/{cohort.code}/waiting/moves").status_code == 404
    lines = coordinator.get(f"/cohorts/{cohort.code}/waiting/moves?format=csv").text.split("\r\n")
    assert [line.split(",")[2:] for line in lines[1:-1]] == [
        ["2", "Tajikistan", "Common pool", "Bolat Secret", "Aigul is ill"],
        ["1", "Kyrgyzstan", "Common pool", "Bolat Secret", "Aigul is ill"],
    ]  # fmt: skip


def test_the_home_page_and_the_overview_tell_of_people_who_wait(coordinator, sign_in):
    cohort = a_full_cohort({"KG": 1})
    waiting(cohort, 3)
    assert f"people wait for a seat in {cohort.code}" in coordinator.get("/home").text
    assert "people wait for a seat" in coordinator.get(f"/cohorts/{cohort.code}/").text
    elsewhere = sign_in(make.somebody(Role.COORDINATOR, cohort=make.a_cohort()))
    assert cohort.code not in elsewhere.get("/home").text
    assert queries.number_waiting(cohort) == 3
