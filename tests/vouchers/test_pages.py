"""Drafts, changes, approvals, replacements and seats that are given back, as people click them."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
import sqlalchemy as sa

from dostyk.cohorts import queries as cohorts
from dostyk.cohorts.models import Enrolment
from dostyk.cohorts.rules import EnrolmentState, Seats
from dostyk.core.access import Role
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.mail import Mail
from dostyk.core.text import group_code
from dostyk.people.rules import REQUIRED
from dostyk.vouchers import rules
from dostyk.vouchers.models import Batch
from dostyk.vouchers.rules import BatchKind, BatchState
from tests import factories
from tests.conftest import sign_in_client

AIGUL = {
    "full_name": "Aigul Bekova", "own_name": "Айгүл Бекова", "sex": "female", "email": "aigul@example.org",
    **{f"consent_{purpose.value}": "y" for purpose in REQUIRED},
}  # fmt: skip


@pytest.fixture
def kg(app):
    return factories.an_organisation(country="KG", name={"en": "Civil Service Agency"})


@pytest.fixture
def cohort(app):
    start = utcnow().date() + timedelta(days=20)
    return factories.a_cohort(seats={"KG": 6, "TJ": 4}, capacity=12, starts_on=start, closes_at=utcnow() + timedelta(days=12))


@pytest.fixture
def coordinator(app, cohort):
    return sign_in_client(app, factories.somebody(Role.COORDINATOR, cohort=cohort))


@pytest.fixture
def held(app, cohort, kg):
    """A batch of two vouchers whose redemptions a coordinator approves."""
    return factories.a_batch(cohort, 2, organisation=kg, approval=True)


def order(cohort, body, **changes):
    through = (utcnow() + timedelta(days=5)).date().isoformat()
    data = {"organisation_id": body.id, "country": "KG", "quantity": "4", "valid_through": through, "language": "ru", "kind": "single"}
    return {**data, **changes}


def the_batch():
    db.session.expire_all()
    return db.session.scalars(sa.select(Batch)).one()


def the_seat():
    db.session.expire_all()
    return db.session.scalars(sa.select(Enrolment)).one()


def test_a_draft_is_saved_changed_and_issued(coordinator, cohort, kg):
    vouchers = f"/cohorts/{cohort.code}/vouchers"
    saved = coordinator.post(f"{vouchers}/issue", data=order(cohort, kg, draft="1", kind="group", approval="y"))
    batch = the_batch()
    assert (batch.state, batch.kind, batch.approval) == (BatchState.DRAFT, BatchKind.GROUP, True)
    draft = f"{vouchers}/batches/{batch.id}/draft"
    assert coordinator.get(saved.location).location == draft
    page = coordinator.get(draft).text
    assert 'value="4"' in page
    assert "Draft" in coordinator.get(vouchers).text
    assert "Only 6 seats are free" in coordinator.post(draft, data=order(cohort, kg, quantity="9")).text
    assert the_batch().quantity == 4  # what could not be issued was not saved either
    coordinator.post(draft, data=order(cohort, kg, quantity="5", draft="1"))
    assert (the_batch().quantity, the_batch().state) == (5, BatchState.DRAFT)
    issued = coordinator.post(draft, data=order(cohort, kg, quantity="3"), follow_redirects=True).text
    assert "3 seats are reserved by this batch." in issued
    assert coordinator.get(draft).location == saved.location
    assert "no draft any more" in coordinator.post(f"{vouchers}/batches/{batch.id}/discard", follow_redirects=True).text


def test_a_draft_is_thrown_away(coordinator, cohort, kg):
    coordinator.post(f"/cohorts/{cohort.code}/vouchers/issue", data=order(cohort, kg, draft="1"))
    page = coordinator.post(f"/cohorts/{cohort.code}/vouchers/batches/{the_batch().id}/discard", follow_redirects=True).text
    assert "The draft is thrown away." in page
    assert db.session.scalars(sa.select(Batch)).all() == []


def test_only_who_may_overbook_can_give_a_reason_for_it(app, coordinator, cohort, kg):
    address, data = f"/cohorts/{cohort.code}/vouchers/issue", order(cohort, kg, quantity="9", overbook="The minister asked")
    assert "overbook" not in coordinator.get(address).text
    assert "Only 6 seats are free" in coordinator.post(address, data=data).text
    admin = sign_in_client(app, factories.somebody(Role.ADMIN))
    assert "overbook" in admin.get(address).text
    page = admin.post(address, data=data, follow_redirects=True).text
    assert "The minister asked" in page
    assert "Free is below 0" in admin.get(f"/cohorts/{cohort.code}/").text


def test_a_batch_is_changed_with_a_reason(coordinator, cohort, kg):
    batch = factories.a_batch(cohort, 3, organisation=kg)
    address = f"/cohorts/{cohort.code}/vouchers/batches/{batch.id}/change"
    day = (utcnow() + timedelta(days=8)).date()
    assert "Say why the batch is changed." in coordinator.post(address, data={"quantity": "4", "valid_through": day}).text
    assert "Only 3 seats are free" in coordinator.post(address, data={"quantity": "7", "valid_through": day, "reason": "more"}).text
    assert the_batch().quantity == 3
    changed = coordinator.post(address, data={"quantity": "4", "valid_through": day, "reason": "more people"}, follow_redirects=True).text
    assert "The batch is changed." in changed
    assert (the_batch().quantity, len(factories.vouchers_of(batch))) == (4, 4)
    assert rules.valid_through(the_batch().valid_until, cohort.time_zone) == day


def test_a_lost_code_is_exchanged_and_the_batch_closed(coordinator, cohort, kg):
    batch = factories.a_batch(cohort, 2, organisation=kg)
    old = factories.vouchers_of(batch)[0]
    address = f"/cohorts/{cohort.code}/vouchers/batches/{batch.id}"
    assert "Say why" in coordinator.post(f"{address}/exchange", data={"voucher": old.id}, follow_redirects=True).text
    page = coordinator.post(f"{address}/exchange", data={"voucher": old.id, "reason": "lost"}, follow_redirects=True).text
    assert group_code(factories.vouchers_of(batch)[-1].code) in page
    foreign = factories.vouchers_of(factories.a_batch())[0]
    assert coordinator.post(f"{address}/exchange", data={"voucher": foreign.id, "reason": "lost"}).status_code == 404
    closed = coordinator.post(f"{address}/close", data={"reason": "over"}, follow_redirects=True).text
    assert "The batch is closed" in closed
    assert "Change number" not in closed


def test_the_seats_are_exported(coordinator, cohort, held):
    file = coordinator.get(f"/cohorts/{cohort.code}/seats.csv").text.removeprefix("\ufeff")
    assert list(csv.reader(io.StringIO(file))) == [
        ["Country", "Held", "Enrolled", "Reserved", "Free"],
        ["Kyrgyzstan", "6", "0", "2", "4"],
        ["Tajikistan", "4", "0", "0", "4"],
        ["Common pool", "2", "0", "0", "2"],
        ["In total", "12", "0", "2", "10"],
    ]


# --- Approval --------------------------------------------------------------------------------------------------------


def take(client, batch, **changes):
    voucher = next(v for v in factories.vouchers_of(batch) if v.used == 0)
    return client.post(f"/redeem/{voucher.code}", data={**AIGUL, **changes}, follow_redirects=True).text


def test_who_waits_sees_so_and_nothing_of_the_cohort(client, cohort, held):
    page = take(client, held)
    assert "Your seat is held until it is approved" in page
    assert client.get(f"/cohorts/{cohort.code}/").status_code == 404
    home = client.get("/home").text
    assert "Seats that wait for approval" in home
    letter = db.session.scalars(sa.select(Mail)).one()
    assert letter.kind == "vouchers.pending"
    assert "/invitation/" in letter.body
    # The same code again leads to the same page, and uses nothing.
    again = client.post(f"/redeem/{factories.vouchers_of(held)[0].code}", follow_redirects=True).text
    assert "Your seat is held until it is approved" in again
    assert cohorts.seat_table(cohort, utcnow()).countries["KG"] == Seats(6, 1, 1)


def test_some_are_approved_and_others_declined_with_a_reason(app, client, coordinator, cohort, held):
    take(client, held)
    take(app.test_client(), held, email="bolat@example.org", full_name="Bolat Bolatov")
    address = f"/cohorts/{cohort.code}/vouchers/approvals"
    assert "people wait for approval" in coordinator.get("/home").text
    assert "2 people wait for approval" in coordinator.get(f"/cohorts/{cohort.code}/participants").text
    page = coordinator.get(address).text
    assert "Aigul Bekova" in page
    first, second = db.session.scalars(sa.select(Enrolment.id).order_by(Enrolment.id)).all()
    assert "Tick the people" in coordinator.post(address, data={"approve": "1"}).text
    assert "Say why: the person reads it." in coordinator.post(address, data={"decline": "1", "enrolments": second}).text
    foreign = factories.an_enrolment(state=EnrolmentState.PENDING)
    assert coordinator.post(address, data={"approve": "1", "enrolments": foreign.id}).status_code == 200
    both = coordinator.post(address, data={"approve": "1", "enrolments": first}, follow_redirects=True).text
    assert "1 person is approved" in both
    declined = {"decline": "1", "enrolments": [first, second], "reason": "Only for tax officers"}
    assert "1 person is declined" in coordinator.post(address, data=declined, follow_redirects=True).text
    assert "Nothing was left to decide" in coordinator.post(address, data=declined, follow_redirects=True).text
    db.session.expire_all()
    states = dict(db.session.execute(sa.select(Enrolment.id, Enrolment.state)).all())
    assert states == {first: EnrolmentState.ENROLLED, second: EnrolmentState.DECLINED, foreign.id: EnrolmentState.PENDING}
    kinds = db.session.scalars(sa.select(Mail.kind).order_by(Mail.id)).all()
    assert kinds == ["vouchers.pending", "vouchers.pending", "vouchers.approved", "vouchers.declined"]
    assert client.get(f"/cohorts/{cohort.code}/").status_code == 200
    shown = coordinator.get(f"/cohorts/{cohort.code}/participants?state=declined").text
    assert "Only for tax officers" in shown


def test_the_list_of_who_waits_is_searched_and_exported_in_a_constant_number_of_statements(coordinator, cohort, statements):
    address, numbers = f"/cohorts/{cohort.code}/vouchers/approvals", []
    for more in (1, 4):
        for _ in range(more):
            factories.an_enrolment(cohort, country="KG", state=EnrolmentState.PENDING)
        with statements() as found:
            assert coordinator.get(address).status_code == 200
        numbers.append(len(found))
    assert numbers[0] == numbers[1]
    assert len(coordinator.get(f"{address}?format=csv").text.strip().splitlines()) == 6
    assert "Nobody like this" in coordinator.get(f"{address}?q=nobody").text


# --- Leaving, and taking the place of who left -----------------------------------------------------------------------


def test_a_participant_gives_the_seat_back_once(app, cohort):
    person = factories.somebody()
    seat = factories.an_enrolment(cohort, person, "KG")
    client, address = sign_in_client(app, person), f"/redeem/welcome/{cohort.code}/leave"
    assert address in client.get("/me/").text
    assert "Say why" in client.post(address, data={}).text
    assert "You have given your seat back." in client.post(address, data={"reason": "Called back"}, follow_redirects=True).text
    assert client.post(address, data={"reason": "Called back"}).status_code == 404
    assert client.get(f"/cohorts/{cohort.code}/").status_code == 404
    seat = the_seat()
    assert (seat.state, seat.withdrawn_reason) == (EnrolmentState.WITHDRAWN, "Called back")
    assert cohorts.seat_table(cohort, utcnow()).countries["KG"] == Seats(6, 0, 0)


def test_after_the_course_no_seat_is_given_back(app):
    cohort = factories.a_cohort(starts_on=utcnow().date() - timedelta(days=30))
    person = factories.somebody()
    factories.an_enrolment(cohort, person)
    client, address = sign_in_client(app, person), f"/redeem/welcome/{cohort.code}/leave"
    assert "The course is over" in client.get(address).text
    assert "The course is over" in client.post(address, data={"reason": "Too late"}).text
    assert the_seat().state is EnrolmentState.ENROLLED


def test_somebody_else_takes_the_place_of_who_left(app, client, coordinator, cohort):
    left = factories.an_enrolment(cohort, factories.a_person("Nurlan Left"), "KG")
    participants = f"/cohorts/{cohort.code}/participants"
    coordinator.post(f"{participants}/{left.id}/withdraw", data={"reason": "ill"})
    assert f"{left.id}/replace" in coordinator.get(f"{participants}?state=withdrawn").text
    with work():
        cohort.starts_on = utcnow().date() - timedelta(days=1)
        cohort.closes_at = utcnow() - timedelta(days=3)
    late = coordinator.post(f"{participants}/{left.id}/replace", follow_redirects=True).text
    assert "The last day to replace somebody is over." in late
    with work():
        cohort.replace_until = utcnow().date() + timedelta(days=1)
    page = coordinator.post(f"{participants}/{left.id}/replace", follow_redirects=True).text
    assert "This voucher gives the place of Nurlan Left." in page
    assert "Somebody has this place already" in coordinator.post(f"{participants}/{left.id}/replace", follow_redirects=True).text
    assert "The seat is yours" in take(client, the_batch())
    seat = db.session.scalars(sa.select(Enrolment).where(Enrolment.replaces_id == left.id)).one()
    assert seat.counts_from == cohort.today(utcnow())
    assert "counts from" in coordinator.get(participants).text
    assert "your attendance counts from" in client.get(f"/me/attendance/{cohort.code}").text


def test_a_locked_code_says_to_which_address_it_must_be_only_in_the_mind_of_its_reader(client, cohort, kg):
    batch = factories.a_batch(cohort, 1, organisation=kg)
    voucher = factories.vouchers_of(batch)[0]
    with work():
        voucher.email = "aigul@example.org"
    page = client.get(f"/redeem/{voucher.code}").text
    assert "write the e-mail address to which it was sent" in page
    assert "aigul@example.org" not in page
    assert "This code gives no seat." in client.post(f"/redeem/{voucher.code}", data={**AIGUL, "email": "other@example.org"}).text
    assert "The seat is yours" in take(client, batch)
