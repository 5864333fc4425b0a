"""A cohort is held once more: plan, seats, roles and letters, on other days; never people."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from dostyk.cohorts import queries, service
from dostyk.cohorts.models import Assignment, Cohort, CountrySeats, Enrolment
from dostyk.cohorts.rules import MoveKind
from dostyk.core.access import Role
from dostyk.core.audit import Event
from dostyk.core.clock import days_later, utcnow
from dostyk.core.database import Base, db, work
from dostyk.core.errors import Refused
from dostyk.messages.models import MessageTemplate
from dostyk.schedule.models import Slot
from dostyk.schedule.rules import SlotKind
from tests import factories as make

TASHKENT, BERLIN = "Asia/Tashkent", "Europe/Berlin"


def copied(cohort: Cohort, starts_on: date, code: str = "", *, staff: bool = True) -> Cohort:
    with work():
        return service.copy(cohort, code, starts_on, staff=staff, by=make.a_person("Aigul Seitkali"), now=utcnow()).cohort


def local(at: datetime, zone: str) -> tuple[int, int, int]:
    there = at.astimezone(ZoneInfo(zone))
    return there.weekday(), there.hour, there.minute


@pytest.fixture
def cohort(app) -> Cohort:
    """Three days in October with all that a cohort has."""
    row = make.a_cohort(
        seats={"KG": 5, "UZ": 4}, starts_on=date(2026, 10, 5), days=3, capacity=12, hand_back_on=date(2026, 9, 20),
        opens_at=datetime(2026, 9, 5, 4, tzinfo=UTC), closes_at=datetime(2026, 10, 1, 4, tzinfo=UTC),
        replace_until=date(2026, 10, 6), country_order=["UZ", "KG"], confirm_hours=48, welcome={"en": "Bring a laptop"},
    )  # fmt: skip
    trainer = make.somebody(Role.TRAINER, cohort=row)
    make.somebody(Role.COORDINATOR, cohort=row)
    make.a_slot(row, day=0, hour=9, trainer_id=trainer.id, place="214")
    make.a_slot(row, day=2, hour=18, kind=SlotKind.CULTURAL, title={"en": "Opera"})
    make.a_slot(row, day=1, cancelled_at=utcnow(), cancelled_reason="holiday")
    seat = make.an_enrolment(row, make.a_person(), "KG")
    make.a_certificate(seat)
    make.a_batch(row, 2)
    text = MessageTemplate(kind="welcome", language="ru", cohort=row, subject="С", body="Т", edited_at=utcnow(), edited_by=trainer)
    make.save(text)
    return row


def count(*names: str) -> list[int]:
    with work():
        return [db.session.scalar(sa.select(sa.func.count()).select_from(Base.metadata.tables[name])) or 0 for name in names]


def test_the_copy_has_plan_seats_roles_and_letters(cohort):
    new = copied(cohort, date(2027, 3, 8))
    assert (new.starts_on, new.ends_on, new.hand_back_on, new.replace_until) == tuple(
        day + timedelta(days=154) for day in (cohort.starts_on, cohort.ends_on, cohort.hand_back_on, cohort.replace_until)
    )
    for name in ("course_id", "host_id", "city", "time_zone", "capacity", "country_order", "confirm_hours", "welcome"):
        assert getattr(new, name) == getattr(cohort, name), name
    assert {row.country: (row.seats, row.taken) for row in queries.seats_of(new)} == {"KG": (5, 0), "UZ": (4, 0)}
    assert [given.role for given in queries.staff_of(new)] == [given.role for given in queries.staff_of(cohort)]
    texts = db.session.scalars(sa.select(MessageTemplate).where(MessageTemplate.cohort_id == new.id)).all()
    assert [(text.kind, text.language, text.subject, text.body) for text in texts] == [("welcome", "ru", "С", "Т")]
    slots = db.session.scalars(sa.select(Slot).where(Slot.cohort_id == new.id).order_by(Slot.starts_at)).all()
    assert [(s.title["en"], s.kind, s.place, s.trainer_id is not None) for s in slots] == [
        ("E-government in practice", SlotKind.TRAINING, "214", True),
        ("Opera", SlotKind.CULTURAL, "", False),
    ]
    assert [local(s.starts_at, new.time_zone) for s in slots] == [(0, 9, 0), (2, 18, 0)]


def test_people_vouchers_marks_and_certificates_are_never_copied(cohort):
    names = (
        "person",
        "enrolment",
        "batch",
        "voucher",
        "redemption",
        "mark",
        "certificate",
        "waiting_entry",
        "nominee",
        "seat_move",
        "mail",
    )
    make.a_person("Aigul Seitkali")
    before = count(*names)
    new = copied(cohort, date(2027, 3, 8))
    before[0] += 1  # who copied
    assert count(*names) == before
    assert (new.taken, db.session.scalars(sa.select(Enrolment).where(Enrolment.cohort_id == new.id)).all()) == (0, [])


def test_roles_stay_behind_when_told_to(cohort):
    new = copied(cohort, date(2027, 3, 8), staff=False)
    assert db.session.scalars(sa.select(Assignment).where(Assignment.cohort_id == new.id)).all() == []


def test_times_of_day_stay_when_the_clocks_of_the_venue_change(app):
    window = {"opens_at": datetime(2026, 9, 5, 4, tzinfo=UTC), "closes_at": datetime(2026, 10, 1, 4, tzinfo=UTC)}
    cohort = make.a_cohort(starts_on=date(2026, 10, 19), time_zone=BERLIN, days=5, **window)
    make.a_slot(cohort, day=1, hour=9)
    make.a_slot(cohort, day=4, hour=2, minutes=60)
    new = copied(cohort, date(2027, 3, 24))  # from summer time to winter time, and over the change on 28 March
    slots = db.session.scalars(sa.select(Slot).where(Slot.cohort_id == new.id).order_by(Slot.starts_at)).all()
    assert [(s.starts_at.astimezone(ZoneInfo(BERLIN)).strftime("%d %H:%M"), s.ends_at - s.starts_at) for s in slots] == [
        ("25 09:00", timedelta(minutes=90)),
        ("28 03:00", timedelta(minutes=60)),  # there is no 02:00 on that day
    ]
    assert local(new.opens_at, BERLIN)[1:] == local(cohort.opens_at, BERLIN)[1:]


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.integers(-2000, 2000),
    st.sampled_from(["Asia/Almaty", "Asia/Kabul", BERLIN, TASHKENT, "America/New_York", "Australia/Lord_Howe"]),
)
def test_so_many_days_later_it_is_the_same_time_of_day_or_the_clock_jumped(at, days, zone):
    later = days_later(at, days, zone)
    here, there = (moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for moment in (at, later))
    assert timedelta(0) <= there - here - timedelta(days=days) <= timedelta(hours=1)


def test_without_a_code_two_copies_have_two_codes(cohort):
    one, two = copied(cohort, date(2027, 3, 8)), copied(cohort, date(2027, 3, 8))
    programme = cohort.course.project.programme.code
    assert [one.code, two.code] == [f"{programme}-2027-01", f"{programme}-2027-02"]


def test_a_code_that_is_taken_is_refused_and_nothing_is_kept(cohort):
    make.a_person("Aigul Seitkali")
    names = ("cohort", "country_seats", "slot", "assignment", "message_template")
    before = count(*names)
    with pytest.raises(Refused) as refused:
        copied(cohort, date(2027, 3, 8), cohort.code)
    assert refused.value.field == "code"
    assert count(*names) == before


def test_the_log_says_of_what_it_is_a_copy(cohort):
    new = copied(cohort, date(2027, 3, 8))
    event = db.session.scalars(sa.select(Event).where(Event.kind == "cohort.copied")).one()
    assert (event.cohort, event.data["from_"], event.data["days"]) == (new.code, cohort.code, 154)


# --- The page ---------------------------------------------------------------------------------------------------------


def test_a_coordinator_copies_and_reads_what_was_copied(cohort, sign_in):
    client = sign_in(make.somebody(Role.COORDINATOR))
    assert "Copy this cohort" in client.get(f"/cohorts/{cohort.code}/settings").text
    page = client.get(f"/cohorts/{cohort.code}/copy").text
    assert 'value="20' in page
    answer = client.post(f"/cohorts/{cohort.code}/copy", data={"starts_on": "2027-03-08", "staff": "y"}, follow_redirects=True)
    for words in ("12 seats in all", "the seats of 2 countries", "2 roles", "2 slots of the timetable", "1 text of a letter"):
        assert words in answer.text, words


def test_the_proposed_day_is_the_same_day_of_the_week(cohort):
    for now in (datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC), datetime(2040, 2, 3, tzinfo=UTC)):
        day = service.usual_start(cohort, now)
        assert day.weekday() == cohort.starts_on.weekday()
        assert day > cohort.ends_on
        assert (day - now.date()).days > 30


@pytest.mark.parametrize("typed", [{}, {"starts_on": "soon"}, {"starts_on": "0026-01-01"}, {"starts_on": "2027-03-08", "code": "дом"}])
def test_what_cannot_be_is_said_and_nothing_is_copied(cohort, sign_in, typed):
    client = sign_in(make.somebody(Role.COORDINATOR))
    assert client.post(f"/cohorts/{cohort.code}/copy", data=typed).status_code == 200
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Cohort)) == 1
    assert db.session.scalar(sa.select(sa.func.count()).select_from(CountrySeats)) == 2


def test_who_coordinates_one_cohort_makes_no_other(cohort, sign_in):
    client = sign_in(make.somebody(Role.COORDINATOR, cohort=cohort))
    assert "Copy this cohort" not in client.get(f"/cohorts/{cohort.code}/settings").text
    assert client.get(f"/cohorts/{cohort.code}/copy").status_code == 403
    assert client.post(f"/cohorts/{cohort.code}/copy", data={"starts_on": "2027-03-08"}).status_code == 403


def test_the_copy_holds_the_seats_of_the_plan_not_those_that_were_handed_back(cohort):
    with work():
        service.move_seats(cohort, 3, source="UZ", target=None, kind=MoveKind.HANDED_BACK, by=None, now=utcnow())
        service.move_seats(cohort, 2, source=None, target="TJ", kind=MoveKind.PROMOTED, by=None, now=utcnow())
        service.move_seats(cohort, 1, source=None, target="KG", kind=MoveKind.PLANNED, by=None, now=utcnow())
    new = copied(cohort, date(2027, 3, 1))
    assert {row.country: row.seats for row in queries.seats_of(new)} == {"KG": 6, "UZ": 4}
