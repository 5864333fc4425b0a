"""Certificates and voucher sheets: every letter, whole names, same bytes, hostile input."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pypdf
import pytest
import zxingcpp
from PIL import Image

from dostyk.core.documents import (
    CertificateData,
    CertificateName,
    DocumentError,
    MissingGlyphError,
    Trilingual,
    VoucherSheetData,
    clean,
    missing,
    qr_svg,
    render,
    render_png,
)
from dostyk.core.documents.glyphs import FONTS

AT = datetime(2026, 5, 16, 9, 0, tzinfo=UTC)
VERIFY = "https://dostyk.example/verify/7H3K9QMX4TRW"
REDEEM = "https://dostyk.example/redeem/"
LONG = "Цифровизация государственных услуг, управление на основе данных и внедрение систем межведомственного взаимодействия стран региона"


def trilingual(kk: str, ru: str, en: str) -> Trilingual:
    return {"kk": kk, "ru": ru, "en": en}


def a_certificate(
    latin: str = "Alikhan Kudaibergenov", own: str | None = None, language: str | None = None, **changes: Any
) -> CertificateData:
    name: CertificateName = {"latin": latin, "own": own, "own_language": language}
    data: CertificateData = {
        "kind": "completion",
        "course_form": "advanced_training",
        "number": "DST-2026-DIG-01-0007",
        "code": "7H3K-9QMX-4TRW",
        "address": "dostyk.example/verify",
        "url": VERIFY,
        "qr": qr_svg(VERIFY),
        "name": name,
        "country": trilingual("Қырғызстан", "Кыргызстан", "Kyrgyzstan"),
        "issuer": trilingual("Агенттік", "Агентство", "Agency"),
        "programme": trilingual("«Достық» бағдарламасы", "Программа «Достык»", "Programme “Dostyk”"),
        "course": trilingual("Цифрлық қызметтер", "Цифровые услуги", "Digital Services"),
        "hours": 40,
        "minutes_per_hour": 45,
        "starts": trilingual("2026 ж. 5 мамыр", "5 мая 2026 г.", "5 May 2026"),
        "ends": trilingual("2026 ж. 16 мамыр", "16 мая 2026 г.", "16 May 2026"),
        "host": trilingual("Университет", "Университет", "University"),
        "city": trilingual("Алматы", "Алматы", "Almaty"),
        "issued": trilingual("2026 ж. 16 мамыр", "16 мая 2026 г.", "16 May 2026"),
        "signatory": {"name": trilingual("Қ. Ә.", "К. А.", "Q. A."), "post": trilingual("Төраға", "Председатель", "Chair")},
        "demonstration": False,
    }
    return {**data, **changes}  # type: ignore[typeddict-item]  # the changes are keys of CertificateData


def a_sheet(codes: int = 5, **changes: Any) -> VoucherSheetData:
    vouchers = [(f"7H3K-9QMX-{i:04}", f"{REDEEM}7H3K9QMX{i:04}") for i in range(2345, 2345 + codes)]
    data: VoucherSheetData = {
        "title": "Voucher sheet",
        "header": [{"label": "Batch", "value": "DIG-2026-01-KG-02"}, {"label": "Vouchers", "value": str(codes)}],
        "running": "Batch DIG-2026-01-KG-02",
        "page": "Page {page} of {pages}",
        "issuer": "Agency",
        "programme": "Programme “Dostyk”",
        "course": "Digital Public Services",
        "facts": [{"label": "Dates", "value": "5 May 2026 – 16 May 2026"}, {"label": "Valid until", "value": "30 April 2026"}],
        "code_label": "Voucher code",
        "address_label": "Type the code at",
        "address": "dostyk.example/redeem",
        "qr_label": "QR code of",
        "instructions": [
            {"language": "en", "lines": ["Scan the QR code.", "Check the course.", "Keep this voucher."]},
            {"language": "ru", "lines": ["Отсканируйте QR-код.", "Проверьте курс.", "Сохраните ваучер."]},
        ],
        "demonstration": None,
        "vouchers": [{"code": code, "url": url, "qr": qr_svg(url)} for code, url in vouchers],
    }
    return {**data, **changes}  # type: ignore[typeddict-item]  # the changes are keys of VoucherSheetData


def certificate(*args: Any, **changes: Any) -> bytes:
    return render("certificate", a_certificate(*args, **changes), at=AT, language="kk")


def sheet(data: VoucherSheetData, language: str = "en") -> bytes:
    return render("vouchers", data, at=AT, language=language)


def catalog(pdf: bytes) -> dict[str, Any]:
    return dict(pypdf.PdfReader(io.BytesIO(pdf)).root_object)


def words(pdf: bytes) -> str:
    """The text of a PDF on one line, plain spaces."""
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages).split())


def codes(png: bytes) -> set[str]:
    return {found.text for found in zxingcpp.read_barcodes(Image.open(io.BytesIO(png)))}


# --- Letters --------------------------------------------------------------------------------------------------------

NAMES = [
    ("Alikhan Kudaibergenov", "Әлихан Нұрсұлтанұлы Құдайбергенов", "kk"),
    ("Letters", "Қ Ғ Ң Ө Ұ Ү Һ І ә қ ғ ң ө ұ ү һ і", "kk"),
    ("Nurzhan Omurbekov", "Нүржан Ыңтымакович Өмүрбеков", "ky"),
    ("Jamshed Abdullojonov", "Ҷамшед Ғайратҷонович Ҳусейнӣ Қурбони Рӯдакӣ", "tg"),
    ("Letters", "ҷ ӣ ӯ ҳ қ ғ Ҷ Ӣ Ӯ Ҳ Қ Ғ", "tg"),
    ("Öwezgeldi Şöhradowyç Ýazmyradow", None, None),
    ("ŋ ň ý ž ä ö ü ş ç Ŋ Ň Ý Ž Ä Ö Ü Ş Ç", None, None),
    ("Oʻgʻiloy Toʻlqin qizi Gʻulomova", "Ўғилой Тўлқин қизи Ғуломова", "uz"),
    ("Maʼruf Sanʼat oʻgʻli", None, None),
    ("Batbayar Ulziijargal", "Батбаярын Өлзийжаргал", "mn"),
]


@pytest.mark.parametrize(("latin", "own", "language"), NAMES)
def test_every_letter_is_drawn_and_the_name_can_be_read_from_the_file(latin: str, own: str | None, language: str | None) -> None:
    text = words(certificate(latin, own, language))
    assert latin in text
    assert own is None or own in text


@pytest.mark.parametrize(("own", "language"), [("محمدنعیم رحیمی بدخشانی", "fa_AF"), ("ګلالۍ څېړونکې ځدراڼ", "ps")])
def test_names_in_arabic_script_can_be_read_from_the_file(own: str, language: str) -> None:
    pdf = certificate("Mohammad Naeem Rahimi", own, language)
    text = words(pdf)  # this reader puts the words of a right-to-left line in the order of the page
    assert [word for word in own.split() if word not in text] == []
    if shutil.which("pdftotext"):
        plain = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
        assert own in plain


def test_the_own_name_is_printed_once_when_it_is_the_same() -> None:
    assert words(certificate("Aylar Orazowa", "Aylar Orazowa", "tk")).count("Aylar Orazowa") == 1


# --- What stands on a certificate -----------------------------------------------------------------------------------


def test_a_certificate_says_everything() -> None:
    text = words(certificate())
    for expected in (
        "СЕРТИФИКАТ",
        "Certificate of Completion",
        "DST-2026-DIG-01-0007",
        "7H3K-9QMX-4TRW",
        "dostyk.example/verify",
        "«Цифрлық қызметтер»",
        "«Цифровые услуги»",
        "“Digital Services”",
        "в объёме 40 академических часов",
        "of 40 academic hours (1 academic hour = 45 minutes)",
        "Қырғызстан · Кыргызстан · Kyrgyzstan",
    ):
        assert expected in text


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(1, "1 академического часа"), (11, "11 академических часов"), (21, "21 академического часа"), (36.5, "36,5 академического часа"),
     (72.0, "72 академических часов")],
)  # fmt: skip
def test_russian_hours_agree_with_their_number(hours: float, expected: str) -> None:
    assert "в объёме " + expected in words(certificate(hours=hours))


@pytest.mark.parametrize("kind", ["completion", "participation"])
@pytest.mark.parametrize("form", ["course", "seminar", "advanced_training", "retraining", "study_visit"])
def test_every_kind_of_course_has_its_words(kind: str, form: str) -> None:
    text = words(certificate(kind=kind, course_form=form))
    assert ("has taken part in" in text) is (kind == "participation")
    assert ("завершил(а)" in text) is (kind == "completion")


def test_a_course_of_one_day_has_one_date() -> None:
    text = words(certificate(starts=trilingual("5 мамыр", "5 мая", "5 May"), ends=trilingual("5 мамыр", "5 мая", "5 May")))
    assert "held on 5 May" in text
    assert "5 мамыр күні" in text


def test_a_specimen_says_so() -> None:
    assert "DEMO" not in words(certificate())
    assert words(certificate(demonstration=True)).count("ҮЛГІ · ОБРАЗЕЦ · DEMO") == 2


@pytest.mark.parametrize("length", [40, 120, 200])
def test_long_names_and_titles_are_printed_whole_on_one_page(length: int) -> None:
    name = ("Muhammad Abdurahmon Sayidjalol Burhoniddinzoda " * 5)[:length].strip()
    pdf = certificate(name, "Муҳаммад Абдураҳмон " * 5, "tg", course=trilingual(LONG, LONG, LONG), demonstration=True)
    text = words(pdf)
    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages) == 1
    assert name in text
    assert text.count(LONG) == 3


def test_what_does_not_fit_is_refused_not_cut() -> None:
    with pytest.raises(DocumentError, match="too long for its place"):
        certificate("x" * 400)
    with pytest.raises(DocumentError, match="too long for the certificate"):
        certificate(course=trilingual(LONG * 4, LONG * 4, LONG * 4))


def test_the_file_is_small_tagged_archival_and_accessible() -> None:
    pdf = certificate("Mohammad Naeem", "محمدنعیم", "fa_AF")
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    assert len(pdf) < 200_000
    assert reader.metadata is not None
    assert reader.metadata.title == "Сертификат · Certificate of Completion DST-2026-DIG-01-0007"
    assert catalog(pdf)["/MarkInfo"]["/Marked"] == pypdf.generic.BooleanObject(True)
    assert catalog(pdf)["/Lang"] == "kk"
    packet = catalog(pdf)["/Metadata"].get_object().get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in packet
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in packet
    assert "<pdfuaid:part>1</pdfuaid:part>" in packet


def test_the_qr_code_is_read_back_from_the_page() -> None:
    [page] = render_png("certificate", a_certificate(), at=AT, language="kk")
    assert codes(page) == {VERIFY}


# --- Vouchers -------------------------------------------------------------------------------------------------------


def test_every_voucher_is_on_the_sheet_four_a_page_and_its_qr_code_is_read_back() -> None:
    data = a_sheet(6)
    pages = render_png("vouchers", data, at=AT, language="en")
    assert [len(codes(page)) for page in pages] == [4, 2]
    assert set().union(*map(codes, pages)) == {voucher["url"] for voucher in data["vouchers"]}
    text = words(sheet(data))
    assert [voucher["code"] for voucher in data["vouchers"] if voucher["code"] not in text] == []
    assert "Page 2 of 2" in text
    assert "dostyk.example/redeem" in text
    assert text.count("DIG-2026-01-KG-02") == 2


@pytest.mark.parametrize("language", ["en", "ru", "kk", "fa_AF"])
def test_long_texts_stay_on_their_card_in_every_language(language: str) -> None:
    title = "خدمات عامهٔ دیجیتالی، حکومت‌داری مبتنی بر داده‌ها و نظام‌های همکاری میان اداره‌ها: تجربهٔ کشورها" if language == "fa_AF" else LONG
    pdf = sheet(a_sheet(5, course=title, demonstration="DEMO"), language)
    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages) == 2
    assert catalog(pdf)["/Lang"].split("-")[0] == language[:2]


def test_a_sheet_of_no_vouchers_is_still_a_sheet() -> None:
    assert "Voucher sheet" in words(sheet(a_sheet(0)))


# --- Hostile texts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["#set page(fill: red) $x^2$ *b* _c_ <script>", '"); #read("/etc/passwd") #panic("x")', "\\u{41} = Title // no comment /* x"],
)
def test_markup_in_a_name_is_drawn_as_it_is(name: str) -> None:
    assert name in words(certificate(name))


def test_newlines_and_direction_overrides_go() -> None:
    name = "Ali\n\tVeli\u2028\u202egnol\u202c \u2066Khan\u2069\ufeff"
    assert clean(name) == "Ali Veli gnol Khan"
    assert "Ali Veli gnol Khan" in words(certificate(name))


def test_a_decomposed_name_is_composed() -> None:
    assert clean("Шари\u0304ф") == "Шар\u04e3ф"


def test_zero_width_non_joiners_stay() -> None:
    assert clean("می\u200cگردد") == "می\u200cگردد"


def test_stacked_marks_are_limited() -> None:
    assert clean("x" + "\u0301" * 40) == "x\u0301\u0301\u0301"


@pytest.mark.parametrize(
    ("name", "characters"), [("Ali 😀 Khan", "😀"), ("王 Ali 民", "民王"), ("Ali \ud800", "\ud800"), ("გიორგი", "გიორ")]
)
def test_a_character_without_a_glyph_is_refused_by_name(name: str, characters: str) -> None:
    assert missing(name) == characters
    with pytest.raises(MissingGlyphError) as refusal:
        certificate(name)
    assert (refusal.value.characters, refusal.value.where) == (characters, "name.latin")
    assert f"{characters[0]!a}" in str(refusal.value)


def test_a_missing_glyph_is_found_deep_in_the_data() -> None:
    with pytest.raises(MissingGlyphError, match=r"instructions\[1\]\.lines\[0\]: '\\U0001f680' ROCKET"):
        sheet(a_sheet(1, instructions=[{"language": "en", "lines": ["a"]}, {"language": "ru", "lines": ["🚀"]}]))


# --- The engine -----------------------------------------------------------------------------------------------------


def test_the_same_input_gives_the_same_bytes() -> None:
    assert certificate() == certificate()
    script = (
        "import sys, json; from datetime import datetime; from dostyk.core.documents import render;"
        "at, data = json.load(sys.stdin);"
        "sys.stdout.buffer.write(render('certificate', data, at=datetime.fromisoformat(at), language='kk'))"
    )
    other = subprocess.run(
        [sys.executable, "-c", script], input=json.dumps([AT.isoformat(), a_certificate()]).encode(), capture_output=True, check=True
    ).stdout
    assert other == certificate()


def test_threads_at_once_give_identical_bytes() -> None:
    expected = {f"Name {i}": certificate(f"Name {i}") for i in range(4)}
    found: list[tuple[str, bytes]] = []
    start = threading.Barrier(4)

    def make() -> None:
        start.wait()
        found.extend((name, certificate(name)) for name in expected)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert all(pdf == expected[name] for name, pdf in found)


def test_a_fork_of_a_process_that_made_a_document_is_told_so_and_does_not_hang() -> None:
    script = """
