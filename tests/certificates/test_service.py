"""Issuing and revoking: never twice, never a gap, never to who is not eligible."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from dostyk.certificates import queries, service, tasks
from dostyk.certificates.models import Certificate, Series
from dostyk.certificates.rules import Standing
from dostyk.cohorts.rules import EnrolmentState
from dostyk.core import outbox
from dostyk.core.audit import Event
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from dostyk.core.mail import Mail
from dostyk.core.outbox import Job, JobState
from dostyk.people.models import Person
from tests import factories as make
from tests.certificates import cast

pytestmark = pytest.mark.usefixtures("app")
RunJobs = Callable[[], int]


def issued(cohort: Any, run_jobs: RunJobs) -> list[Certificate]:
    cast.order(cohort, make.a_person("Coordinator"))
    run_jobs()
    return cast.certificates()


def test_the_eligible_get_a_certificate_and_the_others_do_not(run_jobs: RunJobs) -> None:
    cohort = cast.a_finished_cohort("DIG", slots=5)
    cast.people_in(cohort, 3)
    cast.people_in(cohort, 2, present=3)
    found = issued(cohort, run_jobs)
    assert [c.number for c in found] == [f"DST-DIG-{found[0].year}-{n:04}" for n in (1, 2, 3)]
    standings = queries.standings(queries.candidates(cohort, utcnow()))
    assert (standings[Standing.ISSUED], standings[Standing.NOT_YET]) == (3, 2)


def test_the_job_tells_its_progress(run_jobs: RunJobs) -> None:
    cohort = cast.a_finished_cohort()
    cast.people_in(cohort, 4)
    issued(cohort, run_jobs)
    job = outbox.latest(service.job_subject(cohort))
    assert job is not None
    assert (job.state, job.done, job.total) == (JobState.DONE, 4, 4)


def test_a_second_click_finds_the_first_order() -> None:
    cohort, by = cast.a_finished_cohort(), make.a_person()
    cast.people_in(cohort, 2)
    cast.order(cohort, by)
    with pytest.raises(Refused, match="being issued at this moment"):
        cast.order(cohort, by)


def test_a_click_after_the_end_finds_nobody_left(run_jobs: RunJobs) -> None:
    cohort = cast.a_finished_cohort()
    cast.people_in(cohort, 2)
    issued(cohort, run_jobs)
    with pytest.raises(Refused, match="Nobody is eligible"):
        cast.order(cohort, make.a_person())


def test_two_coordinators_at_the_same_moment_make_one_order(app: Flask) -> None:
    cohort = cast.a_finished_cohort()
    cast.people_in(cohort, 5)
    coordinators = [make.a_person("One").id, make.a_person("Two").id]
    refused: list[str] = []
    start = threading.Barrier(2)
    cohort_id, shown = cohort.id, cast.seen(cohort)

    def press(by_id: int) -> None:
        with app.app_context():
            start.wait()
            try:
                with work():
                    by = db.session.get_one(Person, by_id)
                    service.issue(queries.cohort(cohort_id), shown, by=by, now=utcnow())
            except Refused as refusal:
                refused.append(str(refusal.sentence))

    threads = [threading.Thread(target=press, args=(c,)) for c in coordinators]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    assert len(db.session.scalars(sa.select(Job).where(Job.name == "certificates.issue")).all()) == 1
    assert len(refused) == 1


def test_two_workers_with_the_same_order_issue_each_once_without_a_gap(app: Flask) -> None:
    cohort = cast.a_finished_cohort("DIG")
    seats = [seat.id for seat in cast.people_in(cohort, 12)]
    by, cohort_id = make.a_person().id, cohort.id
    errors: list[BaseException] = []
    start = threading.Barrier(3)
    db.session.rollback()

    def carry_out() -> None:
        with app.app_context():
            start.wait()
            try:
                tasks.issue(lambda done, total: None, cohort_id, seats, by)
            except BaseException as error:  # noqa: BLE001 -- told below
                errors.append(error)

    threads = [threading.Thread(target=carry_out) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = cast.certificates()
    assert errors == []
    assert [c.serial for c in sorted(found, key=lambda c: c.serial)] == list(range(1, 13))
    assert sorted(c.enrolment_id for c in found) == sorted(seats)
    assert len(db.session.scalars(sa.select(Mail)).all()) == 0  # nobody has an address


def test_a_job_run_again_issues_nothing_more_and_writes_no_second_letter(run_jobs: RunJobs) -> None:
    cohort = cast.a_finished_cohort()
    cast.people_in(cohort, 3, email="aigul@example.org")
    issued(cohort, run_jobs)
    job = outbox.latest(service.job_subject(cohort))
    assert job is not None
    for _ in range(2):
        with work():
            db.session.execute(sa.update(Job).where(Job.id == job.id).values(state=JobState.QUEUED))
        outbox.run(job.id)
    assert len(cast.certificates()) == 3
    letters = db.session.scalars(sa.select(Mail).where(Mail.kind == "certificates.ready")).all()
    assert len(letters) == 3


def test_numbers_run_on_in_the_programme_and_begin_anew_in_a_year(run_jobs: RunJobs) -> None:
    first = cast.a_finished_cohort("DIG")
    cast.people_in(first, 2)
    issued(first, run_jobs)
    second = make.a_cohort(first.course, starts_on=first.starts_on, capacity=30)
    make.a_slot(second)
    [one, two] = cast.people_in(second, 2)
    terms = service.terms_of(second)
    people = {c.enrolment.id: c for c in queries.candidates(second, utcnow())}
    by = make.a_person()
    # 31 December in UTC is the new year at the venue already.
    with work():
        service.issue_one(terms, people[one.id], by=by, now=datetime(2026, 12, 31, 18, 59, tzinfo=UTC))
    with work():
        service.issue_one(terms, people[two.id], by=by, now=datetime(2026, 12, 31, 19, 1, tzinfo=UTC))
    numbers = [c.number for c in cast.certificates()]
    this_year = utcnow().astimezone(make.ZONE).year
    third = 3 if this_year == 2026 else 1
    assert numbers[-2:] == [f"DST-DIG-2026-{third:04}", "DST-DIG-2027-0001"]


def test_a_certificate_that_fails_leaves_no_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    cohort = cast.a_finished_cohort()
    [seat] = cast.people_in(cohort, 1)
    terms, [candidate], by = service.terms_of(cohort), queries.candidates(cohort, utcnow()), make.a_person()
    db.session.rollback()
    with pytest.raises(ZeroDivisionError), work():
        service.issue_one(terms, candidate, by=by, now=utcnow())
        raise ZeroDivisionError
    assert db.session.scalar(sa.select(Series.last)) is None
    with work():
        certificate = service.issue_one(terms, candidate, by=by, now=utcnow())
    assert certificate is not None
    assert (certificate.serial, certificate.enrolment_id) == (1, seat.id)


def test_who_gives_the_seat_back_between_the_order_and_the_job_gets_nothing(run_jobs: RunJobs) -> None:
    cohort = cast.a_finished_cohort()
    gone, stays = cast.people_in(cohort, 2)
    cast.order(cohort, make.a_person())
    with work():
        gone.state, gone.withdrawn_at, gone.withdrawn_reason = EnrolmentState.WITHDRAWN, utcnow(), "illness"
    run_jobs()
    assert [c.enrolment_id for c in cast.certificates()] == [stays.id]


def test_only_who_was_shown_gets_one(run_jobs: RunJobs) -> None:
    cohort = cast.a_finished_cohort()
    cast.people_in(cohort, 2)
    cast.order(cohort, make.a_person())
    cast.people_in(cohort, 1)  # marks that came after the order
    run_jobs()
    assert len(cast.certificates()) == 2


def test_a_list_that_changed_since_it_was_shown_is_refused() -> None:
    cohort = cast.a_finished_cohort()
    cast.people_in(cohort, 2)
    shown = cast.seen(cohort)
    cast.people_in(cohort, 1)
    with pytest.raises(Refused, match="has changed since"), work():
        service.issue(cohort, shown, by=make.a_person(), now=utcnow())


def test_nobody_is_issued_to_before_the_course_is_over() -> None:
    cohort = make.a_cohort()
    make.a_slot(cohort)
    cast.a_signatory(cohort)
    cast.an_agency()
    cast.people_in(cohort, 2)
    with pytest.raises(Refused, match="Nobody is eligible"):
        cast.order(cohort, make.a_person())


def test_who_signs_must_be_entered_first() -> None:
    cohort = cast.a_finished_cohort(printed=False)
    cast.people_in(cohort, 1)
    by = make.a_person()
    with pytest.raises(Refused, match="who signs"):
        cast.order(cohort, by)
    cast.a_signatory(cohort)
    with pytest.raises(Refused, match="The agency"):
        cast.order(cohort, by)


def test_a_name_without_letters_in_our_fonts_waits_with_a_reason(run_jobs: RunJobs) -> None:
    cohort = cast.a_finished_cohort()
    seats = [make.an_enrolment(cohort, make.a_person(name)) for name in ("Aigul Sydykova", "王 Ali", "Ali 😀")]
    cast.mark(seats)
    assert [c.enrolment_id for c in issued(cohort, run_jobs)] == [seats[0].id]
    judged = {c.enrolment.id: c for c in queries.candidates(cohort, utcnow())}
    assert judged[seats[1].id].record.letters == "王"
    job = outbox.latest(service.job_subject(cohort))
    assert job is not None
    assert job.state is JobState.DONE


def test_a_name_that_does_not_fit_is_told_and_tried_again_when_it_is_shorter(run_jobs: RunJobs) -> None:
    cohort = cast.a_finished_cohort()
    person = make.a_person("W" * 200)
    seat = make.an_enrolment(cohort, person)
    cast.mark([seat])
    assert issued(cohort, run_jobs) == []
    [judged] = queries.candidates(cohort, utcnow())
    assert judged.record.too_long
    assert outbox.latest(service.job_subject(cohort)).state is JobState.DONE  # type: ignore[union-attr]
    with work():
        person.full_name = "Wilhelmina"
    assert len(issued(cohort, run_jobs)) == 1


def test_titles_that_cannot_be_printed_are_refused_at_the_click() -> None:
    by = make.a_person()
    cohort = cast.a_finished_cohort(course={"title": {"en": "Rockets 🚀"}})
    cast.people_in(cohort, 1)
    with pytest.raises(Refused, match="🚀"):
        cast.order(cohort, by)
    long = cast.a_finished_cohort(course={"title": {"en": "Data " * 150}}, printed=False)
    cast.a_signatory(long)
    cast.people_in(long, 1)
    with pytest.raises(Refused, match="too long"):
        cast.order(long, by)


def test_the_snapshot_keeps_what_was_printed(run_jobs: RunJobs) -> None:
    cohort = cast.a_finished_cohort("DIG")
    [seat] = cast.people_in(cohort, 1)
    [certificate] = issued(cohort, run_jobs)
    kept = certificate.snapshot
    assert kept["printed"]["name"]["latin"] == seat.person.full_name
    assert kept["printed"]["name"]["own"] == "Өмүрбеков Нүржан"
    assert kept["printed"]["name"]["own_language"] == "ky"
    assert kept["printed"]["issuer"] == cast.AGENCY
    assert kept["printed"]["signatory"]["name"]["kk"] == "A. Seitkali"  # where a language is left out, another is printed
    assert kept["printed"]["url"] == f"http://localhost/verify/{certificate.code}"
    assert (kept["cohort"], kept["hours_attended"], kept["hours_counted"], kept["wording"]) == (cohort.code, "4", "4", 1)


# --- Revoking -------------------------------------------------------------------------------------------------------


def test_revoked_once_and_kept(run_jobs: RunJobs) -> None:
    cohort, by = cast.a_finished_cohort(), make.a_person()
    cast.people_in(cohort, 1)
    [certificate] = issued(cohort, run_jobs)
    found = queries.by_number(certificate.number)
    assert found is not None
    with work():
        service.revoke(found, "Wrong name", by=by, now=utcnow())
    with pytest.raises(Refused, match="revoked before"), work():
        service.revoke(found, "Another reason", by=by, now=utcnow())
    [kept] = cast.certificates()
    assert (kept.revoked_reason, kept.revoked_by_id) == ("Wrong name", by.id)
    assert "certificate.revoke_refused" in db.session.scalars(sa.select(Event.kind)).all()


def test_two_who_revoke_at_once_revoke_once(app: Flask, run_jobs: RunJobs) -> None:
    cohort = cast.a_finished_cohort()
    cast.people_in(cohort, 1)
    [certificate] = issued(cohort, run_jobs)
    number, by = certificate.number, [make.a_person("One").id, make.a_person("Two").id]
    start, refused = threading.Barrier(2), []
    db.session.rollback()

    def press(by_id: int) -> None:
        with app.app_context():
            person = db.session.get_one(Person, by_id)
            found = queries.by_number(number)
            db.session.rollback()
            start.wait()
            try:
                with work():
                    service.revoke(found, f"by {by_id}", by=person, now=utcnow())  # type: ignore[arg-type]
            except Refused:
                refused.append(by_id)

    threads = [threading.Thread(target=press, args=(n,)) for n in by]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert len([e for e in db.session.scalars(sa.select(Event.kind)) if e == "certificate.revoked"]) == 1


def test_after_a_revocation_a_new_one_is_issued_to_that_person_alone(run_jobs: RunJobs) -> None:
    cohort, by = cast.a_finished_cohort("DIG"), make.a_person()
    cast.people_in(cohort, 2)
    first, second = issued(cohort, run_jobs)
    found = queries.by_number(first.number)
    assert found is not None
    with work():
        service.revoke(found, "Wrong name", by=by, now=utcnow())
    with pytest.raises(Refused, match="Nobody is eligible"):  # in bulk nobody whose certificate was taken away gets a new one
        cast.order(cohort, by)
    cast.order(cohort, by, first.enrolment_id)
    run_jobs()
    *_, new = cast.certificates()
    assert (new.serial, new.enrolment_id, new.code != first.code) == (3, first.enrolment_id, True)
    with pytest.raises(Refused, match="Nobody is eligible"):
        cast.order(cohort, by, second.enrolment_id)


def test_the_database_itself_refuses_a_second_one_and_a_repeated_number(run_jobs: RunJobs) -> None:
    cohort = cast.a_finished_cohort()
    cast.people_in(cohort, 2)
    first, _second = issued(cohort, run_jobs)

    def copy(**changes: Any) -> Certificate:
        names = ("enrolment_id", "programme_id", "year", "serial", "number", "code", "snapshot", "issued_at", "issued_by_id")
        return Certificate(**{**{name: getattr(first, name) for name in names}, **changes})

    for changes in (
        {"serial": 9, "number": "A", "code": "A"},
        {"enrolment_id": None, "number": "A", "code": "A"},
        {"serial": 9, "number": "A", "code": "A", "revoked_at": utcnow()},
    ):
        with pytest.raises(sa.exc.IntegrityError), work():
            db.session.add(copy(**changes))


# --- Letters --------------------------------------------------------------------------------------------------------


def test_the_holder_gets_one_letter_in_the_language_of_the_account(run_jobs: RunJobs) -> None:
    cohort = cast.a_finished_cohort()
    person = make.a_person("Aigul Sydykova", email="old@example.org")
    make.an_account(person, email="aigul@example.org", language="en")
    seat = make.an_enrolment(cohort, person)
    cast.mark([seat])
    [certificate] = issued(cohort, run_jobs)
    [letter] = db.session.scalars(sa.select(Mail)).all()
    assert (letter.to, letter.language) == ("aigul@example.org", "en")
    assert certificate.number in letter.subject
    assert f"http://localhost/me/certificates/{certificate.number}.pdf" in letter.body
    assert f"http://localhost/verify/{certificate.code}" in letter.body


def test_who_has_no_account_is_not_told_to_sign_in(run_jobs: RunJobs) -> None:
    cohort = cast.a_finished_cohort()
    cast.people_in(cohort, 1, email="aigul@example.org")
    [certificate] = issued(cohort, run_jobs)
    [letter] = db.session.scalars(sa.select(Mail)).all()
    assert "Sign in" not in letter.body
    assert f"http://localhost/verify/{certificate.code}" in letter.body


def test_the_last_day_is_enough_once_every_slot_was_held() -> None:
    today = utcnow().astimezone(make.ZONE).date()
    cohort = make.a_cohort(starts_on=today - timedelta(days=4))
    slot = make.a_slot(cohort, day=4, hour=0, minutes=1)
    [seat] = cast.people_in(cohort, 1)
    after = slot.ends_at + timedelta(minutes=1)
    [judged] = queries.candidates(cohort, after)
    assert (judged.enrolment.id, judged.unmet) == (seat.id, frozenset())
