"""Records of whole cohorts: the same as person by person, in a constant number of statements."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import sqlalchemy as sa

from dostyk.attendance import queries, rules
from dostyk.attendance.models import Mark
from dostyk.attendance.rules import Excuse, Logged, Presence, Standing, Status
from dostyk.cohorts.rules import EnrolmentState
from dostyk.core.access import Grant, Role
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.courses.rules import ExcusedHours, LateHours
from dostyk.schedule.queries import slots_of
from dostyk.schedule.rules import SlotKind
from tests import factories as f

SAID = [Presence(Status.PRESENT), Presence(Status.ABSENT), Presence(Status.LATE, 30), Presence(Status.EXCUSED, None, Excuse.ILLNESS)]


def a_marked_cohort(people=3, slots=4, seed=1, **course):
    """A cohort with a log of marks, some of them corrected, and some slots without any."""
    chance = random.Random(seed)
    cohort = f.a_cohort(f.a_course(**course), capacity=people)
    trainer = f.a_person()
    enrolments = [f.an_enrolment(cohort) for _ in range(people)]
    made = [
        f.a_slot(cohort, day=n // 4, hour=8 + n % 4 * 2, academic_hours=Decimal(chance.choice(["1", "1.5", "2"]))) for n in range(slots)
    ]
    made.append(f.a_slot(cohort, day=0, hour=20, kind=SlotKind.CULTURAL))
    made.append(f.a_slot(cohort, day=0, hour=18, cancelled_at=utcnow(), cancelled_reason="Ill"))
    with work():
        for slot in made:
            for enrolment in enrolments:
                for _ in range(chance.choice([0, 1, 1, 2])):
                    said = chance.choice(SAID)
                    row = Mark(
                        slot_id=slot.id, enrolment_id=enrolment.id, status=said.status, late_minutes=said.late_minutes,
                        excuse=said.excuse, at=utcnow(), by_id=trainer.id,
                    )  # fmt: skip
                    db.session.add(row)
                    db.session.flush()
    return cohort, enrolments


def test_the_current_marks_of_a_cohort_are_those_of_each_log(app):
    cohort, _ = a_marked_cohort(people=4, slots=6)
    logs: dict[tuple[int, int], list[Logged]] = {}
    for mark in db.session.scalars(sa.select(Mark)):
        logs.setdefault((mark.enrolment_id, mark.slot_id), []).append(queries.logged(mark))
    expected = {key: rules.current(log).presence for key, log in logs.items()}
    found = queries.latest(cohort)
    assert {(e, s): said for e, marks in found.items() for s, said in marks.items()} == expected
    for slot in slots_of(cohort):
        assert {e: m.presence for e, m in queries.current_marks(slot.id).items()} == {
            e: p for (e, s), p in expected.items() if s == slot.id
        }
        by_row = {r.enrolment_id: r.mark.presence for r in queries.roll(cohort, slot) if r.mark}
        assert by_row == {e: p for (e, s), p in expected.items() if s == slot.id}


def test_a_persons_own_record_is_the_same_as_in_the_whole(app):
    now = utcnow() + timedelta(hours=3)
    cohort, enrolments = a_marked_cohort(excused_hours=ExcusedHours.ATTENDED, late_hours=LateHours.LESS_MINUTES)
    whole = queries.records(cohort, now)
    sheet = {p.enrolment_id: p.record for p in queries.sheet(cohort, now).people}
    for enrolment in enrolments:
        own = queries.own_enrolment(cohort.code.lower(), enrolment.person_id)
        assert queries.own_record(own, now)[1] == whole[enrolment.id] == sheet[enrolment.id]
    assert queries.own_enrolment(cohort.code, f.a_person().id) is None


def test_records_hold_everybody_also_who_withdrew_and_who_was_never_marked(app):
    cohort = f.a_cohort()
    slot = f.a_slot(cohort)
    never, withdrawn = f.an_enrolment(cohort), f.an_enrolment(cohort, state=EnrolmentState.WITHDRAWN, withdrawn_at=utcnow())
    f.an_enrolment()
    records = queries.records(cohort, slot.ends_at)
    assert set(records) == {never.id, withdrawn.id}
    assert records[never.id].percentages == rules.Percentages(Fraction(0), Fraction(0), Fraction(0))
    sheet = queries.sheet(cohort, slot.ends_at)
    assert (sheet.enrolled, [s.id for s in sheet.forgotten(slot.ends_at)]) == (1, [slot.id])
    assert {p.enrolment_id: p.standing for p in sheet.people}[never.id] is Standing.ROLLS_MISSING


def test_records_take_three_statements_for_3_and_for_300(app, statements):
    def cost(**size):
        cohort, enrolments = a_marked_cohort(**size)
        db.session.rollback()
        with statements() as found:
            assert len(queries.records(cohort, utcnow())) == len(enrolments)
        with statements() as page:
            queries.sheet(cohort, utcnow())
        return len(found), len(page)

    assert cost(people=3, slots=2) == cost(people=60, slots=10) == (3, 3)


def test_today_has_ones_own_slots_first(app):
    cohort, other = f.a_cohort(), f.a_cohort()
    trainer = f.somebody(Role.TRAINER, cohort=cohort)
    grants = [Grant(Role.TRAINER, cohort_id=cohort.id)]
    now = f.datetime.combine(cohort.starts_on, f.time(12), f.ZONE)
    own = f.a_slot(cohort, hour=15, trainer=trainer)
    nobodys = f.a_slot(cohort, hour=16)
    colleagues = f.a_slot(cohort, hour=9, trainer=f.a_person())
    f.a_slot(cohort, day=1)
    f.a_slot(other)
    enrolment = f.an_enrolment(cohort)
    f.an_enrolment(cohort)
    f.save(Mark(slot_id=own.id, enrolment_id=enrolment.id, status=Status.PRESENT, at=now, by_id=trainer.id))
    assert [(s.slot.id, s.own, s.marked, s.unmarked) for s in queries.today(trainer, grants, now)] == [
        (own.id, True, 1, 1),
        (nobodys.id, True, 0, 2),
        (colleagues.id, False, 0, 2),
    ]
    everywhere = queries.today(f.a_person(), [Grant(Role.COORDINATOR)], now)
    assert (len(everywhere), any(s.own for s in everywhere)) == (4, False)
    assert queries.today(trainer, [], now) == []


def test_forgotten_rolls_are_found_by_cohort(app):
    cohort = f.a_cohort()
    enrolment = f.an_enrolment(cohort)
    taken, forgotten = f.a_slot(cohort), f.a_slot(cohort, hour=12)
    f.a_slot(cohort, hour=14, kind=SlotKind.CULTURAL)
    f.a_slot(cohort, hour=16, cancelled_at=utcnow(), cancelled_reason="Ill")
    f.a_slot(f.a_cohort())  # nobody is enrolled there
    f.save(Mark(slot_id=taken.id, enrolment_id=enrolment.id, status=Status.PRESENT, at=utcnow(), by_id=f.a_person().id))
    everywhere = [Grant(Role.COORDINATOR)]
    assert queries.forgotten(everywhere, forgotten.ends_at + timedelta(hours=1)) == []
    later = forgotten.ends_at + timedelta(hours=13)
    assert [(c.cohort_code, c.slots) for c in queries.forgotten(everywhere, later)] == [(cohort.code, 1)]
    assert queries.forgotten([Grant(Role.COORDINATOR, cohort_id=0)], later) == []
    assert queries.forgotten(everywhere, later + timedelta(days=60)) == []


def test_who_joined_late_is_measured_from_that_day_everywhere(app):
    now = utcnow()
    cohort = f.a_cohort(starts_on=(now - timedelta(days=4)).date(), days=5)
    first, second = f.a_slot(cohort, day=0), f.a_slot(cohort, day=2)
    trainer = f.a_person()
    early = f.an_enrolment(cohort)
    late = f.an_enrolment(cohort, counts_from=cohort.starts_on + timedelta(days=2))
    waits = f.an_enrolment(cohort, state=EnrolmentState.PENDING)
    with work():
        for seat in (early, late):
            db.session.add(Mark(slot=second, enrolment=seat, status=Status.PRESENT, by=trainer, at=now))
    expected = {early.id: (4, 2), late.id: (2, 2)}
    found = queries.records(cohort, now)
    assert {n: (found[n].planned, found[n].attended) for n in expected} == expected
    assert queries.records_of([early, late], now) == {n: found[n] for n in expected}
    people = {row.enrolment_id: row for row in queries.sheet(cohort, now).people}
    assert {n: row.record for n, row in people.items()} == {n: found[n] for n in expected}
    assert (people[early.id].counts_from, people[late.id].counts_from) == (None, late.counts_from)
    assert [queries.own_record(seat, now)[1] for seat in (early, late)] == [found[early.id], found[late.id]]
    assert queries.own_enrolment(cohort.code, waits.person_id) is None
    assert first.id in {slot.id for slot, _mark in queries.own_record(late, now)[0]}


def test_who_waits_for_approval_is_on_no_roll(app):
    cohort = f.a_cohort()
    slot, seat, trainer = f.a_slot(cohort), f.an_enrolment(cohort), f.a_person()
    f.an_enrolment(cohort, state=EnrolmentState.PENDING)
    with work():
        db.session.add(Mark(slot=slot, enrolment=seat, status=Status.PRESENT, by=trainer, at=utcnow()))
    assert queries.before(cohort, slot.id, seat.id, None)[2] == queries.Marked(1, 1)
    (today,) = queries.today(trainer, [Grant(Role.TRAINER, cohort_id=cohort.id)], utcnow())
    assert (today.enrolled, today.unmarked, cohort.taken) == (1, 0, 2)
