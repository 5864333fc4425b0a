"""Counting tries in one SQLite file for all processes of a machine."""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from pathlib import Path

import pytest
import time_machine
from limits import parse
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from dostyk.core import limits
from dostyk.core.limits import SQLiteStorage


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/new folder/limits.db"


@pytest.fixture
def storage(uri: str) -> SQLiteStorage:
    return SQLiteStorage(uri)


def rows(storage: SQLiteStorage) -> int:
    with sqlite3.connect(storage.path) as connection:
        return int(connection.execute("SELECT count(*) FROM tries").fetchone()[0])


def test_the_library_finds_it_by_its_scheme(uri):
    assert isinstance(storage_from_string(uri), SQLiteStorage)


def test_a_limit_holds_and_ends_with_its_window(storage):
    limiter, limit = FixedWindowRateLimiter(storage), parse("3/minute")
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        assert [limiter.hit(limit, "a") for _ in range(4)] == [True, True, True, False]
        assert limiter.hit(limit, "b"), "others are counted apart"
        assert limiter.get_window_stats(limit, "a").remaining == 0
        clock.shift(61)
        assert limiter.hit(limit, "a")
        assert storage.get(limit.key_for("a")) == 1


def test_looking_does_not_count(storage):
    limiter, limit = FixedWindowRateLimiter(storage), parse("1/minute")
    assert limiter.test(limit, "a")
    assert limiter.test(limit, "a")
    assert limiter.hit(limit, "a")
    assert not limiter.test(limit, "a")


def test_a_counter_can_be_forgotten(storage):
    storage.incr("a", 60)
    storage.incr("b", 60)
    storage.clear("a")
    assert (storage.get("a"), storage.get("b")) == (0, 1)
    assert storage.reset() == 1
    assert storage.get("b") == 0
    assert storage.check()


def test_keys_of_any_kind_are_kept_apart(storage):
    keys = ["", "'; DROP TABLE tries; --", "ә" * 1000, "a\x00b", "%", "_"]
    for number, key in enumerate(keys, 1):
        for _ in range(number):
            storage.incr(key, 60)
    assert [storage.get(key) for key in keys] == [1, 2, 3, 4, 5, 6]


def test_expired_windows_are_cleaned_up(storage, monkeypatch):
    monkeypatch.setattr(limits, "CLEANED_EVERY", 10)
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        for n in range(9):
            storage.incr(f"old {n}", 60)
        assert rows(storage) == 9
        clock.shift(61)
        storage.incr("new", 60)
        assert rows(storage) == 1


def test_a_busy_file_lets_people_in(storage, monkeypatch, caplog):
    storage.incr("a", 60)
    storage._connection().execute("PRAGMA busy_timeout=50")
    with sqlite3.connect(storage.path) as other:
        other.execute("BEGIN IMMEDIATE")
        assert storage.incr("a", 60) == 0
        assert storage.reset() == 0
        assert storage.get("a") == 1, "reading goes on beside a writer"
        other.rollback()
    assert storage.incr("a", 60) == 2


def test_a_file_that_is_no_database_lets_people_in(tmp_path):
    path = tmp_path / "limits.db"
    path.write_text("this is not a database, it is a text " * 100)
    storage = SQLiteStorage(f"sqlite:///{path}")
    assert storage.incr("a", 60) == 0
    assert storage.get("a") == 0
    assert not storage.check()


def test_a_folder_that_cannot_be_made_lets_people_in(tmp_path):
    (tmp_path / "file").write_text("")
    storage = SQLiteStorage(f"sqlite:///{tmp_path}/file/limits.db")
    assert storage.incr("a", 60) == 0
    assert not storage.check()


def count(uri: str, times: int) -> None:
    storage = SQLiteStorage(uri)
    threads = [threading.Thread(target=lambda: [storage.incr("a", 600) for _ in range(times)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_no_try_is_lost_among_processes_and_threads(storage, uri):
    storage.incr("a", 600)
    processes = [multiprocessing.get_context("spawn").Process(target=count, args=(uri, 50)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert storage.get("a") == 1 + 2 * 4 * 50


def test_a_forked_process_opens_the_file_anew(storage):
    storage.incr("a", 600)
    before = storage._connection()
    storage._local.process = -1  # as a child sees it
    assert storage._connection() is not before
    assert storage.incr("a", 600) == 2
