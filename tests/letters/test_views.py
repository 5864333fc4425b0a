"""Letters of invitation: whose they are, what they print, and that nothing of a passport stays."""

from __future__ import annotations

import io
from datetime import timedelta

import pypdf
import pytest
import sqlalchemy as sa

from dostyk.cohorts import queries
from dostyk.cohorts import service as cohorts
from dostyk.cohorts.rules import EnrolmentState
from dostyk.core.access import Role
from dostyk.core.audit import Event
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.letters import service
from dostyk.letters.models import VisaDetails
from tests import factories

DETAILS = {
    "passport_number": "AN 7654321",
    "passport_expires_on": "2039-01-31",
    "born_on": "1990-05-06",
    "citizenship": "KG",
    "consulate": "Бишкек",
}


@pytest.fixture
def cohort(app):
    return factories.a_cohort(code="DIG-1", seats={"KG": 60})


@pytest.fixture
def aigul(cohort):
    person = factories.somebody(full_name="Aigul Sydykova", own_name="Сыдыкова Айгүл", email="aigul@example.org")
    body = factories.an_organisation(name={"en": "State Personnel Service", "ru": "Государственная кадровая служба"})
    voucher = factories.vouchers_of(factories.a_batch(cohort, 1, organisation=body))[0]
    factories.a_redemption(voucher, factories.an_enrolment(cohort, person, "KG"))
    return person


@pytest.fixture
def coordinator(sign_in, cohort):
    return sign_in(factories.somebody(Role.COORDINATOR, cohort=cohort))


def kept():
    db.session.rollback()
    return db.session.scalars(sa.select(VisaDetails.passport_number)).all()


def events(kind):
    return db.session.scalars(sa.select(Event).where(Event.kind == kind)).all()


def words(pdf):
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages).split())


def test_a_participant_writes_the_details_and_fetches_the_letter_in_three_languages(sign_in, aigul):
    client = sign_in(aigul)
    assert client.get("/me/visa/DIG-1/invitation.pdf").status_code == 404
    assert client.post("/me/visa/DIG-1", data=DETAILS).status_code == 302
    answer = client.get("/me/visa/DIG-1/invitation.pdf")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("application/pdf", "no-store")
    assert len(pypdf.PdfReader(io.BytesIO(answer.data)).pages) == 3
    text = words(answer.data)
    for expected in ("Aigul Sydykova", "AN 7654321", "State Personnel Service", "Государственная кадровая служба", "Бишкек", "DIG-1"):
        assert expected in text
    assert [event.actor for event in events("visa_letter.fetched")] == ["Aigul Sydykova"]
    assert not any("7654321" in str(event.data) + str(event.reason) for event in db.session.scalars(sa.select(Event)))


def test_saving_twice_changes_the_one_record(sign_in, aigul):
    client = sign_in(aigul)
    client.post("/me/visa/DIG-1", data=DETAILS)
    client.post("/me/visa/DIG-1", data={**DETAILS, "passport_number": "B1"})
    assert kept() == ["B1"]
    assert 'value="B1"' in client.get("/me/visa/DIG-1").text


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"passport_number": ""}, "Write the number of the passport."),
        ({"passport_number": "\u202e\u200b"}, "Write the number of the passport."),
        ({"passport_expires_on": "2020-01-01"}, "The passport expires before the course ends"),
        ({"passport_expires_on": "31.31.2031"}, "Not a valid date"),
        ({"born_on": "2025-01-01"}, "Check the date of birth."),
        ({"citizenship": "XX"}, "Not a valid choice"),
    ],
)
def test_wrong_details_are_told_at_their_field_and_nothing_is_kept(sign_in, aigul, changed, sentence):
    answer = sign_in(aigul).post("/me/visa/DIG-1", data={**DETAILS, **changed})
    assert (answer.status_code, sentence in answer.text) == (200, True)
    assert kept() == []


def test_the_details_can_be_deleted_at_once(sign_in, aigul):
    client = sign_in(aigul)
    client.post("/me/visa/DIG-1", data=DETAILS)
    for _ in range(2):
        assert client.post("/me/visa/DIG-1/delete").status_code == 302
    assert kept() == []
    assert len(events("visa_details.deleted")) == 1


def test_who_has_no_seat_or_gave_it_back_has_no_letter(sign_in, aigul, cohort):
    other = factories.somebody()
    left = factories.somebody()
    factories.an_enrolment(cohort, left, "KG", state=EnrolmentState.WITHDRAWN)
    for person in (other, left):
        client = sign_in(person)
        assert {client.get("/me/visa/DIG-1").status_code, client.post("/me/visa/DIG-1", data=DETAILS).status_code} == {404}
    assert kept() == []


def test_coordinators_see_who_gave_details_and_write_them_for_who_cannot(coordinator, aigul, cohort):
    enrolment = queries.enrolment_of(cohort.id, aigul.id)
    assert "Write the details" in coordinator.get("/cohorts/DIG-1/letters").text
    assert coordinator.post(f"/cohorts/DIG-1/letters/{enrolment.id}", data=DETAILS).status_code == 302
    page = coordinator.get("/cohorts/DIG-1/letters").text
    assert ("Letter (PDF)" in page, "7654321" in page) == (True, False)
    assert coordinator.get(f"/cohorts/DIG-1/letters/{enrolment.id}/invitation.pdf").mimetype == "application/pdf"
    assert "Aigul" in coordinator.get("/cohorts/DIG-1/letters?details=yes").text
    assert "Aigul" not in coordinator.get("/cohorts/DIG-1/letters?details=no").text


def test_the_details_go_when_the_course_is_over_or_the_seat_given_back(app, aigul, cohort):
    over = factories.a_cohort(starts_on=utcnow().date() - timedelta(days=30))
    gone = factories.an_enrolment(over, factories.a_person())
    stays = queries.enrolment_of(cohort.id, aigul.id)
    left = factories.an_enrolment(cohort, factories.a_person(), "KG")
    for enrolment in (gone, stays, left):
        factories.visa_details(enrolment)
    with work():
        cohorts.withdraw(left, "ill", factories.a_person(), utcnow())
    for expected in (2, 0):
        with work():
            assert service.forget_what_is_over(utcnow()) == expected
    assert db.session.scalars(sa.select(VisaDetails.enrolment_id)).all() == [stays.id]


def test_the_list_takes_the_same_statements_for_three_and_for_fifty(coordinator, cohort, statements):
    def counted():
        with statements() as found:
            coordinator.get("/cohorts/DIG-1/letters")
        return len(found)

    for _ in range(3):
        factories.an_enrolment(cohort, factories.a_person(), "KG")
    first = counted()
    for _ in range(40):
        factories.an_enrolment(cohort, factories.a_person(), "KG")
    assert counted() == first
