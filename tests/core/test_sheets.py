"""Tables that people hand in: whatever the bytes, either rows of clean text or a sentence that says what to do."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from dostyk.core.sheets import MAX_CELL, MAX_COLUMNS, MAX_ROWS, Column, Unreadable, column_letter, csv_template, open_table, xlsx_template
from dostyk.core.sheets import values as read
from dostyk.core.sheets.workbooks import LAST_ROW, UNPACKED
from dostyk.core.tables import csv_lines
from tests.conftest import make_app

COLUMNS = (
    Column("full_name", "Full name", required=True, also=("имя", "ФИО"), help="As in the passport.", example="AITBAEVA Aigul"),
    Column("email", "E-mail address", also=("почта",), example="aigul@example.org"),
    Column("birth_year", "Year of birth", example="1990"),
)
OFTEN = settings(max_examples=60, deadline=None)


@pytest.fixture(scope="module", autouse=True)
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Sentences are written in the language of a page; no database is needed."""
    with make_app(tmp_path_factory.mktemp("sheets")).test_request_context():
        yield


def table(content: bytes) -> list[tuple[int, ...]]:
    return [(line.number, *line.cells.values()) for line in open_table(content, COLUMNS).lines]


def flaws(content: bytes) -> list[tuple[int, str, str]]:
    return [(line.number, flaw.column, flaw.said) for line in open_table(content, COLUMNS).lines for flaw in line.flaws]


def refusal(content: bytes) -> str:
    with pytest.raises(Unreadable) as refused:
        table(content)
    return str(refused.value.sentence)


def book(*rows: Sequence[Any], hidden: Sequence[Sequence[Any]] | None = None) -> bytes:
    made = Workbook()
    sheet = made.worksheets[0]
    if hidden is not None:
        for row in hidden:
            sheet.append(row)
        sheet.sheet_state = "hidden"
        sheet = made.create_sheet("Shown")
    for number, row in enumerate(rows, 1):
        for place, value in enumerate(row, 1):
            cell = sheet.cell(number, place)
            if isinstance(value, tuple):
                value, cell.number_format = value
            cell.value = value
    kept = io.BytesIO()
    made.save(kept)
    return kept.getvalue()


def repacked(content: bytes, **parts: bytes | None) -> bytes:
    """The workbook with some parts put in the place of others; `sheet1` is the part of the first sheet."""
    names = {"sheet1": "xl/worksheets/sheet1.xml", "workbook": "xl/workbook.xml", "styles": "xl/styles.xml"}
    kept = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as target:
        replaced = {names.get(name, name): part for name, part in parts.items()}
        for entry in source.infolist():
            if entry.filename not in replaced:
                target.writestr(entry, source.read(entry))
        for name, part in replaced.items():
            if part is not None:
                target.writestr(name, part)
    return kept.getvalue()


def sheet_of(*cells: str) -> bytes:
    rows = "".join(cells)
    return (
        f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>'.encode()
    )


HEAD = '<row r="1"><c r="A1" t="inlineStr"><is><t>Full name</t></is></c></row>'


# --- Text -----------------------------------------------------------------------------------------------------------

