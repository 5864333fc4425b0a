"""Migrations, up and down with rows, on both databases; and the models are what the migrations make."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade

from dostyk import demo
from dostyk.core.database import db
from tests.conftest import MIGRATIONS, make_app


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request, tmp_path):
    """An application on a database without tables."""
    url = ""
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_url")
        name = f"migrations{tmp_path.name.replace('-', '_')[-12:]}".lower()
        with sa.create_engine(server, isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}"'))
            connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
        url = server.replace("@/postgres", f"@/{name}")
    app = make_app(tmp_path, url)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def rows() -> dict[str, int]:
    with db.engine.connect() as connection:
        return {t: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for t, table in db.metadata.tables.items()}


def test_the_models_are_what_the_migrations_make(fresh):
    upgrade(directory=MIGRATIONS)
    with db.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), db.metadata) == []


def test_up_with_rows_down_and_up_again(fresh):
    upgrade(directory=MIGRATIONS)
    demo.load("dostyk-demo")
    db.session.remove()
    filled = rows()
    assert filled["enrolment"] > 40
    upgrade(directory=MIGRATIONS)  # nothing to do, nothing lost
    assert rows() == filled
    downgrade(directory=MIGRATIONS, revision="base")
    with db.engine.connect() as connection:
        assert set(sa.inspect(connection).get_table_names()) <= {"alembic_version"}
    upgrade(directory=MIGRATIONS)
    assert set(rows().values()) == {0}
