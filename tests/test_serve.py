"""`make run` says in one sentence why it cannot start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
import sqlalchemy as sa

from dostyk import ROOT

pytestmark = pytest.mark.xdist_group("serve")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder, **settings):
    environment = {**os.environ, "INSTANCE": str(folder), "PORT": str(free_port()), "DEMO": "0", **settings}
    return subprocess.Popen(
        [sys.executable, "-m", "dostyk.serve"], cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def refusal(folder, **settings) -> str:
    process = start(folder, **settings)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    lines = [line for line in said.splitlines() if line and not line.startswith("{")]
    assert len(lines) == 1, said
    return lines[0]


def test_a_port_in_use(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"127.0.0.1:{port} cannot be used" in refusal(tmp_path, PORT=str(port))


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    assert "cannot be written to" in refusal(tmp_path / "file" / "instance")


def test_a_database_newer_than_the_code(tmp_path):
    with sa.create_engine(f"sqlite:///{tmp_path}/dostyk.db").begin() as connection:
        connection.execute(sa.text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(sa.text("INSERT INTO alembic_version VALUES ('from_the_future')"))
    assert "newer than this code" in refusal(tmp_path)


def test_a_database_that_is_not_there(tmp_path):
    assert "database cannot be reached" in refusal(tmp_path, DATABASE_URL=f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none")


def test_nonsense_in_a_setting(tmp_path):
    assert "PORT" in refusal(tmp_path, PORT="eighty")


def test_it_starts_answers_and_stops(tmp_path):
    port = free_port()
    process = start(tmp_path, PORT=str(port))
    try:
        for _ in range(150):
            time.sleep(0.2)
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                    assert answer.status == 200
                    break
            except OSError:
                assert process.poll() is None, process.stderr.read()
        else:
            pytest.fail("no answer within 30 seconds")
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
