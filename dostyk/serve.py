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
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import upgrade
from flask_security.utils import verify_password
from whitenoise.compress import Compressor

from dostyk import ROOT, config, create_app, demo
from dostyk.core.database import db
from dostyk.people.models import Account

MIGRATIONS = str(ROOT / "migrations")
COMPRESSED = (".css", ".js", ".svg", ".webmanifest")
ROLES = ("coordinator", "trainer", "participant", "focal", "observer", "admin")
GUNICORN = (
    "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--graceful-timeout", "10", "--log-level", "warning",
    "--worker-tmp-dir", tempfile.gettempdir(), "--no-control-socket",
)  # fmt: skip


class CannotStart(Exception):
    """Why the service cannot be started, in one sentence that says what to do."""


def main() -> None:
    """Check, prepare, start, watch. Ends with the exit code of whichever child ended first, 0 when told to stop."""
    try:
        values = config.read()
        check_folder(Path(values["INSTANCE"]))
        check_port(values["HOST"], values["PORT"])
        accounts = prepare(values)
        compress_static(ROOT / "static")
    except (CannotStart, config.BadSettings) as error:
        sys.exit(f"Dostyk cannot start: {error}")
    except OSError as error:
        sys.exit(f"Dostyk cannot start: {error.filename or 'a file'} cannot be used ({error.strerror or error}).")
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(watch(values, accounts))


def prepare(values: Mapping[str, Any]) -> list[str]:
    """Database and demonstration data; the lines that say how to sign in for a look around.

    Raises CannotStart, or BadSettings when the settings do not go with what is in the database.
    """
    try:
        app = create_app(settings=values)
        with app.app_context():
            check_database()
            upgrade(directory=MIGRATIONS)
            db.session.remove()
            if values["DEMO"] and values["ENVIRONMENT"] != "production":
                demo.load(values["DEMO_PASSWORD"])
            accounts = demo_accounts(values["DEMO_PASSWORD"])
            db.session.remove()
            db.engine.dispose()
    except sa.exc.OperationalError as error:
        raise CannotStart(unusable(error)) from error
    except sa.exc.ArgumentError as error:
        raise CannotStart(f"DATABASE_URL is not understood ({str(error).splitlines()[0]}).") from error
    return accounts


def unusable(error: sa.exc.DBAPIError) -> str:
    """What the database said, its first line."""
    return f"the database cannot be used ({str(error.orig).strip().splitlines()[0]}). Check DATABASE_URL."


def check_folder(folder: Path) -> None:
    """Raises CannotStart when nothing can be written in `folder`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CannotStart(f"the folder {folder} cannot be written to ({error.strerror}). Set INSTANCE to one that can.") from error


def check_port(host: str, port: int) -> None:
    """Raises CannotStart when somebody else listens there, or nobody can."""
    if not 0 < port < 65536:
        raise CannotStart(f"PORT is {port}: a number from 1 to 65535 is needed.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotStart(
                f"{host}:{port} cannot be used ({error.strerror}). Stop what listens there, or set PORT to another."
            ) from error


def check_database() -> None:
    """Raises CannotStart when the database is newer than this code."""
    try:
        connection = db.engine.connect()
    except sa.exc.DatabaseError as error:
        raise CannotStart(unusable(error)) from error
    with connection:
        known = {script.revision for script in ScriptDirectory(MIGRATIONS).walk_revisions()}
        found = set(MigrationContext.configure(connection).get_current_heads())
    if newer := found - known:
        raise CannotStart(
            f"the database is newer than this code (revision {', '.join(newer)}). "
            "Install the newer version, or restore an older copy of the database."
        )


def demo_accounts(password: str) -> list[str]:
    """How to sign in as each role; nothing when the database holds no demonstration accounts."""
    found = db.session.execute(sa.select(Account.email, Account.password).where(Account.demo).order_by(Account.id)).all()
    shown = [(email, kept) for role in ROLES for email, kept in found if email.startswith(f"{role}@")]
    # The data may have been loaded with another password: then this one must not be printed.
    if not shown or not verify_password(password, shown[0][1] or ""):
        password = "the DEMO_PASSWORD of the first start"  # noqa: S105 -- words
    return ["All people in it are invented. Sign in as:", *(f"  {email:<30}{password}" for email, _ in shown)] if shown else []


def compress_static(folder: Path) -> None:
    """Make .gz and .br beside what is served, where they are missing or older; a read-only folder is left as it is."""
    compressor = Compressor(quiet=True)
    for path in folder.rglob("*"):
        brotli = path.with_name(f"{path.name}.br")
        if path.suffix in COMPRESSED and not (brotli.exists() and brotli.stat().st_mtime >= path.stat().st_mtime):
            with suppress(OSError):
                for made in compressor.compress(str(path)):
                    os.utime(made)


def watch(values: Mapping[str, Any], accounts: list[str]) -> int:
    """Run web and worker until told to stop or one of them ends; then end the other. Returns the exit code."""
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for told in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(told, stop)
    bind = f"[{values['HOST']}]:{values['PORT']}" if ":" in values["HOST"] else f"{values['HOST']}:{values['PORT']}"
    # Sessions of their own: Ctrl-C reaches this process only, which ends the children in order.
    children = {
        "web": subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", bind, *GUNICORN], cwd=ROOT, start_new_session=True
        ),
        "worker": subprocess.Popen([sys.executable, "-m", "dostyk.worker"], cwd=ROOT, start_new_session=True),
    }
    greeted = False
    while not stopping and all(child.poll() is None for child in children.values()):
        if not greeted and answers(f"http://{bind}/healthz"):
            greet(values, accounts)
            greeted = True
        time.sleep(0.1)
    ended = None if stopping else next(name for name, child in children.items() if child.poll() is not None)
    children["web"].send_signal(signal.SIGTERM)
    children["worker"].send_signal(signal.SIGINT)
    deadline = time.monotonic() + 15
    for child in children.values():
        with suppress(subprocess.TimeoutExpired):
            child.wait(timeout=max(0, deadline - time.monotonic()))
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # what is left of it: its own children, or itself when it hangs
        child.wait()
    if ended:
        sys.stderr.write(f"Dostyk stopped: the {ended} process ended by itself; its last lines say why.\n")
        return abs(children[ended].returncode) or 1
    return 0


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 -- our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def greet(values: Mapping[str, Any], accounts: list[str]) -> None:
    """Say where the service is, and who can sign in for a look around."""
    host = "localhost" if values["HOST"] in ("0.0.0.0", "::", "127.0.0.1") else values["HOST"]  # noqa: S104 -- compared, not bound
    lines = ["", f"Dostyk runs at http://{f'[{host}]' if ':' in host else host}:{values['PORT']}/   (Ctrl-C stops it)", ""]
    sys.stdout.write("\n".join([*lines, *accounts, ""]))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
