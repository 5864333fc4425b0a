"""Migrations, up and down with rows, on both databases; and the models are what the migrations make."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade

from dostyk import ROOT, demo
from dostyk.core.database import db
from tests.conftest import MIGRATIONS, make_app
from tests.postgres import new_database


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request, tmp_path):
    """An application on a database without tables."""
    url = new_database(request.getfixturevalue("postgres_url")) if request.param == "postgresql" else ""
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


RECREATES = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "probe", "{head}", None, None


def recreate():
    return "always" if op.get_bind().dialect.name == "sqlite" else "never"


def upgrade():
    with op.batch_alter_table("{table}", recreate=recreate()) as batch:
        batch.add_column(sa.Column("probe", sa.Integer()))


def downgrade():
    with op.batch_alter_table("{table}", recreate=recreate()) as batch:
        batch.drop_column("probe")
"""


@pytest.mark.parametrize("table", ["person", "cohort", "enrolment"])
def test_making_a_table_anew_takes_no_row_of_those_that_point_to_it(fresh, table, tmp_path):
    copy = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    head = ScriptDirectory(MIGRATIONS).get_current_head()
    (copy / "versions" / "probe.py").write_text(RECREATES.format(head=head, table=table))
    upgrade(directory=MIGRATIONS)
    demo.load("dostyk-demo")
    db.session.remove()
    filled = rows()
    upgrade(directory=str(copy))
    assert rows() == filled
    downgrade(directory=str(copy))
    assert rows() == filled
    with db.engine.connect() as connection:
        assert set(MigrationContext.configure(connection).get_current_heads()) == {head}


def test_two_that_migrate_at_once_do_not_meet(fresh, tmp_path):
    environment = {**os.environ, "INSTANCE": str(tmp_path), "DATABASE_URL": fresh.config["DATABASE_URL"]}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    both = [subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stderr=subprocess.PIPE) for _ in range(2)]
    for one in both:
        _, complaint = one.communicate(timeout=60)
        assert one.returncode == 0, complaint
    assert rows()["person"] == 0
