from __future__ import annotations

import csv
import io

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from dostyk.core import tables
from dostyk.core.tables import Filter, csv_lines, listing, plain_cell
from dostyk.people.models import Person
from tests import factories


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=20))
def test_csv_can_be_read_back_and_runs_nothing(rows):
    text = "".join(csv_lines(["a", "b"], rows))
    assert text.startswith("\ufeff")
    read = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert read[0] == ["a", "b"]
    assert len(read) == len(rows) + 1
    assert not any(cell.startswith(("=", "@", "\t", "\r")) for row in read for cell in row)


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-cmd", "@x", "\tx"])
def test_a_formula_becomes_text(text):
    assert plain_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-5", "+7.5", "Aigul", "", "a=b"])
def test_what_is_no_formula_stays(text):
    assert plain_cell(text) == text


def page(app, address="/", **options):
    sorts = {"name": (Person.sort_name, Person.id), "created": (Person.created_at, Person.id)}
    countries = Filter("country", "Country", [("KG", "Kyrgyzstan"), ("TJ", "Tajikistan")], lambda code: Person.country == code)
    with app.test_request_context(address):
        return listing(
            sa.select(Person),
            sorts=sorts,
            default="name",
            search=Person.search.contains,
            filters=[countries],
            per_page=2,
            **options,
        )


@pytest.fixture
def five(app):
    for letter, country in zip("ebdac", ("KG", "TJ", "KG", "TJ", "KG"), strict=True):
        factories.a_person(letter, country=country)


def names(found):
    return [person.full_name for person in found.rows]


def test_pages_do_not_overlap_and_end(app, five):
    pages = [names(page(app, f"/?page={n}")) for n in (1, 2, 3, 4)]
    assert pages == [["a", "b"], ["c", "d"], ["e"], []]
    first = page(app)
    assert (first.total, first.pages, first.capped) == (5, 3, False)


def test_sorting_down(app, five):
    assert names(page(app, "/?sort=name&desc=1")) == ["e", "d"]


def test_a_descending_default(app, five):
    with app.test_request_context("/"):
        found = listing(sa.select(Person), sorts={"name": (Person.sort_name,)}, default="-name", per_page=2)
    assert names(found) == ["e", "d"]


def test_filter_and_search(app, five):
    assert names(page(app, "/?country=TJ")) == ["a", "b"]
    assert names(page(app, "/?q=d")) == ["d"]
    assert page(app, "/?q=zzz").narrowed


@pytest.mark.parametrize("address", ["/?page=0", "/?page=-3", "/?page=x", "/?sort=nonsense", "/?country=XX", "/?page=99999999999999999999"])
def test_nonsense_in_the_address_is_ignored(app, five, address):
    assert page(app, address).total == 5


def test_counting_stops(app, five, monkeypatch):
    monkeypatch.setattr(tables, "COUNT_LIMIT", 3)
    found = page(app)
    assert (found.total, found.capped, found.has_next) == (4, True, True)


def test_two_statements_whatever_the_length(app, five, statements):
    with statements() as few:
        page(app)
    for _ in range(40):
        factories.a_person()
    with statements() as many:
        page(app)
    assert (len(few), len(many)) == (2, 2)


def test_an_export_reads_no_page(app, five, statements):
    found = page(app, "/?format=csv&country=TJ")
    assert found.rows == ()
    assert found.select is not None
