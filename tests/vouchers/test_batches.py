"""The pages of coordinators and focal points: issue, list, print, export, revoke; and never another body's."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pypdf
import pytest
import sqlalchemy as sa

from dostyk.cohorts import panels as cohort_panels
from dostyk.cohorts import queries as cohorts
from dostyk.core import i18n
from dostyk.core.access import Role
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.documents import missing
from dostyk.core.text import group_code
from dostyk.vouchers import printing, queries, rules
from dostyk.vouchers.models import Batch, Voucher
from tests import factories
from tests.conftest import sign_in_client


@pytest.fixture
def kg(app):
    return factories.an_organisation(country="KG", name={"en": "Civil Service Agency", "ru": "Агентство госслужбы"})


@pytest.fixture
def cohort(app):
    return factories.a_cohort(seats={"KG": 6, "TJ": 4})


@pytest.fixture
def batch(cohort, kg):
    return factories.a_batch(cohort, 3, country="KG", organisation=kg)


@pytest.fixture
def coordinator(app, cohort):
    return sign_in_client(app, factories.somebody(Role.COORDINATOR, cohort=cohort))


@pytest.fixture
def focal(app, kg):
    return sign_in_client(app, factories.somebody(Role.FOCAL_POINT, organisation=kg))


def rows_of(answer):
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def issued(client, cohort, body, **changes):
    through = (cohort.closes_at - timedelta(days=1)).date().isoformat()
    data = {"organisation_id": body.id, "country": "KG", "quantity": "4", "valid_through": through, "language": "ru", "note": "first round"}
    return client.post(f"/cohorts/{cohort.code}/vouchers/issue", data={**data, **changes})


def test_a_coordinator_issues_a_batch(coordinator, cohort, kg):
    assert "No vouchers yet" in coordinator.get(f"/cohorts/{cohort.code}/vouchers").text
    form = coordinator.get(f"/cohorts/{cohort.code}/vouchers/issue").text
    assert "Civil Service Agency · Kyrgyzstan" in form
    answer = issued(coordinator, cohort, kg)
    batch = db.session.scalars(sa.select(Batch)).one()
    assert answer.location == f"/cohorts/{cohort.code}/vouchers/batches/{batch.id}"
    page = coordinator.get(answer.location).text
    assert "4 seats are reserved by this batch." in page
    assert "first round" in page
    assert all(group_code(v.code) in page for v in factories.vouchers_of(batch))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"quantity": "7"}, "Only 6 seats are free for Kyrgyzstan: of 6 seats 0 are taken and 0 reserved"),
        ({"quantity": "0"}, "From 1 to 10000"),
        ({"quantity": "10001"}, "From 1 to 10000"),
        ({"quantity": "many"}, "Not a valid integer"),
        ({"country": "UZ"}, "This body belongs to Kyrgyzstan"),
        ({"valid_through": "2020-01-01"}, "This day is over"),
        ({"valid_through": "9999-12-31"}, "Enrolment closes on"),
        ({"valid_through": "soon"}, "Not a valid date"),
        ({"organisation_id": "999999"}, "Not a valid choice"),
        ({"organisation_id": ""}, "Choose the body"),
        ({"language": "tlh"}, "Not a valid choice"),
    ],
)
def test_what_cannot_be_issued_is_said_at_its_field(coordinator, cohort, kg, changes, said):
    page = issued(coordinator, cohort, kg, **changes)
    assert page.status_code == 200
    assert said.lower() in page.text.lower()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Voucher)) == 0


def test_a_host_is_nobody_to_hand_vouchers_to(coordinator, cohort):
    assert "Not a valid choice" in issued(coordinator, cohort, cohort.host).text


def test_the_list_is_filtered_searched_sorted_and_paged(coordinator, cohort, batch):
    other = factories.a_batch(cohort, 60, country="TJ", organisation=factories.an_organisation(country="TJ"), valid_until=utcnow())
    one, two, three = factories.vouchers_of(batch)
    factories.a_redemption(one, factories.an_enrolment(cohort, factories.a_person("Nodira Gʻulomova"), "KG"))
    with work():
        two.revoked_at, two.revoked_reason = utcnow(), "lost"

    def codes(**asked):
        page = coordinator.get(f"/cohorts/{cohort.code}/vouchers", query_string=asked).text
        return {v for v in db.session.scalars(sa.select(Voucher)) if group_code(v.code) in page}, page

    shown, page = codes(state="used")
    assert shown == {one}
    assert "Nodira Gʻulomova" in page
    assert codes(state="revoked")[0] == {two}
    assert codes(state="open")[0] == {three}
    assert codes(q="gulomova")[0] == {one}
    assert codes(q=three.code[:5].lower())[0] == {three}
    assert codes(batch=str(batch.id))[0] == {one, two, three}
    assert len(codes()[0]) == 50
    assert len(codes(page=2)[0]) == 13
    assert len(codes(batch=str(other.id), state="expired", sort="code", desc="1")[0]) == 50
    for nonsense in ({"state": "x"}, {"batch": "x"}, {"sort": "x"}, {"page": "x"}, {"page": "-1"}, {"q": "%_\\"}, {"batch": "9" * 20}):
        assert coordinator.get(f"/cohorts/{cohort.code}/vouchers", query_string=nonsense).status_code == 200


def test_pages_take_the_same_statements_for_3_and_for_300(app, cohort, kg, coordinator, focal, statements):
    batch = factories.a_batch(cohort, 3, organisation=kg)
    addresses = {f"/cohorts/{cohort.code}/vouchers": coordinator, f"/cohorts/{cohort.code}/vouchers/batches/{batch.id}": coordinator}
    addresses |= {"/vouchers/": focal, f"/vouchers/{batch.id}": focal}

    def counts():
        result = []
        for address, client in addresses.items():
            with statements() as found:
                assert client.get(address).status_code == 200
            result.append(len(found))
        return result

    few = counts()
    with work():
        db.session.add_all(Voucher(batch_id=batch.id, code=f"X{n}", uses=1, used=0) for n in range(297))
    for voucher in factories.vouchers_of(batch)[:4]:
        factories.a_redemption(voucher, factories.an_enrolment(cohort, country="KG"))
    factories.a_batch(cohort, 3, organisation=kg)
    factories.a_batch(organisation=kg)
    many = counts()
    assert many == few
    assert max(many) <= 12


def test_a_file_holds_what_the_filter_lets_through_and_runs_nothing(coordinator, cohort, batch):
    one, two, _three = factories.vouchers_of(batch)
    factories.a_redemption(one, factories.an_enrolment(cohort, factories.a_person("=cmd|'/c calc'!A1", own_name="+1"), "KG"))
    with work():
        two.revoked_at, two.revoked_reason = utcnow(), "@SUM(1)"
    rows = rows_of(coordinator.get(f"/cohorts/{cohort.code}/vouchers?format=csv"))
    assert {row["Code"] for row in rows} == {group_code(v.code) for v in factories.vouchers_of(batch)}
    by_state = {row["State"]: row for row in rows}
    assert by_state["Used"]["Full name"] == "'=cmd|'/c calc'!A1"
    assert by_state["Revoked"]["Reason of revocation"] == "'@SUM(1)"
    address = f"/cohorts/{cohort.code}/vouchers/batches/{batch.id}?format=csv&state=open"
    assert [row["State"] for row in rows_of(coordinator.get(address))] == ["Open"]


def test_who_sees_vouchers_but_may_not_issue_them_sees_no_codes(app, cohort, batch, monkeypatch):
    from dostyk.core import access

    trainer = access.GRANTS[Role.TRAINER] | {access.Permission.SEE_VOUCHERS}
    monkeypatch.setitem(access.GRANTS, Role.TRAINER, trainer)
    client = sign_in_client(app, factories.somebody(Role.TRAINER, cohort=cohort))
    code = factories.vouchers_of(batch)[0].code
    for address in (f"/cohorts/{cohort.code}/vouchers", f"/cohorts/{cohort.code}/vouchers/batches/{batch.id}"):
        page = client.get(address).text
        assert f"{code[:4]}-••••-••••" in page
        assert code[4:8] not in page
        assert client.get(f"{address}?format=csv").status_code == 403
    assert client.get(f"/cohorts/{cohort.code}/vouchers/batches/{batch.id}/sheet.pdf").status_code == 403
    assert client.post(f"/cohorts/{cohort.code}/vouchers/batches/{batch.id}/revoke", data={"reason": "x"}).status_code == 403


# --- The sheet -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", list(i18n.SUPPORTED))
def test_the_sheet_holds_the_open_vouchers_in_its_language(app, cohort, kg, coordinator, language):
    batch = factories.a_batch(cohort, 3, organisation=kg, language=language)
    one, two, three = factories.vouchers_of(batch)
    with work():
        one.used, two.revoked_at = 1, utcnow()
    answer = coordinator.get(f"/cohorts/{cohort.code}/vouchers/batches/{batch.id}/sheet.pdf")
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (200, "application/pdf", "no-store")
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.data)).pages)
    assert group_code(three.code) in text
    assert group_code(one.code) not in text
    assert group_code(two.code) not in text
    assert cohort.code in text


def test_a_sheet_that_cannot_be_printed_is_refused_in_words(batch, coordinator):
    with work():
        batch.cohort.city = {"en": "თბილისი"}
    answer = coordinator.get(f"/cohorts/{batch.cohort.code}/vouchers/batches/{batch.id}/sheet.pdf")
    assert answer.status_code == 409
    assert "თ" in answer.text


def test_a_voucher_number_that_no_key_can_hold_revokes_nothing(batch, coordinator):
    address = f"/cohorts/{batch.cohort.code}/vouchers/batches/{batch.id}/revoke"
    assert coordinator.post(address, data={"reason": "lost", "voucher": "9" * 20}).status_code == 302
    assert all(voucher.revoked_at is None for voucher in factories.vouchers_of(batch))


def test_every_link_on_the_sheet_opens_its_voucher(app, client, batch):
    for card, voucher in zip(
        printing.sheet_data(batch, factories.vouchers_of(batch), "http://localhost")["vouchers"], factories.vouchers_of(batch), strict=True
    ):
        assert card["url"] == f"http://localhost/redeem/{voucher.code}"
        assert client.get(card["url"]).status_code == 200
        assert not missing(card["code"])


def test_a_big_batch_is_printed_in_parts_that_do_not_shift(app, kg):
    batch = factories.a_batch(factories.a_cohort(seats={"KG": 250}), 250, organisation=kg)
    focal = sign_in_client(app, factories.somebody(Role.FOCAL_POINT, organisation=kg))
    vouchers = factories.vouchers_of(batch)
    assert f"/vouchers/{batch.id}/sheet.pdf?part=3" in focal.get(f"/vouchers/{batch.id}").text
    with work():
        vouchers[0].used = 1
    now = utcnow()
    parts = [list(queries.open_of(batch, part, now)) for part in rules.sheets(batch.quantity)]
    assert parts == [vouchers[1:100], vouchers[100:200], vouchers[200:]]
    pdf = focal.get(f"/vouchers/{batch.id}/sheet.pdf?part=3")
    assert len(pypdf.PdfReader(io.BytesIO(pdf.data)).pages) == 13
    for part in ("0", "4", "-1"):
        assert focal.get(f"/vouchers/{batch.id}/sheet.pdf?part={part}").status_code == 404


def test_a_sheet_of_nothing_is_not_printed(coordinator, cohort, batch):
    with work():
        batch.valid_until = utcnow()
    answer = coordinator.get(f"/cohorts/{cohort.code}/vouchers/batches/{batch.id}/sheet.pdf")
    assert answer.status_code == 409
    assert "nothing to print" in answer.text


# --- Revoking --------------------------------------------------------------------------------------------------------


def test_one_or_all_unused_are_revoked_with_a_reason(coordinator, cohort, batch):
    address = f"/cohorts/{cohort.code}/vouchers/batches/{batch.id}"
    one, two, three = factories.vouchers_of(batch)
    with work():
        three.used = 1

    def revoke(**data):
        return coordinator.post(f"{address}/revoke", data=data, follow_redirects=True).text

    assert "Say why: it is kept with the batch." in revoke(reason=" ")
    assert "1 voucher is revoked." in revoke(reason="lost", voucher=one.id)
    assert "was used or revoked before" in revoke(reason="lost", voucher=one.id)
    assert "was used or revoked before" in revoke(reason="lost", voucher=three.id)
    assert "1 voucher is revoked." in revoke(reason="given back")
    assert "No voucher of this batch is left" in revoke(reason="given back")
    db.session.expire_all()
    assert [v.revoked_reason for v in (one, two, three)] == ["lost", "given back", None]


def test_a_voucher_that_is_not_of_the_batch_is_not_revoked(coordinator, cohort, batch):
    foreign = factories.a_batch(quantity=1)
    voucher = factories.vouchers_of(foreign)[0]
    coordinator.post(f"/cohorts/{cohort.code}/vouchers/batches/{batch.id}/revoke", data={"reason": "x", "voucher": voucher.id})
    coordinator.post(f"/cohorts/{cohort.code}/vouchers/batches/{foreign.id}/revoke", data={"reason": "x"})
    coordinator.post(f"/cohorts/{foreign.cohort.code}/vouchers/batches/{foreign.id}/revoke", data={"reason": "x"})
    db.session.expire_all()
    assert voucher.revoked_at is None


def test_a_batch_of_another_cohort_is_not_there(coordinator, cohort):
    foreign = factories.a_batch(quantity=1)
    for address in ("", "/sheet.pdf"):
        assert coordinator.get(f"/cohorts/{cohort.code}/vouchers/batches/{foreign.id}{address}").status_code == 404


def test_refused_tries_are_shown_to_the_coordinator(app, client, coordinator, cohort, batch):
    one, two, _three = factories.vouchers_of(batch)
    with work():
        one.used, two.revoked_at = 1, utcnow()
    client.post("/redeem", data={"code": one.code})
    stranger = factories.a_person("Rustam Karimov", country="KG")
    factories.an_account(stranger)
    sign_in_client(app, stranger).post("/redeem", data={"code": two.code})
    page = coordinator.get(f"/cohorts/{cohort.code}/vouchers/batches/{batch.id}").text
    tries = page[page.index("Last refused tries") :]
    assert "Used by somebody else" in tries
    assert "Revoked" in tries
    assert "Rustam Karimov" in tries
    assert group_code(one.code) in tries


# --- Focal points ----------------------------------------------------------------------------------------------------


def test_a_focal_point_sees_the_batches_of_their_body_and_no_others(app, focal, batch, cohort):
    foreign = factories.a_batch(cohort, 2, country="TJ", organisation=factories.an_organisation(country="TJ", name={"en": "Other body"}))
    neighbour = factories.a_batch(cohort, 2, country="KG", organisation=factories.an_organisation(country="KG", name={"en": "Other body"}))
    page = focal.get("/vouchers/").text
    assert f'href="/vouchers/{batch.id}"' in page
    assert "Other body" not in page
    assert {row["Handed to"] for row in rows_of(focal.get("/vouchers/?format=csv"))} == {"Civil Service Agency"}
    mine = focal.get(f"/vouchers/{batch.id}").text
    assert all(group_code(v.code) in mine for v in factories.vouchers_of(batch))
    assert len(rows_of(focal.get(f"/vouchers/{batch.id}?format=csv"))) == 3
    assert focal.get(f"/vouchers/{batch.id}/sheet.pdf").mimetype == "application/pdf"
    for other in (foreign, neighbour):
        for address in (f"/vouchers/{other.id}", f"/vouchers/{other.id}?format=csv", f"/vouchers/{other.id}/sheet.pdf"):
            assert focal.get(address).status_code == 404
    assert focal.get("/vouchers/999999999").status_code == 404


@pytest.mark.parametrize("number", ["-99999999999999999999", "99999999999999999999", "0"])
def test_a_voucher_whose_number_no_database_holds_is_not_there(focal, batch, number):
    assert focal.get(f"/vouchers/{batch.id}/sheet.pdf?voucher={number}").status_code == 404


def test_a_focal_point_changes_nothing_and_sees_no_notes(focal, cohort, batch, kg):
    with work():
        batch.note = "Between us"
    assert "Between us" not in focal.get(f"/vouchers/{batch.id}").text
    assert focal.get(f"/cohorts/{cohort.code}/vouchers").status_code == 404
    assert issued(focal, cohort, kg).status_code == 404
    assert focal.post(f"/cohorts/{cohort.code}/vouchers/batches/{batch.id}/revoke", data={"reason": "x"}).status_code == 404


def test_the_focal_point_of_a_country_sees_all_its_bodies(app, batch):
    focal = sign_in_client(app, factories.somebody(Role.FOCAL_POINT, country="KG"))
    assert focal.get(f"/vouchers/{batch.id}").status_code == 200
    other = sign_in_client(app, factories.somebody(Role.FOCAL_POINT, country="TJ"))
    assert other.get(f"/vouchers/{batch.id}").status_code == 404


def test_the_batches_are_searched_filtered_and_sorted(app, focal, batch, kg):
    over = factories.a_batch(organisation=kg, valid_until=utcnow())

    def shown(**asked):
        page = focal.get("/vouchers/", query_string=asked).text
        return {b for b in (batch, over) if f'href="/vouchers/{b.id}"' in page}

    assert shown() == {batch, over}
    assert shown(vouchers="open") == {batch}
    assert shown(vouchers="over") == {over}
    assert shown(q=batch.cohort.code) == {batch}
    assert shown(q="civil service", sort="valid") == {batch, over}
    assert shown(q="nothing like it") == set()


# --- What needs somebody now -----------------------------------------------------------------------------------------


def todos(client):
    return client.get("/home").text


def test_vouchers_that_run_out_are_pointed_out(app, coordinator, cohort, batch, focal):
    later = factories.a_batch(cohort, 2, valid_until=utcnow() + timedelta(days=9))
    factories.a_batch(quantity=2)  # of a cohort of others
    page = todos(coordinator)
    assert "vouchers run out" in page
    assert f"/vouchers/batches/{batch.id}" in page
    assert f"/vouchers/batches/{later.id}" not in page
    mine = todos(focal)
    assert f'href="/vouchers/{batch.id}"' in mine
    assert "of your vouchers are not redeemed yet" in mine
    assert "of your vouchers" not in page
    with work():
        batch.valid_until = utcnow()
    assert "run out" not in todos(coordinator)
    assert "of your vouchers" not in todos(focal)


def test_the_overview_counts_open_vouchers_as_reserved(app, cohort, batch):
    person = factories.somebody(Role.COORDINATOR, cohort=cohort)
    with app.test_request_context():
        from flask_security import login_user

        with work():
            login_user(factories.account_of(person))
        assert cohorts.seat_table(cohort, utcnow()).countries["KG"].reserved == 3
        assert 3 in [figure.value for figure in cohort_panels.figures_of(cohort, utcnow())]
