"""Every setting once: its name in the environment, its type, its default and what it means.

`docs/operators.md` prints this table; a test holds the two together.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
DEMO_PASSWORD = "dostyk-demo"  # noqa: S105 -- said in the README; production refuses to start with accounts of the demo


@dataclass(frozen=True)
class Setting:
    """One setting. `secret` ones can also be given as NAME_FILE, the path of a file that holds the value."""

    name: str
    type: type
    default: Any
    meaning: str
    secret: bool = False


SETTINGS = (
    Setting("ENVIRONMENT", str, "development", "`production` refuses weak settings at the start and sends cookies over HTTPS only."),
    Setting("INSTANCE", str, str(ROOT / "instance"), "Folder of all that the application writes: database, queue, mail, secrets."),
    Setting("HOST", str, "127.0.0.1", "Address that `make run` listens on."),
    Setting("PORT", int, 8000, "Port that `make run` listens on."),
    Setting("PUBLIC_URL", str, "", "Address of the site, printed on vouchers and certificates. Empty: http://HOST:PORT."),
    Setting("DATABASE_URL", str, "", "`postgresql+psycopg://…`; empty: SQLite in INSTANCE.", secret=True),
    Setting("QUEUE_URL", str, "", "`sqlite:///file`, `postgresql://…` or `redis://…`; empty: SQLite in INSTANCE.", secret=True),
    Setting("LIMITS_URL", str, "", "Where tries are counted: `redis://…` for several machines; empty: SQLite in INSTANCE."),
    Setting("SECRET_KEY", str, "", "Signs sessions and links, 32 characters or more. Outside production made once.", secret=True),
    Setting("TOTP_KEY", str, "", "Encrypts the keys of two-factor sign-in, 32 characters or more; as SECRET_KEY.", secret=True),
    Setting("MAIL_URL", str, "", "`smtp://user:password@host:587?tls=start`, `smtps://…`; empty: files in INSTANCE.", secret=True),
    Setting("MAIL_FROM", str, "dostyk@example.org", "Sender of all letters."),
    Setting("MAIL_FROM_NAME", str, "Dostyk", "Name of the sender."),
    Setting("DEMO", bool, True, "Whether `make run` loads invented data into an empty database; ignored in production."),
    Setting("DEMO_PASSWORD", str, DEMO_PASSWORD, "Password of the demonstration accounts.", secret=True),
    Setting("PROXIES", int, 0, "How many trusted reverse proxies stand in front (X-Forwarded-For, -Proto, -Host)."),
    Setting("SQLITE_SYNCHRONOUS", str, "NORMAL", "`FULL` keeps the last commits through a power cut; writing is slower."),
    Setting("DATABASE_POOL", int, 8, "Database connections of one process."),
    Setting("SESSION_HOURS", int, 12, "How long a sign-in lasts."),
    Setting("LOG_LEVEL", str, "INFO", "DEBUG, INFO, WARNING or ERROR."),
    Setting("LIMIT_SIGN_IN", str, "10/minute;60/hour", "Tries to sign in or to ask for a reset letter, per address."),
    Setting("LIMIT_CODE", str, "5/minute", "Wrong voucher codes, per address; who is signed in waits longer and longer after 20 an hour."),
    Setting("LIMIT_VERIFY", str, "30/minute;300/hour", "Look-ups on the verification page, per address."),
    Setting("LIMIT_OWN_DATA", str, "10/minute;60/hour", "How often somebody reads or downloads everything that is known of them."),
    Setting("REMIND_DAYS", int, 5, "Days before the last day on which who was invited and has not redeemed is reminded, once; 0: never."),
    Setting("RETENTION_YEARS", int, 5, "Years after the last cohort, role and sign-in until a person is anonymised; 0: never."),
)  # fmt: skip


# How addresses begin. `memory://` is for tests: what is put there, no other process sees.
SCHEMES = {
    "QUEUE_URL": ("sqlite:///", "postgresql://", "postgresql+psycopg://", "postgres://", "redis://", "rediss://", "memory://"),
    "LIMITS_URL": ("sqlite:///", "redis://", "rediss://", "memory://"),
}


class BadSettings(Exception):
    """The settings contradict each other or are too weak for production; the message says which and what to do."""


def read(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The settings of the environment, checked. Raises BadSettings."""
    values = {s.name: _value(s, environment) for s in SETTINGS}
    instance = Path(values["INSTANCE"]).resolve()
    values["INSTANCE"] = str(instance)
    values["DATABASE_URL"] = values["DATABASE_URL"] or f"sqlite:///{instance}/dostyk.db"
    values["QUEUE_URL"] = values["QUEUE_URL"] or f"sqlite:///{instance}/queue.db"
    values["LIMITS_URL"] = values["LIMITS_URL"] or f"sqlite:///{instance}/limits.db"
    values["PUBLIC_URL"] = (values["PUBLIC_URL"] or f"http://{values['HOST']}:{values['PORT']}").rstrip("/")
    if values["ENVIRONMENT"] not in ("development", "production"):
        raise BadSettings(f"ENVIRONMENT is {values['ENVIRONMENT']!r}: say development or production.")
    for name, schemes in SCHEMES.items():
        if not values[name].startswith(schemes):
            raise BadSettings(f"{name} is not understood: it begins with {', '.join(schemes[:-1])} or {schemes[-1]}.")
    if values["ENVIRONMENT"] == "production":
        _refuse_weak(values)
    return values


