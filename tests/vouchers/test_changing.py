"""What happens to a batch after it was issued: twice, too much, too late, by two at once, and by those who may not."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from dostyk.cohorts import queries as cohorts
from dostyk.cohorts import service as seats
from dostyk.cohorts.models import CountrySeats, Enrolment, SeatMove
from dostyk.cohorts.rules import EnrolmentState, MoveKind, Seats
from dostyk.core.audit import Event
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from dostyk.core.mail import Mail
from dostyk.people.rules import REQUIRED
from dostyk.vouchers import labels, queries, service
from dostyk.vouchers.models import Batch, Voucher
from dostyk.vouchers.rules import BatchKind, BatchState, NoChange, NoReplacement
from tests import factories

CONSENTS = dict.fromkeys(REQUIRED, "I agree.")


@pytest.fixture(autouse=True)
def _in_a_request(app):
    with app.test_request_context("/", method="POST"):
        yield


@pytest.fixture
def cohort(app):
    now = utcnow()
    return factories.a_cohort(
        seats={"KG": 5, "TJ": 2}, capacity=10, starts_on=now.date() + timedelta(days=20), closes_at=now + timedelta(days=15)
    )


@pytest.fixture
def saule(app):
    return factories.somebody(full_name="Saule Akhmetova", country="KZ")


def issue(cohort, by, quantity=3, country="KG", days=5, **more):
    body = more.pop("body", None) or factories.an_organisation(country=country)
    now = utcnow()
    order = service.Order(body, country, quantity, cohort.today(now) + timedelta(days=days), "en", **more)
    with work():
        return service.issue(cohort, order, by, now)


def do(verb, *args, **more):
    with work():
        result = verb(*args, **more)
    db.session.expire_all()
    return result


def refused(verb, *args, **more):
    with pytest.raises(Refused) as error, work():
        verb(*args, **more)
    db.session.expire_all()
    return error.value


def redeem(voucher, person=None, now=None, address=None):
    person, now = person or factories.somebody(country=voucher.batch.country), now or utcnow()
    with work():
        offer = service.offer(voucher.code, person, None, now, address)
        seat = service.redeem(offer, person, CONSENTS, language="en", now=now).seat
    db.session.expire_all()
    return seat


def kg(cohort):
    return cohorts.seat_table(cohort, utcnow()).countries["KG"]


def alive(batch):
    return [voucher for voucher in factories.vouchers_of(batch) if voucher.revoked_at is None]


def last_event():
    return db.session.scalars(sa.select(Event).order_by(Event.id.desc()).limit(1)).one()


# --- Drafts and overbooking ------------------------------------------------------------------------------------------


def test_a_draft_reserves_nothing_until_it_is_issued_once(cohort, saule):
    draft = issue(cohort, saule, 9, draft=True)
    assert (draft.state, draft.issued_at, factories.vouchers_of(draft), kg(cohort).free) == (BatchState.DRAFT, None, [], 5)
    assert refused(service.issue_draft, draft, saule, utcnow()).field == "quantity"
    order = service.Order(draft.organisation, "KG", 4, cohort.today(utcnow()) + timedelta(days=2), "ru", kind=BatchKind.GROUP)
    do(service.edit_draft, draft, order, saule, utcnow())
    do(service.issue_draft, draft, saule, utcnow())
    assert (draft.state, kg(cohort).free, [(v.uses, v.used) for v in factories.vouchers_of(draft)]) == (BatchState.ISSUED, 1, [(4, 0)])
    for verb in (
        lambda: service.issue_draft(draft, saule, utcnow()),
        lambda: service.edit_draft(draft, order, saule, utcnow()),
        lambda: service.discard(draft, saule),
    ):
        assert str(refused(verb).sentence) == str(labels.NO_CHANGE[NoChange.NOT_A_DRAFT])
    assert kg(cohort).reserved == 4


def test_a_draft_is_thrown_away_and_the_log_remembers(cohort, saule):
    draft = issue(cohort, saule, draft=True)
    do(service.discard, draft, saule)
    assert db.session.scalars(sa.select(Batch)).all() == []
    assert (last_event().kind, last_event().data["quantity"]) == ("batch.discarded", 3)


def test_more_than_is_free_takes_a_reason_that_is_kept(cohort, saule):
    assert refused(issue, cohort, saule, 6).field == "quantity"
    batch = issue(cohort, saule, 6, overbook="The minister asked")
    assert (batch.override_reason, kg(cohort).free) == ("The minister asked", -1)
    assert last_event().reason == "The minister asked"
    # Nobody is told of a reason that was not needed.
    assert issue(cohort, saule, 1, country="TJ", overbook="just in case").override_reason is None
    # There are five seats: the sixth voucher finds none, and stays unused.
    for voucher in factories.vouchers_of(batch)[:5]:
        redeem(voucher)
    last = factories.vouchers_of(batch)[5]
    with pytest.raises(Refused, match="all seats for Kyrgyzstan are taken"):
        redeem(last)
    assert (kg(cohort), last.used) == (Seats(5, 5, 1), 0)


# --- Number and validity ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BatchKind)
def test_a_batch_grows_while_seats_are_free_and_shrinks_to_what_was_taken(cohort, saule, kind):
    batch = issue(cohort, saule, 3, kind=kind)
    do(service.change_quantity, batch, 5, "more people", saule, utcnow())
    assert (batch.quantity, kg(cohort)) == (5, Seats(5, 0, 5))
    assert (last_event().kind, last_event().reason, last_event().data) == (
        "batch.quantity_changed",
        "more people",
        {"before": 3, "after": 5},
    )
    assert "No seat is free" in str(refused(service.change_quantity, batch, 6, "more", saule, utcnow()).sentence)
    redeem(alive(batch)[0])
    redeem(next(v for v in alive(batch) if v.used < v.uses))
    assert str(refused(service.change_quantity, batch, 1, "less", saule, utcnow()).sentence) == str(labels.NO_CHANGE[NoChange.BELOW_USED])
    do(service.change_quantity, batch, 2, "fewer people", saule, utcnow())
    assert (batch.quantity, kg(cohort)) == (2, Seats(5, 2, 0))
    assert str(refused(service.change_quantity, batch, 2, "same", saule, utcnow()).sentence) == str(labels.NO_CHANGE[NoChange.SAME])
    assert refused(service.change_quantity, batch, 3, "", saule, utcnow()).field == "reason"


def test_a_group_code_that_lost_all_its_seats_is_dead_and_a_new_one_takes_its_place(cohort, saule):
    batch = issue(cohort, saule, 3, kind=BatchKind.GROUP)
    do(service.change_quantity, batch, 0, "nobody comes", saule, utcnow())
    (old,) = factories.vouchers_of(batch)
    assert (old.revoked_reason, kg(cohort).free) == ("nobody comes", 5)
    do(service.change_quantity, batch, 2, "two come", saule, utcnow())
    (new,) = alive(batch)
    assert (new.id != old.id, new.uses, kg(cohort).reserved) == (True, 2, 2)


def test_a_smaller_batch_loses_the_newest_vouchers_that_nobody_has(cohort, saule):
    batch = issue(cohort, saule, 4)
    first, second, third, fourth = factories.vouchers_of(batch)
    do(service.lock_to, fourth, " Aigul@Example.org ", saule, utcnow())
    assert fourth.email == "aigul@example.org"
    do(service.change_quantity, batch, 2, "less", saule, utcnow())
    assert alive(batch) == [first, fourth]
    do(service.change_quantity, batch, 1, "less", saule, utcnow())
    assert alive(batch) == [fourth]
    do(service.change_quantity, batch, 0, "nothing", saule, utcnow())
    assert (alive(batch), second.revoked_reason, third.revoked_reason) == ([], "less", "less")


def test_expired_vouchers_live_again_only_while_their_seats_are_free(cohort, saule):
    batch = issue(cohort, saule, 3, days=0)
    later = utcnow() + timedelta(days=2)
    assert cohorts.seat_table(cohort, later).countries["KG"].free == 5
    day = cohort.today(later) + timedelta(days=3)
    assert str(refused(service.change_quantity, batch, 4, "more", saule, later).sentence) == str(labels.NO_CHANGE[NoChange.EXPIRED])
    with work():
        for _ in range(3):
            seats.enrol(factories.a_person(country="KG"), cohort, "KG", later, by=saule)
    assert "Only 2 seats are free" in str(refused(service.extend, batch, day, "they come", saule, later).sentence)
    do(service.change_quantity, batch, 2, "less", saule, later)
    do(service.extend, batch, day, "they come", saule, later)
    assert cohorts.seat_table(cohort, later).countries["KG"] == Seats(5, 3, 2)
    assert (last_event().kind, last_event().data["after"]) == ("batch.validity_changed", day.isoformat())


@pytest.mark.parametrize(("days", "said"), [(-1, "This day is over"), (40, "Enrolment closes on")])
def test_vouchers_end_neither_in_the_past_nor_after_enrolment(cohort, saule, days, said):
    batch = issue(cohort, saule)
    refusal = refused(service.extend, batch, cohort.today(utcnow()) + timedelta(days=days), "why not", saule, utcnow())
    assert (said in str(refusal.sentence), refusal.field) == (True, "valid_through")


# --- Closing, exchanging, locking ------------------------------------------------------------------------------------


def test_a_closed_batch_gives_nothing_and_changes_no_more(cohort, saule):
    batch = issue(cohort, saule, 3)
    one, other, _third = factories.vouchers_of(batch)
    seat = redeem(one)
    assert do(service.close, batch, "over", saule, utcnow()) == 2
    assert (batch.state, batch.quantity, kg(cohort), seat.state) == (BatchState.CLOSED, 1, Seats(5, 1, 0), EnrolmentState.ENROLLED)
    day = cohort.today(utcnow()) + timedelta(days=1)
    for verb in (
        lambda: service.close(batch, "again", saule, utcnow()),
        lambda: service.change_quantity(batch, 3, "more", saule, utcnow()),
        lambda: service.extend(batch, day, "longer", saule, utcnow()),
        lambda: service.revoke(batch, "all", saule, utcnow()),
        lambda: service.exchange(other, "lost", saule, utcnow()),
        lambda: service.hand_back(batch, 1, "not needed", saule, utcnow()),
    ):
        assert str(refused(verb).sentence) == str(labels.NO_CHANGE[NoChange.NOT_ISSUED])


@pytest.mark.parametrize("kind", BatchKind)
def test_an_exchanged_code_dies_and_the_new_one_has_its_seats(cohort, saule, kind):
    batch = issue(cohort, saule, 3, kind=kind)
    old = factories.vouchers_of(batch)[0]
    if kind is BatchKind.SINGLE:
        do(service.lock_to, old, "aigul@example.org", saule, utcnow())
    else:
        redeem(old)
    before = (batch.quantity, kg(cohort))
    new = do(service.exchange, old, "lost in the post", saule, utcnow())
    assert ((batch.quantity, kg(cohort)), old.revoked_reason) == (before, "lost in the post")
    assert (new.code != old.code, new.email, new.uses) == (True, old.email, old.uses - old.used)
    assert last_event().data == {"voucher": old.id, "new": new.id}
    with pytest.raises(Refused):
        redeem(old)
    assert redeem(new, address="aigul@example.org").state is EnrolmentState.ENROLLED
    assert "cannot be exchanged" in str(refused(service.exchange, old, "again", saule, utcnow()).sentence)


def test_a_locked_code_is_good_for_one_address(cohort, saule):
    batch = issue(cohort, saule, 2)
    voucher, other = factories.vouchers_of(batch)
    do(service.lock_to, voucher, "aigul@example.org", saule, utcnow())
    with pytest.raises(Refused) as error:
        redeem(voucher, address="somebody@example.org")
    assert (str(error.value.sentence), last_event().reason) == (str(labels.GIVES_NO_SEAT), "other_address")
    assert redeem(voucher, address="Aigul@Example.org").state is EnrolmentState.ENROLLED
    assert "used or revoked" in str(refused(service.lock_to, voucher, "", saule, utcnow()).sentence)
    do(service.lock_to, other, "aigul@example.org", saule, utcnow())
    do(service.lock_to, other, "", saule, utcnow())
    assert (other.email, last_event().kind) == (None, "voucher.unlocked")
    group = factories.vouchers_of(issue(cohort, saule, 2, kind=BatchKind.GROUP))[0]
    assert "group" in str(refused(service.lock_to, group, "aigul@example.org", saule, utcnow()).sentence)


def test_a_code_that_is_locked_while_somebody_fills_in_the_form_is_not_theirs(cohort, saule):
    voucher = factories.vouchers_of(issue(cohort, saule, 1))[0]
    person = factories.a_person(country="KG")
    with work():
        offer = service.offer(voucher.code, person, None, utcnow())
    with work():
        db.session.execute(sa.update(Voucher).values(email="aigul@example.org"), execution_options={"synchronize_session": False})
    with pytest.raises(Refused), work():
        service.redeem(offer, person, CONSENTS, language="en", now=utcnow())
    db.session.expire_all()
    assert (voucher.used, db.session.scalars(sa.select(Enrolment)).all()) == (0, [])


def test_no_code_and_no_address_stands_in_the_log(cohort, saule):
    batch = issue(cohort, saule, 2)
    voucher = factories.vouchers_of(batch)[0]
    do(service.lock_to, voucher, "aigul@example.org", saule, utcnow())
    new = do(service.exchange, voucher, "lost", saule, utcnow())
    said = " ".join(f"{e.kind} {e.subject} {e.reason} {e.data}" for e in db.session.scalars(sa.select(Event)))
    assert [secret for secret in (voucher.code, new.code, "aigul@example.org") if secret in said] == []


# --- Handing back ----------------------------------------------------------------------------------------------------


def test_seats_that_are_handed_back_go_to_the_pool(cohort, saule):
    batch = issue(cohort, saule, 4)
    first, second, third, fourth = factories.vouchers_of(batch)
    do(service.lock_to, fourth, "aigul@example.org", saule, utcnow())
    redeem(first)
    assert "Only 2 vouchers are left" in str(refused(service.hand_back, batch, 3, "too many", saule, utcnow()).sentence)
    do(service.hand_back, batch, 1, "not needed", saule, utcnow())
    assert (alive(batch), batch.quantity) == ([first, second, fourth], 3)
    do(service.hand_back, batch, 2, "nobody comes", saule, utcnow(), [fourth.id])
    assert (alive(batch), batch.quantity) == ([first], 1)
    table = cohorts.seat_table(cohort, utcnow())
    assert (table.countries["KG"], table.pool, table.total) == (Seats(2, 1, 0), Seats(6, 0, 0), Seats(10, 1, 0))
    moves = [
        (m.kind, m.from_country, m.to_country, m.seats, m.reason) for m in db.session.scalars(sa.select(SeatMove).order_by(SeatMove.id))
    ]
    assert moves == [
        (MoveKind.HANDED_BACK, "KG", None, 1, "not needed"),
        (MoveKind.HANDED_BACK, "KG", None, 2, "nobody comes"),
    ]
    assert third.revoked_reason == "not needed"
    assert refused(service.hand_back, batch, 0, "nothing", saule, utcnow()).field == "number"


def test_a_foreign_voucher_is_not_handed_back_with_this_batch(cohort, saule):
    mine, theirs = issue(cohort, saule, 2), issue(cohort, saule, 2, country="TJ")
    foreign = factories.vouchers_of(theirs)[0]
    assert refused(service.hand_back, mine, 1, "oops", saule, utcnow(), [foreign.id]).field == "number"
    assert (foreign.revoked_at, len(alive(mine))) == (None, 2)


def test_a_cohort_without_seats_of_countries_has_them_free_at_once(saule):
    cohort = factories.a_cohort(capacity=6)
    batch = issue(cohort, saule, 4, kind=BatchKind.GROUP)
    do(service.hand_back, batch, 3, "not needed", None, utcnow())
    assert cohorts.seat_table(cohort, utcnow()).total == Seats(6, 0, 1)
    assert db.session.scalars(sa.select(SeatMove)).all() == []


# --- Approval --------------------------------------------------------------------------------------------------------


def letters():
    return [(m.kind, m.to) for m in db.session.scalars(sa.select(Mail).order_by(Mail.id))]


def test_a_seat_is_held_until_it_is_approved_once(cohort, saule):
    batch = issue(cohort, saule, 2, approval=True)
    aigul = factories.somebody(email="aigul@example.org")
    seat = redeem(factories.vouchers_of(batch)[0], aigul)
    assert (seat.state, kg(cohort)) == (EnrolmentState.PENDING, Seats(5, 1, 1))
    assert (cohorts.grants_of(aigul.id), queries.number_pending(cohort)) == ([], 1)
    assert do(service.approve, seat, saule, utcnow())
    assert not do(service.approve, seat, saule, utcnow())
    assert not do(service.decline, seat, "too late", saule, utcnow())
    assert (seat.state, seat.decided_by_id, len(cohorts.grants_of(aigul.id))) == (EnrolmentState.ENROLLED, saule.id, 1)
    assert letters() == [("vouchers.approved", "aigul@example.org")]


def test_a_declined_seat_goes_back_once_and_the_person_reads_why(cohort, saule):
    batch = issue(cohort, saule, 2, approval=True)
    seat = redeem(factories.vouchers_of(batch)[0], factories.somebody(email="aigul@example.org"))
    assert refused(service.decline, seat, "", saule, utcnow()).field == "reason"
    assert do(service.decline, seat, "Only for tax officers", saule, utcnow())
    assert not do(service.decline, seat, "again", saule, utcnow())
    assert (seat.state, kg(cohort)) == (EnrolmentState.DECLINED, Seats(5, 0, 1))
    letter = db.session.scalars(sa.select(Mail)).one()
    assert (letter.kind, "Only for tax officers" in letter.body) == ("vouchers.declined", True)


def test_who_waits_may_give_the_seat_back_but_not_after_the_course(cohort, saule):
    batch = issue(cohort, saule, 2, approval=True)
    seat = redeem(factories.vouchers_of(batch)[0])
    over = utcnow() + timedelta(days=60)
    assert "over" in str(refused(service.leave, seat, "ill", over).sentence)
    assert refused(service.leave, seat, "", utcnow()).field == "reason"
    do(service.leave, seat, "ill", utcnow())
    do(service.leave, seat, "ill", utcnow())
    assert (seat.state, kg(cohort), last_event().actor) == (EnrolmentState.WITHDRAWN, Seats(5, 0, 1), seat.person.full_name)


# --- Replacement -----------------------------------------------------------------------------------------------------


@pytest.fixture
def running(app):
    """A course on its third day, whose enrolment is closed; two days more somebody can take the place of another."""
    now = utcnow()
    return factories.a_cohort(
        seats={"KG": 1, "TJ": 1}, starts_on=now.date() - timedelta(days=2), days=10,
        closes_at=now - timedelta(days=5), replace_until=now.date() + timedelta(days=2),
    )  # fmt: skip


def test_somebody_takes_the_place_of_who_left_after_the_start(running, saule):
    left = factories.an_enrolment(running, country="KG")
    assert str(refused(service.replacement, left, saule, utcnow()).sentence) == str(labels.NO_REPLACEMENT[NoReplacement.STILL_HELD])
    do(seats.withdraw, left, "ill", saule, utcnow())
    batch = do(service.replacement, left, saule, utcnow())
    assert (batch.replaces, batch.quantity, kg(running)) == (left, 1, Seats(1, 0, 1))
    assert str(refused(service.replacement, left, saule, utcnow()).sentence) == str(labels.NO_REPLACEMENT[NoReplacement.REPLACED])
    seat = redeem(factories.vouchers_of(batch)[0])
    assert (seat.replaces, seat.counts_from, seat.state) == (left, running.today(utcnow()), EnrolmentState.ENROLLED)
    assert str(refused(service.replacement, left, saule, utcnow()).sentence) == str(labels.NO_REPLACEMENT[NoReplacement.REPLACED])
    # Who replaced leaves, too: their own place and nobody else's can be given again.
    do(seats.withdraw, seat, "ill", saule, utcnow())
    assert do(service.replacement, seat, saule, utcnow()).replaces == seat
    assert str(refused(service.replacement, left, saule, utcnow()).sentence) == str(labels.NO_REPLACEMENT[NoReplacement.NO_SEAT])


def test_no_place_is_given_after_the_last_day_or_when_the_seat_went_elsewhere(running, saule):
    left = factories.an_enrolment(running, country="KG")
    do(seats.withdraw, left, "ill", saule, utcnow())
    late = utcnow() + timedelta(days=4)
    assert str(refused(service.replacement, left, saule, late).sentence) == str(labels.NO_REPLACEMENT[NoReplacement.OVER])
    with work():
        db.session.get_one(CountrySeats, (running.id, "KG")).taken = running.taken = 1
    assert str(refused(service.replacement, left, saule, utcnow()).sentence) == str(labels.NO_REPLACEMENT[NoReplacement.NO_SEAT])


def test_the_voucher_of_a_replacement_ends_with_its_day(running, saule):
    left = factories.an_enrolment(running, country="KG")
    do(seats.withdraw, left, "ill", saule, utcnow())
    voucher = factories.vouchers_of(do(service.replacement, left, saule, utcnow()))[0]
    with pytest.raises(Refused):
        redeem(voucher, now=utcnow() + timedelta(days=4))
    assert last_event().reason == "expired"
    assert redeem(voucher).country == "KG"


def test_a_person_without_voucher_or_country_is_replaced_by_the_host(saule):
    cohort = factories.a_cohort(capacity=3)
    left = factories.an_enrolment(cohort, factories.a_person(country=None))
    do(seats.withdraw, left, "ill", saule, utcnow())
    assert "profile" in str(refused(service.replacement, left, saule, utcnow()).sentence)
    with work():
        left.person.country = "UZ"
    batch = do(service.replacement, left, saule, utcnow())
    assert (batch.organisation, batch.country) == (cohort.host, "UZ")


def test_a_group_code_takes_back_who_left(cohort, saule):
    (voucher,) = factories.vouchers_of(issue(cohort, saule, 3, kind=BatchKind.GROUP))
    aigul = factories.a_person(country="KG")
    seat = redeem(voucher, aigul)
    do(seats.withdraw, seat, "ill", aigul, utcnow())
    assert redeem(voucher, aigul) == seat
    assert (voucher.used, kg(cohort)) == (2, Seats(5, 1, 1))
