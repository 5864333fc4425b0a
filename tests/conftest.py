"""What all tests share: an application on each database, a signed-in client, a counter of statements.

Commits are real. A test that takes `app` (or anything that takes it) runs twice: on SQLite and on PostgreSQL. The
application is made once for each database; every test finds its tables empty.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from flask_login.utils import _create_identifier
from flask_migrate import upgrade
from sqlalchemy import event

from dostyk import config, create_app
from dostyk.core import outbox
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.extensions import limiter
from dostyk.people.models import Account, Person
from tests.postgres import temp_postgres

MIGRATIONS = str(Path(__file__).parent.parent / "migrations")
# Cheap hashing: what is tested is ours, not argon2.
CHEAP = {"argon2__rounds": 1, "argon2__memory_cost": 64, "argon2__parallelism": 1}


class Visitor(FlaskClient):
    """A client whose requests have an application context each, and so a `g` and a database session of their own, as on a server.

    The test's own transaction ends before the request begins (it would hold SQLite's write lock), and what the test has
    read is read anew when it looks again.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        if has_app_context():
            db.session.rollback()
            db.session.expire_all()
        with self.application.app_context():
            return super().open(*args, **kwargs)


def make_app(folder: Path, url: str = "", **overrides: Any) -> Flask:
    """An application as tests want it, with a database of its own."""
    settings = config.read(
        {"INSTANCE": str(folder), "DATABASE_URL": url, "QUEUE_URL": "memory://", "PUBLIC_URL": "http://localhost", "LOG_LEVEL": "CRITICAL"}
    )
    defaults = {"TESTING": True, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False, "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": CHEAP}
    app = create_app({**defaults, **overrides}, settings)
    app.test_client_class = Visitor
    return app


def migrate(app: Flask) -> None:
    with app.app_context():
        upgrade(directory=MIGRATIONS)
        db.engine.dispose()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """An empty PostgreSQL, one for each process that runs tests."""
    with temp_postgres() as url:
        yield url


class _Database:
    """An application on one database, and how its tables are emptied."""

    def __init__(self, kind: str, folder: Path, url: str) -> None:
        self.kind, self.folder = kind, folder
        self.app = make_app(folder, url)
        migrate(self.app)
        self.file = folder / "dostyk.db"
        if kind == "sqlite":
            shutil.copy(self.file, folder / "empty.db")

    def empty(self) -> None:
        db.session.remove()
        shutil.rmtree(self.folder / "mail", ignore_errors=True)
        if self.kind == "sqlite":
            db.engine.dispose()
            for leftover in self.folder.glob("dostyk.db-*"):
                leftover.unlink()
            shutil.copy(self.folder / "empty.db", self.file)
        else:
            # Much cheaper than TRUNCATE, which makes the files of every table and index anew.
            rows = "".join(f'DELETE FROM "{table}";' for table in db.metadata.tables)
            with db.engine.begin() as connection:
                connection.execute(sa.text(f"SET LOCAL session_replication_role = replica; {rows}"))


@pytest.fixture(scope="session")
def _databases() -> Iterator[dict[str, _Database]]:
    made: dict[str, _Database] = {}
    yield made
    for database in made.values():
        with database.app.app_context():
            db.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def _database(request: pytest.FixtureRequest, _databases: dict[str, _Database], tmp_path_factory: pytest.TempPathFactory) -> _Database:
    kind = request.param
    if kind not in _databases:
        url = request.getfixturevalue("postgres_url") if kind == "postgresql" else ""
        _databases[kind] = _Database(kind, tmp_path_factory.mktemp(kind), url)
    return _databases[kind]


@pytest.fixture
def app(_database: _Database) -> Iterator[Flask]:
    """The application, its tables empty, in an application context."""
    app = _database.app
    kept = dict(app.config)
    limiter.enabled = False  # one for all applications: a test of limits may have left it on
    with app.app_context():
        _database.empty()
        yield app
        db.session.remove()
    app.config.clear()
    app.config.update(kept)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor."""
    return app.test_client()


def sign_in_client(app: Flask, who: Account | Person) -> FlaskClient:
    """A client in whose session `who` is signed in, as Flask-Security writes it."""
    account = who if isinstance(who, Account) else db.session.scalars(sa.select(Account).where(Account.person_id == who.id)).one()
    client = app.test_client()
    with app.test_request_context(environ_base=client.environ_base):
        browser = _create_identifier()
    with client.session_transaction() as session:
        session.update(_user_id=account.fs_uniquifier, _id=browser, _fresh=True, fs_cc="set", fs_paa=time.time())
    return client


@pytest.fixture
def sign_in(app: Flask) -> Callable[[Account | Person], FlaskClient]:
    """`sign_in(person)` is a client of that person, who must have an account."""
    return lambda who: sign_in_client(app, who)


class Statements(list[str]):
    """The SQL statements of a block."""


@pytest.fixture
def statements(app: Flask) -> Callable[[], Any]:
    """`with statements() as found:` collects the statements, without those that begin, end or mark transactions."""

    @contextmanager
    def collect() -> Iterator[Statements]:
        found = Statements()

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if not statement.startswith(("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE", "ROLLBACK TO")):
                found.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield found
        finally:
            event.remove(db.engine, "before_cursor_execute", note)

    return collect


@pytest.fixture
def run_jobs(app: Flask) -> Callable[[], int]:
    """Carry out all queued jobs, and those that they queue, in this process; returns how many."""

    def run() -> int:
        count = 0
        while (
            number := db.session.scalar(
                sa.select(outbox.Job.id).where(outbox.Job.state == outbox.JobState.QUEUED).order_by(outbox.Job.id).limit(1)
            )
        ) is not None:
            db.session.rollback()
            outbox.run(number)
            count += 1
        return count

    return run


@pytest.fixture
def save(app: Flask) -> Callable[[Any], Any]:
    """Keep a row in a unit of work of its own."""

    def save(row: Any) -> Any:
        with work():
            db.session.add(row)
        return row

    return save


@pytest.fixture
def now() -> datetime:
    return utcnow()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands, a Wednesday at nine in Almaty, until the test moves it: `clock.shift(...)`, `clock.move_to(...)`."""
    with time_machine.travel(datetime(2026, 10, 7, 4, 0, tzinfo=UTC), tick=False) as traveller:
        yield traveller