def secrets_of(instance: Path) -> dict[str, str]:
    """Secrets made once for an instance and kept in its folder, readable by its owner only."""
    path = instance / "secrets.json"
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)  # database and letters are nobody else's to read
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return dict(json.loads(path.read_text()))
    made = {"SECRET_KEY": secrets.token_urlsafe(48), "TOTP_KEY": secrets.token_urlsafe(48)}
    with os.fdopen(handle, "w") as file:
        json.dump(made, file)
    return made


def for_flask(values: Mapping[str, Any]) -> dict[str, Any]:
    """What Flask and its extensions call the same things."""
    production = values["ENVIRONMENT"] == "production"
    kept = {} if production else secrets_of(Path(values["INSTANCE"]))
    url = values["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1).replace("postgres://", "postgresql+psycopg://", 1)
    engine: dict[str, Any] = {"pool_size": values["DATABASE_POOL"], "max_overflow": values["DATABASE_POOL"]}
    # An error of the database names its statement in the log: without the codes, names and addresses in it.
    engine["hide_parameters"] = production
    if not url.startswith("sqlite"):
        engine["pool_pre_ping"] = True
    return {
        **values,
        "SECRET_KEY": values["SECRET_KEY"] or kept["SECRET_KEY"],
        "TOTP_KEY": values["TOTP_KEY"] or kept["TOTP_KEY"],
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine,
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=values["SESSION_HOURS"]),
        "SESSION_COOKIE_NAME": "dostyk",
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SECURE": production,
        "REMEMBER_COOKIE_SAMESITE": "Lax",
        "REMEMBER_COOKIE_HTTPONLY": True,
        "REMEMBER_COOKIE_SECURE": production,
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: a form filled in slowly must not be lost
        "COMPRESS_ALGORITHM": ["gzip"],  # cheapest for pages made anew each time; static files have their own .br
        "COMPRESS_LEVEL": 4,
        "COMPRESS_MIMETYPES": ["text/html", "text/csv", "application/json"],
        "MAX_CONTENT_LENGTH": 12 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
    }


def _value(setting: Setting, environment: Mapping[str, str]) -> Any:
    text = environment.get(setting.name)
    if setting.secret and not text and (path := environment.get(f"{setting.name}_FILE")):
        try:
            text = Path(path).read_text().strip()
        except OSError as error:
            raise BadSettings(f"{setting.name}_FILE cannot be read: {error.strerror}.") from error
    if text is None or (text == "" and setting.type is not str):
        return setting.default
    if setting.type is bool:
        if text.lower() not in ("0", "1", "true", "false", "yes", "no"):
            raise BadSettings(f"{setting.name} is {text!r}: say 1 or 0.")
        return text.lower() in ("1", "true", "yes")
    try:
        return setting.type(text)
    except ValueError:
        raise BadSettings(f"{setting.name} is {text!r}: a number is needed.") from None


def _refuse_weak(values: Mapping[str, Any]) -> None:
    for name in ("SECRET_KEY", "TOTP_KEY"):
        if len(values[name]) < 32:
            raise BadSettings(f"{name} must be given in production, 32 random characters or more.")
    if not values["PUBLIC_URL"].startswith("https://"):
        raise BadSettings("PUBLIC_URL must be given in production and begin with https://.")
    if not values["MAIL_URL"]:
        raise BadSettings("MAIL_URL must be given in production: invitations and resets are sent by mail.")