TEXT = "ФИО{0}почта\r\nАйгуль Сериковна Айтбаева{0}aigul@example.org\r\nПётр Объедков{0}petr@example.org\r\n"
FOUND = [(2, "Айгуль Сериковна Айтбаева", "aigul@example.org", ""), (3, "Пётр Объедков", "petr@example.org", "")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1251", "kz1048", "cp866"])
@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_same_table_is_read_in_every_encoding_with_every_separator(encoding, sign):
    assert table(TEXT.format(sign).encode(encoding)) == FOUND


def test_utf_16_of_the_other_byte_order_with_its_mark():
    assert table(b"\xfe\xff" + TEXT.format(";").encode("utf-16-be")) == FOUND


@pytest.mark.parametrize(
    ("encoding", "name"), [("cp1251", "Windows-1251"), ("kz1048", "KZ-1048"), ("cp866", "DOS (866)"), ("cp1252", "Windows-1252")]
)
def test_a_guessed_encoding_is_named(encoding, name):
    names = {"kz1048": "Әлібек Қайратұлы Ғабитов", "cp1252": "Müller François Šimon"}.get(encoding, "Айгуль Айтбаева")
    found = open_table(f"Full name\r\n{names}\r\n".encode(encoding), COLUMNS)
    assert [line.cells["full_name"] for line in found.lines] == [names]
    assert found.notices == [f"The file does not say how its letters are stored; it was read as {name}. Look at the names."]


def test_one_damaged_byte_spoils_its_cell_and_not_the_whole_file():
    lines = "".join(f"Айгуль Айтбаева {n},a{n}@example.org\r\n" for n in range(20))
    content = f"ФИО,почта\r\n{lines}".encode() + b"Nurzhan \xff Omurbekov,\r\n"
    assert table(content)[0] == (2, "Айгуль Айтбаева 0", "a0@example.org", "")
    assert [(line, column) for line, column, _ in flaws(content)] == [(22, "A")]


def test_heads_are_found_in_any_order_case_and_language_and_the_rest_is_named():
    found = open_table("Note; BIRTH_YEAR ;ПОЧТА;full  NAME (passport)\n1;1990;a@example.org;A B\n".encode(), COLUMNS)
    assert [dict(line.cells) for line in found.lines] == [{"full_name": "A B", "email": "a@example.org", "birth_year": "1990"}]
    assert (found.unknown, found.places) == (["Note"], {"birth_year": "B", "email": "C", "full_name": "D"})


def test_what_excel_writes_before_the_head_is_no_row():
    assert table(b"sep=;\r\nfull name;email\r\nA;B\r\n") == [(2, "A", "B", "")]


def test_cells_hold_separators_quotes_and_line_breaks_and_lines_are_counted_as_a_spreadsheet_does():
    content = 'full name,почта\r\n"A, ""B""","first\r\nsecond"\r\n\r\nC\r\n'.encode()
    assert table(content) == [(2, 'A, "B"', "first\r\nsecond", ""), (4, "C", "", "")]


def test_rows_may_be_shorter_than_the_head_but_not_longer():
    said = "This row has more cells than the head: perhaps a separator stands in a text without quotation marks."
    content = b"full name,email\nA\nB,b@example.org,,\nC,c@example.org,more\n"
    assert table(content)[:2] == [(2, "A", "", ""), (3, "B", "b@example.org", "")]
    assert flaws(content) == [(4, "C", said)]


def test_nul_and_control_characters_are_dropped():
    assert table(b"full name,email\nA\0B\x07C,\x1bd\n") == [(2, "ABC", "d", "")]


def test_formulas_are_texts_and_our_own_exports_are_read_back():
    texts = ["=cmd|' /C calc'!A0", "+1+1", "-2", "@SUM(A1)", "'quoted"]
    written = "".join(csv_lines(["Full name"], [[text] for text in texts])).encode()
    assert [row[1] for row in table(written)] == texts
    assert [row[1] for row in table("\n".join(["full name", *texts]).encode())] == texts


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty. Fill in the template, and hand that in."),
        (b"\xef\xbb\xbf\r\n ,;\r\n", "The first row must name the columns, “Full name” among them. Use the template."),
        (b"name of the dog\nRex\n", "The first row must name the columns, “Full name” among them. Use the template."),
        (b"email\na@example.org\n", "This column is missing: Full name. Add it, or use the template."),
        ("full name,ФИО\nA,B\n".encode(), "The column “Full name” is there twice: A and B. Delete one of them."),
        (b"\x89PNG\r\n\x1a\n", "This file is not a table. Hand in an XLSX or CSV file."),
        (b"%PDF-1.7", "This file is not a table. Hand in an XLSX or CSV file."),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "This is a spreadsheet of the old kind (XLS), or one with a password. Save it as XLSX without a password.",
        ),
        (
            b"PK\x03\x04 and so on",
            "This file is damaged, or is not what its name says. Open it in a spreadsheet, save it as XLSX, and hand that in.",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_told_so_in_one_sentence(content, said):
    assert refusal(content) == said


@pytest.mark.parametrize("broken", [b'"B, never closed', b'"B" C', b"x" * 200_000])
def test_a_file_that_breaks_off_says_in_which_line(broken):
    assert refusal(b"full name\nA\n" + broken + b"\n").startswith("The file breaks off in line 3:")


def test_limits_of_rows_columns_and_cells():
    head = b"full name\n"
    assert len(table(head + b"A\n" * MAX_ROWS)) == MAX_ROWS
    assert refusal(head + b"A\n" * (MAX_ROWS + 1)).startswith(f"The file has more than {MAX_ROWS} rows.")
    assert len(table(head + b"\n" * 50_000 + b"A\n")) == 1
    wide = b"full name" + b",x" * MAX_COLUMNS
    assert refusal(wide).startswith(f"Line 1 has more than {MAX_COLUMNS} columns.")
    assert flaws(head + b"A" * MAX_CELL + b"\n") == []
    assert flaws(head + b"A" * (MAX_CELL + 1) + b"\n") == [(2, "A", f"This cell holds more than {MAX_CELL} characters. Shorten it.")]


def test_columns_are_named_as_spreadsheets_do():
    assert [column_letter(place) for place in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


# --- Workbooks ------------------------------------------------------------------------------------------------------


def test_dates_and_numbers_come_out_as_they_are_seen():
    rows = [
        (1990, 1990.0), (7.25, 10**14), (datetime(1990, 3, 14), date(1991, 1, 2)), (datetime(1990, 3, 14, 9, 30), True),
        ((123, "00000"), (1990, "0")), ("  текст  ", "007"),
    ]  # fmt: skip
    assert [row[1:3] for row in table(book(("full name", "email"), *rows))] == [
        ("1990", "1990"), ("7.25", "100000000000000"), ("1990-03-14", "1991-01-02"), ("1990-03-14 09:30", "TRUE"),
        ("00123", "1990"), ("текст", "007"),
    ]  # fmt: skip


def test_the_first_visible_sheet_is_read():
    assert table(book(("full name",), ("A",), hidden=[("secret",)])) == [(2, "A", "", "")]


def test_a_formula_is_read_as_its_stored_result_or_refused():
    row = '<row r="2"><c r="A2" t="str"><f>UPPER("a")</f><v>A</v></c></row><row r="4"><c r="A4"><f>1+1</f></c></row>'
    content = repacked(book(("full name",)), sheet1=sheet_of(HEAD, row))
    assert table(content) == [(2, "A", "", ""), (4, "", "", "")]
    assert flaws(content) == [(4, "A", "This cell holds a formula without a result. Write the value itself.")]


def test_errors_of_the_spreadsheet_are_named_with_their_cell():
    content = repacked(book(("full name",)), sheet1=sheet_of(HEAD, '<row r="2"><c r="A2" t="e"><v>#REF!</v></c></row>'))
    assert flaws(content) == [(2, "A", "This cell holds an error of the spreadsheet: #REF!. Write the value itself.")]


def test_macros_pictures_and_other_parts_are_left_alone():
    content = repacked(book(("full name",), ("A",)), **{"xl/vbaProject.bin": b"\xd0\xcf" * 99, "xl/media/image1.png": b"\x89PNG" * 99})
    assert table(content) == [(2, "A", "", "")]


def test_a_document_of_another_kind_is_no_table():
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr("word/document.xml", "<w:document/>")
    assert refusal(kept.getvalue()) == "This is not a spreadsheet that can be read. Save it as XLSX or CSV, and hand that in."


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    assert refusal(repacked(book(("full name",)), sheet1=b" " * (UNPACKED + 1))).startswith("This file unpacks to more than can be read.")
    assert refusal(repacked(book(("full name",)), styles=b" " * (9 << 20))).startswith("This file unpacks to more than can be read.")


def test_a_zip_that_lies_about_its_size_gives_no_more_than_it_says():
    content = bytearray(repacked(book(("full name",)), sheet1=sheet_of(HEAD, " " * 5_000_000)))
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    content = content.replace(size.to_bytes(4, "little"), (200).to_bytes(4, "little"))
    assert refusal(bytes(content)).startswith("This file is damaged")


def test_entities_are_refused():
    laughs = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    assert refusal(repacked(book(("full name",)), sheet1=laughs + sheet_of(HEAD))).startswith("This file is damaged")
    assert refusal(repacked(book(("full name",)), workbook=laughs + b"<workbook/>")).startswith("This file is damaged")


@pytest.mark.parametrize("row", [LAST_ROW, 999_999_999, 10**30])
def test_cells_far_apart_cost_nothing_and_what_lies_below_every_sheet_is_not_there(row):
    content = repacked(book(("full name",)), sheet1=sheet_of(HEAD, f'<row r="{row}"><c r="A{row}"><v>7</v></c></row>'))
    assert table(content) == ([(LAST_ROW, "7", "", "")] if row == LAST_ROW else [])


def test_too_many_columns_in_a_workbook():
    content = repacked(book(("full name",)), sheet1=sheet_of(HEAD, f'<row r="2"><c r="{column_letter(MAX_COLUMNS)}2"><v>1</v></c></row>'))
    assert refusal(content).startswith(f"Line 2 has more than {MAX_COLUMNS} columns.")


# --- Templates ------------------------------------------------------------------------------------------------------


def test_the_templates_are_read_back_with_their_example():
    example = [(2, "AITBAEVA Aigul", "aigul@example.org", "1990")]
    assert table(csv_template(COLUMNS).encode()) == example
    assert table(xlsx_template(COLUMNS, "People")) == example


def test_what_is_typed_into_the_template_stays_text():
    from openpyxl import load_workbook

    made = load_workbook(io.BytesIO(xlsx_template(COLUMNS, "People")))
    assert [cell.number_format for cell in made["People"][2]] == ["@", "@", "@"]
    assert [[cell.value for cell in row] for row in made["What goes where"].iter_rows(max_row=2)] == [
        ["Column", "Needed", "What to write", "Example"],
        ["Full name", "yes", "As in the passport.", "AITBAEVA Aigul"],
    ]


# --- What cells mean ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("KG", "KG"), ("kg", "KG"), ("Kyrgyzstan", "KG"), ("Кыргызстан", "KG"), ("Киргизия", "KG"), ("Қырғызстан", "KG"),
        ("Кыргызская Республика", "KG"), ("O‘zbekiston", "UZ"), ("Ўзбекистон", "UZ"), ("Узбекистан", "UZ"), ("Тоҷикистон", "TJ"),
        ("Таджикистан", "TJ"), ("Türkmenistan", "TM"), ("Туркменистан", "TM"), ("Afghanistan", "AF"), ("افغانستان", "AF"),
        ("Қазақстан", "KZ"), ("Монголия", "MN"), ("Sakartvelo", None), ("Narnia", None), ("", None), ("ZZ", None), ("=KG", None),
    ],
)  # fmt: skip
def test_countries_are_known_in_the_languages_of_the_region(text, code):
    assert read.country(text) == code


