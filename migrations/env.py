"""How Alembic runs our migrations: Flask-Migrate's configuration, and SQLite made safe for them."""

from __future__ import annotations

from typing import Any

from alembic import context
from flask import current_app

from dostyk.core.database import db

config = context.config
LOCK = 0x646F7374796B  # any number that nobody else takes


def _quiet_when_nothing_changed(_context: Any, _revision: Any, directives: list[Any]) -> None:
    if getattr(config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def run() -> None:
    """Upgrade or downgrade, all or nothing; whoever comes at the same time waits and then finds it done.

    Altering a table of SQLite makes it anew and drops the old one, and that drop would fire ON DELETE CASCADE: the
    foreign keys are off meanwhile and checked at the end. A pragma has no effect inside a transaction, so it goes
    through the driver's own connection.
    """
    options = {"process_revision_directives": _quiet_when_nothing_changed, **current_app.extensions["migrate"].configure_args}
    with db.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        driver: Any = connection.connection.driver_connection
        if sqlite:
            driver.execute("PRAGMA foreign_keys=OFF")
        context.configure(connection=connection, target_metadata=db.metadata, transactional_ddl=True if sqlite else None, **options)
        with context.begin_transaction():
            if not sqlite:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            context.run_migrations()
            if sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()):
                raise RuntimeError(f"broken foreign keys: {broken[:5]}")
        if sqlite:
            driver.execute("PRAGMA foreign_keys=ON")


run()
