"""`make run` says in one sentence why it cannot start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from dostyk import ROOT


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
    assert "database cannot be used" in refusal(tmp_path, DATABASE_URL=f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none")


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "dostyk.db").write_text("a shopping list, long enough to be taken for the header of a file" * 10)
    assert "database cannot be used (file is not a database)" in refusal(tmp_path)


def test_an_address_that_is_none(tmp_path):
    assert "DATABASE_URL is not understood" in refusal(tmp_path, DATABASE_URL="somewhere")


@pytest.mark.parametrize("scheme", ["postgresql", "redis"])
def test_a_queue_that_is_not_there(tmp_path, scheme):
    assert "queue cannot be used" in refusal(tmp_path, QUEUE_URL=f"{scheme}://127.0.0.1:{free_port()}/none")


@pytest.mark.parametrize("port", ["eighty", "80000"])
def test_a_port_that_is_none(tmp_path, port):
    assert "PORT" in refusal(tmp_path, PORT=port)


def answer(port: int, path: str) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as found:
        return int(found.status)


@pytest.fixture
def running(tmp_path):
    """A running service, its port and the folder; whatever is left of it is ended."""
    port = free_port()
    process = start(tmp_path, PORT=str(port))
    try:
        for _ in range(300):
            time.sleep(0.1)
            with suppress(OSError):
                if answer(port, "/readyz") == 200:
                    break
            assert process.poll() is None, process.stderr.read()
        else:
            pytest.fail("no answer within 30 seconds")
        yield process, port
    finally:
        process.terminate()
        process.communicate(timeout=30)


def children(process: subprocess.Popen[str]) -> dict[str, int]:
    """Name and number of the processes that it started."""
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    names = {pid: Path(f"/proc/{pid}/cmdline").read_text() for pid in found}
    return {"web" if "gunicorn" in line else "worker": int(pid) for pid, line in names.items()}


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_it_starts_answers_and_stops(running, told):
    process, port = running
    assert answer(port, "/healthz") == 200
    numbers = children(process).values()
    assert len(numbers) == 2
    process.send_signal(told)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert f"http://localhost:{port}/" in said
    assert not any(Path(f"/proc/{number}").exists() for number in numbers)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_when_the_worker_dies_the_web_is_stopped_and_it_is_said(running):
    process, port = running
    os.kill(children(process)["worker"], signal.SIGKILL)
    _, complaint = process.communicate(timeout=30)
    assert process.returncode != 0
    assert "the worker process ended by itself" in complaint
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
