"""People read and download what is known of them; whom nobody needs any more loses their name, and reports stay right."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result

from dostyk.attendance.models import Mark
from dostyk.attendance.rules import Status
from dostyk.certificates.models import Certificate
from dostyk.core import mail
from dostyk.core.access import Role
from dostyk.core.audit import Event, record
from dostyk.core.clock import utcnow
from dostyk.core.database import Base, db, work
from dostyk.core.errors import Refused
from dostyk.core.outbox import Job, enqueue
from dostyk.letters.models import VisaDetails
from dostyk.nominees.models import Decision, Nominee
from dostyk.nominees.rules import Finding
from dostyk.people import queries, records, service
from dostyk.people.models import Account, Passkey, Person
from dostyk.people.rules import PersonDetails, Purpose, name_key
from tests import factories as make
from tests.conftest import make_app

LONG_AGO = date(2019, 5, 6)
WORD = "Zulfizar"  # stands in everything that is personal, so that it can be looked for afterwards


@pytest.fixture
def zulfizar(app) -> Person:
    """Somebody of long ago with a row in every table that knows people, the word in every text of them."""
    then = utcnow() - timedelta(days=7 * 365)
    body = make.an_organisation()
    person = make.a_person(
        f"{WORD} Karimova", own_name=f"{WORD} Каримова", family_name=WORD, given_name=WORD, patronymic=WORD,
        email=f"{WORD}@example.org".lower(),
        phone=f"+998 {WORD}", employer=f"Ministry of {WORD}", post=WORD, languages=["uz"], birth_year=1971, country="UZ", created_at=then,
        organisation_id=body.id,
    )  # fmt: skip
    account = make.an_account(person, last_login_ip="10.0.0.7", current_login_ip="10.0.0.7", mf_recovery_codes=[WORD], password=WORD)
    cohort = make.a_cohort(seats={"UZ": 3}, starts_on=LONG_AGO)
    seat = make.an_enrolment(cohort, person, "UZ", withdrawn_reason=f"{WORD} is ill", decision_reason=f"{WORD} asked")
    batch = make.a_batch(cohort, 1, country="UZ", organisation=body)
    voucher = make.vouchers_of(batch)[0]
    with work():
        voucher.email = person.email
    make.a_redemption(voucher, seat)
    make.a_certificate(seat)
    slot, staff = make.a_slot(cohort), make.a_person("Aigul Seitkali")
    named = {
        "full_name": person.full_name,
        "own_name": person.own_name,
        "sort_name": "karimova",
        "search": person.search,
        "email": person.email,
    }
    keys = {"name_key": name_key(person.search)} if hasattr(Nominee, "name_key") else {}
    nominee = Nominee(
        batch=batch, voucher=voucher, employer=WORD, post=WORD, birth_year=1971, languages=["uz"], named_at=then, named_by_id=staff.id,
        ended_reason=f"{WORD} is ill", ended_at=then, **named, **keys,
    )  # fmt: skip
    for row in (
        Mark(slot_id=slot.id, enrolment_id=seat.id, status=Status.PRESENT, reason=f"{WORD} was there", at=then, by_id=staff.id),
        VisaDetails(enrolment=seat, passport_number=WORD, passport_expires_on=LONG_AGO, born_on=LONG_AGO, citizenship="UZ", given_at=then),
        Passkey(
            user_id=account.id, credential_id=b"x", public_key=b"x", backup_state=True, device_type=WORD, lastuse_datetime=LONG_AGO_AT,
            name=WORD, usage="first",
        ),
        nominee,
        Decision(nominee=nominee, finding=Finding.TRAINED_BEFORE, accepted=True, reason=f"{WORD} came twice", at=then, by_id=staff.id),
    ):  # fmt: skip
        make.save(row)
    with work():
        service.derive(person)
        service.consent(person, {Purpose.PROGRAMME: "I agree"}, "en", then)
        record(
            "person.changed", f"person:{person.id}", by=staff, names={"full_name": [f"{WORD} One", person.full_name]}, fields=["full_name"]
        )
        record("enrolment.withdrawn", f"enrolment:{seat.id}", by=staff, reason=f"{WORD} is ill", told=[f"Dear {WORD} Karimova"])
        record("account.sign_in_failed", f"account:{account.id}", address="10.0.0.7")
        mail.send("welcome", person.email, f"Dear {WORD}", f"Dear {WORD}, welcome", language="uz", person_id=person.id)
        mail.send("reset", account.email, f"For {WORD}", f"Dear {WORD}", language="uz")
    return person


LONG_AGO_AT = utcnow().replace(year=2019, tzinfo=None)


def anonymise(person: Person, by: Person | None = None) -> None:
    with work():
        service.anonymise(person, by=by, now=utcnow())


def found(word: str) -> set[str]:
    """The columns of the whole database in which a word stands."""
    places = set()
    with work():
        for name, table in Base.metadata.tables.items():
            for row in db.session.execute(sa.select(table)).mappings():
                places |= {f"{name}.{key}" for key, value in row.items() if word.lower() in repr(value).lower()}
    return places


# --- Forgotten --------------------------------------------------------------------------------------------------------


def test_nothing_but_the_certificate_says_who_it_was(zulfizar):
    before = found(WORD)
    assert {"person.full_name", "nominee.full_name", "mail.body", "audit_event.data", "visa_details.passport_number"} <= before
    anonymise(zulfizar)
    assert found(WORD) == {"certificate.snapshot"}
    assert found("Каримова") == {"certificate.snapshot"}
    assert found("10.0.0.7") == set()
    assert zulfizar.full_name == f"Anonymised {zulfizar.id}"


# Every column of a table that knows people says here whether it is blanked or stays, and a new one must be decided about.
STAYS = {
    "person": "id full_name sort_name name_key search sex country demo created_at archived_at merged_into_id anonymised_at",
    "person_word": "person_id word",
    "consent": "id person_id purpose wording language given_at withdrawn_at",
    "account": "id person_id email active demo created_at fs_uniquifier",
    "enrolment": "id cohort_id person_id country state enrolled_at withdrawn_at counts_from replaces_id decided_at decided_by_id",
    "mark": "id slot_id enrolment_id status late_minutes excuse source at by_id client_id",
    "redemption": "id voucher_id enrolment_id ticket at",
    "certificate": "*",
    "mail": "*",
}
BLANKED = {
    "person": "own_name family_name given_name patronymic email phone organisation_id employer post languages birth_year",
    "account": (
        "password language fs_webauthn_user_handle confirmed_at last_login_at current_login_at last_login_ip current_login_ip login_count"
        " tf_primary_method tf_totp_secret tf_last_counter mf_recovery_codes invited_at"
    ),
    "enrolment": "withdrawn_reason decision_reason",
    "mark": "reason",
}


@pytest.mark.parametrize("table", [name for name, columns in STAYS.items() if columns != "*"])
def test_every_column_is_blanked_or_said_to_stay(app, table):
    columns = {column.name for column in Base.metadata.tables[table].columns}
    assert columns == {*STAYS[table].split(), *BLANKED.get(table, "").split()}


@pytest.mark.parametrize("table", BLANKED)
def test_what_is_to_be_blanked_is(zulfizar, table):
    anonymise(zulfizar)
    rows = db.session.execute(sa.select(Base.metadata.tables[table])).mappings().all()
    mine = next(row for row in rows if zulfizar.id in (row.get("person_id"), row["id"]) or table == "mark")
    assert {key: mine[key] for key in BLANKED[table].split() if mine[key] not in (None, "", [])} == {}


def test_counts_states_and_what_reports_need_stay(zulfizar):
    tables = [name for name in Base.metadata.tables if name not in ("passkey", "visa_details", "person_word", "audit_event", "job")]
    count = lambda: {name: db.session.scalar(sa.select(sa.func.count()).select_from(Base.metadata.tables[name])) for name in tables}  # noqa: E731
    before = count()
    anonymise(zulfizar)
    assert count() == before
    assert (zulfizar.sex.value, zulfizar.country) == ("male", "UZ")
    assert queries.standing_consents(zulfizar.id).keys() == {Purpose.PROGRAMME}


def test_a_certificate_is_still_verified_with_its_name(zulfizar, client):
    code = db.session.scalars(sa.select(Certificate.code)).one()

    def shown():
        return re.sub(r'(name="csrf_token" value=")[^"]+', r"\1", client.get(f"/verify/{code}").text)

    before = shown()
    anonymise(zulfizar)
    assert shown() == before


def test_nobody_signs_in_with_the_account_and_what_waits_is_not_sent(zulfizar, run_jobs):
    anonymise(zulfizar)
    account = db.session.scalars(sa.select(Account)).one()
    assert (account.active, account.password) == (False, None)
    assert service.account_invited("anything") is None
    run_jobs()
    assert {(letter.state, letter.to) for letter in db.session.scalars(sa.select(mail.Mail))} == {(mail.MailState.FAILED, "")}


def test_records_merged_into_it_are_forgotten_with_it(zulfizar):
    other = make.a_person("Madina Yusupova", own_name="", created_at=zulfizar.created_at)
    with work():
        service.merge(zulfizar, other, (), powers=True, by=make.a_person("Aigul Seitkali"), now=utcnow())
    anonymise(zulfizar)
    assert found("Yusupova") == set()
    assert other.anonymised_at is not None
    with pytest.raises(Refused), work():
        service.part(other, by=make.a_person(), now=utcnow())


def test_twice_is_refused_and_changes_nothing(zulfizar):
    anonymise(zulfizar)
    with pytest.raises(Refused):
        anonymise(zulfizar)
    assert db.session.scalar(sa.select(sa.func.count()).where(Event.kind == "person.anonymised")) == 1


@pytest.mark.parametrize("role", list(Role))
def test_who_is_still_needed_is_not_anonymised(app, role):
    person = make.a_person("Bolat Asanov", created_at=utcnow() - timedelta(days=4000))
    if role is Role.PARTICIPANT:
        make.an_enrolment(make.a_cohort(), person)
    else:
        make.an_assignment(person, role)
    with pytest.raises(Refused, match="still needed"):
        anonymise(person)
    assert person.full_name == "Bolat Asanov"


@pytest.mark.parametrize(
    ("state", "days", "needed"), [("waiting", 9, True), ("offered", 9, True), ("left", 9, False), ("waiting", -3000, False)]
)
def test_who_may_still_be_offered_a_seat_is_not_anonymised(app, state, days, needed):
    then = utcnow() - timedelta(days=4000)
    person, cohort = make.a_person("Bolat Asanov", created_at=then), make.a_cohort(starts_on=utcnow().date() + timedelta(days=days))
    with work():
        cohort.ends_on = cohort.starts_on
    make.a_place(cohort, person, joined_at=then, state=state, offered_until=utcnow() + timedelta(days=1))
    assert (service.why_not_anonymise(person, by=None, now=utcnow()) is not None) == needed
    assert list(service.due(utcnow(), 5)) == ([] if needed else [person.id])


def test_nobody_anonymises_themselves(zulfizar):
    with pytest.raises(Refused, match="yourself"):
        anonymise(zulfizar, by=zulfizar)


# --- By the clock -----------------------------------------------------------------------------------------------------


def tick(app: Any, run_jobs: Any, years: int) -> None:
    app.config["RETENTION_YEARS"] = years
    with work():
        enqueue("people.anonymise")
    run_jobs()


@pytest.mark.parametrize(("years", "gone"), [(0, False), (5, True), (8, False)])
def test_whose_time_is_over_is_anonymised_by_the_clock_and_nobody_else(app, zulfizar, run_jobs, years, gone):
    young = make.a_person("Bolat Asanov")
    kept = make.a_person("Serik Asanov", created_at=utcnow() - timedelta(days=4000))
    make.an_enrolment(make.a_cohort(starts_on=utcnow().date() - timedelta(days=4 * 365)), kept)
    tick(app, run_jobs, years)
    tick(app, run_jobs, years)
    db.session.expire_all()
    assert (zulfizar.anonymised_at is not None, young.anonymised_at, kept.anonymised_at) == (gone, None, None)
    assert {job.state for job in db.session.scalars(sa.select(Job).where(Job.name == "people.anonymise"))} == {"done"}


def test_of_strangers_nothing_is_kept_longer(app, zulfizar, run_jobs):
    """Whoever was named and never came is in no register, but in letters and lists."""
    nominee = db.session.scalars(sa.select(Nominee)).one()
    values = {name: getattr(nominee, name) for name in Nominee.__mapper__.columns.keys() if name not in ("id", "voucher_id")}  # noqa: SIM118
    for name, at in (("Stranger One", nominee.named_at), ("Stranger Two", utcnow())):
        make.save(Nominee(**{**values, "named_at": at, "full_name": name, "email": f"{name[-3:]}@example.org"}))
        with work():
            letter = mail.send("invitation", f"{name[-3:]}@example.org", f"Dear {name}", f"Dear {name}", language="en")
            letter.created_at = at
    run_jobs()
    for _ in range(2):
        tick(app, run_jobs, 5)
    assert found("Stranger One") == set()
    assert found("Stranger Two") == {"mail.subject", "mail.body", "nominee.full_name"}


def test_what_is_anonymised_is_not_written_down_again(zulfizar):
    anonymise(zulfizar)
    with pytest.raises(Refused, match="anonymised"), work():
        service.update(zulfizar, PersonDetails("Zulfizar Karimova"), by=make.a_person(), now=utcnow())
    with work():
        service.restore(zulfizar, by=make.a_person(), now=utcnow())
    assert zulfizar.archived_at is not None


def test_a_sign_in_begins_the_time_anew(app, zulfizar):
    assert zulfizar.id in service.due(utcnow(), 5)
    with work():
        queries.account_of(zulfizar.id).current_login_at = utcnow().replace(tzinfo=None) - timedelta(days=300)
    assert zulfizar.id not in service.due(utcnow(), 5)


def test_the_command_says_whom_and_leaves_it_to_the_worker(app, zulfizar, run_jobs):
    def run(*words: str) -> Result:
        db.session.rollback()
        return app.test_cli_runner().invoke(args=["people", "anonymise", *words])

    assert str(zulfizar.id) in run("--dry-run").output
    assert run_jobs() == 2, "the letters only"
    assert "The worker" in run().output
    run_jobs()
    db.session.expire_all()
    assert zulfizar.anonymised_at is not None


# --- The pages --------------------------------------------------------------------------------------------------------


def test_an_administrator_reads_first_what_goes_and_what_stays(zulfizar, sign_in):
    client = sign_in(make.somebody(Role.ADMIN))
    page = client.get(f"/people/{zulfizar.id}/anonymise").text
    assert "What is taken away for ever" in page
    assert client.post(f"/people/{zulfizar.id}/anonymise").location == f"/people/{zulfizar.id}"
    page = client.get(f"/people/{zulfizar.id}").text
    assert f"Anonymised {zulfizar.id}" in page
    assert WORD not in page.replace("certificates", "")
    assert client.post(f"/people/{zulfizar.id}/anonymise").status_code == 200
    assert WORD not in client.get("/people/?state=archived").text


def test_a_coordinator_does_not_anonymise(zulfizar, sign_in):
    client = sign_in(make.somebody(Role.COORDINATOR))
    assert client.get(f"/people/{zulfizar.id}/anonymise").status_code == 403
    assert client.post(f"/people/{zulfizar.id}/anonymise").status_code == 403


# --- What is known of oneself -----------------------------------------------------------------------------------------

# Tables whose rows are about a person, and who tells the person of them.
TOLD = {
    "person": "details", "account": "account", "consent": "consents", "enrolment": "seats", "assignment": "roles", "redemption": "vouchers",
    "mark": "attendance", "certificate": "certificates", "visa_details": "visa", "waiting_entry": "waiting", "nominee": "nominations",
    "mail": "letters", "audit_event": "log",
}  # fmt: skip
# Not about the person to whom they point: they did it, or it follows from what is told.
NOT_ABOUT = {"person_word", "batch", "seat_move", "message_template", "slot", "nominee_decision", "passkey"}


def test_every_table_that_knows_people_is_told_of(app):
    known, more = {"person", "mail", "audit_event", "nominee"}, True
    while more:
        more = {
            t.name
            for t in Base.metadata.tables.values()
            if t.name not in known and any(key.column.table.name in ("person", "enrolment", "account") for key in t.foreign_keys)
        }
        known |= more
    assert known - NOT_ABOUT == set(TOLD)
    assert {section.key for section in records.told(make.a_person())} == set(TOLD.values())


def test_ones_file_holds_everything_and_nothing_of_others(zulfizar, sign_in):
    make.somebody(full_name="Foreign Person", email="foreign@example.org")
    answer = sign_in(zulfizar).get("/me/data.json")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    told = json.loads(answer.text)
    assert told["details"][0]["own_name"] == f"{WORD} Каримова"
    assert told["attendance"][0]["status"] == "present"
    assert told["visa"][0]["passport_number"] == WORD
    assert len(told["letters"]) == 1
    assert told["nominations"][0]["employer"] == WORD
    assert "Foreign" not in answer.text
    assert "Aigul" not in answer.text, "who did it stays with the office"


def test_the_page_says_the_same(zulfizar, sign_in):
    page = sign_in(zulfizar).get("/me/data").text
    for words in (f"{WORD} Каримова", "Present", "What is known of me", "certificate.issued"):
        assert words in page, words


def test_letters_and_the_log_of_a_record_merged_into_ones_own_are_ones_own(zulfizar, sign_in):
    other = make.a_person("Madina Yusupova")
    make.a_letter(person_id=other.id, subject="To the other record")
    with work():
        record("person.changed", f"person:{other.id}")
        service.merge(zulfizar, other, (), powers=True, by=make.a_person("Aigul Seitkali"), now=utcnow())
    told = json.loads(sign_in(zulfizar).get("/me/data.json").text)
    assert [letter["subject"] for letter in told["letters"]] == [f"Dear {WORD}", "To the other record"]
    assert f"person:{other.id}" in {line["thing"] for line in told["log"]}


def test_an_empty_record_is_told_as_such(app, sign_in):
    client = sign_in(make.somebody(full_name="Bolat Asanov"))
    assert client.get("/me/data").status_code == 200
    assert json.loads(client.get("/me/data.json").text)["seats"] == []


def test_ones_data_take_as_many_statements_for_many_marks_as_for_few(zulfizar, sign_in, statements):
    client, counts = sign_in(zulfizar), []
    seat = make.an_enrolment(make.a_cohort(), zulfizar)
    for number in (1, 30):
        for _ in range(number):
            slot = make.a_slot(seat.cohort)
            make.save(Mark(slot_id=slot.id, enrolment_id=seat.id, status=Status.PRESENT, at=utcnow(), by_id=zulfizar.id))
        with statements() as seen:
            client.get("/me/data.json")
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 25, seen


def test_downloading_again_and_again_is_limited(tmp_path):
    app = make_app(tmp_path, RATELIMIT_ENABLED=True, LIMIT_OWN_DATA="2/minute")
    with app.app_context():
        Base.metadata.create_all(db.engine)
        person = make.somebody()
        from tests.conftest import sign_in_client

        client = sign_in_client(app, person)
        assert [client.get("/me/data.json").status_code for _ in range(3)] == [200, 200, 429]
        db.session.remove()
        db.engine.dispose()
