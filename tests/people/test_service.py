"""People, organisations, consents and accounts."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
import sqlalchemy as sa

from dostyk.core.audit import Event
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from dostyk.core.mail import Mail
from dostyk.people import queries, service
from dostyk.people.labels import CONSENT_WORDING
from dostyk.people.models import Account, Consent, Person
from dostyk.people.rules import OrganisationDetails, OrganisationKind, PersonDetails, Purpose, Sex
from tests import factories as make

DETAILS = PersonDetails("Gʻulomova Nilufar", own_name="Ғуломова Нилуфар", country="UZ", email=" Nilufar@Example.org ", sex=Sex.FEMALE)


def register(details: PersonDetails = DETAILS) -> Person:
    with work():
        return service.register(details, by=None, now=utcnow())


def kinds() -> list[str]:
    return list(db.session.scalars(sa.select(Event.kind).order_by(Event.id)))


# --- People -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["gulomova", "ғуломова", "G'ULOMOVA", "Gʻulomova nil", "нилуфар", "nilufar@example.org", "  nilufar   gulomova "]
)
def test_a_person_is_found_however_the_name_is_typed(app, typed):
    person = register()
    make.a_person("Somebody Else", own_name="")
    assert list(db.session.scalars(sa.select(Person).where(queries.found(Person.search)(typed)))) == [person]


@pytest.mark.parametrize("typed", ["%", "_", "'", "—", "zzz", "\\"])
def test_signs_of_patterns_find_nobody(app, typed):
    register()
    assert list(db.session.scalars(sa.select(Person).where(queries.found(Person.search)(typed)))) == []


def test_names_are_kept_composed_on_one_line_and_the_address_in_small_letters(app):
    person = register(replace(DETAILS, full_name=unicodedata.normalize("NFD", "  Öwez\u200b \n Şir "), own_name="\u202eabc"))
    assert (person.full_name, person.own_name, person.email) == ("Öwez Şir", "abc", "nilufar@example.org")


def test_people_are_ordered_by_family_name_if_they_have_one(app):
    person = register(replace(DETAILS, family_name="Gʻulomova", given_name="Nilufar"))
    assert person.sort_name == "gulomova"
    assert register(replace(DETAILS, full_name="Ahmadshah")).sort_name == "ahmadshah"


@pytest.mark.parametrize(
    ("details", "field", "sentence"),
    [
        (replace(DETAILS, full_name=" "), "full_name", "as in the passport"),
        (replace(DETAILS, full_name="Нилуфар"), "full_name", "Н и л у ф а р"),
        (replace(DETAILS, full_name="Ni\u0301lufar Сейт"), "full_name", "С е й т"),
        (replace(DETAILS, full_name="a" * 201), "full_name", "200"),
        (replace(DETAILS, full_name="Nilufar 😀"), "full_name", "U+1F600"),
        (replace(DETAILS, own_name="山田"), "own_name", "山 (U+5C71)"),
    ],
)
def test_a_name_that_cannot_be_on_a_certificate_is_refused_with_its_characters(app, details, field, sentence):
    with pytest.raises(Refused) as refused, work():
        service.register(details, by=None, now=utcnow())
    assert refused.value.field == field
    assert sentence in str(refused.value.sentence)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Person)) == 0
    assert kinds() == []


def test_a_change_is_in_the_log_with_the_names_before_and_after(app):
    person, by = register(), make.a_person("Aigul Seitkali")
    with work():
        service.update(person, replace(DETAILS, full_name="Nilufar Karimova", post="Chief"), by=by, now=utcnow())
    event = db.session.scalars(sa.select(Event).where(Event.kind == "person.changed")).one()
    assert event.actor == "Aigul Seitkali"
    assert event.data["names"] == {"full_name": ["Gʻulomova Nilufar", "Nilufar Karimova"]}
    assert set(event.data["fields"]) == {"full_name", "post"}
    assert "karimova" in person.search
    with work():
        service.update(person, replace(DETAILS, full_name="Nilufar Karimova", post="Chief"), by=by, now=utcnow())
    assert kinds().count("person.changed") == 1, "the same again is no change"


def test_archiving_twice_is_once_and_can_be_undone(app):
    person, by, now = register(), make.a_person(), utcnow()
    for _ in range(2):
        with work():
            service.archive(person, by=by, now=now)
    assert kinds().count("person.archived") == 1
    for _ in range(2):
        with work():
            service.restore(person, by=by, now=now)
    assert person.archived_at is None
    assert kinds().count("person.restored") == 1


# --- Organisations ----------------------------------------------------------------------------------------------------

BODY = OrganisationDetails(OrganisationKind.PARTNER, {"en": "Civil Service Agency", "ru": "Агентство госслужбы", "kk": " "}, "KG", "CSA")


def test_an_organisation_is_found_by_any_of_its_names(app):
    with work():
        row = service.save_organisation(BODY, by=None, now=utcnow())
    assert row.name == {"en": "Civil Service Agency", "ru": "Агентство госслужбы"}
    for typed in ("csa", "AGENCY", "агентство", "agentstvo"):
        assert queries.found(type(row).search)(typed) is not None
        assert db.session.scalars(sa.select(type(row)).where(queries.found(type(row).search)(typed))).all() == [row], typed
    assert queries.organisations(OrganisationKind.PARTNER) == [row]
    assert queries.organisations(OrganisationKind.HOST) == []


def test_an_organisation_has_a_name(app):
    with pytest.raises(Refused) as refused, work():
        service.save_organisation(replace(BODY, name={"en": " "}), by=None, now=utcnow())
    assert refused.value.field == "name"


def test_an_archived_organisation_is_not_offered_and_comes_back(app):
    by = make.a_person()
    with work():
        row = service.save_organisation(BODY, by=by, now=utcnow())
    with work():
        service.archive_organisation(row, by=by, now=utcnow())
    assert queries.organisations() == []
    with work():
        service.restore_organisation(row, by=by, now=utcnow())
    assert queries.organisations() == [row]


# --- Consents ---------------------------------------------------------------------------------------------------------


def test_a_consent_keeps_the_words_that_were_read_and_is_withdrawn_not_deleted(app):
    person, now = register(), utcnow()
    words = {Purpose.PROGRAMME: CONSENT_WORDING[Purpose.PROGRAMME], Purpose.PHOTO: "Ақпаратты пайдалануға келісемін"}
    for _ in range(2):
        with work():
            service.consent(person, words, "kk", now)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Consent)) == 2, "the same words twice are one consent"
    assert queries.standing_consents(person.id)[Purpose.PHOTO].wording == "Ақпаратты пайдалануға келісемін"
    with work():
        assert service.withdraw_consent(person, Purpose.PHOTO, now)
    with work():
        assert not service.withdraw_consent(person, Purpose.PHOTO, now)
    assert set(queries.standing_consents(person.id)) == {Purpose.PROGRAMME}
    with work():
        service.consent(person, words, "kk", now)
    assert len(queries.consents_of(person.id)) == 3
    assert kinds().count("consent.withdrawn") == 1


# --- Accounts ---------------------------------------------------------------------------------------------------------


def test_an_address_has_one_account_and_a_person_too(app):
    person = register()
    with work():
        service.open_account(person, " Nilufar@EXAMPLE.org", "kk", utcnow())
    for other, address in ((make.a_person(), "nilufar@example.org"), (person, "other@example.org")):
        with pytest.raises(Refused) as refused, work():
            service.open_account(other, address, None, utcnow())
        assert refused.value.field == "email"
    with pytest.raises(Refused), work():
        service.open_account(make.a_person(), " ", None, utcnow())
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Account)) == 1


def test_an_invitation_is_a_letter_in_the_language_of_the_account(app):
    with work():
        account = service.open_account(register(), "nilufar@example.org", "kk", utcnow())
        service.invite(account, utcnow())
    letter = db.session.scalars(sa.select(Mail)).one()
    assert (letter.to, letter.language) == ("nilufar@example.org", "kk")
    assert "http://localhost/invitation/" in letter.body


def test_without_a_language_the_letter_is_in_one_that_the_person_speaks(app):
    with work():
        account = service.open_account(register(replace(DETAILS, languages=("tg", "ru"))), "nilufar@example.org", None, utcnow())
        service.invite(account, utcnow())
    assert db.session.scalars(sa.select(Mail)).one().language == "ru"


def test_nobody_deactivates_themselves(app):
    account = make.an_account()
    with pytest.raises(Refused), work():
        service.deactivate(account, by=account.person, now=utcnow())
    assert account.active


def test_a_deactivated_account_is_signed_out_and_not_invited(app):
    account = make.an_account()
    before = account.fs_uniquifier
    with work():
        service.deactivate(account, by=make.a_person(), now=utcnow())
    assert account.fs_uniquifier != before
    with pytest.raises(Refused), work():
        service.invite(account, utcnow())