def test_languages_sex_years_and_addresses():
    assert read.languages("русский, English; қазақ тілі / дари") == ["ru", "en", "kk", "fa_AF"]
    assert read.languages("ru,xx") is None
    assert [read.sex(text) for text in ("F", "ж", "Женский", "әйел", "male", "М", "еркек", "?")] == [*["female"] * 4, *["male"] * 3, None]
    years = ("1990", "14.03.1990", "1990-03-14", "1990-03-14 00:00", "۱۹۹۰", "90", "about 1990")
    assert [read.year(text) for text in years] == [1990, 1990, 1990, 1990, 1990, None, None]
    assert [read.email(text) for text in ("A@Example.ORG", "mailto:a@example.org", "a@", "two words")] == [
        "a@example.org",
        "a@example.org",
        None,
        None,
    ]


# --- Anything -------------------------------------------------------------------------------------------------------


def outcome(content: bytes) -> str:
    """What comes of any bytes: rows of clean text, or a sentence."""
    try:
        found = open_table(content, COLUMNS)
        for line in found.lines:
            assert set(line.cells) == {"full_name", "email", "birth_year"}
            assert all("\0" not in cell and cell == cell.strip() and len(cell) <= MAX_CELL for cell in line.cells.values())
            "".join(line.cells.values()).encode()  # no half of a surrogate pair
    except Unreadable as refused:
        return str(refused.sentence)
    return ""


