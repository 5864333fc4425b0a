"""Who gets in where: every route × every role × own and foreign things, in one table.

`in` means that the view was reached (whatever it then said of the empty form that a POST sends).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

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
    arguments = {
        "cohort_code": cohort.code,
        "slug": cohort.course.slug,
        "slot_id": factories.a_slot(cohort).id,
        "enrolment_id": enrolment.id,
        "batch_id": batch.id,
        "voucher_id": factories.vouchers_of(batch)[0].id,
        "person_id": person.id,
        "organisation_id": body.id,
        "programme_id": cohort.course.project.programme_id,
        "project_id": cohort.course.project_id,
        "programme_code": cohort.course.project.programme.code,
        "number": certificate.number,
        "certificate_id": certificate.id,
        "code": certificate.code,
        "account_id": factories.account_of(person).id,
        "assignment_id": factories.an_assignment(person, Role.OBSERVER, country="AF").id,
        "mail_id": factories.a_letter().id,
        "job_id": factories.a_job().id,
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


def outcome(client: FlaskClient, address: str, method: str) -> str:
    answer = client.open(address, method=method)
    assert answer.status_code < 500, (method, address, answer.text[:2000])
    if answer.status_code == 302 and answer.headers["Location"].startswith(("/sign-in", "http://localhost/sign-in")):
        return "sign-in"
    return str(answer.status_code) if answer.status_code in (403, 404) else "in"


def found(app: Flask, world: World, *, foreign: bool) -> dict[str, str]:
    """For every route and method the letters of all roles, in the order of WHO. Each try is undone by nothing: routes come in order, GET first."""
    result = {}
    arguments = world.foreign if foreign else world.own
    for rule in sorted(rules(app), key=lambda r: (r.methods & {"POST"} != set() and "GET" not in r.methods, r.rule)):
        if foreign and not rule.arguments:
            continue
        for method in sorted(rule.methods & {"GET", "POST"}):
            with app.test_request_context():
                from flask import url_for

                address = url_for(rule.endpoint, **{name: arguments[name] for name in rule.arguments})
            letters = "".join(LETTERS[outcome(world.clients[who], address, method)] for who in WHO)
            result[f"{method} {rule.rule}"] = letters
    return result


def test_every_route_is_in_the_table(app):
    known = {f"{m} {r.rule}" for r in rules(app) for m in r.methods & {"GET", "POST"}}
    assert sorted(known) == sorted(OWN_AND_FOREIGN)


@pytest.mark.parametrize("foreign", [False, True], ids=["own", "foreign"])
def test_who_gets_in(app, world, foreign):
    expected = {route: letters.split()[foreign] for route, letters in OWN_AND_FOREIGN.items() if not foreign or " " in letters}
    assert found(app, world, foreign=foreign) == expected
