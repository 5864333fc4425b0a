"""What each row of a file would do, and what it does when it is applied."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from dostyk.cohorts import service as cohorts
from dostyk.cohorts.models import Cohort, CountrySeats, Enrolment
from dostyk.cohorts.rules import EnrolmentState
from dostyk.core import outbox, uploads
from dostyk.core.access import Role
from dostyk.core.audit import Event
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from dostyk.core.mail import Mail
from dostyk.core.outbox import Job, JobState
from dostyk.core.uploads import KEPT_DAYS, Upload, UploadRow, UploadState
from dostyk.imports import service
from dostyk.people.models import Account, Person
from dostyk.people.rules import Sex, name_key
from tests import factories as make
from tests.imports.cast import HEAD, a_file, handed_in, ordered, outcomes, people, report, results, rows_of, said, seated

AIGUL = ("AITBAEVA Aigul", "KG", "aigul@example.org", 1990)


@pytest.fixture
def by(app):
    return make.somebody(Role.COORDINATOR, full_name="Dana Seitkali")


@pytest.fixture
def cohort(app):
    return make.a_cohort(seats={"KG": 20, "TJ": 2})


@pytest.fixture
def check(by, cohort, run_jobs):
    """Hand a file in and have it checked."""

    def check(*rows, head=HEAD, content=None) -> Upload:
        upload = handed_in(cohort, by, content if content is not None else a_file(*rows, head=head))
        run_jobs()
        return upload

    return check


@pytest.fixture
def applied(check, by, run_jobs):
    """The same, and applied."""

    def applied(*rows, head=HEAD, **options) -> Upload:
        upload = check(*rows, head=head)
        ordered(upload, by, **options)
        run_jobs()
        return upload

    return applied


def a_known(**values):
    full_name = values.pop("full_name", "AITBAEVA Aigul")
    defaults = {"country": "KG", "email": "aigul@example.org", "birth_year": 1990, "sex": Sex.NOT_STATED, "own_name": ""}
    return make.a_person(full_name, **{**defaults, **values})


def state_of(upload):
    db.session.rollback()
    return db.session.get_one(Upload, upload.id, populate_existing=True).state


def count(model):
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(model))


# --- New, same, changed ---------------------------------------------------------------------------------------------


def test_the_check_changes_nothing(check, cohort):
    before = (count(Person), count(Account), count(Mail))
    upload = check(AIGUL)
    assert (state_of(upload), results(upload)) == (UploadState.CHECKED, [(2, "new")])
    assert (count(Person), count(Account), count(Mail)) == before
    assert seated(cohort) == []


def test_a_new_person_is_registered_with_all_columns_and_gets_a_seat(applied, cohort):
    head = (
        "Full name", "Name in the person's own script", "Family name", "Given name", "Patronymic", "Sex", "Country", "Employer", "Post",
        "Languages", "E-mail address", "Year of birth",
    )  # fmt: skip
    row = (
        "AITBAEVA Aigul", "Айтбаева Айгүл", "Aitbaeva", "Aigul", "Serikovna", "ж", "Кыргызстан", "=cmd|' /C calc'!A0", "Chief",
        "ru; кыргызский",
        "Aigul@Example.ORG", "14.03.1990",
    )  # fmt: skip
    upload = applied(row, head=head)
    assert outcomes(upload) == [(2, "done")]
    person = db.session.scalars(sa.select(Person).where(Person.email == "aigul@example.org")).one()
    assert (person.full_name, person.own_name, person.family_name, person.given_name, person.patronymic) == row[:5]
    assert (person.sex, person.country, person.employer, person.post) == (Sex.FEMALE, "KG", "=cmd|' /C calc'!A0", "Chief")
    assert (person.languages, person.birth_year, person.name_key) == (["ru", "ky"], 1990, name_key("aigul aitbaeva"))
    enrolment = db.session.scalars(sa.select(Enrolment)).one()
    assert (enrolment.person_id, enrolment.country, enrolment.state) == (person.id, "KG", EnrolmentState.ENROLLED)
    kinds = db.session.scalars(sa.select(Event.kind).order_by(Event.id)).all()
    assert kinds[-4:] == ["upload.handed_in", "upload.applied", "person.created", "enrolment.given"]


def test_the_same_file_twice_changes_nothing(applied, check, by, cohort):
    rows = (AIGUL, ("OMUROV Bakyt", "KG", "", 1985), ("Ahmad Shah", "TJ", "", ""), ("Zuhro Karimova", "TJ", "zuhro@example.org", ""))
    applied(*rows)
    before = count(Person), seated(cohort)
    again = check(*rows)
    assert results(again) == [(2, "same"), (3, "same"), (4, "same"), (5, "same")]
    with pytest.raises(Refused, match="nothing to apply"):
        ordered(again, by)
    assert (count(Person), seated(cohort)) == before


def test_a_known_person_keeps_what_the_file_leaves_empty_and_shows_what_changes(check, by, cohort, run_jobs):
    person = a_known(post="Clerk", employer="Ministry", birth_year=None, languages=["ru", "en"])
    make.an_enrolment(cohort, person, "KG")
    upload = check(
        ("Aigul AITBAEVA", "KG", "aigul@example.org", "1990", "Chief", "", "English, Russian"),
        head=(*HEAD, "post", "employer", "languages"),
    )
    assert results(upload) == [(2, "changed")]
    assert sorted((c["key"], c["before"], c["after"]) for c in rows_of(upload)[0].changes) == [
        ("birth_year", "", "1990"),
        ("full_name", "AITBAEVA Aigul", "Aigul AITBAEVA"),
        ("post", "Clerk", "Chief"),
    ]
    ordered(upload, by)
    run_jobs()
    assert outcomes(upload) == [(2, "done")]
    person = db.session.get_one(Person, person.id, populate_existing=True)
    assert (person.full_name, person.post, person.employer, person.birth_year) == ("Aigul AITBAEVA", "Chief", "Ministry", 1990)
    assert seated(cohort) == ["Aigul AITBAEVA"]


def test_a_known_person_without_a_seat_gets_one_and_stays_one_person(applied, cohort):
    person = a_known()
    before = count(Person)
    upload = applied(AIGUL)
    assert (said(upload), outcomes(upload)) == (["Known already; gets a seat."], [(2, "done")])
    assert (count(Person), seated(cohort)) == (before, [person.full_name])


def test_who_signs_in_with_the_address_is_meant(applied, cohort):
    person = a_known(email="")
    make.an_account(person, email="aigul@example.org")
    assert outcomes(applied(AIGUL)) == [(2, "done")]
    assert seated(cohort) == [person.full_name]


def test_accounts_are_opened_and_letters_written_only_when_asked(applied, cohort):
    applied(("OMUROV Bakyt", "KG", "bakyt@example.org", ""))
    assert count(Mail) == 0
    applied(AIGUL, ("Ahmad Shah", "TJ", "", ""), invite=True)
    letters = db.session.execute(sa.select(Mail.kind, Mail.to)).all()
    assert [tuple(letter) for letter in letters] == [("account.invitation", "aigul@example.org")]
    assert sorted(seated(cohort)) == ["AITBAEVA Aigul", "Ahmad Shah", "OMUROV Bakyt"]


# --- Contradictions and errors --------------------------------------------------------------------------------------


def test_the_same_person_twice_with_different_data_is_named_with_lines_and_columns(check):
    upload = check(AIGUL, ("OMUROV Bakyt", "KG", "", ""), ("AITBAEVA Aigul", "TJ", "aigul@example.org", 1991))
    assert results(upload) == [(2, "contradiction"), (3, "new"), (4, "contradiction")]
    assert said(upload)[0] == "Other lines speak of the same person: 4. They differ in: Country, Year of birth. Keep the right one."
    assert said(upload)[2] == "Other lines speak of the same person: 2. They differ in: Country, Year of birth. Keep the right one."


def test_the_same_address_for_two_names_is_a_contradiction(check):
    upload = check(AIGUL, ("OMUROV Bakyt", "KG", "AIGUL@example.org", 1990))
    assert results(upload) == [(2, "contradiction"), (3, "contradiction")]
    assert said(upload)[0] == "Other lines speak of the same person: 3. They differ in: Full name, E-mail address. Keep the right one."


def test_the_same_line_twice_counts_once(check):
    upload = check(AIGUL, AIGUL)
    assert results(upload) == [(2, "new"), (3, "same")]
    assert said(upload)[1] == "Line 2 says the same already."


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        ({"full_name": "OMUROV Bakyt"}, "This e-mail address belongs to somebody with another name."),
        ({"email": "other@example.org"}, "Somebody with this name, country and year of birth is known with another e-mail address."),
        ({"email": "", "birth_year": None}, "Somebody with this name is known, and it cannot be told whether that is the same person."),
        ({"archived_at": utcnow()}, "This person is archived."),
    ],
)
def test_a_row_against_what_is_stored_is_a_contradiction(check, known, sentence):
    a_known(**known)
    upload = check(AIGUL)
    assert results(upload) == [(2, "contradiction")]
    assert said(upload)[0].startswith(sentence)


def test_who_gave_the_seat_back_does_not_get_it_again_by_a_file(check, by, cohort):
    enrolment = make.an_enrolment(cohort, a_known(), "KG")
    with work():
        cohorts.withdraw(enrolment, "Ill", by, utcnow())
    upload = check(AIGUL)
    assert results(upload) == [(2, "contradiction")]
    assert said(upload)[0].startswith("This person had a seat here and gave it back.")


def test_errors_carry_line_and_column(check):
    head = ("Full name", "Country", "Sex", "E-mail", "Born", "Languages")
    upload = check(
        ("Айгүл", "Narnia", "?", "x", "90", "xx"), ("", "", "", "a@example.org", "", ""), ("Өмүр", "KG", "", "", "", ""), head=head
    )
    assert results(upload) == [(2, "error"), (3, "error"), (4, "error")]
    found = [[(f["key"], f["said"].partition(".")[0]) for f in row.findings] for row in rows_of(upload)]
    assert sorted(found[0]) == [
        ("birth_year", "“90” is not a year of birth"), ("country", "“Narnia” is no country that is known here"),
        ("email", "“x” is not an e-mail address"), ("languages", "“xx” is not understood"), ("sex", "“?” is not understood"),
    ]  # fmt: skip
    assert found[1] == [("full_name", "Write the full name as in the passport"), ("country", "Write the country")]
    assert found[2] == [("full_name", "Write this name in Latin letters, as in the passport")]
    assert report(upload)["columns"] == {"full_name": "A", "country": "B", "sex": "C", "email": "D", "birth_year": "E", "languages": "F"}


def test_a_broken_file_keeps_no_rows(check):
    upload = check(content=b'full name,country\nA B,KG\n"C')
    assert (state_of(upload), rows_of(upload)) == (UploadState.UNREADABLE, [])
    assert report(upload)["said"].startswith("The file breaks off in line 3")


# --- Seats ----------------------------------------------------------------------------------------------------------


def test_without_a_seat_nothing_of_the_row_is_kept(applied, by, cohort, run_jobs):
    rows = [(f"Ahmad Shah {letter}", "TJ", f"{letter}@example.org", "") for letter in "abc"]
    upload = applied(*rows)
    assert outcomes(upload) == [(2, "done"), (3, "done"), (4, "refused")]
    assert rows_of(upload)[2].said == "All seats of that country are taken. Give it more seats in the settings, or choose another country."
    assert (seated(cohort), state_of(upload)) == (["Ahmad Shah a", "Ahmad Shah b"], UploadState.APPLIED)
    assert db.session.scalars(sa.select(Person).where(Person.email == "c@example.org")).all() == []
    assert report(upload)["outcomes"] == {"done": 2, "refused": 1}
    with work():
        seats = db.session.get_one(CountrySeats, (cohort.id, "TJ"))
        seats.seats += 1
        db.session.get_one(Cohort, cohort.id).capacity += 1
    ordered(upload, by)
    run_jobs()
    assert outcomes(upload) == [(2, "done"), (3, "done"), (4, "done")]
    assert len(seated(cohort)) == 3


def test_the_check_says_when_seats_will_not_do(check, cohort):
    upload = check(*((f"Ahmad Shah {letter}", "TJ", "", 1990) for letter in "abc"), ("OMUROV Bakyt", "AF", "", ""))
    assert results(upload) == [(2, "new"), (3, "new"), (4, "new"), (5, "error")]
    assert said(upload)[3].startswith("This cohort holds no seats for that country.")
    upload = db.session.get_one(Upload, upload.id)
    assert service.short(cohort, upload) == ["Tajikistan: 3 new people, 2 free seats."]


# --- Between check and apply ----------------------------------------------------------------------------------------


def test_what_changed_since_the_check_is_not_overwritten(check, by, cohort, run_jobs):
    person = a_known(post="Clerk")
    make.an_enrolment(cohort, person, "KG")
    upload = check((*AIGUL, "Chief"), head=(*HEAD, "post"))
    db.session.rollback()
    with work():
        db.session.get_one(Person, person.id).post = "Minister"
    ordered(upload, by)
    run_jobs()
    assert outcomes(upload) == [(2, "refused")]
    assert rows_of(upload)[0].said.startswith("What is stored has changed since the check")
    assert db.session.get_one(Person, person.id).post == "Minister"


def test_what_somebody_else_did_meanwhile_is_not_done_again(check, by, cohort, run_jobs):
    one, two = check(AIGUL), check(AIGUL)
    ordered(one, by)
    run_jobs()
    ordered(two, by)
    run_jobs()
    assert (outcomes(one), outcomes(two)) == ([(2, "done")], [(2, "unchanged")])
    assert seated(cohort) == ["AITBAEVA Aigul"]


def test_pressed_twice_there_is_one_job(check, by, cohort, run_jobs):
    upload = check(*people(3))
    assert ordered(upload, by).id == ordered(upload, by).id
    run_jobs()
    assert len(seated(cohort)) == 3
    with pytest.raises(Refused, match="nothing to apply"):
        ordered(upload, by)


def test_one_file_of_a_cohort_at_a_time(check, by, run_jobs):
    one, two = check(AIGUL), check(("OMUROV Bakyt", "KG", "", ""))
    ordered(one, by)
    with pytest.raises(Refused, match="Another file is being applied"):
        ordered(two, by)
    run_jobs()
    ordered(two, by)
    run_jobs()
    assert outcomes(two) == [(2, "done")]


def test_a_file_that_is_not_checked_is_not_applied(by, cohort, run_jobs):
    upload = handed_in(cohort, by, a_file(AIGUL))
    with pytest.raises(Refused, match="not checked yet"):
        ordered(upload, by)


def test_after_a_technical_failure_applying_goes_on_where_it_was(check, by, cohort, run_jobs, monkeypatch):
    upload = check(*people(6))
    real, tries = service.enrol, []

    def breaks(person, *args, **kwargs):
        tries.append(person)
        if len(tries) > 3:
            raise RuntimeError("disk")
        return real(person, *args, **kwargs)

    monkeypatch.setattr(service, "enrol", breaks)
    job = ordered(upload, by)
    for _ in range(outbox.ATTEMPTS - 1):
        with pytest.raises(RuntimeError):
            outbox.run(job.id)
    assert outbox.run(job.id)
    assert db.session.get_one(Job, job.id, populate_existing=True).state is JobState.FAILED
    assert [outcome for _line, outcome in outcomes(upload)] == ["done"] * 3 + [None] * 3
    assert (state_of(upload), len(seated(cohort))) == (UploadState.APPLYING, 3)
    monkeypatch.setattr(service, "enrol", real)
    ordered(upload, by)
    run_jobs()
    assert (state_of(upload), outcomes(upload)) == (UploadState.APPLIED, [(n, "done") for n in range(2, 8)])
    assert len(seated(cohort)) == len(set(seated(cohort))) == 6


# --- Who may change whom --------------------------------------------------------------------------------------------


def test_a_coordinator_of_one_cohort_changes_nobody_out_of_reach(cohort, run_jobs):
    own = make.somebody(Role.COORDINATOR, cohort=cohort)
    a_known(post="Clerk")
    upload = handed_in(cohort, own, a_file((*AIGUL, "Chief"), head=(*HEAD, "post")))
    run_jobs()
    assert results(upload) == [(2, "contradiction")]
    assert said(upload) == ["This person is known with other data, which you may not change: Post. Enrol them by hand."]
    assert "Clerk" not in str([(row.findings, row.changes) for row in rows_of(upload)])
    upload = handed_in(cohort, own, a_file(AIGUL))
    run_jobs()
    ordered(upload, own)
    run_jobs()
    assert outcomes(upload) == [(2, "done")]


# --- Many rows ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", [False, True])
def test_a_chunk_takes_the_same_number_of_statements_however_many_rows_it_has(app, by, statements, known):
    cohort = make.a_cohort(seats={"KG": 900})

    def counted(size):
        rows = people(size)
        if known:
            for name, country, email, year in rows[count(Person) - 1 :]:  # the coordinator is one of them
                make.a_person(name, country=country, email=email, birth_year=year, own_name="")
        upload = handed_in(cohort, by, a_file(*rows))
        job = uploads.job_of(upload)
        with statements() as found:
            outbox.run(job.id)
        assert {result for _line, result in results(upload)} == {"new"}
        return len(found)

    assert counted(3) == counted(300)


def test_lines_of_one_person_in_different_chunks_are_found(check, monkeypatch):
    monkeypatch.setattr(uploads.tasks, "CHUNK", 2)
    upload = check(AIGUL, *people(4), ("AITBAEVA Aigul", "KG", "aigul@example.org", 1991), AIGUL)
    assert [result for _line, result in results(upload)] == ["contradiction", *["new"] * 4, "contradiction", "contradiction"]
    assert said(upload)[0] == "Other lines speak of the same person: 7, 8. They differ in: Year of birth. Keep the right one."


# --- Thrown away, forgotten -----------------------------------------------------------------------------------------


def test_what_is_thrown_away_is_gone_and_said(check, by):
    upload = check(AIGUL)
    with work():
        uploads.throw_away(db.session.get_one(Upload, upload.id), by=by)
    assert (count(Upload), count(UploadRow)) == (0, 0)
    assert db.session.scalars(sa.select(Event.kind).order_by(Event.id.desc())).first() == "upload.thrown_away"


def test_what_was_applied_is_not_thrown_away(applied, by):
    upload = applied(AIGUL)
    with pytest.raises(Refused, match="its report stays"), work():
        uploads.throw_away(db.session.get_one(Upload, upload.id), by=by)
    assert count(UploadRow) == 1


def test_after_thirty_days_only_the_counts_stay(clock, check, by, run_jobs):
    old = check(AIGUL, AIGUL)
    clock.shift(timedelta(days=KEPT_DAYS, hours=-1))
    young = check(("OMUROV Bakyt", "KG", "", ""))

    def forget():
        with work():
            outbox.enqueue("uploads.forget")
        run_jobs()

    forget()
    assert len(rows_of(old)) == 2
    clock.shift(timedelta(hours=2))
    forget()
    forget()
    assert (rows_of(old), len(rows_of(young))) == ([], 1)
    kept = report(old)
    assert (kept["counts"], kept["forgotten"]) == ({"new": 1, "same": 1}, True)
    assert db.session.scalar(sa.select(Upload.content).where(Upload.id == old.id)) == b""
    with pytest.raises(Refused, match="nothing to apply"):
        ordered(old, by)
    assert "uploads.forget" in outbox.HOURLY
