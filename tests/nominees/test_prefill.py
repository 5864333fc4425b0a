"""What whoever opens a code sees of the person it was given to: the letter's reader all, the finder of a paper nothing new."""

from __future__ import annotations

import pytest

from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.nominees import service
from dostyk.people.models import Person
from dostyk.vouchers import prefill
from dostyk.vouchers.prefill import Bearer
from tests import factories as make
from tests.nominees.cast import details, fresh, letters, named, stages

SECRET = ("aigul@example.org", "Ministry of Labour", "Chief specialist")
NAMES = ("AITBAEVA Aigul", "Айтбаева Айгүл")


@pytest.fixture
def batch(app):
    return make.a_batch(make.a_cohort(seats={"KG": 3}), 2)


@pytest.fixture
def who(batch):
    return make.somebody(organisation=batch.organisation)


@pytest.fixture
def nominee(batch, who):
    said = {"own_name": NAMES[1], "email": SECRET[0], "employer": SECRET[1], "post": SECRET[2], "languages": ("ky", "ru")}
    return named(batch, who, **said)


def shown(client, voucher, key=None):
    page = client.get(f"/redeem/{voucher.code}" + (f"?k={key}" if key is not None else "")).text
    assert "Who you are" in page
    return [word for word in (*NAMES, *SECRET) if word in page]


def test_a_code_alone_shows_nothing_of_anybody(client, nominee):
    assert shown(client, nominee.voucher) == []


@pytest.mark.parametrize("wrong", ["", "x", "é", "a" * 16, "%00", "a" * 5000])
def test_a_wrong_key_shows_nothing(client, nominee, wrong):
    assert shown(client, nominee.voucher, wrong) == []


def test_the_mailed_letter_shows_all_of_it_and_locks_the_address(client, nominee, who):
    db.session.rollback()
    with work():
        service.invite([fresh(nominee)], db.session.get_one(Person, who.id), utcnow())
    (letter,) = letters()
    address = next(word for word in letter.body.split() if "/redeem/" in word)
    page = client.get(address.partition("localhost")[2]).text
    assert [word for word in (*NAMES, *SECRET) if word not in page] == []
    assert "readonly" in page
    assert address in letter.hidden


def test_the_printed_letter_shows_the_names_that_stand_on_it(client, nominee):
    assert shown(client, nominee.voucher, prefill.key(Bearer.PAPER, nominee.voucher)) == list(NAMES)


def test_the_key_of_one_code_is_worth_nothing_with_another(client, batch, who, nominee):
    other = named(batch, who, "Second Person")
    key = prefill.key(Bearer.MAIL, other.voucher)
    assert shown(client, nominee.voucher, key) == []


def test_what_is_typed_is_taken_and_the_nominee_is_followed(client, batch, nominee):
    key = prefill.key(Bearer.MAIL, nominee.voucher)
    address = f"/redeem/{nominee.voucher.code}?k={key}"
    client.get(address)
    data = {"full_name": "AITBAEVA Aigul", "sex": "female", "email": SECRET[0], "consent_programme": "y", "consent_partner": "y"}
    assert client.post(address, data={**data, "email": "other@example.org"}).status_code == 200
    assert client.post(address, data=data).status_code == 303
    assert stages(batch) == {"AITBAEVA Aigul": "redeemed"}


def test_who_was_replaced_is_shown_no_more(client, nominee, who):
    voucher = nominee.voucher
    key = prefill.key(Bearer.MAIL, voucher)
    db.session.rollback()
    with work():
        service.replace(fresh(nominee), details("Second Person"), "Ill", db.session.get_one(Person, who.id), utcnow())
    page = client.get(f"/redeem/{voucher.code}?k={key}").text
    assert [word for word in (*NAMES, *SECRET) if word in page] == []


def test_from_the_letter_to_the_seat_takes_at_most_twenty_statements(client, nominee, statements):
    address = f"/redeem/{nominee.voucher.code}?k={prefill.key(Bearer.MAIL, nominee.voucher)}"
    data = {"full_name": "AITBAEVA Aigul", "sex": "female", "email": SECRET[0], "consent_programme": "y", "consent_partner": "y"}
    client.get("/redeem")
    with statements() as found:
        client.get(address)
        assert client.post(address, data=data).status_code == 303
    assert len(found) <= 20


def test_a_key_costs_no_statement_unless_it_is_right(app, nominee, statements):
    voucher = fresh(nominee).voucher
    assert voucher is not None
    with statements() as found:
        assert prefill.known(voucher, "wrong") == {}
    assert found == []
