"""What changes a timetable: once, twice, two at once, refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa

from dostyk.attendance.models import Mark
from dostyk.attendance.rules import Status
from dostyk.core.access import Role
from dostyk.core.audit import Event
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from dostyk.schedule import queries, service
from dostyk.schedule.models import Slot
from dostyk.schedule.rules import SlotKind
from dostyk.schedule.service import SlotDetails
from tests import factories as f


@pytest.fixture
def cohort(app):
    return f.a_cohort()


@pytest.fixture
def aliya(app):
    return f.somebody(Role.COORDINATOR, full_name="Aliya Nurlanova", own_name="")


def details(cohort, **changes):
    return replace(SlotDetails(SlotKind.TRAINING, {"en": "Opening"}, cohort.starts_on, time(9), time(10, 30), place="Room 1"), **changes)


def add(cohort, by, **changes):
    with work():
        return service.add(cohort, details(cohort, **changes), by=by, now=utcnow())


def paste(cohort, by, text):
    with work():
        return service.paste(cohort, text, "en", by=by, now=utcnow())


def events():
    return db.session.scalars(sa.select(Event.kind).order_by(Event.id)).all()


def test_hours_come_from_the_length_unless_told(cohort, aliya):
    assert add(cohort, aliya).academic_hours == 2
    assert add(cohort, aliya, start=time(11), end=time(12), academic_hours=Decimal("1.5")).academic_hours == Decimal("1.5")
    assert add(cohort, aliya, start=time(14), end=time(15), academic_hours=Decimal(0)).academic_hours == 0
    assert add(cohort, aliya, kind=SlotKind.CULTURAL, start=time(18), end=time(20)).academic_hours == 0


def test_the_same_slot_twice_is_refused(cohort, aliya):
    add(cohort, aliya)
    with pytest.raises(Refused) as refused:
        add(cohort, aliya)
    assert refused.value.field == "title"
    assert len(queries.slots_of(cohort)) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"end": time(9)}, "end"),
        ({"title": {}}, "title"),
        ({"kind": SlotKind.CULTURAL, "academic_hours": Decimal(2)}, "academic_hours"),
        ({"trainer_id": 2**31 - 1}, "trainer"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(cohort, aliya, changes, field):
    with pytest.raises(Refused) as refused:
        add(cohort, aliya, **changes)
    assert refused.value.field == field
    assert queries.slots_of(cohort) == []


def test_trainers_are_those_of_the_cohort_its_host_and_everywhere(cohort):
    own = f.somebody(Role.TRAINER, cohort=cohort, full_name="A Own")
    of_host = f.somebody(Role.TRAINER, organisation=cohort.host, full_name="B Host")
    everywhere = f.somebody(Role.COORDINATOR, full_name="C Everywhere")
    f.somebody(Role.TRAINER, cohort=f.a_cohort(), full_name="D Foreign")
    f.somebody(Role.OBSERVER, full_name="E Observer")
    f.an_assignment(own, Role.COORDINATOR, cohort=cohort)
    assert queries.trainers(cohort) == [own, of_host, everywhere]


def test_a_changed_slot_is_in_the_log_with_what_it_was(cohort, aliya):
    slot = add(cohort, aliya)
    for _ in range(2):
        with work():
            service.edit(cohort, slot, details(cohort, place="Room 2"), by=aliya, now=utcnow())
    assert events() == ["slot.added", "slot.changed"]
    event = db.session.scalars(sa.select(Event).where(Event.kind == "slot.changed")).one()
    assert (event.data["before"]["place"], event.data["place"], event.actor, event.cohort) == (
        "Room 1",
        "Room 2",
        "Aliya Nurlanova",
        cohort.code,
    )


def test_cancelling_needs_a_reason_is_done_once_and_can_be_undone(cohort, aliya):
    slot = add(cohort, aliya)
    with pytest.raises(Refused), work():
        service.cancel(cohort, slot, "  ", by=aliya, now=utcnow())
    for reason in ("The speaker is ill", "Another reason"):
        with work():
            service.cancel(cohort, slot, reason, by=aliya, now=utcnow())
    assert slot.cancelled_reason == "The speaker is ill"
    assert queries.planned_hours([slot]) == 0
    for _ in range(2):
        with work():
            service.restore(cohort, slot, by=aliya, now=utcnow())
    assert (slot.cancelled_at, slot.cancelled_reason) == (None, None)
    assert events() == ["slot.added", "slot.cancelled", "slot.restored"]


def test_only_a_slot_without_marks_can_be_deleted(cohort, aliya):
    slot = add(cohort, aliya)
    enrolment = f.an_enrolment(cohort)
    mark = f.save(Mark(slot_id=slot.id, enrolment_id=enrolment.id, status=Status.PRESENT, at=utcnow(), by_id=aliya.id))
    with pytest.raises(Refused), work():
        service.delete(cohort, slot, by=aliya, now=utcnow())
    assert db.session.get(Slot, slot.id) is not None
    assert db.session.get(Mark, mark.id) is not None
    other = add(cohort, aliya, start=time(11), end=time(12))
    with work():
        service.delete(cohort, other, by=aliya, now=utcnow())
    assert [s.id for s in queries.slots_of(cohort)] == [slot.id]


def test_nothing_changes_after_the_archive(cohort, aliya):
    slot = add(cohort, aliya)
    with work():
        cohort.archived_at = utcnow()
    for verb in (
        lambda: service.add(cohort, details(cohort, start=time(11), end=time(12)), by=aliya, now=utcnow()),
        lambda: service.edit(cohort, slot, details(cohort, place="Elsewhere"), by=aliya, now=utcnow()),
        lambda: service.cancel(cohort, slot, "Reason", by=aliya, now=utcnow()),
        lambda: service.delete(cohort, slot, by=aliya, now=utcnow()),
        lambda: service.paste(cohort, f"{cohort.starts_on}\t14:00\t15:00\tLesson", "en", by=aliya, now=utcnow()),
    ):
        with pytest.raises(Refused), work():
            verb()
    assert [s.place for s in queries.slots_of(cohort)] == ["Room 1"]


def test_a_paste_is_added_once(cohort, aliya):
    trainer = f.somebody(Role.TRAINER, cohort=cohort, full_name="Serik Bekov", own_name="Серік Беков", email="serik@example.org")
    day = cohort.starts_on
    text = (
        "Date\tStart\tEnd\tTitle\tKind\tPlace\tTrainer\tHours\n"
        f"{day}\t9:00\t10:30\tOpening\t\tRoom 1\tSERIK@example.org\t\n"
        f"\t11:00\t12:30\tRegisters\t\tRoom 1\tсерік беков\t1,5\n"
        f"{day + timedelta(days=1)}\t22:00\t01:00\tNight walk\tcultural\n"
        f"{day}\t9:00\t10:30\tOpening\t\tRoom 1\n"
    )
    assert paste(cohort, aliya, text) == 3
    assert paste(cohort, aliya, text) == 0
    slots = queries.slots_of(cohort)
    assert [(s.title, s.kind, s.academic_hours, s.trainer_id) for s in slots] == [
        ({"en": "Opening"}, SlotKind.TRAINING, 2, trainer.id),
        ({"en": "Registers"}, SlotKind.TRAINING, Decimal("1.5"), trainer.id),
        ({"en": "Night walk"}, SlotKind.CULTURAL, 0, None),
    ]
    assert slots[2].ends_at - slots[2].starts_at == timedelta(hours=3)
    assert events().count("schedule.pasted") == 1


def test_one_wrong_line_adds_nothing(cohort, aliya):
    with pytest.raises(Refused) as refused:
        paste(cohort, aliya, f"{cohort.starts_on}\t9:00\t10:30\tOpening\n05/06/2026\t9:00\t10:30\tLesson")
    assert refused.value.field == "table"
    assert queries.slots_of(cohort) == []


@pytest.mark.parametrize("text", ["", " \n ", "2026-11-23\t9:00\t10:00\tLesson\n" * 5000])
def test_an_empty_and_a_huge_paste_are_refused(cohort, aliya, text):
    with pytest.raises(Refused):
        paste(cohort, aliya, text)
    assert queries.slots_of(cohort) == []


def test_pasting_costs_the_same_for_many_lines(cohort, aliya, statements):
    def text(number):
        return "\n".join(f"{cohort.starts_on}\t{8 + n // 60}:{n % 60:02}\t22:00\tLesson {n}" for n in range(number))

    with statements() as few:
        paste(cohort, aliya, text(3))
    with statements() as many:
        paste(cohort, aliya, text(300))
    assert len(queries.slots_of(cohort)) == 300
    assert len(many) == len(few) <= 6


def at_once(app, verb, number):
    """The results, or the refusals, of `number` threads that call `verb` at the same moment."""
    barrier, results = Barrier(number), []

    def run():
        with app.app_context():
            barrier.wait()
            try:
                results.append(verb())
            except Refused as refused:
                results.append(refused)
            finally:
                db.session.remove()

    db.session.rollback()
    threads = [Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_the_same_paste_by_six_at_once_is_added_once(app, cohort, aliya):
    day, cohort_id, person_id = cohort.starts_on, cohort.id, aliya.id

    def verb():
        by, of = db.session.get(type(aliya), person_id), db.session.get(type(cohort), cohort_id)
        return paste(of, by, f"{day}\t9:00\t10:30\tOpening\n{day}\t11:00\t12:30\tRegisters")

    assert sorted(at_once(app, verb, 6)) == [0, 0, 0, 0, 0, 2]
    assert len(queries.slots_of(cohort)) == 2
