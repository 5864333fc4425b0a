from __future__ import annotations

import pytest
import sqlalchemy as sa

from dostyk.core.audit import Event, note, record
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from tests import factories


def kinds() -> list[str]:
    return list(db.session.scalars(sa.select(Event.kind).order_by(Event.id)))


def test_a_write_outside_work_is_an_error(app):
    db.session.add(note("thing.done", "x"))
    with pytest.raises(RuntimeError, match="with work"):
        db.session.flush()


def test_a_statement_that_writes_outside_work_is_an_error(app):
    with pytest.raises(RuntimeError, match="with work"):
        db.session.execute(sa.delete(Event))


def test_work_keeps_all_or_nothing(app):
    with pytest.raises(KeyboardInterrupt), work():
        record("thing.done", "x")
        db.session.flush()
        raise KeyboardInterrupt
    assert kinds() == []


def test_a_refusal_leaves_its_note_in_the_log_and_nothing_else(app):
    with pytest.raises(Refused), work():
        record("thing.done", "x")
        raise Refused("no", note=note("thing.refused", "x", reason="late"))
    assert kinds() == ["thing.refused"]


def test_inner_work_joins_the_outer_one(app):
    with pytest.raises(ValueError), work():
        with work():
            record("thing.done", "x")
        raise ValueError
    assert kinds() == []


def test_a_reading_request_can_write_after_another_process_did(app):
    """On SQLite a reading transaction that turns to writing fails when somebody committed meanwhile."""
    with app.test_request_context("/", method="GET"):
        assert kinds() == []
        with db.engine.begin() as other:
            other.execute(sa.insert(Event).values(at=sa.func.now(), kind="other", subject="", data={}))
        with work():
            record("mine", "")
        assert kinds() == ["other", "mine"]


def test_rows_can_be_read_after_the_commit(app):
    person = factories.a_person("Aigul Seitkali")
    assert person.full_name == "Aigul Seitkali"
    assert not db.session().in_transaction()


def test_a_naive_instant_is_refused(app):
    row = note("thing.done", "x")
    row.at = row.at.replace(tzinfo=None)
    with pytest.raises(sa.exc.StatementError), work():
        db.session.add(row)
