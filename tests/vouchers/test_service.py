"""Redeeming, issuing, revoking: twice, foreign, refused, overtaken, killed half-way."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dostyk.cohorts import service as cohorts
from dostyk.cohorts.models import Cohort, CountrySeats, Enrolment
from dostyk.core.audit import Event
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from dostyk.core.text import new_code
from dostyk.people import service as people
from dostyk.people.models import Account, Consent, Person
from dostyk.people.rules import REQUIRED, OrganisationKind, PersonDetails, Purpose
from dostyk.vouchers import labels, service
from dostyk.vouchers.models import Batch, Redemption, Voucher
from dostyk.vouchers.service import issuing
from tests import factories

CONSENTS = {purpose: f"I agree to {purpose.value}." for purpose in REQUIRED}
NEW = PersonDetails("Aigul Bekova", own_name="Айгүл Бекова", country="KG", email="aigul@example.org")


@pytest.fixture(autouse=True)
def _in_a_request(app):
    with app.test_request_context("/redeem", method="POST"):
        yield


@pytest.fixture
def cohort(app):
    return factories.a_cohort(seats={"KG": 3, "TJ": 2})


@pytest.fixture
def batch(cohort):
    return factories.a_batch(cohort, 3, country="KG")


@pytest.fixture
def voucher(batch):
    return factories.vouchers_of(batch)[0]


@pytest.fixture
def aigul(app):
    return factories.a_person("Aigul Bekova", country="KG")


def redeem(voucher, who=NEW, consents=CONSENTS, ticket=None, now=None):
    code, now = voucher if isinstance(voucher, str) else voucher.code, now or utcnow()
    with work():
        offer = service.offer(code, who if isinstance(who, Person) else None, ticket, now)
        return service.redeem(offer, who, consents, language="ky", ticket=ticket, now=now)


def refused(voucher, who=NEW, **more):
    with pytest.raises(Refused) as error:
        redeem(voucher, who, **more)
    db.session.expire_all()
    return error.value


def number(model):
    return db.session.scalar(sa.select(sa.func.count()).select_from(model))


def kept():
    """All that a redemption can leave."""
    return {model.__name__: number(model) for model in (Person, Account, Consent, Enrolment, Redemption)}


def last_event():
    return db.session.scalars(sa.select(Event).order_by(Event.id.desc()).limit(1)).one()


def test_a_voucher_becomes_a_seat(voucher, cohort):
    given = redeem(voucher)
    db.session.expire_all()
    assert given.new
    assert given.account.email == "aigul@example.org"
    assert (given.seat.person.full_name, given.seat.country, given.seat.cohort) == ("Aigul Bekova", "KG", cohort)
    assert (voucher.used, cohort.taken) == (1, 1)
    redemption = db.session.scalars(sa.select(Redemption)).one()
    assert (redemption.voucher, redemption.enrolment) == (voucher, given.seat)
    consents = {(c.purpose, c.wording, c.language) for c in db.session.scalars(sa.select(Consent))}
    assert consents == {(purpose, wording, "ky") for purpose, wording in CONSENTS.items()}
    event = db.session.scalars(sa.select(Event).where(Event.kind == "voucher.redeemed")).one()
    assert (event.subject, event.cohort, event.actor) == (f"batch:{voucher.batch_id}", cohort.code, "Aigul Bekova")
    assert event.data == {"voucher": voucher.id, "enrolment": given.seat.id}


def test_redeeming_twice_gives_the_same_seat_and_uses_nothing(voucher, batch, aigul):
    first = redeem(voucher, aigul)
    assert redeem(voucher, aigul) == service.Given(first.seat)
    other = factories.vouchers_of(batch)[1]
    assert redeem(other, aigul) == service.Given(first.seat)
    db.session.expire_all()
    assert (voucher.used, other.used) == (1, 0)


def test_who_has_a_seat_is_shown_it_whatever_became_of_the_voucher(voucher, aigul):
    seat = redeem(voucher, aigul).seat
    assert redeem(voucher, aigul, now=utcnow() + timedelta(days=400)).seat == seat
    with work():
        voucher.revoked_at = utcnow()
    assert redeem(voucher, aigul).seat == seat


def test_a_seat_does_not_open_the_used_vouchers_of_others(voucher, batch, aigul):
    redeem(voucher, aigul)
    other = factories.vouchers_of(batch)[1]
    redeem(other)
    assert refused(other, aigul).note.reason == "used"


def test_who_withdrew_needs_a_voucher_again(voucher, batch, aigul):
    seat = redeem(voucher, aigul).seat
    with work():
        cohorts.withdraw(seat, "ill", aigul, utcnow())
    assert refused(voucher, aigul).note.reason == "used"
    other = factories.vouchers_of(batch)[1]
    again = redeem(other, aigul)
    assert (again.new, again.seat.id, number(Redemption)) == (True, seat.id, 2)


def test_the_same_form_sent_again_gives_the_same_seat_for_a_while(voucher):
    ticket = service.ticket("mark of the form", voucher.code)
    seat = redeem(voucher, ticket=ticket).seat
    assert redeem(voucher, ticket=ticket).seat == seat
    assert refused(voucher, ticket=service.ticket("mark of another form", voucher.code)).field == "code"
    assert refused(voucher, ticket=None).field == "code"
    assert refused(voucher, ticket=ticket, now=utcnow() + timedelta(minutes=16)).field == "code"


def test_overtaken_by_oneself_or_by_somebody_else(voucher, monkeypatch, aigul):
    """The last use goes between looking and taking."""
    with work():
        offer = service.offer(voucher.code, aigul, None, utcnow())
    seat = redeem(voucher, aigul).seat
    with work():
        assert service.redeem(offer, aigul, CONSENTS, language="en", now=utcnow()).seat == seat
    with pytest.raises(Refused) as error, work():
        service.redeem(offer, NEW, CONSENTS, language="en", now=utcnow())
    assert (error.value.field, last_event().reason) == ("code", "used")


@pytest.mark.parametrize("change", ["revoked", "expired", "used", "foreign", "unknown"])
def test_whatever_is_wrong_the_answer_is_one_and_the_log_knows(voucher, aigul, change):
    code, person, now = voucher.code, aigul, utcnow()
    if change == "revoked":
        with work():
            voucher.revoked_at = now
    elif change == "expired":
        now += timedelta(days=6)
    elif change == "used":
        redeem(voucher)
    elif change == "foreign":
        person = factories.a_person(country="TJ")
    else:
        code = new_code()
    before = kept()
    refusal = refused(code, person, now=now)
    assert (str(refusal.sentence), refusal.field) == (str(labels.GIVES_NO_SEAT), "code")
    assert kept() == before
    event = last_event()
    assert (event.kind, event.reason, event.actor) == ("voucher.refused", change, person.full_name)
    if change == "unknown":
        assert event.subject == f"code:{code[:3]}…"
    else:
        assert (event.subject, event.data) == (f"batch:{voucher.batch_id}", {"voucher": voucher.id})


def test_no_code_stands_in_the_log(voucher, aigul):
    redeem(voucher)
    refused(voucher, aigul)
    unknown = new_code()
    refused(unknown)
    said = " ".join(f"{e.kind} {e.subject} {e.reason} {e.data}" for e in db.session.scalars(sa.select(Event)))
    assert voucher.code not in said
    assert unknown not in said


def test_a_mistyped_code_is_not_looked_up(voucher, statements):
    wrong = voucher.code[:-1] + ("2" if voucher.code[-1] != "2" else "3")
    with statements() as found, pytest.raises(Refused) as error:
        service.offer(wrong, None, None, utcnow())
    assert (found, str(error.value.sentence), error.value.note) == ([], str(labels.MISTYPED), None)


@pytest.mark.parametrize("reason", ["archived", "not_open", "closed", "country_full", "country_not_invited", "full"])
def test_a_good_code_says_what_is_in_the_way_and_stays_unused(voucher, cohort, reason):
    now = utcnow()
    seats = db.session.get_one(CountrySeats, (cohort.id, "KG"))
    with work():
        match reason:
            case "archived":
                cohort.archived_at = now
            case "not_open":
                cohort.opens_at = now + timedelta(days=1)
            case "closed":
                cohort.closes_at = now
            case "country_full":
                seats.taken = cohort.taken = 3
            case "country_not_invited":
                db.session.delete(seats)
            case "full":
                cohort.capacity = cohort.taken = 3
    before = kept()
    refusal = refused(voucher, now=now)
    assert str(refusal.sentence).startswith("Your code is right")
    assert "%(" not in str(refusal.sentence)
    assert (kept(), voucher.used) == (before, 0)
    assert (last_event().kind, last_event().reason) == ("voucher.refused", reason)


def test_a_seat_lost_at_the_last_moment_leaves_the_voucher_unused(voucher, cohort):
    with work():
        offer = service.offer(voucher.code, None, None, utcnow())
    with work():
        db.session.execute(sa.update(CountrySeats).values(taken=CountrySeats.seats))
    with pytest.raises(Refused), work():
        service.redeem(offer, NEW, CONSENTS, language="en", now=utcnow())
    db.session.expire_all()
    assert (last_event().reason, voucher.used, number(Account)) == ("country_full", 0, 0)


def test_an_address_with_an_account_is_not_given_a_second(voucher):
    factories.an_account(email="aigul@example.org")
    before = kept()
    refusal = refused(voucher, PersonDetails("Somebody Else", country="KG", email=" Aigul@Example.org"))
    assert refusal.field == "email"
    assert (kept(), voucher.used) == (before, 0)


def test_no_seat_without_the_required_consents(voucher, aigul):
    assert "consents" in str(refused(voucher, consents={Purpose.PROGRAMME: "I agree."}).sentence)
    with work():
        people.consent(aigul, CONSENTS, "en", utcnow())
    assert redeem(voucher, aigul, consents={}).new


@pytest.mark.parametrize("breaks", ["cohorts.enrol", "people.open_account", "people.consent", "_take_one_use", "Redemption"])
def test_killed_half_way_nothing_is_left(voucher, monkeypatch, breaks):
    def stop(*_args, **_kwargs):
        raise KeyboardInterrupt

    before = kept(), number(Event)
    monkeypatch.setattr(f"dostyk.vouchers.service.redeeming.{breaks}", stop)
    with pytest.raises(KeyboardInterrupt):
        redeem(voucher)
    db.session.expire_all()
    assert ((kept(), number(Event)), voucher.used) == (before, 0)


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=200))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_name_gives_a_seat_or_a_sentence(cohort, full_name, own_name, employer):
    with work():
        db.session.execute(sa.update(CountrySeats).values(seats=1000))
        cohort.capacity = 2000
    voucher = factories.vouchers_of(factories.a_batch(cohort, 1, country="KG"))[0]
    details = PersonDetails(full_name, own_name=own_name, employer=employer, country="KG", email=f"{voucher.code}@example.org")
    try:
        outcome = "seat" if redeem(voucher, details).new else "no seat"
    except Refused as refused:
        outcome = refused.field or "no field"
    assert outcome in ("seat", "full_name", "own_name")


# --- Issuing and revoking --------------------------------------------------------------------------------------------


@pytest.fixture
def coordinator(app):
    return factories.a_person("Saule Akhmetova", country="KZ")


def issue(cohort, coordinator, quantity=2, country="KG", body=None, through=None, now=None):
    now = now or utcnow()
    body = body or factories.an_organisation(country=country)
    order = service.Order(body, country, quantity, through or cohort.closes_at.date() - timedelta(days=1), "ru", "for the ministry")
    with work():
        return service.issue(cohort, order, by=coordinator, now=now)


def not_issued(*args, **kwargs):
    with pytest.raises(Refused) as error:
        issue(*args, **kwargs)
    db.session.expire_all()
    assert (number(Batch), number(Voucher)) == (0, 0)
    return error.value


def test_a_batch_comes_with_its_vouchers_in_few_statements(app, coordinator, statements):
    cohort = factories.a_cohort(seats={"KG": 1000})
    with statements() as few:
        issue(cohort, coordinator, 2)
    with statements() as many:
        batch = issue(cohort, coordinator, 998)
    assert len(few) == len(many) <= 9
    codes = {v.code for v in factories.vouchers_of(batch)}
    assert len(codes) == 998
    assert number(Event) == 2
    assert batch.valid_until - timedelta(seconds=1) < cohort.closes_at


def test_no_more_than_the_country_has_free(cohort, coordinator):
    factories.an_enrolment(cohort, country="KG")
    assert str(not_issued(cohort, coordinator, 3).sentence) == (
        "Only 2 seats are free for Kyrgyzstan: of 3 seats 1 are taken and 0 reserved."
    )
    issue(cohort, coordinator, 2)
    with pytest.raises(Refused, match="No seat is free for Kyrgyzstan: of 3 seats 1 are taken and 2 reserved"):
        issue(cohort, coordinator, 1)
    assert issue(cohort, coordinator, 2, country="TJ").quantity == 2


def test_vouchers_that_end_free_their_seats(cohort, coordinator):
    batch = issue(cohort, coordinator, 3)
    with work():
        service.revoke(batch, "changed plans", by=coordinator, now=utcnow(), voucher_id=factories.vouchers_of(batch)[0].id)
    issue(cohort, coordinator, 1)
    with pytest.raises(Refused):
        issue(cohort, coordinator, 1)
    with work():
        batch.valid_until = utcnow()
    assert issue(cohort, coordinator, 2).quantity == 2


def test_what_cannot_be_issued_says_why(cohort, coordinator):
    now = utcnow()
    today = cohort.today(now)
    assert not_issued(cohort, coordinator, country="UZ").field == "country"
    assert not_issued(cohort, coordinator, country="KG", body=factories.an_organisation(country="TJ")).field == "country"
    assert not_issued(cohort, coordinator, through=today - timedelta(days=1)).field == "valid_through"
    assert not_issued(cohort, coordinator, through=cohort.closes_at.date() + timedelta(days=2)).field == "valid_through"
    with work():
        cohort.archived_at = now
    assert "archived" in str(not_issued(cohort, coordinator).sentence)
    with work():
        cohort.archived_at, cohort.closes_at = None, now
    assert "Enrolment closed" in str(not_issued(cohort, coordinator).sentence)


def test_the_agency_may_hand_out_vouchers_of_any_country(cohort, coordinator):
    agency = factories.an_organisation(OrganisationKind.AGENCY, "KZ")
    assert issue(cohort, coordinator, country="TJ", body=agency).country == "TJ"


def test_a_code_that_exists_is_drawn_again(cohort, coordinator, voucher, monkeypatch):
    drawn = iter([voucher.code, new_code(), new_code(), new_code()])
    monkeypatch.setattr(issuing, "new_code", lambda: next(drawn))
    cohort_of_another_country = factories.a_cohort(seats={"TJ": 2})
    batch = issue(cohort_of_another_country, coordinator, 2, country="TJ")
    assert voucher.code not in {v.code for v in factories.vouchers_of(batch)}
    assert len(factories.vouchers_of(batch)) == 2


def test_revoking_takes_what_is_unused_and_says_when_nothing_is_left(batch, voucher, coordinator):
    redeem(voucher)
    one, other = factories.vouchers_of(batch)[1:]

    def revoke(**which):
        with work():
            return service.revoke(batch, "not needed", by=coordinator, now=utcnow(), **which)

    assert revoke(voucher_id=one.id) == 1
    with pytest.raises(Refused):
        revoke(voucher_id=one.id)
    with pytest.raises(Refused):
        revoke(voucher_id=voucher.id)
    with pytest.raises(Refused):
        revoke(voucher_id=factories.vouchers_of(factories.a_batch(quantity=1))[0].id)
    assert revoke() == 1
    with pytest.raises(Refused):
        revoke()
    db.session.expire_all()
    assert (voucher.revoked_at, one.revoked_reason, other.revoked_reason) == (None, "not needed", "not needed")
    events = db.session.scalars(sa.select(Event).where(Event.kind == "vouchers.revoked").order_by(Event.id)).all()
    assert [(e.reason, e.data) for e in events] == [("not needed", {"number": 1, "voucher": one.id}), ("not needed", {"number": 1})]


def test_a_revoked_voucher_is_dead_even_for_who_has_the_form_open(voucher, batch, coordinator):
    with work():
        offer = service.offer(voucher.code, None, None, utcnow())
    with work():
        service.revoke(batch, "lost", by=coordinator, now=utcnow())
    with pytest.raises(Refused), work():
        service.redeem(offer, NEW, CONSENTS, language="en", now=utcnow())
    assert (number(Enrolment), number(Cohort)) == (0, 1)
