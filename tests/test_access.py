"""Who gets in where: every route × every role × own and foreign things, in one table.

`in` means that the view was reached (whatever it then said of the empty form that a POST sends).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dostyk.core.access import Role
from tests import factories
from tests.access_table import OWN_AND_FOREIGN
from tests.conftest import sign_in_client

WHO = ("visitor", "stranger", "participant", "trainer", "focal", "own_coordinator", "observer", "coordinator", "admin")
LETTERS = {"in": "i", "403": "3", "404": "4", "sign-in": "s"}


@dataclass
class World:
    """Two cohorts with everything that hangs on them; the scoped roles belong to the first."""

    own: dict[str, Any] = field(default_factory=dict)
    foreign: dict[str, Any] = field(default_factory=dict)
    clients: dict[str, FlaskClient] = field(default_factory=dict)


def things(label: str) -> tuple[dict[str, Any], Any, Any, Any]:
    """One cohort with a body, a batch, a slot, a participant and a certificate; the arguments of all addresses about it."""
    body = factories.an_organisation(country="KG")
    cohort = factories.a_cohort(seats={"KG": 9})
    batch = factories.a_batch(cohort, 2, country="KG", organisation=body)
    person = factories.somebody(email=f"{label}@example.org")
    enrolment = factories.an_enrolment(cohort, person, "KG")
    certificate = factories.a_certificate(enrolment)
    factories.visa_details(enrolment)
    arguments = {
        "cohort_code": cohort.code,
        "slug": cohort.course.slug,
        "slot_id": factories.a_slot(cohort).id,
        "enrolment_id": enrolment.id,
        "batch_id": batch.id,
        "voucher_id": factories.vouchers_of(batch)[0].id,
        "person_id": person.id,
        "other_id": factories.a_person().id,
        "organisation_id": body.id,
        "programme_id": cohort.course.project.programme_id,
        "project_id": cohort.course.project_id,
        "/courses/programmes/ code": cohort.course.project.programme.code,
        "/redeem/ code": factories.vouchers_of(batch)[1].code,
        "number": certificate.number,
        "certificate_id": certificate.id,
        "code": certificate.code,
        "verb": "restore",
        "account_id": factories.account_of(person).id,
        "assignment_id": factories.an_assignment(person, Role.OBSERVER, country="AF").id,
        "mail_id": factories.a_letter(cohort=cohort.code).id,
        "kind_name": "vouchers.welcome",
        "language": "ru",
        "job_id": factories.a_job().id,
        "nominee_id": factories.a_nominee(batch).id,
        "/vouchers/ upload_id": factories.an_upload(cohort, person, kind="nominees", subject=f"batch:{batch.id}").id,
        "upload_id": factories.an_upload(cohort, person).id,
        "kind": "csv",
        "entry_id": factories.a_place(cohort).id,
        "purpose": "photo",
        "token": "no-such-token",
        "credential_id": "none",
    }
    return arguments, cohort, person, body


@pytest.fixture
def world(app: Flask) -> World:
    own, cohort, participant, body = things("own")
    foreign, *_ = things("foreign")
    people = {
        "stranger": factories.somebody(),
        "participant": participant,
        "trainer": factories.somebody(Role.TRAINER, cohort=cohort),
        "focal": factories.somebody(Role.FOCAL_POINT, organisation=body),
        "own_coordinator": factories.somebody(Role.COORDINATOR, cohort=cohort),
        "observer": factories.somebody(Role.OBSERVER),
        "coordinator": factories.somebody(Role.COORDINATOR),
        "admin": factories.somebody(Role.ADMIN),
    }
    clients = {who: sign_in_client(app, person) for who, person in people.items()}
    return World(own, foreign, {"visitor": app.test_client(), **clients})


def rules(app: Flask) -> list[Any]:
    """Our own routes; Flask-Security sees to its own, static files are for everybody."""
    return [r for r in app.url_map.iter_rules() if r.endpoint != "static" and not r.endpoint.startswith("security.")]


def plain(rule: Any) -> str:
    """The route without the kinds of its arguments."""
    return re.sub(r"<\w+(?:\([^)]*\))?:(\w+)>", r"<\1>", rule.rule)


def outcome(client: FlaskClient, address: str, method: str) -> str:
    answer = client.open(address, method=method)
    assert answer.status_code < 500, (method, address, answer.text[:2000])
    if answer.status_code == 302 and answer.headers["Location"].startswith(("/sign-in", "http://localhost/sign-in")):
        return "sign-in"
    return str(answer.status_code) if answer.status_code in (403, 404) else "in"


def address_of(rule: Any, arguments: dict[str, Any]) -> str:
    """The address of a route; what `<code>` means depends on where it stands."""
    special = next((key.split()[0] for key in arguments if key.startswith("/") and rule.rule.startswith(key.split()[0])), None)
    values = {name: arguments.get(f"{special} {name}", arguments[name]) for name in rule.arguments}
    return str(url_for(rule.endpoint, **values))


def found(app: Flask, world: World, *, foreign: bool) -> dict[str, str]:
    """For every route and method the letters of all roles, in the order of WHO."""
    result = {}
    arguments = world.foreign if foreign else world.own
    for rule in rules(app):
        if foreign and not rule.arguments:
            continue
        with app.test_request_context():
            address = address_of(rule, arguments)
        for method in sorted(rule.methods & {"GET", "POST"}):
            result[f"{method} {plain(rule)}"] = "".join(LETTERS[outcome(world.clients[who], address, method)] for who in WHO)
    return result


def test_every_route_is_in_the_table(app):
    known = {f"{m} {plain(r)}" for r in rules(app) for m in r.methods & {"GET", "POST"}}
    assert sorted(known) == sorted(OWN_AND_FOREIGN)


@pytest.fixture
def nothing_is_kept(monkeypatch):
    """Every unit of work is undone at its end, so that no try changes what the next one finds."""
    monkeypatch.setattr(Session, "commit", Session.rollback)


@pytest.mark.parametrize("foreign", [False, True], ids=["own", "foreign"])
def test_who_gets_in(app, world, nothing_is_kept, foreign):
    expected = {route: letters.split()[foreign] for route, letters in OWN_AND_FOREIGN.items() if not foreign or " " in letters}
    assert found(app, world, foreign=foreign) == expected
