"""The sheet: every letter of the region, the same bytes for ever, a QR code that leads to the verification page."""

from __future__ import annotations

import io
from collections.abc import Callable

import pypdf
import pytest
import zxingcpp
from PIL import Image

from dostyk.certificates import printing
from dostyk.certificates.models import Certificate
from dostyk.core.database import work
from dostyk.core.documents import qr_svg, render_png
from dostyk.courses.rules import CourseKind
from tests import factories as make
from tests.certificates import cast

pytestmark = pytest.mark.usefixtures("app")

NAMES = [
    ("Alikhan Kudaibergenov", "Қ Ғ Ң Ө Ұ Ү Һ І ә қ ғ ң ө ұ ү һ і Құдайберген Әлихан", "KZ"),
    ("Jamshed Abdullojonov", "ҷ ӣ ӯ ҳ қ ғ Ҷамшед Ғайратҷонович Ҳусейнӣ Рӯдакӣ", "TJ"),
    ("Öwezgeldi Şöhradowyç Ýazmyradow ŋ ň ý ž ä ö ü ş ç", "", "TM"),
    ("Oʻgʻiloy Toʻlqin qizi Gʻulomova oʻ gʻ", "Ўғилой Тўлқин қизи Ғуломова", "UZ"),
    ("Nurzhan Omurbekov", "Өмүрбеков Нүржан Ыңтымакович", "KG"),
    ("Mohammad Naeem Rahimi", "محمدنعیم رحیمی بدخشانی", "AF"),
]


def words(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages).split())


def issued(run_jobs: Callable[[], int], name: str = "Aigul Sydykova", own: str = "Сыдыкова Айгүл", country: str = "KG") -> Certificate:
    cohort = cast.a_finished_cohort("DIG")
    cast.mark([make.an_enrolment(cohort, make.a_person(name, own_name=own, country=country))])
    cast.order(cohort, make.a_person())
    run_jobs()
    [certificate] = cast.certificates()
    return certificate


def test_every_letter_of_the_region_is_printed_and_can_be_read_from_the_file(run_jobs: Callable[[], int]) -> None:
    cohort = cast.a_finished_cohort("DIG")
    cast.mark([make.an_enrolment(cohort, make.a_person(latin, own_name=own, country=country)) for latin, own, country in NAMES])
    cast.order(cohort, make.a_person())
    run_jobs()
    found = {c.snapshot["printed"]["name"]["latin"]: c for c in cast.certificates()}
    assert sorted(found) == sorted(latin for latin, _own, _country in NAMES)
    for latin, own, _country in NAMES:
        text = words(printing.pdf(found[latin].snapshot, found[latin].issued_at))
        assert latin in text
        assert [word for word in own.split() if word not in text] == []  # this reader puts right-to-left words in the order of the page


def test_renaming_and_every_other_change_leaves_the_file_as_it_was(run_jobs: Callable[[], int]) -> None:
    certificate = issued(run_jobs)
    before = printing.pdf(certificate.snapshot, certificate.issued_at)
    seat = certificate.enrolment
    with work():
        seat.person.full_name, seat.person.own_name, seat.person.country = "Somebody Else", "Другой", "AF"
        seat.cohort.course.title, seat.cohort.course.kind = {"en": "Another course"}, CourseKind.SEMINAR
        seat.cohort.host.name, seat.cohort.city = {"en": "Another host"}, {"en": "Nowhere"}
    [again] = cast.certificates()
    assert printing.pdf(again.snapshot, again.issued_at) == before
    assert "Aigul Sydykova" in words(before)


def test_what_is_printed_is_the_certificate(run_jobs: Callable[[], int]) -> None:
    certificate = issued(run_jobs)
    text = words(printing.pdf(certificate.snapshot, certificate.issued_at))
    for expected in (
        certificate.number,
        "-".join(certificate.code[i : i + 4] for i in (0, 4, 8)),
        "localhost/verify",
        "“Digital Public Services”",
        "of 40 academic hours (1 academic hour = 45 minutes)",
        "Қырғызстан",
        "А. Сейткали",
    ):
        assert expected in text
    assert "DEMO" not in text


def test_the_qr_code_leads_to_the_verification_page(run_jobs: Callable[[], int]) -> None:
    certificate = issued(run_jobs)
    printed = certificate.snapshot["printed"]
    [page] = render_png("certificate", {**printed, "qr": qr_svg(printed["url"])}, at=certificate.issued_at, language="kk")
    assert {found.text for found in zxingcpp.read_barcodes(Image.open(io.BytesIO(page)))} == {f"http://localhost/verify/{certificate.code}"}


@pytest.mark.parametrize("kind", CourseKind)
def test_every_kind_of_course_has_its_words_on_the_sheet(kind: CourseKind) -> None:
    assert kind in printing.FORMS


def test_markup_in_a_name_is_printed_as_it_is(run_jobs: Callable[[], int]) -> None:
    certificate = issued(run_jobs, name="#set page(fill: red) <b>Ali</b> $x^2$ =cmd()", own="Ali\u202egnol\u202c\nKhan")
    text = words(printing.pdf(certificate.snapshot, certificate.issued_at))
    assert "#set page(fill: red) <b>Ali</b> $x^2$ =cmd()" in text
    assert "Ali gnol Khan" in text
