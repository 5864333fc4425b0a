"""A focal point of one body walks every route of the application with everything of another body, and learns and changes nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from dostyk.core.access import Role
from dostyk.core.audit import Event
from dostyk.core.database import Model, db
from dostyk.core.mail import Mail
from dostyk.core.outbox import Job
from tests import factories as make
from tests.conftest import sign_in_client
from tests.test_access import address_of, rules

# Words that stand on nothing but the other body's things.
THEIRS = {"named": "ZULFIYA Xorazmiy", "seated": "BAXTIYOR Qoraqalpoq", "own": "Бахтиёр Қорақалпоқ", "post": "Qoraqalpoq inspektori"}


def world(country: str) -> tuple[dict[str, Any], Any, list[str]]:
    """A body with a batch, somebody named, somebody with a seat and a certificate; all arguments of addresses; their secrets."""
    body = make.an_organisation(country=country, name={"en": "Body of somebody else"})
    cohort = make.a_cohort(seats={"KG": 9, "UZ": 9})
    batch = make.a_batch(cohort, 3, country=country, organisation=body)
    person = make.somebody(
        full_name=THEIRS["seated"], own_name=THEIRS["own"], country=country, email="baxtiyor@example.uz", post=THEIRS["post"]
    )
    seat = make.an_enrolment(cohort, person, country)
    certificate = make.a_certificate(seat)
    nominee = make.a_nominee(batch, THEIRS["named"], email="zulfiya@example.uz", post=THEIRS["post"])
    make.a_redemption(make.vouchers_of(batch)[2], seat)
    codes = [v.code for v in make.vouchers_of(batch)]
    arguments = {
        "cohort_code": cohort.code, "slug": cohort.course.slug, "slot_id": make.a_slot(cohort).id, "enrolment_id": seat.id,
        "batch_id": batch.id, "voucher_id": make.vouchers_of(batch)[0].id, "nominee_id": nominee.id, "person_id": person.id,
        "organisation_id": body.id, "programme_id": cohort.course.project.programme_id, "project_id": cohort.course.project_id,
        "/courses/programmes/ code": cohort.course.project.programme.code, "/redeem/ code": "2222-2222-2222",
        "number": certificate.number, "certificate_id": certificate.id, "code": "2222-2222-2222", "verb": "restore",
        "account_id": make.account_of(person).id, "assignment_id": make.an_assignment(person, Role.OBSERVER, country="AF").id,
        "mail_id": make.a_letter(cohort=cohort.code, body=THEIRS["named"]).id, "language": "ru", "job_id": make.a_job().id,
        "upload_id": make.an_upload(cohort, person, kind="nominees", subject=f"batch:{batch.id}", name=f"{THEIRS['named']}.csv").id,
        "kind": "csv", "purpose": "photo", "token": "no-such-token", "credential_id": "none",
    }  # fmt: skip
    grouped = ["-".join((c[:4], c[4:8], c[8:])) for c in codes]
    return arguments, body, [*THEIRS.values(), "example.uz", *codes, *grouped, certificate.code]


class Arguments(dict[str, Any]):
    """What a route asks for and nobody has thought of, such as the number of a thing of a new room, is a number of theirs."""

    def __missing__(self, _name: str) -> int:
        return 1


def contents() -> dict[str, list[Any]]:
    """Every row of the tables that hold what people do; not what is counted, logged or sent."""
    db.session.rollback()
    apart = {Event.__tablename__, Mail.__tablename__, Job.__tablename__}
    tables = [table for table in Model.metadata.sorted_tables if table.name not in apart]
    return {table.name: sorted(map(repr, db.session.execute(sa.select(table)).all())) for table in tables}


FORM = {
    "full_name": "Somebody Hostile", "letter_language": "en", "sex": "male", "email": "hostile@example.org", "reason": "Because",
    "people": "1",
    "everybody": "1", "number": "1", "sure": "1", "table": "Somebody Hostile", "save": "1", "finding": "language", "accept": "1",
}  # fmt: skip


@pytest.mark.parametrize("same_cohort", [False, True], ids=["other cohort", "same cohort"])
@pytest.mark.parametrize("scope", ["body", "country"])
def test_nothing_of_another_body_is_read_or_changed(app, same_cohort, scope):
    theirs, body, secrets = world("UZ")
    mine = make.an_organisation(country="KG")
    if same_cohort:
        from dostyk.cohorts.models import Cohort

        shared = db.session.scalars(sa.select(Cohort).where(Cohort.code == theirs["cohort_code"])).one()
        own = make.a_batch(shared, 2, country="KG", organisation=mine)
    else:
        own = make.a_batch(make.a_cohort(seats={"KG": 3}), 2, country="KG", organisation=mine)
    make.a_nominee(own, "My Own Person")
    focal = make.somebody(Role.FOCAL_POINT, **({"organisation": mine} if scope == "body" else {"country": "KG"}))
    mixed = [Arguments(theirs), Arguments({**theirs, "batch_id": own.id})]
    client, before = sign_in_client(app, focal), contents()
    told, walked = [], 0
    for rule in rules(app):
        if rule.rule.startswith(("/me/", "/language", "/theme", "/readyz", "/healthz", "/redeem")) or rule.endpoint == "home.language":
            continue
        for arguments in mixed if rule.arguments else mixed[:1]:
            with app.test_request_context():
                address = address_of(rule, arguments)
            if "POST" in rule.methods and (
                arguments is mixed[1] and "nominee_id" not in rule.arguments and "upload_id" not in rule.arguments
            ):
                continue  # what they may do in their own batch is not the question here
            for method in sorted(rule.methods & {"GET", "POST"}):
                for query in ("", "?format=csv") if method == "GET" else ("",):
                    answer = client.open(address + query, method=method, data=FORM if method == "POST" else None)
                    walked += 1
                    assert answer.status_code < 500, (method, address)
                    text = answer.data.decode(errors="replace")
                    told += [(method, address + query, secret) for secret in secrets if secret in text]
    assert told == []
    assert contents() == before
    assert walked > 150
    # The words are there to be found: their own focal point reads them.
    theirs_own = sign_in_client(app, make.somebody(Role.FOCAL_POINT, **({"organisation": body} if scope == "body" else {"country": "UZ"})))
    assert THEIRS["named"] in theirs_own.get(f"/vouchers/{theirs['batch_id']}/people").text


def test_their_own_batch_takes_nobody_elses_voucher_or_person(app):
    theirs, _body, secrets = world("UZ")
    mine = make.an_organisation(country="KG")
    batch = make.a_batch(make.a_cohort(seats={"KG": 3}), 2, country="KG", organisation=mine)
    client = sign_in_client(app, make.somebody(Role.FOCAL_POINT, organisation=mine))
    base, before = f"/vouchers/{batch.id}/people", contents()
    foreign = str(theirs["nominee_id"])
    for path, data in (
        ("invite", {"people": foreign}), ("invite", {"people": foreign, "again": "1"}), ("remind", {"people": foreign}),
        ("give-back", {"number": "1", "people": foreign, "reason": "Because", "sure": "1"}),
        (f"{foreign}/edit", FORM), (f"{foreign}/replace", FORM),
    ):  # fmt: skip
        answer = client.post(f"{base}/{path}", data=data)
        assert answer.status_code in (200, 302, 404)
        assert [secret for secret in secrets if secret in answer.text] == []
    voucher = client.get(f"/vouchers/{batch.id}/sheet.pdf?voucher={theirs['voucher_id']}")
    assert voucher.status_code == 404
    assert contents() == before
    assert db.session.scalars(sa.select(Mail).where(Mail.kind.startswith("nominees."))).all() == []


def test_what_a_focal_point_sees_of_its_own_people_holds_no_marks(app):
    from dostyk.attendance.models import Mark
    from dostyk.attendance.rules import Source, Status
    from dostyk.core.clock import utcnow
    from dostyk.core.database import work

    body = make.an_organisation(country="KG")
    cohort = make.a_cohort(seats={"KG": 3})
    batch = make.a_batch(cohort, 1, organisation=body)
    nominee = make.a_nominee(batch, "Aigul Aitbaeva")
    seat = make.an_enrolment(cohort, make.a_person("Aigul Aitbaeva"), "KG")
    make.a_redemption(nominee.voucher, seat)
    slot = make.a_slot(cohort, title={"en": "A secret lesson"})
    with work():
        db.session.add(Mark(
            slot=slot, enrolment=seat, status=Status.ABSENT, at=utcnow(), by_id=seat.person_id, source=Source.TRAINER, reason="Was asleep",
        ))  # fmt: skip
    client = sign_in_client(app, make.somebody(Role.FOCAL_POINT, organisation=body))
    for page in (f"/vouchers/{batch.id}/people", f"/vouchers/{batch.id}/people/{nominee.id}", f"/vouchers/{batch.id}/people?format=csv"):
        text = client.get(page).text
        assert re.search(r"0\s?%", text)
        assert not re.search("A secret lesson|Was asleep|absent", text, re.IGNORECASE)
