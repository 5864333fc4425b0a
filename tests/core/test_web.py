from __future__ import annotations

import pytest

from dostyk.core.access import Role
from tests import factories


def test_health(client):
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"database": "ok", "queue": "ok"}


def test_every_answer_has_a_strict_policy_and_a_request_id(client):
    answer = client.get("/healthz", headers={"X-Request-ID": "abcdef123456"})
    assert answer.headers["X-Request-ID"] == "abcdef123456"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_a_foreign_request_id_is_not_taken_over(client):
    assert client.get("/healthz", headers={"X-Request-ID": "a\tb{}" + "x" * 99}).headers["X-Request-ID"] != "a"


def test_factories_build_everything(app):
    batch = factories.a_batch()
    factories.an_enrolment(batch.cohort, country="KG")
    factories.a_slot(batch.cohort)
    assert batch.cohort.taken == 1


@pytest.mark.parametrize("path", ["/verify/%00", "/me/certificates/%00.pdf", "/vouchers/3000000000", "/vouchers/99999999999999999999"])
def test_an_address_that_the_database_could_not_read_leads_nowhere(sign_in, path):
    assert sign_in(factories.somebody(Role.ADMIN)).get(path).status_code == 404


@pytest.mark.parametrize("path", ["/sign-in", "/reset-password"])
def test_pages_for_signing_in_are_kept_nowhere(client, path):
    assert client.get(path).headers["Cache-Control"] == "no-store"
