"""The pages of a focal point about its people, and those of the coordinator."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from dostyk.core.access import Role
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.text import group_code
from dostyk.nominees.models import Nominee
from dostyk.vouchers.models import Batch, Voucher
from tests import factories as make
from tests.nominees.cast import AIGUL, alive, fresh, letters, named, stages


@pytest.fixture
def body(app):
    return make.an_organisation(country="KG", name={"en": "Civil Service Agency", "ru": "Агентство госслужбы"})


@pytest.fixture
def cohort(app):
    return make.a_cohort(seats={"KG": 6, "TJ": 4})


@pytest.fixture
def batch(cohort, body):
    return make.a_batch(cohort, 3, organisation=body)


@pytest.fixture
def who(body):
    return make.somebody(Role.FOCAL_POINT, organisation=body, full_name="Focal Point")


@pytest.fixture
def focal(who, sign_in):
    return sign_in(who)


@pytest.fixture
def coordinator(cohort, sign_in):
    return sign_in(make.somebody(Role.COORDINATOR, cohort=cohort, full_name="Coord Inator"))


@pytest.fixture
def base(batch):
    return f"/vouchers/{batch.id}/people"


def only(full_name="AITBAEVA Aigul"):
    db.session.rollback()
    return db.session.scalars(sa.select(Nominee).where(Nominee.full_name == full_name)).one()


def text(answer):
    assert answer.status_code == 200, answer.status
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_from_an_empty_batch_to_an_invitation(focal, batch, base):
    assert "Nobody is named yet" in text(focal.get(base))
    answer = focal.post(f"{base}/name", data=AIGUL)
    nominee = only()
    assert answer.location == f"{base}/{nominee.id}"
    page = text(focal.get(answer.location))
    assert "AITBAEVA Aigul is named. Send the invitation, or print the letter." in page
    assert "Айтбаева Айгүл" in page
    assert nominee.voucher.email == "aigul@example.org"
    focal.post(f"{base}/invite", data={"people": str(nominee.id)})
    (letter,) = letters()
    assert (letter.to, letter.kind, letter.language) == ("aigul@example.org", "nominees.invitation", "ru")
    assert group_code(nominee.voucher.code) in letter.body
    assert "1 invitation is on its way." in text(focal.get(base))
    assert stages(batch) == {"AITBAEVA Aigul": "invited"}


def test_inviting_twice_writes_once_unless_told(focal, batch, base, who):
    nominee = named(batch, who, email="aigul@example.org")
    for _ in range(2):
        focal.post(f"{base}/invite", data={"people": str(nominee.id)})
    assert len(letters()) == 1
    assert "1 person got no letter. This person was invited before." in text(focal.get(base))
    focal.post(f"{base}/invite", data={"people": str(nominee.id), "again": "1"})
    assert [letter.kind for letter in letters()] == ["nominees.invitation"] * 2


def test_all_are_invited_at_once_and_who_has_no_address_is_told_of(focal, batch, base, who):
    named(batch, who, "First Person", email="first@example.org")
    named(batch, who, "Second Person")
    focal.post(f"{base}/invite", data={"everybody": "1"})
    assert [letter.to for letter in letters()] == ["first@example.org"]
    page = text(focal.get(base))
    assert "1 invitation is on its way." in page
    assert "1 person got no letter. There is no e-mail address: add one, or print the letter." in page


def test_without_a_choice_the_page_says_so(focal, base):
    focal.post(f"{base}/invite")
    assert "Tick the people whom you mean." in text(focal.get(base))


def test_more_people_than_seats_are_kept_and_told(focal, batch, base, who):
    for name in ("First Person", "Second Person", "Third Person"):
        named(batch, who, name)
    answer = focal.post(f"{base}/name", data={**AIGUL, "full_name": "Fourth Person", "next": "1"}, follow_redirects=True)
    assert "Fourth Person is named, but there is no seat left" in text(answer)
    page = text(focal.get(base))
    assert "All seats of the batch have names: there is no voucher for this person." in page
    focal.post(f"{base}/invite", data={"people": str(only("Fourth Person").id)})
    assert letters() == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"full_name": ""}, "Write the full name as in the passport."),
        ({"full_name": "Айтбаева"}, "Write this name in Latin letters, as in the passport."),
        ({"email": "aigul"}, "This is not an e-mail address."),
        ({"birth_year": "90"}, "Write a year of four digits."),
        ({"years_of_service": "-1"}, "A number from 0 to 70."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(focal, base, changes, said):
    assert said in text(focal.post(f"{base}/name", data={**AIGUL, **changes}))
    assert db.session.scalars(sa.select(Nominee)).all() == []


def test_the_form_with_nothing_but_a_name_is_enough(focal, base):
    focal.post(f"{base}/name", data={"full_name": "Ahmad", "letter_language": "fa_AF", "sex": "not_stated"})
    assert only("Ahmad").letter_language == "fa_AF"


def test_pasted_lines_are_shown_first_and_then_named_together(focal, batch, base):
    lines = "AITBAEVA Aigul\tАйтбаева Айгүл\taigul@example.org\tж\t1990\nOMURBEKOV Nurzhan\t\tnurzhan@example.org\tм\t14.03.1985"
    page = text(focal.post(f"{base}/paste", data={"table": lines}))
    assert "Name 2 people" in page
    assert db.session.scalars(sa.select(Nominee)).all() == []
    focal.post(f"{base}/paste", data={"table": lines, "save": "1"})
    people = db.session.scalars(sa.select(Nominee).order_by(Nominee.sort_name)).all()
    assert [(n.full_name, n.sex.value, n.birth_year, n.voucher_id is not None) for n in people] == [
        ("AITBAEVA Aigul", "female", 1990, True),
        ("OMURBEKOV Nurzhan", "male", 1985, True),
    ]
    assert "All of them are named already" in text(focal.post(f"{base}/paste", data={"table": lines}))


def test_one_wrong_line_stops_all_of_them_and_is_named(focal, base):
    lines = "full name; e-mail\nAITBAEVA Aigul; aigul@example.org\nOmurbekov; no-address\nAITBAEVA Aigul; other@example.org"
    page = text(focal.post(f"{base}/paste", data={"table": lines, "save": "1"}))
    assert "“no-address” is not an e-mail address." in page
    assert "Line 2 is about the same person. Keep one of them." in page
    assert "Nobody is named until every line can be read." in page or "nobody is named until every line can be read" in page
    assert db.session.scalars(sa.select(Nominee)).all() == []


@pytest.mark.parametrize(
    "junk", ["\0", '"', "=cmd|' /C calc'!A1", ";;;;", "\t\t", "x" * 5000, "А;Б;В", '"a\nb";c', "\ufeffname\n", "full name;full name\na;b"]
)
def test_pasted_junk_gets_an_answer(focal, base, junk):
    answer = focal.post(f"{base}/paste", data={"table": junk, "save": "1"})
    assert answer.status_code in (200, 302, 400)
    assert len(db.session.scalars(sa.select(Nominee)).all()) <= 1


def test_a_file_is_checked_and_applied_in_the_background(focal, batch, base, run_jobs):
    content = b"Full name,E-mail address,Years of service\nAITBAEVA Aigul,aigul@example.org,6\nOMURBEKOV Nurzhan,nurzhan@example.org,x\n"
    for _ in range(2):
        answer = focal.post(f"{base}/files", data={"file": (io.BytesIO(content), "people.csv")}, content_type="multipart/form-data")
        run_jobs()
        page = text(focal.get(answer.location))
    assert "Apply: 1 new, 0 changed" in page
    assert "“x” is not a number of years." in page
    focal.post(f"{answer.location}/apply")
    run_jobs()
    assert only().years_of_service == 6
    assert "1 row is applied." in text(focal.get(answer.location))
    again = focal.post(f"{base}/files", data={"file": (io.BytesIO(content), "people.csv")}, content_type="multipart/form-data").location
    run_jobs()
    assert "This file would change nothing." in text(focal.get(again))


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_template_is_read_back(focal, base, kind, run_jobs):
    template = focal.get(f"{base}/files/template.{kind}").data
    answer = focal.post(f"{base}/files", data={"file": (io.BytesIO(template), f"people.{kind}")}, content_type="multipart/form-data")
    run_jobs()
    assert "Apply: 1 new, 0 changed" in text(focal.get(answer.location))


def test_who_comes_instead_gets_another_code_and_both_are_written_to(focal, batch, base, who):
    old = named(batch, who, email="aigul@example.org")
    focal.post(f"{base}/invite", data={"people": str(old.id)})
    code, seats = fresh(old).voucher.code, len(alive(batch))
    new = {**AIGUL, "full_name": "OMURBEKOV Nurzhan", "email": "nurzhan@example.org", "reason": "On leave"}
    answer = focal.post(f"{base}/{old.id}/replace", data=new)
    successor = only("OMURBEKOV Nurzhan")
    assert answer.location == f"{base}/{successor.id}"
    assert [(letter.to, letter.kind) for letter in letters()][1:] == [
        ("aigul@example.org", "nominees.replaced"),
        ("nurzhan@example.org", "nominees.invitation"),
    ]
    db.session.expire_all()
    dead = db.session.scalars(sa.select(Voucher).where(Voucher.code == code)).one()
    assert (dead.revoked_reason, successor.voucher.email, len(alive(batch))) == ("On leave", "nurzhan@example.org", seats)
    assert stages(batch) == {"AITBAEVA Aigul": "replaced", "OMURBEKOV Nurzhan": "invited"}
    page = text(focal.get(f"{base}/{old.id}"))
    assert "On leave" in page
    assert "Replaced by somebody else" in page


def test_nobody_is_replaced_twice_or_without_a_reason(focal, batch, base, who):
    old = named(batch, who)
    assert "Say why somebody else comes" in text(focal.post(f"{base}/{old.id}/replace", data={**AIGUL, "full_name": "Second Person"}))
    for name in ("Second Person", "Third Person"):
        focal.post(f"{base}/{old.id}/replace", data={**AIGUL, "full_name": name, "email": "", "reason": "Ill"})
    assert stages(batch) == {"AITBAEVA Aigul": "replaced", "Second Person": "named"}


def test_after_leaving_the_place_goes_to_somebody_else_in_a_batch_of_its_own(focal, batch, base, who, cohort):
    old = named(batch, who)
    seat = make.an_enrolment(cohort, make.a_person("AITBAEVA Aigul"), "KG")
    make.a_redemption(old.voucher, seat)
    new = {**AIGUL, "full_name": "OMURBEKOV Nurzhan", "reason": "Went home"}
    assert "This person holds the seat." in text(focal.post(f"{base}/{old.id}/replace", data=new))
    from dostyk.cohorts import service as cohorts

    with work():
        cohorts.withdraw(db.session.get_one(type(seat), seat.id), "Ill", db.session.get_one(type(who), who.id), utcnow())
    assert stages(batch) == {"AITBAEVA Aigul": "withdrawn"}
    answer = focal.post(f"{base}/{old.id}/replace", data=new)
    successor = only("OMURBEKOV Nurzhan")
    assert successor.batch_id != batch.id
    assert answer.location == f"/vouchers/{successor.batch_id}/people/{successor.id}"
    assert (successor.batch.replaces_id, successor.replaces_id) == (seat.id, old.id)
    assert [letter.to for letter in letters()] == ["aigul@example.org"]


def test_giving_seats_back_shows_first_what_will_happen(focal, batch, base, who, cohort):
    going = named(batch, who)
    data = {"number": "2", "people": str(going.id), "reason": "Budget"}
    page = text(focal.post(f"{base}/give-back", data=data))
    assert "2 seats go back to the programme" in page
    assert "1 seat for which nobody is named" in page
    assert "The seat of AITBAEVA Aigul, whose code dies at once" in page
    assert len(alive(batch)) == 3
    focal.post(f"{base}/give-back", data={**data, "sure": "1"})
    assert len(alive(batch)) == 1
    assert stages(batch) == {"AITBAEVA Aigul": "given_back"}
    assert db.session.get_one(Batch, batch.id).quantity == 1
    focal.post(f"{base}/give-back", data={**data, "sure": "1"})
    assert len(alive(batch)) == 1


def test_no_more_seats_are_given_back_than_nobody_has(focal, batch, base, who):
    named(batch, who)
    page = text(focal.post(f"{base}/give-back", data={"number": "3", "reason": "Budget", "sure": "1"}))
    assert "Only 2 vouchers are left that nobody has." in page
    assert len(alive(batch)) == 3


def test_an_address_that_changes_locks_the_code_anew(focal, batch, base, who):
    nominee = named(batch, who, email="old@example.org")
    focal.post(f"{base}/invite", data={"people": str(nominee.id)})
    focal.post(f"{base}/{nominee.id}/edit", data={**AIGUL, "email": "new@example.org"})
    nominee = fresh(nominee)
    assert (nominee.voucher.email, nominee.invited_at) == ("new@example.org", None)


def test_who_has_the_seat_sees_to_their_own_data(focal, batch, base, who, cohort):
    nominee = named(batch, who)
    make.a_redemption(nominee.voucher, make.an_enrolment(cohort, make.a_person("AITBAEVA Aigul"), "KG"))
    assert "This person has taken the seat" in text(focal.post(f"{base}/{nominee.id}/edit", data={**AIGUL, "post": "Minister"}))
    assert fresh(nominee).post == ""


def test_reminding_is_not_done_twice_a_day_nor_to_who_was_never_invited(focal, batch, base, who):
    first = named(batch, who, "First Person", email="first@example.org")
    named(batch, who, "Second Person", email="second@example.org")
    focal.post(f"{base}/invite", data={"people": str(first.id)})
    for _ in range(2):
        focal.post(f"{base}/remind", data={"everybody": "1"})
    assert [(letter.to, letter.kind) for letter in letters()][1:] == [("first@example.org", "nominees.reminder")]


def test_the_list_is_filtered_searched_sorted_and_exported(focal, batch, base, who):
    named(batch, who, "ZHAKYPOV Azat", own_name="Жакыпов Азат")
    named(batch, who, email="aigul@example.org")
    assert "ZHAKYPOV Azat" in text(focal.get(f"{base}?q=жакыпов"))
    assert "AITBAEVA" not in text(focal.get(f"{base}?q=жакыпов"))
    assert "Nobody like this" in text(focal.get(f"{base}?stage=certified"))
    rows = list(csv.DictReader(io.StringIO(focal.get(f"{base}?format=csv&sort=name&desc=1").text.removeprefix("\ufeff"))))
    assert [(row["Full name"], row["Stage"]) for row in rows] == [("ZHAKYPOV Azat", "Named"), ("AITBAEVA Aigul", "Named")]


def test_the_list_takes_the_same_number_of_statements_for_three_people_and_three_hundred(focal, body, who, cohort, statements):
    def counted(number):
        batch, by = make.a_batch(cohort, number, organisation=body), who.id
        with work():
            free = db.session.scalars(sa.select(Voucher).where(Voucher.batch_id == batch.id)).all()
            for n, voucher in enumerate(free):
                keys = {"sort_name": f"person {n % 2}", "name_key": f"{n % 2} person", "search": "person"}
                db.session.add(Nominee(
                    batch=batch, voucher=voucher, full_name=f"Person {n % 2}", named_at=utcnow(), named_by_id=by,
                    email="", languages=["ru"], **keys,
                ))  # fmt: skip
        seat = make.an_enrolment(cohort, make.a_person(), "KG")
        make.a_redemption(make.vouchers_of(batch)[0], seat)
        counts = []
        for page in ("", "?per_page=200", "?findings=any&per_page=200", "?stage=redeemed"):
            with statements() as found:
                assert focal.get(f"/vouchers/{batch.id}/people{page}").status_code == 200
            counts.append(len(found))
        with statements() as found:
            focal.get(f"/vouchers/{batch.id}/people?format=csv")
        return [*counts, len(found)]

    few = counted(3)
    many = counted(300)
    assert few == many
    assert few[0] <= 22


def test_a_letter_and_a_voucher_are_printed_in_the_language_of_the_nominee(focal, batch, base, who):
    import pypdf

    nominee = named(batch, who, "Ahmad Shah", own_name="احمد شاه", letter_language="fa_AF", email="ahmad@example.org")
    for address in (f"{base}/{nominee.id}/letter.pdf", f"{base}/letters.pdf"):
        answer = focal.get(address)
        assert (answer.status_code, answer.mimetype) == (200, "application/pdf"), answer.text[:500]
        words = pypdf.PdfReader(io.BytesIO(answer.data)).pages[0].extract_text()
        assert group_code(nominee.voucher.code) in words
        assert "Ahmad Shah" in words
    sheet = focal.get(f"/vouchers/{batch.id}/sheet.pdf?voucher={nominee.voucher_id}&in=ru")
    assert sheet.mimetype == "application/pdf"
    assert focal.get(f"/vouchers/{batch.id}/sheet.pdf?voucher=999999999999").status_code == 404


@pytest.mark.parametrize("language", ["en", "ru", "kk", "fa_AF"])
def test_the_longest_letter_fits_its_page(focal, batch, base, who, language):
    import pypdf

    long = "Abdulrahmon Muhammadyusufzoda Sayidmuhammadovich " * 4
    nominee = named(
        batch,
        who,
        long[:200].strip(),
        own_name=("Абдулраҳмон Муҳаммадюсуфзода " * 7)[:200].strip(),
        letter_language=language,
        post="P" * 30 + " q" * 80,
        employer="Ministry of Labour " * 14,
    )
    answer = focal.get(f"{base}/{nominee.id}/letter.pdf")
    assert len(pypdf.PdfReader(io.BytesIO(answer.data)).pages) == 1


def test_a_group_code_a_draft_and_an_expired_batch_take_no_names(focal, body, cohort):
    from dostyk.vouchers.rules import BatchKind, BatchState

    late = utcnow() - timedelta(minutes=1)
    for values, said in (
        ({"kind": BatchKind.GROUP}, "This batch has one code for the whole group"),
        ({"state": BatchState.DRAFT}, "This batch is a draft"),
        ({"state": BatchState.CLOSED}, "This batch is closed"),
        ({"valid_until": late}, "The last day of this batch is over"),
    ):
        batch = make.a_batch(cohort, 1, organisation=body, **values)
        assert said in text(focal.post(f"/vouchers/{batch.id}/people/name", data=AIGUL))
    assert db.session.scalars(sa.select(Nominee)).all() == []


def test_home_tells_what_is_to_be_done(focal, batch, who, coordinator, cohort):
    assert "seats have no names yet" in text(focal.get("/home"))
    named(batch, who, email="aigul@example.org", languages=("en",))
    page = text(focal.get("/home"))
    assert "person is not invited yet" in page
    with work():
        db.session.get_one(type(cohort), cohort.id).course.enforced_checks = ["language"]
    assert f"person waits for your decision: {cohort.code}" in text(coordinator.get("/home"))
    assert "seats have no names yet" not in text(coordinator.get("/home"))


def test_a_lost_code_is_exchanged_and_the_person_keeps_the_seat(focal, batch, base, who, cohort, coordinator):
    nominee = named(batch, who, email="aigul@example.org")
    focal.post(f"{base}/invite", data={"people": str(nominee.id)})
    old = nominee.voucher_id
    coordinator.post(f"/cohorts/{cohort.code}/vouchers/batches/{batch.id}/exchange", data={"voucher": str(old), "reason": "Lost"})
    nominee = fresh(nominee)
    assert nominee.voucher_id != old
    assert (nominee.voucher.email, nominee.voucher.revoked_at, nominee.invited_at) == ("aigul@example.org", None, None)
    focal.post(f"{base}/invite", data={"people": str(nominee.id)})
    assert group_code(nominee.voucher.code) in letters()[-1].body
