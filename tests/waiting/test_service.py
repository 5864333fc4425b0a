"""Joining, leaving, offers and confirmations: twice, late, foreign, two at once, and never more people than seats."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from dostyk.cohorts import queries as cohorts
from dostyk.cohorts import service as seats
from dostyk.cohorts.models import Enrolment, SeatMove
from dostyk.cohorts.rules import EnrolmentState, MoveKind
from dostyk.core.audit import Event
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from dostyk.core.mail import Mail
from dostyk.core.outbox import Job, JobState, enqueue_hourly
from dostyk.people.models import Account
from dostyk.vouchers import service as vouchers
from dostyk.vouchers.models import Redemption, Voucher
from dostyk.waiting import letters, queries, service, tasks
from dostyk.waiting.models import WaitingEntry
from tests import factories as make
from tests.waiting.cast import CONSENTS, a_full_cohort, a_reader, a_seat_is_free, free, go_on, states, waiting


def join(cohort, person, **how):
    with work():
        return service.join(cohort, person, how.pop("now", None) or utcnow(), **how)


def confirm(entry, now=None):
    with work():
        return service.confirm(entry, {}, "en", now or utcnow())


def letters_of(kind):
    return list(db.session.scalars(sa.select(Mail.to).where(Mail.kind == kind).order_by(Mail.id)))


def moves():
    rows = db.session.scalars(sa.select(SeatMove).order_by(SeatMove.id))
    return [(m.kind, m.seats, m.from_country, m.to_country, m.by_id) for m in rows]


# --- Joining and leaving ---------------------------------------------------------------------------------------------


def test_the_place_is_at_the_end_of_the_list_of_the_country(app):
    cohort = a_full_cohort({"KG": 1, "TJ": 1})
    first, other, second = (join(cohort, a_reader(country)) for country in ("KG", "TJ", "KG"))
    assert [queries.position(entry) for entry in (first, other, second)] == [1, 1, 2]
    assert len(letters_of("waiting.joined")) == 3


def test_one_list_for_all_where_no_seats_are_held_for_countries(app):
    cohort = a_full_cohort(capacity=1)
    entries = [join(cohort, a_reader(country)) for country in ("KG", "TJ", "KG")]
    assert [queries.position(entry) for entry in entries] == [1, 2, 3]
    a_seat_is_free(cohort, None)
    go_on(cohort)
    assert states(entries) == ["offered", "waiting", "waiting"]


def test_joining_twice_is_the_same_place_and_joining_again_is_the_end(app):
    cohort = a_full_cohort({"KG": 1})
    entries = waiting(cohort, 2)
    assert join(cohort, entries[0].person).id == entries[0].id
    assert queries.position(entries[0]) == 1
    with work():
        assert service.leave(entries[0], utcnow(), by=entries[0].person)
        assert not service.leave(entries[0], utcnow(), by=entries[0].person)
    assert queries.position(entries[1]) == 1
    again = join(cohort, entries[0].person)
    assert (again.id, queries.position(again)) == (entries[0].id, 2)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(WaitingEntry)) == 2


def test_who_has_a_seat_no_country_or_no_invitation_cannot_wait(app):
    cohort = a_full_cohort({"KG": 1})
    person = db.session.scalars(sa.select(Enrolment)).one().person
    for somebody, sentence in ((person, "You have a seat"), (a_reader(None), "by country"), (a_reader("TJ"), "held for your country")):
        with pytest.raises(Refused, match=sentence):
            join(cohort, somebody)
    a_seat_is_free(cohort)
    with pytest.raises(Refused, match="still free"):
        join(cohort, a_reader())
    assert db.session.scalars(sa.select(WaitingEntry)).all() == []


def test_a_coordinator_adds_somebody_and_takes_them_off_with_a_reason(app):
    cohort, by = a_full_cohort({"KG": 1}), make.a_person()
    entry = join(cohort, a_reader(), by=by)
    with pytest.raises(Refused, match="Say why"), work():
        service.leave(entry, utcnow(), by=by)
    with work():
        service.leave(entry, utcnow(), by=by, reason="asked by phone")
    last = db.session.scalars(sa.select(Event).order_by(Event.id.desc()).limit(1)).one()
    assert (last.kind, last.reason, last.actor_id, last.cohort) == ("waiting.left", "asked by phone", by.id, cohort.code)


def test_who_is_put_back_has_the_old_place(app):
    cohort, by = a_full_cohort({"KG": 1}), make.a_person()
    first, second = waiting(cohort, 2)
    with work():
        service.leave(first, utcnow(), by=by, reason="by mistake")
    with pytest.raises(Refused, match="Say why"), work():
        service.put_back(first, utcnow(), by=by, reason="")
    with work():
        assert service.put_back(first, utcnow(), by=by, reason="it was a mistake")
        assert not service.put_back(first, utcnow(), by=by, reason="once more")
    assert (queries.position(first), queries.position(second)) == (1, 2)


# --- Offers ----------------------------------------------------------------------------------------------------------


def test_a_seat_that_is_given_back_is_offered_to_who_waits_longest_and_to_nobody_else(app):
    cohort = a_full_cohort({"KG": 2, "TJ": 1})
    entries, others = waiting(cohort, 3), waiting(cohort, 1, "TJ")
    a_seat_is_free(cohort)
    assert free(cohort) == 1
    go_on(cohort)
    assert states(entries + others) == ["offered", "waiting", "waiting", "waiting"]
    assert free(cohort) == 0
    assert letters_of("waiting.promoted") == [make.account_of(entries[0].person).email]
    assert not go_on(cohort)
    assert states(entries) == ["offered", "waiting", "waiting"]
    assert len(letters_of("waiting.promoted")) == 1


def test_an_offer_keeps_everybody_else_from_the_seat(app):
    cohort = a_full_cohort({"KG": 1})
    (entry,) = waiting(cohort, 1)
    a_seat_is_free(cohort)
    go_on(cohort)
    with pytest.raises(Refused, match="taken"), work():
        seats.enrol(make.a_person(), cohort, "KG", utcnow(), by=make.a_person())
    seat = confirm(entry)
    assert (seat.person_id, seat.country, seat.state) == (entry.person_id, "KG", EnrolmentState.ENROLLED)
    assert confirm(entry).id == seat.id
    assert states([entry]) == ["confirmed"]
    assert entry.enrolment_id == seat.id
    table = cohorts.seat_table(cohort, utcnow())
    assert (table.total.taken, table.total.reserved, table.total.free) == (1, 0, 0)
    assert len(letters_of("vouchers.welcome")) == 1


def test_an_offer_past_its_end_reserves_nothing_cannot_be_confirmed_and_goes_on(app):
    cohort = a_full_cohort({"KG": 1}, confirm_hours=24)
    first, second = waiting(cohort, 2)
    a_seat_is_free(cohort)
    go_on(cohort)
    later = utcnow() + timedelta(hours=25)
    assert cohorts.seat_table(cohort, later).countries["KG"].free == 1
    with pytest.raises(Refused, match="over"):
        confirm(first, later)
    assert states([first]) == ["offered"]
    go_on(cohort, now=later)
    assert states([first, second]) == ["lapsed", "offered"]
    assert letters_of("waiting.lapsed") == [make.account_of(first.person).email]
    with pytest.raises(Refused, match="over"):
        confirm(first, later)
    again = join(cohort, first.person, now=later)
    assert queries.position(again) == 1


def test_letting_a_seat_go_frees_it_at_once(app):
    cohort = a_full_cohort({"KG": 1})
    first, second = waiting(cohort, 2)
    a_seat_is_free(cohort)
    go_on(cohort)
    with work():
        service.leave(first, utcnow(), by=first.person)
    with pytest.raises(Refused, match="No seat is offered"):
        confirm(first)
    go_on(cohort)
    assert states([first, second]) == ["left", "offered"]


def test_who_gets_a_seat_another_way_waits_no_longer(app):
    cohort = a_full_cohort({"KG": 2})
    first, second = waiting(cohort, 2)
    a_seat_is_free(cohort)
    with work():
        seat = seats.enrol(first.person, cohort, "KG", utcnow(), by=make.a_person())
    assert queries.position(second) == 1
    a_seat_is_free(cohort)
    go_on(cohort)
    assert states([first, second]) == ["confirmed", "offered"]
    assert first.enrolment_id == seat.id


def test_no_seat_is_promised_after_the_last_day_to_replace_somebody(app):
    now = utcnow()
    cohort = a_full_cohort({"KG": 1}, starts_on=(now - timedelta(days=3)).date(), days=9, closes_at=now - timedelta(days=4))
    (entry,) = waiting(cohort, 1)
    a_seat_is_free(cohort)
    assert not go_on(cohort)
    with work():
        cohort.replace_until = (now + timedelta(days=2)).date()
    go_on(cohort)
    assert states([entry]) == ["offered"]
    assert entry.offered_until <= queries.end_of(cohort)
    seat = confirm(entry)
    assert seat.counts_from == cohort.today(now)
    with pytest.raises(Refused, match="No more seats"):
        join(cohort, a_reader(), now=queries.end_of(cohort))


def test_without_consents_there_is_no_seat_and_the_offer_stays(app):
    cohort = a_full_cohort({"KG": 1})
    entry = make.a_place(cohort, make.somebody(country="KG"))
    a_seat_is_free(cohort)
    go_on(cohort)
    with pytest.raises(Refused, match="consents"):
        confirm(entry)
    assert states([entry]) == ["offered"]
    with work():
        service.confirm(entry, CONSENTS, "en", utcnow())
    assert states([entry]) == ["confirmed"]


def test_who_was_added_without_an_account_gets_one_with_the_seat(app):
    cohort = a_full_cohort({"KG": 1})
    entry = make.a_place(cohort, make.a_person(email="new@example.org", country="KG"))
    a_seat_is_free(cohort)
    go_on(cohort)
    assert letters_of("waiting.promoted") == ["new@example.org"]
    with work():
        service.confirm(entry, CONSENTS, "ru", utcnow())
    account = db.session.scalars(sa.select(Account).where(Account.person_id == entry.person_id)).one()
    assert (account.email, account.language, account.password) == ("new@example.org", "ru", None)
    assert "/invitation/" in db.session.scalars(sa.select(Mail.body).where(Mail.kind == "vouchers.welcome")).one()


# --- With a voucher --------------------------------------------------------------------------------------------------


def overbooked():
    """One seat, taken, and an open voucher that was promised beyond it."""
    cohort = a_full_cohort({"KG": 1})
    batch = make.a_batch(cohort, 1, override_reason="the minister asked")
    return cohort, make.vouchers_of(batch)[0]


def test_who_waits_with_a_voucher_gets_the_seat_that_it_reserves_and_uses_it(app):
    cohort, voucher = overbooked()
    (first,) = waiting(cohort, 1)
    second = join(cohort, a_reader(), voucher=voucher)
    assert (queries.position(second), voucher.used) == (2, 0)
    a_seat_is_free(cohort)
    assert free(cohort) == 0
    go_on(cohort)
    assert states([first, second]) == ["waiting", "offered"]
    assert free(cohort) == 0
    confirm(second)
    db.session.expire_all()
    assert (voucher.used, free(cohort)) == (1, 0)
    assert db.session.scalars(sa.select(Redemption)).one().enrolment_id == second.enrolment_id


def test_a_revoked_voucher_frees_its_seat_for_the_first_in_the_line(app):
    cohort, voucher = overbooked()
    (first,) = waiting(cohort, 1)
    second = join(cohort, a_reader(), voucher=voucher)
    a_seat_is_free(cohort)
    with work():
        vouchers.revoke(voucher.batch, "lost", make.a_person(), utcnow())
    go_on(cohort)
    assert states([first, second]) == ["offered", "waiting"]


def exchange(voucher, **how):
    with work():
        return vouchers.exchange(voucher, "lost", make.a_person(), utcnow(), **how)


@pytest.mark.parametrize("offered", [False, True])
def test_who_waits_with_a_code_that_was_lost_has_the_seat_of_the_new_one(app, offered):
    cohort, voucher = overbooked()
    entry = join(cohort, a_reader(), voucher=voucher)
    a_seat_is_free(cohort)
    if offered:
        go_on(cohort)
    new = exchange(voucher)
    assert free(cohort) == 0
    go_on(cohort)
    assert (states([entry]), entry.voucher_id, free(cohort)) == (["offered"], new.id, 0)
    confirm(entry)
    db.session.expire_all()
    assert (voucher.used, new.used, free(cohort)) == (0, 1, 0)


def test_who_confirms_while_the_code_is_exchanged_uses_the_new_one(app):
    cohort, voucher = overbooked()
    entry = join(cohort, a_reader(), voucher=voucher)
    a_seat_is_free(cohort)
    go_on(cohort)
    assert entry.voucher is voucher  # read before the exchange
    new = exchange(voucher)
    confirm(entry)
    db.session.expire_all()
    assert (voucher.used, new.used, free(cohort)) == (0, 1, 0)


@pytest.mark.parametrize("offered", [False, True])
def test_who_loses_the_code_to_somebody_else_waits_on_and_the_seat_is_promised_once(app, offered):
    cohort, voucher = overbooked()
    (first,) = waiting(cohort, 1)
    second = join(cohort, a_reader(), voucher=voucher)
    a_seat_is_free(cohort)
    if offered:
        go_on(cohort)
    exchange(voucher, for_somebody_else=True)
    go_on(cohort)
    assert (states([first, second]), second.voucher_id, free(cohort)) == (["waiting", "waiting"], None, 0)
    with pytest.raises(Refused, match="No seat is offered"):
        confirm(second)
    put_back = db.session.scalars(sa.select(Event.subject).where(Event.kind == "waiting.put_back")).all()
    assert put_back == ([f"waiting_entry:{second.id}"] if offered else [])


def test_a_batch_with_approval_makes_a_seat_that_waits_for_it(app):
    cohort, voucher = overbooked()
    with work():
        voucher.batch.approval = True
    entry = join(cohort, a_reader(), voucher=voucher)
    a_seat_is_free(cohort)
    go_on(cohort)
    assert confirm(entry).state is EnrolmentState.PENDING


# --- Handing back ----------------------------------------------------------------------------------------------------


def test_on_the_day_nothing_happens_and_after_it_unused_seats_are_shared_out(app):
    now = utcnow()
    cohort = make.a_cohort(
        seats={"KG": 3, "TJ": 1, "UZ": 1}, starts_on=(now + timedelta(days=14)).date(), hand_back_on=now.date(), country_order=["UZ"]
    )
    for country in ("TJ", "UZ"):
        make.an_enrolment(cohort, country=country)
    make.a_batch(cohort, 1, country="KG")
    theirs, others = waiting(cohort, 2, "TJ"), waiting(cohort, 1, "UZ")
    morning = now.replace(hour=2)
    assert not go_on(cohort, now=morning)
    go_on(cohort, now=morning + timedelta(days=1))
    assert moves() == [
        (MoveKind.HANDED_BACK, 2, "KG", None, None), (MoveKind.PROMOTED, 1, None, "UZ", None), (MoveKind.PROMOTED, 1, None, "TJ", None),
    ]  # fmt: skip
    assert states(others + theirs) == ["offered", "offered", "waiting"]
    # The open voucher kept its seat.
    assert free(cohort) == 0
    assert cohorts.seat_table(cohort, utcnow()).countries["KG"].reserved == 1
    assert not go_on(cohort, now=morning + timedelta(days=1))


def test_seats_that_come_free_after_enrolment_stay_for_who_takes_a_place(app):
    now = utcnow()
    cohort = a_full_cohort(
        {"KG": 1, "TJ": 1}, starts_on=(now - timedelta(days=2)).date(), closes_at=now - timedelta(days=3),
        hand_back_on=(now - timedelta(days=9)).date(), replace_until=(now + timedelta(days=2)).date(),
    )  # fmt: skip
    waiting(cohort, 1, "TJ")
    a_seat_is_free(cohort, "KG")
    assert not go_on(cohort)
    assert moves() == []


def test_a_coordinator_hands_back_earlier_and_sees_exactly_what_happens(app):
    cohort = make.a_cohort(seats={"KG": 2, "TJ": 1}, starts_on=(utcnow() + timedelta(days=14)).date())
    make.an_enrolment(cohort, country="TJ")
    (entry,) = waiting(cohort, 1, "TJ")
    by, now = make.a_person(), utcnow()
    assert not queries.outlook(cohort, now, share=False)
    seen = queries.outlook(cohort, now, share=True)
    another = make.a_place(cohort, a_reader("TJ"))
    with pytest.raises(Refused, match="changed since"):
        go_on(cohort, share=True, by=by, seen=seen.mark)
    assert (moves(), states([entry])) == ([], ["waiting"])
    with work():
        service.leave(another, utcnow(), by=another.person)
    go_on(cohort, share=True, by=by, seen=seen.mark)
    assert moves() == [(MoveKind.HANDED_BACK, 2, "KG", None, by.id), (MoveKind.PROMOTED, 1, None, "TJ", by.id)]
    assert states([entry]) == ["offered"]


def test_fewer_seats_invite_nobody(app):
    cohort = a_full_cohort({"KG": 3})
    entries = waiting(cohort, 5)
    a_seat_is_free(cohort, number=2)
    go_on(cohort)
    for _ in range(3):
        go_on(cohort)
    assert states(entries) == ["offered", "offered", "waiting", "waiting", "waiting"]


# --- By the clock ----------------------------------------------------------------------------------------------------


def test_every_hour_all_cohorts_go_on_and_a_second_time_nothing_happens(app, run_jobs):
    cohorts_full = [a_full_cohort({"KG": 1}) for _ in range(2)]
    entries = [waiting(cohort, 2) for cohort in cohorts_full]
    for cohort in cohorts_full:
        a_seat_is_free(cohort)
    for _ in range(2):
        with work():
            enqueue_hourly()
        run_jobs()
        assert [states(line) for line in entries] == [["offered", "waiting"]] * 2
    assert set(db.session.scalars(sa.select(Job.state).where(Job.name == "waiting.go_on"))) == {JobState.DONE}
    assert len(letters_of("waiting.promoted")) == 2


def test_killed_between_two_cohorts_the_rest_is_done_the_next_time(app, monkeypatch):
    cohorts_full = [a_full_cohort({"KG": 1}) for _ in range(2)]
    entries = [waiting(cohort, 1) for cohort in cohorts_full]
    for cohort in cohorts_full:
        a_seat_is_free(cohort)

    def killed(done, total):
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tasks.go_on(killed)
    db.session.rollback()
    assert [states(line) for line in entries] == [["offered"], ["waiting"]]
    tasks.go_on(lambda _done, _total: None)
    assert [states(line) for line in entries] == [["offered"], ["offered"]]
    assert len(letters_of("waiting.promoted")) == 2


def test_killed_in_the_middle_of_a_cohort_nothing_is_half_done(app, monkeypatch):
    cohort = make.a_cohort(seats={"KG": 2, "TJ": 1}, starts_on=(utcnow() + timedelta(days=14)).date())
    make.an_enrolment(cohort, country="TJ")
    (entry,) = waiting(cohort, 1, "TJ")

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(letters, "promoted", killed)
        with pytest.raises(KeyboardInterrupt):
            go_on(cohort, share=True)
    assert (moves(), states([entry]), letters_of("waiting.promoted")) == ([], ["waiting"], [])
    go_on(cohort, share=True)
    assert states([entry]) == ["offered"]


@pytest.mark.parametrize("people", [3, 300])
def test_going_on_takes_the_same_number_of_statements_however_many_wait(app, statements, people):
    cohort = a_full_cohort({"KG": 2})
    first = utcnow() - timedelta(days=1)
    for n in range(people):
        make.a_place(cohort, joined_at=first + timedelta(seconds=n))
    a_seat_is_free(cohort, number=2)
    with statements() as found:
        go_on(cohort)
    assert len(found) <= 12, found


def test_a_voucher_is_not_touched_by_waiting(app):
    cohort, voucher = overbooked()
    join(cohort, a_reader(), voucher=voucher)
    db.session.expire_all()
    assert db.session.scalars(sa.select(Voucher.used)).all() == [0]