SOME_BOOK = book(("full name", "email", "birth_year"), ("A", "=1+1", 1990), ("B", "b@example.org", datetime(1990, 3, 14)))


@OFTEN
@given(st.binary(max_size=3000))
def test_any_bytes_give_rows_or_a_sentence(content):
    outcome(content)
    outcome(b"full name,email\n" + content)


@OFTEN
@given(st.binary(max_size=300), st.integers(0, len(SOME_BOOK) - 1))
def test_a_workbook_with_a_hole_gives_rows_or_a_sentence(junk, place):
    outcome(SOME_BOOK[:place] + junk + SOME_BOOK[place + len(junk) :])
    outcome(SOME_BOOK[:place])


@OFTEN
@given(st.lists(st.text('<>/rcvftisn ="&;A1x#![]', max_size=60), max_size=12))
def test_any_xml_in_a_workbook_gives_rows_or_a_sentence(pieces):
    outcome(repacked(SOME_BOOK, sheet1=sheet_of(HEAD, *pieces)))


# What both ways of writing can hold; what is cleaned away is told by other tests.
WRITABLE = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Co", "Cn", "Z"], exclude_characters="'\ufeff\ufffd"), min_size=1, max_size=20
)


@OFTEN
@given(st.lists(st.tuples(WRITABLE, WRITABLE), min_size=1, max_size=8), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]))
def test_whatever_is_written_is_read(rows, encoding):
    kept = io.StringIO()
    csv.writer(kept, delimiter=";", quoting=csv.QUOTE_ALL).writerows([("full name", "email"), *rows])
    assert [row[1:3] for row in table(kept.getvalue().encode(encoding))] == rows


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(WRITABLE, WRITABLE), min_size=1, max_size=8))
def test_whatever_a_workbook_holds_is_read(rows):
    made = Workbook()
    made.worksheets[0].append(("full name", "email"))
    for number, row in enumerate(rows, 2):
        for place, text in enumerate(row, 1):
            cell = made.worksheets[0].cell(number, place, text)
            cell.data_type = "s"  # an equals sign in front makes no formula here
    kept = io.BytesIO()
    made.save(kept)
    found = table(kept.getvalue())
    assert [row[1:3] for row in found] == [(a, b) for a, b in rows]
