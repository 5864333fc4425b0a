"""People are found by how the words of their names begin, in any script, by an index on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dostyk.core.database import db, work
from dostyk.core.text import clean_name, fold
from dostyk.people import queries
from dostyk.people.models import Person, PersonWord
from dostyk.people.rules import beginnings, words_of
from tests import factories as make


@pytest.fixture
def nilufar(app) -> Person:
    make.a_person("Somebody Else", own_name="Кто-то")
    return make.a_person("Gʻulomova Nilufar", own_name="Ғуломова Нилуфар", email="nilufar@example.org")


def found(typed: str) -> list[Person]:
    return list(db.session.scalars(sa.select(Person).where(queries.named(typed))))


@pytest.mark.parametrize(
    "typed",
    [
        "gulomova", "ғуломова", "G'ulomova", "Gʻulomova", "GULOMOVA", "gu", "gul nil", "нил гул", "nilufar@example.org", "nilufar@ex",
        " nilufar  gulomova ", "ghulom",
    ],
)  # fmt: skip
def test_a_person_is_found_by_the_beginnings_of_words_in_any_script(nilufar, typed):
    assert found(typed) == [nilufar]


@pytest.mark.parametrize("typed", ["lomova", "nilufar karimova", "%", "_", "'", "—", "\\", "", "\U0010ffff", "x" * 5000])
def test_what_begins_no_word_finds_nobody(nilufar, typed):
    assert found(typed) == []


@pytest.mark.parametrize(("name", "own", "typed"), [("Mohammad Karim", "محمد کریم", "محمد"), ("Ghulam Nabi", "غلام نبي", "غلام نبی")])
def test_names_in_arabic_letters_are_found_in_theirs(app, name, own, typed):
    person = make.a_person(name, own_name=own)
    assert found(typed) == [person]


def test_a_new_name_is_found_and_the_old_one_no_more(nilufar):
    with work():
        nilufar.search = "karimova nilufar"
    assert (found("karimova"), found("gulomova")) == ([nilufar], [])
    with work():
        nilufar.post = "Chief specialist"
    assert found("karimova") == [nilufar]


@given(st.data())
@settings(max_examples=300)
def test_however_much_of_a_word_is_typed_its_bearer_is_among_those_found(data):
    word = data.draw(st.text("abdghijknorstuvzчшщйцғқўәўؤآ", min_size=1, max_size=12))
    typed = word[: data.draw(st.integers(1, len(word)))]
    for whole in words_of(fold(word)):
        assert fold(typed) == "" or any(whole.startswith(begin) for begin in beginnings(fold(typed), fold)), (typed, word)


@given(st.text(max_size=60))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_typed_is_answered(app, typed):
    found(clean_name(typed))


# --- By an index ------------------------------------------------------------------------------------------------------

MANY, FIRST = 3000, 10_000_000  # beyond what the database counts itself


@pytest.fixture
def crowd(app, monkeypatch):
    """Three thousand people: all are called Nurzhan, half Azizov, one Unusual. Boundaries of the search are lowered to fit."""
    monkeypatch.setattr(queries, "LISTED", 10)
    monkeypatch.setattr(queries, "FEW", 2000)
    people, words = [], []
    now = make.utcnow()
    for n in range(1, MANY + 1):
        search = f"nurjan {'azizov' if n % 2 else 'karimov'} n{n}@mail.org {'unusual' if n == 77 else ''}"
        people.append(
            {"id": FIRST + n, "full_name": f"Nurzhan {n}", "sort_name": f"n {n:05}", "search": search, "country": "KG", "created_at": now}
        )
        words += [{"person_id": FIRST + n, "word": word} for word in words_of(search)]
    with work():
        db.session.execute(sa.insert(Person), people)
        db.session.execute(sa.insert(PersonWord), words)
    if db.engine.dialect.name == "postgresql":
        with db.engine.begin() as connection:
            connection.execute(sa.text("ANALYZE person, person_word"))


def plan(select: sa.Select) -> str:
    """What the database says it will do."""
    statement = select.compile(db.engine, compile_kwargs={"literal_binds": True})
    db.session.rollback()  # it holds the write lock of SQLite
    explain = "EXPLAIN QUERY PLAN" if db.engine.dialect.name == "sqlite" else "EXPLAIN"
    with db.engine.connect() as connection:
        return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(f"{explain} {statement}".replace("%", "%%")))


def page(typed: str) -> sa.Select:
    return sa.select(Person).where(Person.archived_at.is_(None), queries.named(typed)).order_by(Person.sort_name, Person.id).limit(50)


@pytest.mark.parametrize(("typed", "number"), [("unusual", 1), ("azizov", 50), ("nurzhan", 50), ("n77@mail.org nurzhan", 1)])
def test_rare_and_frequent_names_give_the_same_people_as_reading_them_all(crowd, typed, number):
    rows = db.session.scalars(page(typed)).all()
    every = db.session.scalars(sa.select(Person).order_by(Person.sort_name)).all()
    begins = [p for p in every if all(any(w.startswith(fold(t)) for w in p.search.split()) for t in typed.split())]
    assert rows == begins[:50]
    assert len(rows) == number


def test_the_index_of_the_words_leads_to_a_rare_name(crowd):
    assert "ix_person_word_word" in plan(queries._bearers("unusual").limit(10))
    assert "ix_person_word_word" in plan(queries._bearers("unusual", "nurjan").limit(10))


def test_people_of_a_middling_name_are_looked_up_and_then_ordered(crowd):
    said = plan(page("azizov"))
    assert "ix_person_word_word" in said
    assert "SCAN person" not in said
    assert "Seq Scan on person " not in said


def test_people_of_a_frequent_name_are_met_in_the_order_of_the_page(crowd):
    said = plan(page("nurzhan"))
    assert "ix_person_sort_id" in said
    assert "person_word" in said
    assert "TEMP B-TREE" not in said
    assert "Sort" not in said


def test_a_search_takes_two_statements_however_many_are_found(crowd, statements):
    for typed in ("unusual", "azizov", "nurzhan", "azizov nurzhan n7", "nobody"):
        with statements() as seen:
            queries.named(typed)
        assert len(seen) == 2, (typed, seen)


def test_an_index_alone_tells_who_is_there_twice(crowd, statements):
    with statements() as seen:
        queries.duplicates()
    assert len(seen) == 4
    single, used = Person.merged_into_id.is_(None), "COVERING INDEX " if db.engine.dialect.name == "sqlite" else ""
    by_address = sa.select(Person.email).where(Person.email > "", single).group_by(Person.email)
    by_name = sa.select(Person.name_key, Person.birth_year).where(Person.name_key > "", single).group_by(Person.name_key, Person.birth_year)
    assert f"{used}ix_person_address" in plan(by_address)
    assert f"{used}ix_person_same" in plan(by_name)


def test_who_is_alike_is_found_by_indexes(crowd):
    person = make.a_person("Nilufar Gulomova", email="nilufar@example.org", birth_year=1990)
    other = make.a_person("Gulomova Nilufar", birth_year=1990)
    assert list(queries.alike(person)) == [other]
    same = sa.or_(Person.email == person.email, Person.name_key == person.name_key)
    said = plan(sa.select(Person).where(same, Person.merged_into_id.is_(None), Person.anonymised_at.is_(None)).order_by(Person.id))
    assert "ix_person_address" in said
    assert "ix_person_same" in said
