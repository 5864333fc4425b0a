"""Lists say what the rules say; grants reach the same batches one by one and in lists; statements do not grow."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dostyk.cohorts import queries as cohorts
from dostyk.cohorts.rules import Seats
from dostyk.core.access import Grant, Role
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.text import new_code
from dostyk.people.rules import OrganisationKind
from dostyk.vouchers import queries, rules
from dostyk.vouchers.models import Batch, Voucher
from dostyk.vouchers.rules import BatchState, VoucherState
from tests import factories

rows = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3), st.booleans(), st.integers(-2, 2)), min_size=1, max_size=6)
on_any_rows = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(rows)
@on_any_rows
def test_the_lists_say_what_the_rule_says(app, rows):
    now = utcnow()
    with work():
        db.session.execute(sa.delete(Voucher))
    batches = {}
    for uses, used, revoked, hours in rows:
        if hours not in batches:
            batches[hours] = factories.a_batch(quantity=1, valid_until=now + timedelta(hours=hours))
        with work():
            row = Voucher(batch=batches[hours], code=new_code(), uses=uses, used=min(used, uses), revoked_at=now if revoked else None)
            db.session.add(row)
    every = db.session.scalars(sa.select(Voucher)).all()
    for state in VoucherState:
        listed = set(db.session.scalars(sa.select(Voucher).join(Voucher.batch).where(queries.state_is(state, now))))
        assert listed == {v for v in every if rules.state(queries.facts(v), now) is state}


@pytest.fixture
def three_batches(app):
    kg, tj = factories.an_organisation(country="KG"), factories.an_organisation(country="TJ")
    cohort = factories.a_cohort(seats={"KG": 5, "TJ": 5})
    return [
        factories.a_batch(cohort, 2, country="KG", organisation=kg),
        factories.a_batch(cohort, 2, country="TJ", organisation=tj),
        factories.a_batch(country="KG", organisation=kg),
    ]


def test_a_grant_reaches_the_same_batches_one_by_one_and_in_lists(three_batches):
    first, second, third = three_batches
    expected = {
        Grant(Role.FOCAL_POINT, organisation_id=first.organisation_id): {first, third},
        Grant(Role.FOCAL_POINT, organisation_id=second.organisation_id): {second},
        Grant(Role.FOCAL_POINT, country="KG"): {first, third},
        Grant(Role.FOCAL_POINT, country="UZ"): set(),
        Grant(Role.COORDINATOR, cohort_id=first.cohort_id): {first, second},
        Grant(Role.FOCAL_POINT, organisation_id=10**6): set(),
    }
    for grant, reached in expected.items():
        assert {b for b in three_batches if queries.covers(b, grant)} == reached
        assert set(db.session.scalars(sa.select(Batch).where(queries.within([grant])))) == reached
    assert set(db.session.scalars(sa.select(Batch).where(queries.within([Grant(Role.COORDINATOR)])))) == set(three_batches)
    assert set(db.session.scalars(sa.select(Batch).where(queries.within([])))) == set()


def test_open_vouchers_promise_seats_until_they_end(app):
    now = utcnow()
    cohort = factories.a_cohort(seats={"KG": 10, "TJ": 4})
    factories.an_enrolment(cohort, country="KG")
    batch = factories.a_batch(cohort, 4, country="KG")
    factories.a_batch(cohort, 2, country="TJ", valid_until=now - timedelta(seconds=1))
    one, other, *_ = factories.vouchers_of(batch)
    with work():
        one.used, other.revoked_at = 1, now
    factories.a_batch(cohort, 1, country="TJ", state=BatchState.CLOSED)
    assert queries.promised(cohort.id, now) == {"KG": 2}
    table = cohorts.seat_table(cohort, now)
    assert table.countries == {"KG": Seats(10, 1, 2), "TJ": Seats(4, 0, 0)}
    assert (table.countries["KG"].free, table.pool, table.total) == (7, Seats(0, 0, 0), Seats(14, 1, 2))


def test_a_cohort_without_seats_by_country_has_one_pool(app):
    cohort = factories.a_cohort(capacity=6)
    factories.a_batch(cohort, 2, country="KG")
    factories.a_batch(cohort, 1, country="TJ")
    assert cohorts.seat_table(cohort, utcnow()).pool == Seats(6, 0, 3)


def test_the_body_of_several_countries_is_no_body_of_another_country(app):
    cohort = factories.a_cohort(seats={"KG": 6})
    agency = factories.an_organisation(OrganisationKind.AGENCY, "KZ")
    assert queries.batch_facts(cohort, agency, "KG", cohorts.seat_table(cohort, utcnow())).body_country is None


def test_a_list_of_vouchers_is_searched_by_code_and_by_name(app):
    cohort = factories.a_cohort(seats={"UZ": 6})
    batch = factories.a_batch(cohort, 3, country="UZ")
    one, other, _third = factories.vouchers_of(batch)
    seat = factories.an_enrolment(cohort, factories.a_person("Nodira Gʻulomova", own_name="Нодира Ғуломова", country="UZ"), "UZ")
    factories.a_redemption(one, seat)

    def found(text):
        return set(db.session.scalars(queries.of_cohort(cohort).where(queries.found_by(text))))

    assert found("gulomova") == found("Ғуломова нодира") == found("G'ulomova") == {one}
    assert found(f" {other.code[:4].lower()}-{other.code[4:6]}") == {other}
    assert found("%") == found("_") == found("—") == set()


def test_statements_do_not_grow_with_the_rows(app, statements):
    now, cohort = utcnow(), factories.a_cohort(seats={"KG": 300})
    counts = []
    for quantity in (3, 60):
        batches = [factories.a_batch(cohort, quantity), factories.a_batch(cohort, quantity)]
        for voucher in factories.vouchers_of(batches[0])[: quantity // 2]:
            factories.a_redemption(voucher, factories.an_enrolment(cohort, country="KG"))
        db.session.expire_all()
        with statements() as found:
            queries.counts(queries.batches_of(cohort), now)
            listed = db.session.scalars(queries.of_cohort(cohort)).all()
            for redemption in [r for rs in queries.redemptions(listed).values() for r in rs]:
                assert redemption.enrolment.person.full_name
            cohorts.seat_table(cohort, now)
            queries.unredeemed(Batch.cohort_id == cohort.id, now)
        counts.append(len(found))
    assert counts[0] == counts[1]


def test_a_code_for_a_group_counts_as_many_as_it_gave_and_gives(app):
    cohort = factories.a_cohort(seats={"TJ": 6})
    batch = factories.a_batch(cohort, 0, country="TJ")
    with work():
        db.session.add(Voucher(batch=batch, code=new_code(), uses=6, used=0))
    [code] = factories.vouchers_of(batch)
    for _number in range(2):
        factories.a_redemption(code, factories.an_enrolment(cohort, country="TJ"))
    counted = {VoucherState.OPEN: 4, VoucherState.USED: 2, VoucherState.EXPIRED: 0, VoucherState.REVOKED: 0}
    assert queries.counts([batch], utcnow()) == {batch.id: counted}
