"""Pages of the timetable."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from dostyk.core.access import Role
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.schedule import queries
from dostyk.schedule.rules import SlotKind
from tests import factories as f


@pytest.fixture
def cohort(app):
    return f.a_cohort()


@pytest.fixture
def coordinator(app, sign_in):
    return sign_in(f.somebody(Role.COORDINATOR, full_name="Aliya Nurlanova"))


def url(cohort, rest=""):
    return f"/cohorts/{cohort.code}/schedule{rest}"


def text(response):
    return response.get_data(as_text=True)


def form(cohort, **changes):
    filled = {
        "kind": "training",
        "title-en": "Opening",
        "on": cohort.starts_on.isoformat(),
        "start": "09:00",
        "end": "10:30",
        "place": "Room 1",
    }
    return {**filled, **changes}


def test_an_empty_timetable_says_what_to_do_first(cohort, coordinator, sign_in):
    assert "Paste a table" in text(coordinator.get(url(cohort)))
    participant = f.somebody()
    f.an_enrolment(cohort, participant)
    page = text(sign_in(participant).get(url(cohort)))
    assert "No timetable yet" in page
    assert "Paste a table" not in page


def test_a_participant_reads_days_but_changes_nothing(cohort, sign_in):
    participant = f.somebody()
    f.an_enrolment(cohort, participant)
    slot = f.a_slot(cohort, place="Room 214")
    client = sign_in(participant)
    page = text(client.get(url(cohort)))
    assert "Room 214" in page
    assert "Today" in page
    assert "09:00" in page
    assert "GMT+05:00" in page
    assert url(cohort, f"/{slot.id}") not in page
    for method, path in (
        ("get", "/add"),
        ("get", f"/{slot.id}"),
        ("post", f"/{slot.id}/cancel"),
        ("post", f"/{slot.id}/delete"),
        ("get", "/paste"),
    ):
        assert getattr(client, method)(url(cohort, path)).status_code == 403


def test_a_stranger_learns_nothing(cohort, sign_in):
    assert sign_in(f.somebody()).get(url(cohort)).status_code == 404


def test_a_slot_is_added_changed_cancelled_restored_and_deleted(cohort, coordinator):
    assert coordinator.post(url(cohort, "/add"), data=form(cohort)).status_code == 302
    (slot,) = queries.slots_of(cohort)
    assert slot.academic_hours == 2
    filled = text(coordinator.get(url(cohort, f"/{slot.id}")))
    assert 'value="09:00"' in filled
    assert coordinator.post(url(cohort, f"/{slot.id}"), data=form(cohort, place="Room 2", academic_hours="1,5")).status_code == 302
    assert "Room 2" in text(coordinator.get(url(cohort)))
    assert "1.5 academic hours" in text(coordinator.get(url(cohort)))
    coordinator.post(url(cohort, f"/{slot.id}/cancel"), data={"reason": "The speaker is ill"})
    page = text(coordinator.get(url(cohort)))
    assert "Cancelled: The speaker is ill" in page
    coordinator.post(url(cohort, f"/{slot.id}/restore"))
    assert "Cancelled:" not in text(coordinator.get(url(cohort)))
    coordinator.post(url(cohort, f"/{slot.id}/delete"))
    assert "No timetable yet" in text(coordinator.get(url(cohort)))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title-en": ""}, "Fill in at least one language."),
        ({"end": "09:00"}, "The end is the same as the start"),
        ({"start": "nine"}, "Not a valid time value"),
        ({"academic_hours": "two"}, "is not a number of hours"),
        ({"kind": "party"}, "Not a valid choice"),
        ({"trainer": "999999"}, "Not a valid choice"),
        ({"kind": "cultural", "academic_hours": "2"}, "The cultural programme has no academic hours"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_added(cohort, coordinator, changes, sentence):
    answer = coordinator.post(url(cohort, "/add"), data=form(cohort, **changes))
    assert answer.status_code == 200
    assert sentence in text(answer)
    assert queries.slots_of(cohort) == []


def test_a_slot_of_another_cohort_is_not_there(cohort, coordinator):
    foreign = f.a_slot()
    for method, path in (("get", ""), ("post", ""), ("post", "/cancel"), ("post", "/restore"), ("post", "/delete")):
        assert getattr(coordinator, method)(url(cohort, f"/{foreign.id}{path}")).status_code == 404
    assert coordinator.get(url(cohort, "/99999999999999999999")).status_code == 404


def test_a_deletion_that_is_refused_says_what_to_do(cohort, coordinator, app):
    from dostyk.attendance.models import Mark
    from dostyk.attendance.rules import Status

    slot, enrolment = f.a_slot(cohort), f.an_enrolment(cohort)
    f.save(Mark(slot_id=slot.id, enrolment_id=enrolment.id, status=Status.PRESENT, at=utcnow(), by_id=f.a_person().id))
    answer = coordinator.post(url(cohort, f"/{slot.id}/delete"))
    assert answer.status_code == 409
    assert "cancel it instead" in text(answer)


def test_a_paste_is_shown_line_by_line_before_it_is_added(cohort, coordinator):
    table = f"{cohort.starts_on}\t9:00\t10:30\tOpening\n05/06/2026\t9:00\t10:30\tRegisters"
    page = text(coordinator.post(url(cohort, "/paste"), data={"table": table, "language": "en"}))
    assert "1 to correct" in page
    assert "“05/06/2026” is not a clear date" in page
    assert queries.slots_of(cohort) == []
    answer = coordinator.post(url(cohort, "/paste"), data={"table": table, "language": "en", "apply": "1"})
    assert "Nothing was added" in text(answer)
    right = table.replace("05/06/2026", "")
    assert "Add 2 slots" in text(coordinator.post(url(cohort, "/paste"), data={"table": right, "language": "ru"}))
    for _ in range(2):
        assert coordinator.post(url(cohort, "/paste"), data={"table": right, "language": "ru", "apply": "1"}).status_code == 302
    assert [s.title for s in queries.slots_of(cohort)] == [{"ru": "Opening"}, {"ru": "Registers"}]
    assert "there is nothing to add" in text(coordinator.post(url(cohort, "/paste"), data={"table": right, "language": "ru"}))


def test_an_empty_a_huge_and_a_damaged_paste_are_answered_calmly(cohort, coordinator):
    def answer(table):
        return coordinator.post(url(cohort, "/paste"), data={"table": table, "language": "en"})

    assert "There is no line to read" in text(answer(" \n\t")) or "required" in text(answer(" \n\t"))
    assert "more than 1,000 lines" in text(answer(f"{cohort.starts_on}\t9:00\t10:30\tOpening\n" * 5000))
    assert "Letters were lost" in text(
        coordinator.post(
            url(cohort, "/paste"),
            data=b"language=en&table=2026-11-23%099:00%0910:00%09%CE%F2%EA%F0%FB%F2%E8%E5",
            content_type="application/x-www-form-urlencoded",
        )
    )


def test_the_file_can_be_pasted_back(cohort, coordinator):
    trainer = f.somebody(Role.TRAINER, cohort=cohort, full_name="Serik Bekov")
    f.a_slot(cohort, place="Room 1", trainer=trainer, title={"en": "=Opening", "ru": "Открытие"})
    f.a_slot(cohort, day=1, hour=22, minutes=180, kind=SlotKind.CULTURAL, title={"en": "Night walk, by the river"})
    f.a_slot(cohort, hour=15, cancelled_at=utcnow(), cancelled_reason="Ill", title={"en": "Extra"})
    answer = coordinator.get(url(cohort, "?format=csv"))
    assert answer.mimetype == "text/csv"
    page = text(coordinator.post(url(cohort, "/paste"), data={"table": text(answer), "language": "en"}))
    assert "3 already in the timetable" in page
    assert "to correct" not in page


def test_warnings_are_for_who_plans(cohort, coordinator, sign_in):
    f.a_slot(cohort, day=30)
    f.a_slot(cohort, hour=9)
    f.a_slot(cohort, hour=10, minutes=60, title={"en": "Parallel"})
    participant = f.somebody()
    f.an_enrolment(cohort, participant)
    for sentence in ("outside the dates of the cohort", "takes place at the same time"):
        assert sentence in text(coordinator.get(url(cohort)))
        assert sentence not in text(sign_in(participant).get(url(cohort)))


def test_the_sums_are_said_and_not_enforced(cohort, coordinator):
    f.a_slot(cohort)
    assert "holds 2 of the course's 40 academic hours" in text(coordinator.get(url(cohort)))
    f.a_slot(cohort, hour=15, academic_hours=39)
    assert "more than the course" in text(coordinator.get(url(cohort)))


def test_an_archived_cohort_is_read_only(cohort, coordinator):
    slot = f.a_slot(cohort)
    with work():
        cohort.archived_at = utcnow()
    assert "Add a slot" not in text(coordinator.get(url(cohort)))
    assert coordinator.post(url(cohort, f"/{slot.id}/delete")).status_code == 409
    assert "archived" in text(coordinator.post(url(cohort, "/add"), data=form(cohort)))


def test_the_page_costs_the_same_for_3_and_for_300_slots(cohort, coordinator, statements):
    trainer = f.somebody(Role.TRAINER, cohort=cohort)

    def count():
        with statements() as found:
            assert coordinator.get(url(cohort)).status_code == 200
        return len(found)

    for hour in (9, 11, 14):
        f.a_slot(cohort, hour=hour, trainer=trainer)
    few = count()
    for n in range(297):
        f.a_slot(cohort, day=n // 20, hour=n % 20, minutes=30, title={"en": f"Lesson {n}"}, trainer=trainer)
    assert count() == few <= 5


def test_todays_slots_of_a_trainer_are_those_of_the_day_at_the_venue(app):
    trainer = f.somebody(Role.TRAINER)
    cohort = f.a_cohort(time_zone="Asia/Kabul")
    today = f.a_slot(cohort, hour=0, minutes=30, trainer=trainer)
    f.a_slot(cohort, day=1, hour=0, trainer=trainer)
    f.a_slot(cohort, hour=12, trainer=f.a_person())
    f.a_slot(cohort, hour=13, trainer=trainer, cancelled_at=utcnow(), cancelled_reason="Ill")
    noon = f.datetime.combine(cohort.starts_on, time(12), f.ZoneInfo("Asia/Kabul"))
    assert [s.id for s in queries.today_of_trainer(trainer, noon)] == [today.id]
    assert queries.today_of_trainer(trainer, noon - timedelta(days=1)) == []
