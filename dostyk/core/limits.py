"""Where tries are counted for rate limits: one small SQLite file that all processes of a machine share.

Counting in each process would multiply every limit by the number of workers. Several machines share a Redis instead
(LIMITS_URL). The file can be deleted at any time; all that is lost is who was waiting.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from limits.storage import Storage

log = logging.getLogger(__name__)
CLEANED_EVERY = 1000  # increments
MINUTE, HOUR, DAY = 60, 3600, 86_400
BROKEN = (sqlite3.Error, OSError)  # busy, full, read-only, not a database


@dataclass(frozen=True)
class GrowingWait:
    """After `free` failures in an hour, each further one makes whoever fails wait twice as long as the one before.

    One minute at first, a day at most; the growth is forgotten after a day. Works on any storage of the library.
    """

    name: str
    free: int

    def left(self, storage: Storage, who: str) -> int:
        """How many seconds `who` has to wait from now; 0: not at all."""
        key = self._key("wait", who)
        return max(1, round(storage.get_expiry(key) - time.time())) if storage.get(key) else 0

    def failed(self, storage: Storage, who: str) -> None:
        """Count a failure of `who`."""
        if storage.incr(self._key("tries", who), HOUR) >= self.free:
            level = storage.incr(self._key("level", who), DAY)
            storage.incr(self._key("wait", who), min(MINUTE * 2 ** (level - 1), DAY))

    def _key(self, part: str, who: str) -> str:
        return f"growing/{self.name}/{part}/{who}"


class SQLiteStorage(Storage):
    """Fixed windows in SQLite. A busy or broken file is logged and counts as no try at all: it must not lock people out."""

    STORAGE_SCHEME = ["sqlite"]  # the name under which the library finds the class

    def __init__(self, uri: str, wrap_exceptions: bool = False, **_options: float | str | bool) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self.path = uri.removeprefix("sqlite:///")
        self._local = threading.local()
        self._increments = 0

    @property
    def base_exceptions(self) -> type[Exception]:
        return sqlite3.Error

    def _connection(self) -> sqlite3.Connection:
        # One for each thread, and a new one after a fork: SQLite connections must not cross it.
        if getattr(self._local, "process", None) != os.getpid():
            Path(self.path).parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=2, isolation_level=None)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS tries (key TEXT PRIMARY KEY, count INTEGER NOT NULL, expires REAL NOT NULL) WITHOUT ROWID"
            )
            self._local.connection, self._local.process = connection, os.getpid()
        return self._local.connection

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = time.time()
        try:
            (count,) = (
                self._connection()
                .execute(
                    "INSERT INTO tries VALUES (:key, :amount, :expires) ON CONFLICT (key) DO UPDATE SET "
                    "count = CASE WHEN expires <= :now THEN :amount ELSE count + :amount END, "
                    "expires = CASE WHEN expires <= :now THEN :expires ELSE expires END RETURNING count",
                    {"key": key, "amount": amount, "expires": now + expiry, "now": now},
                )
                .fetchone()
            )
            self._clean(now)
        except BROKEN:
            log.exception("tries could not be counted")
            return 0
        return int(count)

    def _clean(self, now: float) -> None:
        self._increments += 1
        if self._increments % CLEANED_EVERY == 0:
            self._connection().execute("DELETE FROM tries WHERE expires <= ?", (now,))

    def _row(self, key: str) -> tuple[int, float]:
        try:
            found = (
                self._connection().execute("SELECT count, expires FROM tries WHERE key = ? AND expires > ?", (key, time.time())).fetchone()
            )
        except BROKEN:
            log.exception("tries could not be read")
            found = None
        return found or (0, time.time())

    def get(self, key: str) -> int:
        return self._row(key)[0]

    def get_expiry(self, key: str) -> float:
        return self._row(key)[1]

    def check(self) -> bool:
        try:
            self._connection().execute("SELECT 1")
        except BROKEN:
            return False
        return True

    def reset(self) -> int | None:
        return self._delete("DELETE FROM tries")

    def clear(self, key: str) -> None:
        self._delete("DELETE FROM tries WHERE key = ?", key)

    def _delete(self, statement: str, *values: str) -> int:
        try:
            return self._connection().execute(statement, values).rowcount
        except BROKEN:
            log.exception("tries could not be forgotten")
            return 0
