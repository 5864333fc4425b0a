"""Two records of one human being become one; the log can undo it; nothing of either is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from dostyk.cohorts import service as cohorts
from dostyk.cohorts.models import Assignment, Enrolment
from dostyk.core.access import Role
from dostyk.core.audit import Event
from dostyk.core.clock import utcnow
from dostyk.core.database import Base, db, work
from dostyk.core.errors import Refused
from dostyk.people import queries, records, service
from dostyk.people.labels import MERGED_FIELDS
from dostyk.people.models import Account, Consent, Person
from dostyk.people.rules import Purpose
from dostyk.waiting.models import WaitingEntry
from tests import factories as make


def merge(stays: Person, goes: Person, *chosen: str, powers: bool = True, by: Person | None = None) -> None:
    with work():
        service.merge(stays, goes, chosen, powers=powers, by=by or make.a_person("Aigul Seitkali"), now=utcnow())


def part(goes: Person) -> None:
    with work():
        service.part(goes, by=make.a_person("Aigul Seitkali"), now=utcnow())


def rows() -> dict[str, list[tuple]]:
    """Everything in the database but the log and its sequel."""
    with work():
        return {
            name: sorted(map(repr, db.session.execute(sa.select(table))))
            for name, table in Base.metadata.tables.items()
            if name != "audit_event"
        }


@pytest.fixture
def two(app) -> tuple[Person, Person]:
    """Nilufar redeemed twice, with two addresses: each record has a seat, a consent, a certificate; one of them teaches as well."""
    stays = make.a_person("Nilufar Gulomova", own_name="Нилуфар Ғуломова", email="nilufar@example.org", country="UZ")
    goes = make.a_person("Gʻulomova Nilufar", own_name="", email="nilufar@example.net", country="UZ", birth_year=1990, phone="+998 1")
    for person in (stays, goes):
        seat = make.an_enrolment(make.a_cohort(seats={"UZ": 2}), person, "UZ")
        make.a_certificate(seat)
        with work():
            service.consent(person, {Purpose.PROGRAMME: "I agree"}, "en", utcnow())
    with work():
        service.derive(stays), service.derive(goes)
    make.a_slot(trainer_id=goes.id)
    make.an_account(goes, email="nilufar@example.net")
    return stays, goes


# --- What is moved ----------------------------------------------------------------------------------------------------


def test_every_foreign_key_to_a_person_is_told_of(app):
    keys = {f"{t.name}.{k.parent.name}" for t in Base.metadata.tables.values() for k in t.foreign_keys if k.column.table.name == "person"}
    made_anew = {"person_word.person_id"}
    assert keys - made_anew == {link.name for link in records.links()}


def test_everything_of_the_one_is_the_others(two):
    stays, goes = two
    merge(stays, goes, "birth_year", "phone")
    for model, column in ((Enrolment, Enrolment.person_id), (Consent, Consent.person_id)):
        assert set(db.session.scalars(sa.select(column))) == {stays.id}, model
    assert queries.account_of(stays.id).email == "nilufar@example.net"
    assert (stays.birth_year, stays.phone, stays.email) == (1990, "+998 1", "nilufar@example.org")
    assert (goes.merged_into_id, goes.archived_at is None) == (stays.id, False)


def test_the_preview_says_what_will_be_moved(two):
    plan = service.plan(*two, powers=True)
    assert list(plan.moves) == ["1 consent", "1 account", "1 seat", "1 slot taught"]
    assert (list(plan.remarks), list(plan.stops)) == ([], [])


def test_the_kept_record_is_found_by_the_names_it_took_over(two):
    stays, goes = two
    merge(stays, goes, "own_name", "email", "full_name")
    found = list(db.session.scalars(sa.select(Person).where(queries.named("nilufar@example.net"), Person.archived_at.is_(None))))
    assert found == [stays]


def test_records_merged_earlier_point_to_the_one_that_stays(app):
    first, second, third = make.a_person(), make.a_person(), make.a_person()
    merge(second, first)
    merge(third, second)
    assert (first.merged_into_id, second.merged_into_id) == (third.id, third.id)


# --- What stands in the way -------------------------------------------------------------------------------------------


def test_who_holds_two_seats_in_one_cohort_is_not_merged_until_one_is_given_back(app):
    cohort = make.a_cohort(seats={"UZ": 5})
    stays, goes = make.a_person(country="UZ"), make.a_person(country="UZ")
    make.an_enrolment(cohort, stays, "UZ")
    second = make.an_enrolment(cohort, goes, "UZ")
    with pytest.raises(Refused, match=cohort.code):
        merge(stays, goes)
    assert second.person_id == goes.id
    with work():
        cohorts.withdraw(second, "registered twice", by=stays, now=utcnow())
    assert len(service.plan(stays, goes, powers=True).remarks) == 1
    merge(stays, goes)
    assert second.person_id == goes.id, "what was given back stays with the old record"
    assert cohort.taken == 1


def test_a_seat_that_is_held_cannot_go_over_to_a_record_that_gave_one_back(app):
    cohort = make.a_cohort(seats={"UZ": 5})
    stays, goes = make.a_person(country="UZ"), make.a_person(country="UZ")
    first = make.an_enrolment(cohort, stays, "UZ")
    make.an_enrolment(cohort, goes, "UZ")
    with work():
        cohorts.withdraw(first, "registered twice", by=stays, now=utcnow())
    with pytest.raises(Refused, match="the other way round"):
        merge(stays, goes)
    merge(goes, stays)


def test_of_two_accounts_that_of_the_record_that_goes_is_closed_and_signed_out(app):
    kept, closed = make.an_account(make.a_person()), make.an_account(make.a_person())
    mark = closed.fs_uniquifier
    assert service.plan(kept.person, closed.person, powers=True).remarks == [
        f"The account {closed.email} is closed. The person signs in as {kept.email}."
    ]
    merge(kept.person, closed.person)
    db.session.expire_all()
    assert (kept.active, closed.active, closed.fs_uniquifier == mark) == (True, False, False)


def test_a_role_is_had_once_and_only_who_gives_roles_merges_those_who_have_one(app):
    cohort = make.a_cohort()
    stays, goes = make.a_person(), make.a_person()
    for person in (stays, goes):
        make.an_assignment(person, Role.TRAINER, cohort=cohort)
    make.an_assignment(goes, Role.OBSERVER)
    with pytest.raises(Refused, match="administrator"):
        merge(stays, goes, powers=False)
    with pytest.raises(Refused, match="administrator"):
        merge(make.a_person(), goes, powers=False)
    with pytest.raises(Refused, match="administrator"):
        merge(goes, make.a_person(), powers=False)
    before = rows()
    merge(stays, goes)
    assert sorted(db.session.scalars(sa.select(Assignment.role).where(Assignment.person_id == stays.id))) == ["observer", "trainer"]
    assert db.session.scalars(sa.select(Assignment).where(Assignment.person_id == goes.id)).all() == []
    part(goes)
    assert rows()["assignment"] == before["assignment"]


def test_a_role_that_was_given_anew_meanwhile_does_not_stop_parting(app):
    cohort, stays, goes = make.a_cohort(), make.a_person(), make.a_person()
    for person in (stays, goes):
        make.an_assignment(person, Role.TRAINER, cohort=cohort)
    merge(stays, goes)
    make.an_assignment(make.a_person(), Role.OBSERVER)  # SQLite gives it the number of the role that was dropped
    part(goes)
    assert list(db.session.scalars(sa.select(Assignment.role).where(Assignment.person_id == goes.id))) == ["trainer"]


def test_two_who_wait_in_one_list_are_not_merged(app):
    cohort, stays, goes = make.a_cohort(), make.a_person(), make.a_person()
    for person in (stays, goes):
        make.save(WaitingEntry(cohort=cohort, person=person, country="KG", joined_at=utcnow()))
    with pytest.raises(Refused, match=cohort.code):
        merge(stays, goes)


def test_a_record_is_merged_once_and_not_with_itself(app):
    stays, goes = make.a_person(), make.a_person()
    merge(stays, goes)
    for one, other in ((stays, goes), (goes, stays), (make.a_person(), goes), (stays, stays)):
        with pytest.raises(Refused):
            merge(one, other)
    assert db.session.scalar(sa.select(sa.func.count()).where(Event.kind == "person.merged")) == 1


# --- Undone -----------------------------------------------------------------------------------------------------------


def test_parted_everything_is_as_it_was(two):
    stays, goes = two
    make.a_person("Aigul Seitkali")
    by = make.a_person("Aigul Seitkali")
    before = rows()
    merge(stays, goes, *MERGED_FIELDS, by=by)
    with work():
        service.part(goes, by=by, now=utcnow())
    assert rows() == before
    kinds = list(
        db.session.scalars(sa.select(Event.kind).where(Event.subject.in_((f"person:{stays.id}", f"person:{goes.id}"))).order_by(Event.id))
    )
    assert sorted(kinds[-4:]) == ["person.gave_back", "person.merged", "person.parted", "person.took_over"]


def test_parted_with_a_closed_account_it_is_open_again(app):
    kept, closed = make.an_account(make.a_person()), make.an_account(make.a_person())
    merge(kept.person, closed.person)
    part(closed.person)
    db.session.expire_all()
    assert (kept.active, closed.active) == (True, True)


def test_what_came_after_the_merge_stays(two):
    stays, goes = two
    merge(stays, goes, "phone")
    later = make.an_enrolment(make.a_cohort(), stays)
    with work():
        stays.phone = "+998 2"
    part(goes)
    db.session.expire_all()
    assert (later.person_id, stays.phone) == (stays.id, "+998 2")


def test_a_merge_on_top_of_which_there_is_another_is_not_undone(app):
    first, second, third = make.a_person(), make.a_person(), make.a_person()
    merge(second, first)
    merge(third, second)
    for goes in (first, third):
        with pytest.raises(Refused):
            part(goes)
    part(second)
    assert db.session.get(Person, first.id).merged_into_id == second.id
    part(first)
    assert db.session.scalars(sa.select(Person).where(Person.merged_into_id.is_not(None))).all() == []


def test_a_merge_that_is_refused_leaves_nothing(app):
    cohort, stays, goes = make.a_cohort(), make.a_person(phone="1"), make.a_person(phone="2")
    for person in (stays, goes):
        make.an_enrolment(cohort, person)
    make.an_enrolment(make.a_cohort(starts_on=cohort.starts_on + timedelta(days=30)), goes)
    before = rows()
    with pytest.raises(Refused):
        merge(stays, goes, "phone", by=stays)
    assert rows() == before
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Account)) == 0


# --- The pages --------------------------------------------------------------------------------------------------------


@pytest.fixture
def admin(app, sign_in):
    return sign_in(make.somebody(Role.ADMIN, full_name="Aigul Seitkali", email="aigul@example.org"))


def test_who_is_in_the_register_twice_is_found_by_address_or_by_name_and_year(app, admin):
    make.a_person("Nilufar Gulomova", birth_year=1990, country="UZ")
    make.a_person("Gʻulomova Nilufar", birth_year=1990, country="UZ")
    make.a_person("Nilufar Gulomova", birth_year=1991, email="other@example.org")
    make.a_person("Somebody Else", email="other@example.org")
    make.a_person("Nilufar Gulomova")
    page = admin.get("/people/duplicates").text
    assert page.count("Compare with the first") == 2
    assert page.count("1990") == 2


def test_nobody_twice_is_said(app, admin):
    assert "Nobody twice" in admin.get("/people/duplicates").text


def test_two_are_compared_merged_found_at_the_old_address_and_parted(two, admin):
    stays, goes = two
    assert f"/people/{stays.id}/merge/{goes.id}" in admin.get(f"/people/{stays.id}").text, "the same name"
    assert f"/people/{stays.id}/merge/{goes.id}" in admin.get(f"/people/{stays.id}/merge?q=нилуфар").text
    page = admin.get(f"/people/{stays.id}/merge/{goes.id}").text
    for words in ("1 seat<", "1 account<", "+998 1", "nilufar@example.net", "Goes"):
        assert words in page, words
    answer = admin.post(f"/people/{stays.id}/merge/{goes.id}", data={"phone": "goes", "email": "stays", "id": "goes"})
    assert answer.location == f"/people/{stays.id}"
    assert admin.get(f"/people/{goes.id}").location == f"/people/{stays.id}"
    page = admin.get(f"/people/{stays.id}").text
    assert "Records merged into this one" in page
    assert "+998 1" in page
    assert admin.post(f"/people/{stays.id}/part/{goes.id}").location == f"/people/{stays.id}"
    assert admin.get(f"/people/{goes.id}").status_code == 200


def test_what_stands_in_the_way_is_said_and_there_is_no_button(app, admin):
    cohort, stays, goes = make.a_cohort(), make.a_person(), make.a_person()
    for person in (stays, goes):
        make.an_enrolment(cohort, person)
    page = admin.get(f"/people/{stays.id}/merge/{goes.id}").text
    assert f"Both have had a seat in {cohort.code}" in page
    assert ">Merge</button>" not in page
    assert "Both have had a seat" in admin.post(f"/people/{stays.id}/merge/{goes.id}").text
    assert admin.get(f"/people/{stays.id}/merge/999999").status_code == 404
    assert "This is one record" in admin.get(f"/people/{stays.id}/merge/{stays.id}").text


def test_a_coordinator_merges_participants_but_nobody_with_a_role(app, sign_in):
    client = sign_in(make.somebody(Role.COORDINATOR))
    stays, goes, trainer = make.a_person(), make.a_person(), make.a_person()
    make.an_assignment(trainer, Role.TRAINER, cohort=make.a_cohort())
    assert client.post(f"/people/{stays.id}/merge/{trainer.id}").status_code == 200
    assert client.post(f"/people/{stays.id}/merge/{goes.id}").status_code == 302
    db.session.expire_all()
    assert (goes.merged_into_id, trainer.merged_into_id) == (stays.id, None)
