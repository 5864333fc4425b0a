"""What needs a trainer today and a coordinator afterwards, on the home page."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from dostyk.attendance.models import Mark
from dostyk.attendance.rules import Status
from dostyk.core.access import Role
from dostyk.schedule.rules import SlotKind
from tests import factories as f


@pytest.fixture
def cohort(app):
    return f.a_cohort()


@pytest.fixture
def home(sign_in):
    def home(person, at):
        with time_machine.travel(at, tick=False):
            return sign_in(person).get("/home").get_data(as_text=True)

    return home


def test_a_trainer_is_told_of_a_roll_from_the_beginning_of_the_slot_until_everybody_is_marked(cohort, home):
    serik = f.somebody(Role.TRAINER, cohort=cohort)
    slot, enrolment = f.a_slot(cohort, trainer=serik), f.an_enrolment(cohort)
    roll = f"/cohorts/{cohort.code}/attendance/{slot.id}"
    told = "person to mark: E-government in practice"
    assert told not in home(serik, slot.starts_at - timedelta(minutes=1))
    page = home(serik, slot.starts_at)
    assert told in page
    assert roll in page
    f.save(Mark(slot_id=slot.id, enrolment_id=enrolment.id, status=Status.ABSENT, at=slot.starts_at, by_id=serik.id))
    assert told not in home(serik, slot.starts_at)


def test_a_coordinator_is_told_of_rolls_that_were_not_taken_and_of_a_missing_programme(cohort, home):
    aliya = f.somebody(Role.COORDINATOR)
    slot = f.a_slot(cohort)
    f.an_enrolment(cohort)
    page = home(aliya, slot.ends_at + timedelta(hours=13))
    assert f"past slot without a roll in {cohort.code}" in page
    assert f"past slot without a roll in {cohort.code}" in home(f.somebody(Role.TRAINER, cohort=cohort), slot.ends_at + timedelta(hours=13))
    assert f"{cohort.code} has no cultural programme yet" in page
    f.a_slot(cohort, hour=20, kind=SlotKind.CULTURAL)
    assert "no cultural programme yet" not in home(aliya, slot.ends_at)
