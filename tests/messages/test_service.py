"""Letters get the words of the cohort, of all cohorts, or ours; texts are changed and taken back; letters are sent again."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask_babel import lazy_gettext as _l

from dostyk.admin import service as admin
from dostyk.core.audit import Event
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from dostyk.core.mail import Mail, MailState
from dostyk.core.post import Trouble
from dostyk.messages import listeners, queries, service
from dostyk.messages.models import MessageTemplate
from dostyk.messages.queries import Text, Texts
from dostyk.messages.service import Letter
from dostyk.people import service as people
from tests import factories
from tests.messages.cast import TRIAL, VALUES


@pytest.fixture
def cohort(app):
    return factories.a_cohort(code="DIG-2026-01")


@pytest.fixture
def aigul(app):
    return factories.somebody(full_name="Aigul Bekova")


def write(cohort=None, language="en", kind=TRIAL, values=VALUES, to="aigul@example.org", **more):
    with work():
        return service.write(kind, to, language=language, values=values, cohort=cohort, **more)


def own(by, cohort=None, language="en", subject="Own", body="Own words {link}", kind=TRIAL, seen=None):
    before = service.mark(queries.template(kind, language, cohort)) if seen is None else seen
    db.session.rollback()
    with work():
        return service.save(kind, language, cohort, Text(subject, body), seen=before, by=by, now=utcnow())


def events(kind):
    return list(db.session.scalars(sa.select(Event).where(Event.kind == kind).order_by(Event.id)))


# --- Writing ---------------------------------------------------------------------------------------------------------


def test_a_letter_says_what_it_is_about(cohort, aigul):
    letter = write(cohort, person_id=aigul.id)
    assert letter.subject == "Your seat: Digital Public Services"
    assert letter.body.startswith("Dear Aigul Bekova,\n\nBring your passport.\n\nYour code is 7H3K-9QMX-4TRW:\nhttp://localhost/redeem/")
    assert (letter.kind, letter.to, letter.person_id, letter.cohort) == ("test.trial", "aigul@example.org", aigul.id, "DIG-2026-01")
    assert letter.hidden == ["7H3K-9QMX-4TRW", "http://localhost/redeem/7H3K9QMX4TRW"]


@pytest.mark.parametrize(("language", "title"), [("ru", "Цифровые государственные услуги"), ("kk", "Цифрлық мемлекеттік қызметтер")])
def test_what_is_known_of_the_cohort_comes_in_the_language_of_the_letter(cohort, language, title):
    assert write(cohort, language).subject.endswith(title)


@pytest.mark.parametrize("language", [None, "", "xx", "tg"])
def test_a_language_that_we_do_not_write_is_english(cohort, language):
    assert write(cohort, language).language == "en"


def test_dari_is_known_by_all_its_names(cohort):
    assert [write(cohort, code).language for code in ("fa_AF", "prs", "fa")] == ["fa_AF"] * 3


def test_values_come_out_in_the_language_of_the_letter(cohort):
    lazy = write(cohort, "ru", values={**VALUES, "welcome": _l("Withdrawn")}).body
    assert lazy == write(cohort, "ru", values=lambda: {**VALUES, "welcome": str(_l("Withdrawn"))}).body
    assert "Withdrawn" not in lazy


def test_the_cohorts_words_come_before_those_for_all_and_those_before_ours(cohort, aigul):
    other = factories.a_cohort()
    own(aigul, None, body="For all {link}")
    assert write(cohort).body.startswith("For all")
    own(aigul, cohort, body="For this {link}")
    assert write(cohort).body.startswith("For this")
    assert write(other).body.startswith("For all")
    assert write(None).body.startswith("For all")
    assert write(cohort, "ru").body.startswith("Dear")


def test_a_missing_value_stops_nothing(cohort):
    letter = write(cohort, values={})
    assert letter.body.startswith("Dear ,\n\nYour code is :")
    assert letter.hidden == []


def test_values_that_are_not_asked_for_are_nothing(cohort):
    assert write(cohort, values={**VALUES, "password": "secret"}).body == write(cohort).body


@pytest.mark.parametrize(
    "name",
    [
        "{link}",
        "%(link)s",
        "{0.__class__}",
        "Aigul\r\nBcc: thief@example.org",
        "A" * 5000,
        "محمد\u200cعلی",
        "Ғұлама Һүснібек",
        "\0\x07",
        "",
    ],
)
def test_whatever_somebody_is_called_the_letter_is_written(cohort, run_jobs, name):
    letter = write(cohort, values={**VALUES, "name": name})
    assert letter.body.count("http://localhost/redeem/7H3K9QMX4TRW") == 1
    assert "\r" not in letter.body
    assert letter.body.splitlines()[0].startswith("Dear ")
    run_jobs()
    db.session.refresh(letter)
    assert letter.state is MailState.SENT


def test_a_very_long_title_makes_a_short_enough_subject(app):
    course = factories.a_course(title={"en": "Ұ" * 500})
    assert len(write(factories.a_cohort(course)).subject) == 300


def test_a_letter_takes_three_statements_and_two_when_the_texts_are_read(cohort, statements):
    assert cohort.course.title
    assert cohort.host.name
    texts = Texts()
    counts = []
    for _ in range(3):
        with statements() as found, work():
            service.write(TRIAL, "a@example.org", language="en", values=VALUES, cohort=cohort, texts=texts)
        counts.append(len(found))
    assert counts == [3, 2, 2]


def test_many_letters_take_three_statements_for_five_hundred(cohort, statements):
    assert cohort.course.title
    assert cohort.host.name

    def count(number):
        letters = (Letter(f"person{n}@example.org", "en", VALUES, cohort=cohort) for n in range(number))
        with statements() as found, work():
            assert service.write_all(TRIAL, letters) == number
        return len(found)

    assert (count(3), count(500)) == (3, 3)
    assert count(1001) <= 3 * 3
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Mail)) == 1504


def test_many_letters_have_each_their_own_words(cohort, aigul):
    own(aigul, cohort, "ru", "Место", "Своё {link}")
    with work():
        service.write_all(
            TRIAL,
            [Letter("a@x.org", "en", VALUES, cohort=cohort), Letter("b@x.org", "ru", VALUES), Letter("c@x.org", "ru", VALUES, 7, cohort)],
        )
    found = db.session.execute(sa.select(Mail.to, Mail.subject, Mail.person_id).order_by(Mail.id)).all()
    assert [(to, subject) for to, subject, _ in found] == [
        ("a@x.org", "Your seat: Digital Public Services"),
        ("b@x.org", "Your seat:"),
        ("c@x.org", "Место"),
    ]
    assert found[2].person_id == 7


# --- Texts -----------------------------------------------------------------------------------------------------------


def test_an_own_text_is_kept_once_and_the_log_has_what_it_was(cohort, aigul):
    own(aigul, cohort, body="First {link}")
    own(aigul, cohort, body="Second\r\n\r\n\r\n\r\n{link}  ")
    (row,) = db.session.scalars(sa.select(MessageTemplate))
    assert (row.body, row.edited_by_id) == ("Second\n\n{link}", aigul.id)
    assert [e.data["before"] for e in events("message.edited")] == [None, {"subject": "Own", "body": "First {link}"}]
    assert [e.cohort for e in events("message.edited")] == [cohort.code] * 2


@pytest.mark.parametrize(
    ("subject", "body", "field", "said"),
    [
        ("Seat", "Dear {nmae} {link}", "body", "{nmae} is not a placeholder"),
        ("Seat {voucher}", "{link}", "subject", "{voucher} must not stand in the subject"),
        ("Seat", "Dear {name}", "body", "{link} is missing"),
        ("Seat", " ", "body", "Write something"),
        ("\u202e\n", "{link}", "subject", "Write something"),
        ("Seat", "{link.__class__.__mro__} {link}", "body", "{link.__class__.__mro__} is not a placeholder"),
    ],
)
def test_a_faulty_text_is_refused_with_a_sentence_that_names_the_fault(cohort, aigul, subject, body, field, said):
    with pytest.raises(Refused) as refused:
        own(aigul, cohort, subject=subject, body=body)
    assert refused.value.field == field
    assert said in str(refused.value.sentence)
    assert db.session.scalars(sa.select(MessageTemplate)).all() == []


def test_who_edits_an_older_text_is_told_and_overwrites_nothing(cohort, aigul, clock):
    own(aigul, cohort, body="First {link}")
    clock.shift(timedelta(seconds=1))
    with pytest.raises(Refused, match="Somebody changed this text"):
        own(aigul, cohort, body="Second {link}", seen="")
    seen = service.mark(queries.template(TRIAL, "en", cohort))
    own(aigul, cohort, body="Second {link}", seen=seen)
    clock.shift(timedelta(seconds=1))
    with pytest.raises(Refused, match="Somebody changed this text"):
        own(aigul, cohort, body="Third {link}", seen="2026-10-07T04:00:00+00:00")
    assert write(cohort).body.startswith("Second")


def test_taking_an_own_text_back_uses_the_next_and_the_log_keeps_it(cohort, aigul):
    own(aigul, None, body="For all {link}")
    own(aigul, cohort, body="For this {link}")
    with work():
        assert service.reset(TRIAL, "en", cohort, by=aigul)
    with work():
        assert not service.reset(TRIAL, "en", cohort, by=aigul)
    assert write(cohort).body.startswith("For all")
    assert [e.data["before"] for e in events("message.reset")] == [{"subject": "Own", "body": "For this {link}"}]


def test_a_copied_cohort_gets_the_texts_and_keeps_what_it_has(cohort, aigul):
    copy = factories.a_cohort()
    own(aigul, cohort, "en", body="Old {link}")
    own(aigul, cohort, "ru", body="Старое {link}")
    own(aigul, copy, "ru", body="Новое {link}")
    for expected in (1, 0):
        with work():
            assert service.copy_texts(cohort, copy, by=aigul, now=utcnow()) == expected
    assert write(copy, "en").body.startswith("Old")
    assert write(copy, "ru").body.startswith("Новое")


def test_copying_a_cohort_copies_its_texts_through_the_same_verb(cohort, aigul):
    copy = factories.a_cohort()
    own(aigul, cohort, "en", body="Old {link}")
    own(aigul, copy, "en", body="New {link}")
    own(aigul, cohort, "ru", body="Старое {link}")
    with work():
        assert listeners.copy_texts(cohort, copy=copy, by=aigul, now=utcnow()) == "1 text of a letter"
    assert [write(copy, language).body[:3] for language in ("en", "ru")] == ["New", "Ста"]


def test_a_test_letter_goes_to_oneself_with_samples(cohort, aigul):
    with work():
        letter = service.try_out(
            TRIAL, Text("Seat {course}", "{name} {cohort} {link}"), "en", cohort, to="me@example.org", person_id=aigul.id
        )
    assert (letter.kind, letter.to, letter.subject) == ("messages.test", "me@example.org", "[Test] Seat Digital Public Services")
    assert letter.body == "Aigul Bekova DIG-2026-01 https://dostyk.example/redeem/7H3K9QMX4TRW"


# --- Sending again ---------------------------------------------------------------------------------------------------


def ended(state=MailState.SENT, trouble=None, **values):
    letter = factories.a_letter(**values)
    with work():
        letter.state, letter.trouble = state, trouble
    return letter


def test_the_same_letter_goes_again_word_for_word_with_what_it_hides(cohort, aigul):
    letter = write(cohort, person_id=aigul.id)
    with work():
        letter.state = MailState.SENT
    with work():
        copy = service.send_again(letter, by=aigul)
    same = ("kind", "to", "subject", "body", "language", "person_id", "cohort", "hidden")
    assert [getattr(copy, name) for name in same] == [getattr(letter, name) for name in same]
    assert (copy.again_of_id, copy.state, letter.state) == (letter.id, MailState.QUEUED, MailState.SENT)
    assert [(e.subject, e.cohort, e.data) for e in events("letter.sent_again")] == [
        (f"mail:{copy.id}", cohort.code, {"again_of": letter.id})
    ]


def test_a_letter_is_repeated_once_and_its_repeat_again(cohort, aigul):
    letter = ended(cohort=cohort.code)
    with work():
        copy = service.send_again(letter, by=aigul)
    with pytest.raises(Refused, match="sent again already"), work():
        service.send_again(letter, by=aigul)
    with pytest.raises(Refused, match="on its way already"), work():
        service.send_again(copy, by=aigul)
    with work():
        copy.state = MailState.FAILED
    with work():
        assert service.send_again(copy, by=aigul).again_of_id == copy.id


def test_two_who_send_the_same_letter_again_at_once_send_it_once(cohort, aigul, monkeypatch):
    letter = ended(cohort=cohort.code)
    with work():
        service.send_again(letter, by=aigul)
    monkeypatch.setattr(queries, "repeat_of", lambda mail: None)  # looked before the other one wrote
    with pytest.raises(sa.exc.IntegrityError), work():
        service.send_again(letter, by=aigul)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Mail)) == 2


def test_all_that_failed_goes_again_once(cohort, aigul):
    lost = [ended(MailState.FAILED, Trouble.SLOW, cohort=cohort.code), ended(MailState.FAILED, Trouble.ADDRESS, cohort=cohort.code)]
    ended(MailState.FAILED, Trouble.MALFORMED, cohort=cohort.code)
    ended(MailState.FAILED, Trouble.SLOW, cohort=factories.a_cohort().code)
    ended(cohort=cohort.code)
    factories.a_letter(cohort=cohort.code)
    for expected in (2, 0):
        with work():
            assert service.send_failed_again(cohort, by=aigul) == expected
    again = db.session.scalars(sa.select(Mail.again_of_id).where(Mail.again_of_id.is_not(None)).order_by(Mail.id)).all()
    assert again == [letter.id for letter in lost]
    assert [e.data for e in events("letter.sent_again")] == [{"number": 2}]


def test_what_was_written_to_who_is_anonymised_is_not_lost_and_not_sent_again(app, cohort, aigul):
    reader = factories.a_person("Bolat Asanov", created_at=utcnow() - timedelta(days=4000))
    letter = factories.a_letter(cohort=cohort.code, person_id=reader.id)
    with work():
        people.anonymise(reader, by=None, now=utcnow())
    db.session.expire_all()
    assert (letter.state, letter.to) == (MailState.FAILED, "")
    assert (queries.number_failed(cohort), queries.number_failed(None)) == (0, 0)
    with work():
        assert service.send_failed_again(cohort, by=aigul) == 0
    for again in (lambda: service.send_again(letter, by=aigul), lambda: admin.send_again(letter, by=aigul, now=utcnow())):
        with pytest.raises(Refused, match="nobody to write to"), work():
            again()


def test_sending_many_again_takes_the_same_statements_for_few_and_many(app, aigul, statements):
    counts = []
    for number in (3, 300):
        cohort = factories.a_cohort()
        with work():
            service.write_all(TRIAL, [Letter("a@x.org", "en", VALUES, cohort=cohort)] * number)
            db.session.execute(sa.update(Mail).where(Mail.cohort == cohort.code).values(state=MailState.FAILED))
        with statements() as found, work():
            assert service.send_failed_again(cohort, by=aigul) == number
        counts.append(len(found))
    assert counts[0] == counts[1]


# --- What others see -------------------------------------------------------------------------------------------------


def test_whoever_reads_the_log_sees_no_code_and_no_way_in(cohort):
    letter = write(cohort)
    shown = service.shown(letter)
    assert "Dear Aigul Bekova" in shown
    assert "7H3K" not in shown
    assert "(hidden)" in shown


@pytest.mark.parametrize("path", ["invitation/abc.def-_x", "reset-password/WyI1.x"])
def test_links_to_choose_a_password_are_hidden_in_letters_of_all_kinds(app, path):
    letter = factories.a_letter(body=f"Follow\nhttp://localhost/{path}\n\nBye")
    assert service.shown(letter) == f"Follow\nhttp://localhost/{path.split('/')[0]}/(hidden)\n\nBye"