import os, sys, json
from datetime import datetime
from dostyk.core.documents import ForkedError, render
at, data = json.load(sys.stdin)
make = lambda: render("certificate", data, at=datetime.fromisoformat(at), language="kk")
first = os.fork()
if not first:
    os._exit(0 if make() else 3)
if os.waitpid(first, 0)[1]:
    sys.exit("a child of a fresh process must be able to make documents")
make()
if not os.fork():
    try:
        make()
    except ForkedError:
        os._exit(0)
    os._exit(4)
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""
    child = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        input=json.dumps([AT.isoformat(), a_certificate()]).encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert child.returncode == 0, child.stderr.decode()


def test_wrong_use_is_named() -> None:
    data: Mapping[str, object] = copy.deepcopy(a_certificate())
    with pytest.raises(DocumentError, match="needs a time zone"):
        render("certificate", data, at=datetime(2026, 5, 16), language="kk")  # the mistake under test
    for name in ("nothing", "../documents/certificate", "certificate.typ", "_style"):
        with pytest.raises(DocumentError, match="no document template"):
            render(name, data, at=AT, language="kk")
    with pytest.raises(DocumentError, match="certificate: dictionary does not contain key"):
        render("certificate", {"kind": "completion"}, at=AT, language="kk")
    with pytest.raises(TypeError, match="hours"):
        render("certificate", {**data, "hours": object()}, at=AT, language="kk")


def test_the_fonts_are_the_ones_of_the_manifest() -> None:
    manifest = json.loads((FONTS / "manifest.json").read_text())
    assert {entry["file"]: entry["sha256"] for entry in manifest} == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FONTS.iterdir() if path.name != "manifest.json"
    }
    assert "://" not in (FONTS / "manifest.json").read_text()
    assert all(entry["license"] == "OFL-1.1" for entry in manifest)


def test_the_template_folder_holds_no_link_and_imports_no_package() -> None:
    folder = FONTS.parent
    assert [path for path in folder.rglob("*") if path.is_symlink()] == []
    assert [path for path in folder.glob("*.typ") if "@preview" in path.read_text() or "@local" in path.read_text()] == []
    assert Path(folder / "ornament.svg").stat().st_size < 100_000
