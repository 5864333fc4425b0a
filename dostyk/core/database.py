"""The database: column types, the base class, SQLite made fit for production, and the only commit."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, cast

import sqlalchemy as sa
from flask import has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session, declared_attr, mapped_column, registry

from dostyk.core.errors import Refused


class UTCDateTime(sa.TypeDecorator[datetime]):
    """An instant. Refuses naive values; reads back aware, on SQLite too."""

    impl, cache_ok = sa.DateTime, True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: Any, dialect: Any) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


# What our columns say. A plain `datetime` in a library's mixin (Flask-Security writes naive ones) stays a plain column.
Instant = Annotated[datetime, mapped_column(UTCDateTime())]
# A text that people write in several languages: {"en": ..., "ru": ..., "kk": ...}; read it with `text.localized`.
LocalizedText = dict[str, str]
Localized = Annotated[LocalizedText, mapped_column(sa.JSON)]
# A short list of codes, such as languages.
Codes = Annotated[list[str], mapped_column(sa.JSON)]


class Base(DeclarativeBase):
    # On the registry: Flask-SQLAlchemy copies the class body, and SQLAlchemy refuses a type_annotation_map beside a registry.
    registry = registry(
        metadata=sa.MetaData(
            naming_convention={
                "ix": "ix_%(column_0_label)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "pk": "pk_%(table_name)s",
                "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            }
        ),
        type_annotation_map={
            enum.Enum: sa.Enum(enum.Enum, native_enum=False, length=32, values_callable=lambda members: [m.value for m in members]),
        },
    )


# Objects stay readable after the commit: reading `row.id` afterwards must not open a new transaction.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


class Model(Base):
    """The base of all tables. Not `db.Model`, which type checkers see as Any; the session and metadata are the same."""

    __abstract__ = True

    @declared_attr.directive
    def __tablename__(cls) -> str:
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()


@contextmanager
def work() -> Iterator[None]:
    """One unit of work: all of it is kept, or none. Inside another one it joins it.

    A refusal undoes everything except the note it carries for the log.
    """
    session = db.session()
    if session.info.get("working"):
        yield
        return
    _take_the_write_lock(session)
    session.info["working"] = True
    try:
        yield
        session.commit()
    except Refused as refused:
        session.rollback()
        if refused.note is not None:
            session.add(refused.note)
            session.commit()
        raise
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop("working", None)


def changed(result: sa.Result[Any]) -> int:
    """How many rows an UPDATE or DELETE touched: how the last of something is taken by exactly one."""
    return cast("sa.CursorResult[Any]", result).rowcount


def library_writes() -> None:
    """Let a library that commits by itself (Flask-Security) write during this request."""
    db.session().info["working"] = True


@event.listens_for(Session, "before_flush")
def _flush_needs_work(session: Session, *_: object) -> None:
    if not session.info.get("working"):
        raise RuntimeError("rows are written inside `with work():` only")


@event.listens_for(Session, "do_orm_execute")
def _statement_needs_work(state: ORMExecuteState) -> None:
    if not (state.is_select or state.session.info.get("working")):
        raise RuntimeError("rows are written inside `with work():` only")


# --- SQLite: write-ahead log; readers share, writers take the lock with their first statement -------------------------

READING = frozenset({"GET", "HEAD", "OPTIONS"})


def install_sqlite(engine: sa.Engine, synchronous: str = "NORMAL") -> None:
    """Make SQLite fit for several processes: WAL, foreign keys, a wait instead of "database is locked".

    A transaction that reads first and writes later fails at once when another writer committed in between, however
    long the timeout; so whatever is not a reading request begins with the write lock.
    """
    if engine.dialect.name != "sqlite":
        return
    pragmas = (
        "journal_mode=WAL",
        f"synchronous={synchronous}",
        "foreign_keys=ON",
        "busy_timeout=15000",
        "temp_store=MEMORY",
        "cache_size=-16000",
    )

    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver never begins or commits on its own
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine, "connect", connect)
    event.listen(engine, "begin", _begin)


def _begin(connection: sa.Connection) -> None:
    mode = connection.get_execution_options().get("sqlite_begin")
    if mode is None:
        mode = "DEFERRED" if _reading() else "IMMEDIATE"
    connection.exec_driver_sql(f"BEGIN {mode}")


def _reading() -> bool:
    """Whether the present request only reads; jobs, commands and Flask-Security's own pages may write at any time."""
    return has_request_context() and request.method in READING and request.blueprint != "security"


def _take_the_write_lock(session: Session) -> None:
    """In a reading request, end the reading transaction and begin one that holds the lock (SQLite only)."""
    if _reading() and db.engine.dialect.name == "sqlite":
        session.commit()
        session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})
