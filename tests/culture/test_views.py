"""The cultural programme of a cohort."""

from __future__ import annotations

from dostyk.core.access import Grant, Role
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.culture import queries
from dostyk.schedule.rules import SlotKind
from tests import factories as f

EVERYWHERE = [Grant(Role.COORDINATOR)]


def page(client, cohort):
    answer = client.get(f"/cohorts/{cohort.code}/culture")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_an_empty_programme_tells_the_coordinator_what_to_do(app, sign_in):
    cohort, participant = f.a_cohort(), f.somebody()
    f.an_enrolment(cohort, participant)
    assert f"/cohorts/{cohort.code}/schedule/add?kind=cultural" in page(sign_in(f.somebody(Role.COORDINATOR)), cohort)
    told = page(sign_in(participant), cohort)
    assert "No cultural programme yet" in told
    assert "/schedule/add" not in told


def test_the_programme_holds_cultural_slots_only_cancelled_ones_with_the_reason(app, sign_in):
    cohort, participant = f.a_cohort(), f.somebody()
    f.an_enrolment(cohort, participant)
    f.a_slot(cohort)
    f.a_slot(cohort, hour=19, kind=SlotKind.CULTURAL, title={"en": "Evening of the dombyra"}, place="Small hall")
    f.a_slot(
        cohort, day=1, hour=23, minutes=120, kind=SlotKind.CULTURAL, title={"en": "Medeu"}, cancelled_at=utcnow(), cancelled_reason="Storm"
    )
    told = page(sign_in(participant), cohort)
    assert "Evening of the dombyra" in told
    assert "Small hall" in told
    assert "Storm" in told
    assert "(next day)" in told
    assert "E-government" not in told
    assert f"/cohorts/{cohort.code}/schedule/" not in told


def test_a_stranger_learns_nothing(app, sign_in):
    assert sign_in(f.somebody()).get(f"/cohorts/{f.a_cohort().code}/culture").status_code == 404


def test_cohorts_without_a_programme_are_found_until_they_have_one(app):
    now = utcnow()
    cohort = f.a_cohort()
    f.a_slot(cohort)
    far = f.a_cohort(starts_on=cohort.starts_on.replace(year=cohort.starts_on.year + 1))
    archived = f.a_cohort(archived_at=now)
    assert [c.id for c in queries.without_programme(EVERYWHERE, now)] == [cohort.id]
    assert queries.without_programme([Grant(Role.COORDINATOR, cohort_id=far.id)], now) == []
    assert queries.without_programme([], now) == []
    event = f.a_slot(cohort, hour=19, kind=SlotKind.CULTURAL)
    assert queries.without_programme(EVERYWHERE, now) == []
    with work():
        event.cancelled_at, event.cancelled_reason = now, "Storm"
    assert [c.id for c in queries.without_programme(EVERYWHERE, now)] == [cohort.id]
    assert archived.archived_at


def test_the_page_costs_the_same_for_3_and_for_100_events(app, sign_in, statements):
    cohort, client = f.a_cohort(), sign_in(f.somebody(Role.COORDINATOR))

    def count():
        with statements() as found:
            page(client, cohort)
        return len(found)

    for hour in (9, 11, 14):
        f.a_slot(cohort, hour=hour, kind=SlotKind.CULTURAL)
    few = count()
    for n in range(97):
        f.a_slot(cohort, day=n // 20, hour=n % 20, minutes=30, kind=SlotKind.CULTURAL)
    assert count() == few <= 5
