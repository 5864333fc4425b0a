"""`make run`: everything that stands between a clone and a running service, in one process that watches two others."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import upgrade
from whitenoise.compress import Compressor

from dostyk import ROOT, config, create_app
from dostyk.core.database import db

COMPRESSED = (".css", ".js", ".svg", ".webmanifest")
ROLES = ("coordinator", "trainer", "participant", "focal", "observer", "admin")


class CannotStart(Exception):
    """Why the service cannot be started, in one sentence that says what to do."""


def main() -> None:
    """Check, prepare, start, watch. Ends with the exit code of whichever child ended first, 0 when told to stop."""
    try:
        values = config.read()
        check_folder(Path(values["INSTANCE"]))
        check_port(values["HOST"], values["PORT"])
        app = create_app(settings=values)
        with app.app_context():
            prepare_database(app)
            demo = load_demo(values)
        compress_static(ROOT / "static")
    except (CannotStart, config.BadSettings) as error:
        sys.exit(f"Dostyk cannot start: {error}")
    sys.exit(watch(values, demo))


def check_folder(folder: Path) -> None:
    """Raises CannotStart when nothing can be written in `folder`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CannotStart(f"the folder {folder} cannot be written to ({error.strerror}). Set INSTANCE to one that can.") from error


def check_port(host: str, port: int) -> None:
    """Raises CannotStart when somebody else listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotStart(
                f"{host}:{port} cannot be used ({error.strerror}). Stop what listens there, or set PORT to another."
            ) from error


def prepare_database(app: Flask) -> None:
    """Bring the tables up to date. Raises CannotStart when the database cannot be reached or is newer than this code."""
    folder = str(ROOT / "migrations")
    try:
        with db.engine.connect() as connection:
            found = (
                connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
                if sa.inspect(connection).has_table("alembic_version")
                else None
            )
    except sa.exc.OperationalError as error:
        raise CannotStart(f"the database cannot be reached ({str(error.orig).strip().splitlines()[0]}). Check DATABASE_URL.") from error
    if found is not None and found not in {script.revision for script in ScriptDirectory(folder).walk_revisions()}:
        raise CannotStart(
            f"the database is newer than this code (revision {found}). Install the newer version, or restore an older copy of the database."
        )
    upgrade(directory=folder)
    db.session.remove()


def load_demo(values: Mapping[str, Any]) -> bool:
    """Put invented data into an empty database, if wanted; whether there are demonstration accounts now."""
    from dostyk import demo  # noqa: PLC0415 -- needed on the first start only
    from dostyk.people.models import Account  # noqa: PLC0415 -- as above

    if values["DEMO"] and values["ENVIRONMENT"] != "production":
        demo.load(values["DEMO_PASSWORD"])
    return bool(db.session.scalar(sa.select(sa.exists().where(Account.demo))))


def compress_static(folder: Path) -> None:
    """Make .gz and .br beside what is served, where they are missing or older; a read-only folder is left as it is."""
    compressor = Compressor(quiet=True)
    for path in folder.rglob("*"):
        brotli = path.with_name(f"{path.name}.br")
        if path.suffix in COMPRESSED and not (brotli.exists() and brotli.stat().st_mtime >= path.stat().st_mtime):
            with suppress(OSError):
                for made in compressor.compress(str(path)):
                    os.utime(made)


def watch(values: Mapping[str, Any], demo: bool) -> int:
    """Run web and worker until told to stop or one of them ends; then end the other. Returns the exit code."""
    bind = f"[{values['HOST']}]" if ":" in values["HOST"] else values["HOST"]
    web = [
        sys.executable,
        "-m",
        "gunicorn",
        "wsgi:app",
        "--bind",
        f"{bind}:{values['PORT']}",
        "--worker-class",
        "gthread",
        "--workers",
        "2",
    ]
    web += ["--threads", "4", "--graceful-timeout", "10", "--log-level", "warning", "--worker-tmp-dir", tempfile.gettempdir()]
    # Sessions of their own: Ctrl-C reaches this process only, which ends the children in order.
    children = {
        "web": subprocess.Popen(web, cwd=ROOT, start_new_session=True),
        "worker": subprocess.Popen([sys.executable, "-m", "dostyk.worker"], cwd=ROOT, start_new_session=True),
    }
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    greeted = False
    while not stopping and all(child.poll() is None for child in children.values()):
        if not greeted and answers(f"http://{bind}:{values['PORT']}/healthz"):
            greet(values, demo)
            greeted = True
        time.sleep(0.2)
    ended = next((name for name, child in children.items() if child.poll() is not None), None)
    children["web"].send_signal(signal.SIGTERM)
    children["worker"].send_signal(signal.SIGINT)
    for child in children.values():
        try:
            child.wait(timeout=15)
        except subprocess.TimeoutExpired:
            child.kill()
    if ended and not stopping:
        sys.stderr.write(f"Dostyk stopped: the {ended} process ended by itself; its last lines say why.\n")
        return children[ended].returncode or 1
    return 0


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 -- our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def greet(values: Mapping[str, Any], demo: bool) -> None:
    """Say where the service is, and who can sign in for a look around."""
    host = "localhost" if values["HOST"] in ("0.0.0.0", "::", "127.0.0.1") else values["HOST"]  # noqa: S104 -- compared, not bound
    lines = [f"\nDostyk runs at http://{host}:{values['PORT']}/   (Ctrl-C stops it)"]
    if demo:
        lines += ["", "All people in it are invented. Sign in as:"]
        lines += [f"  {role}@example.org".ljust(32) + values["DEMO_PASSWORD"] for role in ROLES]
    sys.stdout.write("\n".join([*lines, ""]))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
