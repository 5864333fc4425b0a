"""Taking the roll: once, twice, two at once, foreign, refused."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa

from dostyk.attendance import queries, service
from dostyk.attendance.models import Mark
from dostyk.attendance.rules import Excuse, Presence, Status
from dostyk.attendance.service import Entry
from dostyk.cohorts.models import Cohort
from dostyk.cohorts.rules import EnrolmentState
from dostyk.core.access import Role
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from dostyk.people.models import Person
from tests import factories as f

PRESENT, ABSENT = Presence(Status.PRESENT), Presence(Status.ABSENT)


@pytest.fixture
def cohort(app):
    return f.a_cohort(capacity=400)


@pytest.fixture
def slot(cohort):
    return f.a_slot(cohort)


@pytest.fixture
def serik(cohort):
    return f.somebody(Role.TRAINER, cohort=cohort, full_name="Serik Bekov", own_name="")


@pytest.fixture
def anna(cohort):
    return f.somebody(Role.TRAINER, cohort=cohort, full_name="Anna Kim", own_name="")


def mark(cohort, slot, enrolment, said, by, now=None, reason="", client_id=None):
    with work():
        return service.mark(cohort, slot.id, Entry(enrolment.id, said, reason, client_id), by=by, now=now or utcnow())


def log():
    return [(m.status, m.reason) for m in db.session.scalars(sa.select(Mark).order_by(Mark.id))]


def test_a_mark_is_kept_with_who_and_when(cohort, slot, serik):
    enrolment, now = f.an_enrolment(cohort), utcnow()
    row, far, _slot = mark(cohort, slot, enrolment, Presence(Status.EXCUSED, None, Excuse.DUTY), serik, now)
    kept = db.session.scalars(sa.select(Mark)).one()
    assert (kept.status, kept.excuse, kept.late_minutes, kept.by_id, kept.at) == (Status.EXCUSED, Excuse.DUTY, None, serik.id, now)
    assert (row.by_name, far.marked, far.enrolled) == ("Serik Bekov", 1, 1)


def test_the_same_mark_again_is_no_new_mark(cohort, slot, serik, anna):
    enrolment = f.an_enrolment(cohort)
    for by in (serik, serik, anna):
        row, far, _slot = mark(cohort, slot, enrolment, PRESENT, by)
    assert (len(log()), row.by_name, far.marked) == (1, "Serik Bekov", 1)


def test_a_tap_that_was_sent_twice_is_one_mark_even_after_another_one(cohort, slot, serik):
    enrolment = f.an_enrolment(cohort)
    mark(cohort, slot, enrolment, PRESENT, serik, client_id="a" * 32)
    mark(cohort, slot, enrolment, ABSENT, serik, client_id="b" * 32)
    row, _far, _slot = mark(cohort, slot, enrolment, PRESENT, serik, client_id="a" * 32)
    assert [status for status, _ in log()] == [Status.PRESENT, Status.ABSENT]
    assert row.mark.presence == ABSENT


def test_a_tap_of_somebody_else_is_refused(cohort, slot, serik):
    one, other = f.an_enrolment(cohort), f.an_enrolment(cohort)
    mark(cohort, slot, one, PRESENT, serik, client_id="a" * 32)
    with pytest.raises(Refused):
        mark(cohort, slot, other, PRESENT, serik, client_id="a" * 32)
    assert len(log()) == 1


def test_a_later_change_is_a_new_mark_with_a_reason(cohort, slot, serik, anna):
    enrolment, now = f.an_enrolment(cohort), utcnow()
    mark(cohort, slot, enrolment, PRESENT, serik, now)
    mark(cohort, slot, enrolment, ABSENT, serik, now + timedelta(minutes=9))  # a slip of the same person
    for by, later in ((serik, timedelta(minutes=30)), (anna, timedelta(minutes=9))):
        with pytest.raises(Refused) as refused:
            mark(cohort, slot, enrolment, PRESENT, by, now + later, reason="  ")
        assert refused.value.field == "reason"
    mark(cohort, slot, enrolment, PRESENT, anna, now + timedelta(days=3), reason="Came after the roll")
    assert log() == [(Status.PRESENT, None), (Status.ABSENT, None), (Status.PRESENT, "Came after the roll")]
    assert [m.by.full_name for m in queries.history(slot.id, enrolment.id)] == ["Serik Bekov", "Serik Bekov", "Anna Kim"]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (Presence(Status.LATE), "late_minutes"),
        (Presence(Status.LATE, 0), "late_minutes"),
        (Presence(Status.LATE, -3), "late_minutes"),
        (Presence(Status.LATE, 90), "late_minutes"),
        (Presence(Status.EXCUSED), "excuse"),
    ],
)
def test_a_mark_that_says_nothing_is_refused(cohort, slot, serik, said, field):
    with pytest.raises(Refused) as refused:
        mark(cohort, slot, f.an_enrolment(cohort), said, serik)
    assert (refused.value.field, log()) == (field, [])


def test_whoever_holds_no_seat_here_is_not_marked(cohort, slot, serik):
    withdrawn = f.an_enrolment(cohort, state=EnrolmentState.WITHDRAWN, withdrawn_at=utcnow())
    foreign = f.an_enrolment()
    for enrolment in (withdrawn, foreign):
        with pytest.raises(Refused) as refused:
            mark(cohort, slot, enrolment, PRESENT, serik)
        assert refused.value.status == 404
    with pytest.raises(Refused) as refused:
        mark(cohort, f.a_slot(), f.an_enrolment(cohort), PRESENT, serik)
    assert (refused.value.status, log()) == (404, [])


def test_nobody_is_marked_too_early_in_a_cancelled_slot_or_after_the_archive(cohort, slot, serik):
    enrolment = f.an_enrolment(cohort)
    tomorrow = f.a_slot(cohort, day=1)
    cancelled = f.a_slot(cohort, hour=15, cancelled_at=utcnow(), cancelled_reason="Ill")
    entry = Entry(enrolment.id, PRESENT)
    for closed in (tomorrow, cancelled):
        for verb in (
            lambda: service.mark(cohort, closed.id, entry, by=serik, now=slot.starts_at),  # noqa: B023
            lambda: service.take_roll(cohort, closed, [entry], by=serik, now=slot.starts_at),  # noqa: B023
            lambda: service.mark_all_present(cohort, closed, by=serik, now=slot.starts_at),  # noqa: B023
        ):
            with pytest.raises(Refused), work():
                verb()
    with work():
        cohort.archived_at = utcnow()
    with pytest.raises(Refused):
        mark(cohort, slot, enrolment, PRESENT, serik)
    assert log() == []


def test_all_present_marks_only_who_is_not_marked(cohort, slot, serik):
    late, unmarked = f.an_enrolment(cohort), f.an_enrolment(cohort)
    f.an_enrolment(cohort, state=EnrolmentState.WITHDRAWN, withdrawn_at=utcnow())
    f.an_enrolment()
    mark(cohort, slot, late, Presence(Status.LATE, 10), serik)
    now = utcnow()
    for expected in (1, 0):
        with work():
            assert service.mark_all_present(cohort, slot, by=serik, now=now) == expected
    assert {n: m.presence for n, m in queries.current_marks(slot.id).items()} == {late.id: Presence(Status.LATE, 10), unmarked.id: PRESENT}
    assert queries.current_marks(slot.id)[unmarked.id].at == now


def test_a_form_keeps_what_it_can_and_asks_about_the_rest(cohort, slot, serik, anna):
    good, changed, faulty, foreign = f.an_enrolment(cohort), f.an_enrolment(cohort), f.an_enrolment(cohort), f.an_enrolment()
    mark(cohort, slot, changed, PRESENT, anna)
    entries = [Entry(good.id, PRESENT), Entry(changed.id, ABSENT), Entry(faulty.id, Presence(Status.LATE)), Entry(foreign.id, PRESENT)]
    with work():
        taken = service.take_roll(cohort, slot, entries, by=serik, now=utcnow())
    assert (taken.saved, {number: refused.field for number, refused in taken.asked.items()}) == (
        1,
        {changed.id: "reason", faulty.id: "late_minutes"},
    )
    with work():
        assert service.take_roll(cohort, slot, entries[:1], by=anna, now=utcnow()).saved == 0
    assert set(queries.current_marks(slot.id)) == {good.id, changed.id}


def test_a_roll_costs_the_same_for_3_and_for_300_people(cohort, slot, serik, statements):
    def cost(people, said):
        with statements() as found, work():
            service.take_roll(cohort, slot, [Entry(e.id, said, "Reason") for e in people], by=serik, now=utcnow())
        return len(found)

    few = [f.an_enrolment(cohort) for _ in range(3)]
    one = cost(few, PRESENT)
    with work():
        db.session.add_all([f.Enrolment(cohort_id=cohort.id, person=person(n), enrolled_at=utcnow()) for n in range(297)])
    everybody = list(db.session.scalars(sa.select(f.Enrolment)))
    assert cost(everybody, ABSENT) == one <= 3
    other = f.a_slot(cohort, hour=15)
    with statements() as found, work():
        assert service.mark_all_present(cohort, other, by=serik, now=utcnow() + timedelta(days=1)) == 300
    assert len(found) == 3  # lock, insert, log


def person(number):
    return Person(
        full_name=f"Person {number}", sort_name=f"person {number:03}", search=f"person {number}", country="KG", created_at=utcnow()
    )


def at_once(app, *verbs):
    """What each of several threads that begin at the same moment got, or how it was refused."""
    barrier, results = Barrier(len(verbs)), [None] * len(verbs)

    def run(position, verb):
        with app.app_context():
            barrier.wait()
            try:
                results[position] = verb()
            except Refused as refused:
                results[position] = refused
            finally:
                db.session.remove()

    db.session.rollback()
    threads = [Thread(target=run, args=item) for item in enumerate(verbs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def tap(cohort_id, slot_id, enrolment_id, person_id, said, client_id=None):
    def verb():
        cohort, by = db.session.get(Cohort, cohort_id), db.session.get(Person, person_id)
        db.session.rollback()
        with work():
            return service.mark(cohort, slot_id, Entry(enrolment_id, said, "", client_id), by=by, now=utcnow())

    return verb


def test_of_two_trainers_who_disagree_at_once_the_second_is_asked_why(app, cohort, slot, serik, anna):
    for _ in range(4):
        enrolment = f.an_enrolment(cohort)
        numbers = (cohort.id, slot.id, enrolment.id)
        results = at_once(app, tap(*numbers, serik.id, PRESENT), tap(*numbers, anna.id, ABSENT))
        refused = [r for r in results if isinstance(r, Refused)]
        assert [r.field for r in refused] == ["reason"]
        assert len(queries.history(slot.id, enrolment.id)) == 1


def test_the_same_tap_by_eight_at_once_is_one_mark(app, cohort, slot, serik):
    enrolment = f.an_enrolment(cohort)
    results = at_once(app, *[tap(cohort.id, slot.id, enrolment.id, serik.id, PRESENT, "a" * 32) for _ in range(8)])
    assert not any(isinstance(r, Refused) for r in results)
    assert len(log()) == 1


def test_all_present_twice_at_once_marks_everybody_once_and_a_late_one_stays_late(app, cohort, slot, serik, anna):
    people = [f.an_enrolment(cohort) for _ in range(20)]
    cohort_id, slot_id, serik_id, anna_id = cohort.id, slot.id, serik.id, anna.id

    def all_present():
        of, in_, by = db.session.get(Cohort, cohort_id), db.session.get(f.Slot, slot_id), db.session.get(Person, serik_id)
        db.session.rollback()
        with work():
            return service.mark_all_present(of, in_, by=by, now=utcnow())

    late = tap(cohort_id, slot_id, people[7].id, anna_id, Presence(Status.LATE, 10))
    results = at_once(app, all_present, all_present, late)
    current = queries.current_marks(slot_id)
    assert len(log()) == len(current) == 20
    # Whoever came second about this one person was asked or had nothing left to do.
    assert isinstance(results[2], Refused) or current[people[7].id].presence == Presence(Status.LATE, 10)
