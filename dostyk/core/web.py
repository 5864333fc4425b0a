"""What every answer has: a request id, security headers, calm error pages, and what the frame of a page needs."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import sys
import time
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, abort, current_app, g, jsonify, render_template, request, url_for
from flask_limiter import RateLimitExceeded
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, Map

from dostyk.core import access, i18n, nav
from dostyk.core.audit import Event
from dostyk.core.database import db, work
from dostyk.core.errors import Refused

log = logging.getLogger("dostyk.web")
LARGEST_KEY = 2**31 - 1  # of PostgreSQL's integer


class Number(IntegerConverter):
    """A number in an address that a database key can hold; a greater one is the address of nothing."""

    def __init__(self, map: Map, fixed_digits: int = 0, min: int | None = None, max: int = LARGEST_KEY) -> None:  # noqa: A002 -- their names
        super().__init__(map, fixed_digits, min, max)


def key(text: str) -> int:
    """A number that was sent, if a database key can hold it. Raises ValueError."""
    number = int(text)
    if not 0 <= number <= LARGEST_KEY:
        raise ValueError(text)
    return number


def init_app(app: Flask) -> None:
    app.url_map.converters["int"] = Number
    app.before_request(_begin)
    app.after_request(_headers)
    app.after_request(_log)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(IntegrityError, _constraint)
    app.register_error_handler(HTTPException, _http_error)
    if not app.testing and not app.debug:
        app.register_error_handler(Exception, _bug)
    app.jinja_env.globals.update(asset=asset, can=access.can, csrf_field=csrf_field, csp_nonce=csp_nonce, tabs=nav.tabs)
    app.context_processor(lambda: {"ui": Frame(app)})


# --- Requests -------------------------------------------------------------------------------------------------------


def _begin() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if 8 <= len(given) <= 40 and given.replace("-", "").isalnum() else secrets.token_hex(8)
    g.began = time.perf_counter()
    # PostgreSQL holds no NUL, and nobody types one.
    if "\0" in request.path:
        abort(404)
    if any("\0" in value for value in request.form.values()):
        abort(400)


def csp_nonce() -> str:
    """The nonce of this answer. Made on first use: an extension may refuse a request before ours is reached."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


POLICY = (
    "default-src 'none'; script-src 'self'{nonce}; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def _headers(response: Response) -> Response:
    headers = response.headers
    nonce = f" 'nonce-{g.csp_nonce}'" if "csp_nonce" in g else ""
    headers.setdefault("Content-Security-Policy", POLICY.format(nonce=nonce))
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(), microphone=(), payment=()")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if "request_id" in g:
        headers["X-Request-ID"] = g.request_id
    # Personal pages stay out of shared computers' caches; static files set their own.
    if request.endpoint != "static":
        if request.blueprint == "security":  # Flask-Security's own header says `no-store=True`, which means nothing
            headers["Cache-Control"] = "no-store"
        headers.setdefault("Cache-Control", "no-store" if current_user and current_user.is_authenticated else "no-cache")
        headers.add("Vary", "Cookie, Accept-Language")
    return response


def _log(response: Response) -> Response:
    if request.endpoint not in ("static", "health.healthz"):
        took = time.perf_counter() - g.get("began", time.perf_counter())
        # The rule, not the path: a path can hold a voucher code.
        said = {"status": response.status_code, "ms": round(took * 1000, 1), "endpoint": request.endpoint}
        log.info("%s %s", request.method, request.url_rule or "-", extra=said)
    return response


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, message, request id, and whatever was given as `extra`."""

    _own = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if g and "request_id" in g:
            line["request_id"] = g.request_id
        line.update({k: v for k, v in vars(record).items() if k not in self._own})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_to_stderr(level: str) -> None:
    """Structured logs of the application on the standard error stream."""
    logger = logging.getLogger("dostyk")
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines())
        logger.addHandler(handler)
        logger.propagate = False
    logger.setLevel(level)


# --- Errors ---------------------------------------------------------------------------------------------------------

# Constraint -> sentence, for the race that a form could not see. Rooms add theirs with `constraint_says`.
_constraints: dict[str, Any] = {}


def constraint_says(name: str, sentence: Any) -> None:
    """What a person reads when the database constraint `name` catches what two people did at once.

    `name` as PostgreSQL reports it; SQLite names the columns, so give that form as well: `table.a, table.b`.
    """
    _constraints[name] = sentence


def sentence_for(error: IntegrityError) -> Any | None:
    """The sentence for a violated constraint; None when nobody gave one (then it is a bug)."""
    told = getattr(getattr(error.orig, "diag", None), "constraint_name", None) or str(error.orig).rpartition("constraint failed: ")[2]
    return _constraints.get(told)


def wants_json() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" and request.accept_mimetypes[best] > request.accept_mimetypes["text/html"]


def _answer(status: int, sentence: Any, title: Any = None) -> tuple[Any, int]:
    if wants_json():
        response = jsonify(type="about:blank", title=str(title or sentence), status=status, detail=str(sentence))
        response.mimetype = "application/problem+json"
        return response, status
    known = status if status in (400, 403, 404, 405, 409, 410, 413, 429, 500, 503) else 400 if status < 500 else 500
    return render_template(f"errors/{known}.html", sentence=sentence, request_id=g.get("request_id")), status


def _refused(error: Refused) -> tuple[Any, int]:
    return _answer(error.status, error.sentence)


def _constraint(error: IntegrityError) -> Any:
    sentence = sentence_for(error)
    if sentence is None:
        raise error
    return _answer(409, sentence)


def _http_error(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    body, status = _answer(error.code, None, error.name)
    response = Response(body) if isinstance(body, str) else body
    response.status_code = status
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    if isinstance(error, RateLimitExceeded):
        response.headers["Retry-After"] = str(error.limit.limit.get_expiry())
    return response


def _bug(error: Exception) -> tuple[Any, int]:
    log.exception("unexpected", extra={"route": str(request.url_rule or "-")})  # not the path: see _log
    db.session.rollback()
    return _answer(500, None)


def keep(event: Event) -> None:
    """Keep one audit event on its own, for a refusal that is not an exception."""
    with work():
        db.session.add(event)


# --- Pages ----------------------------------------------------------------------------------------------------------


@cache
def _digest(path: Path, _mtime: float) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def asset(path: str) -> str:
    """The address of a static file with a mark of its content, so that browsers may keep it for ever."""
    file = Path(str(_static())) / path
    return url_for("static", filename=path, v=_digest(file, file.stat().st_mtime) if file.exists() else None)


def _static() -> Path:
    return Path(__file__).parent.parent.parent / "static"


def csrf_field() -> Markup:
    """The hidden field that every form without a WTForms form holds."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())


class Frame:
    """What base.html asks for: language, direction, theme, navigation and who is signed in."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    @cached_property
    def _language(self) -> i18n.Language:
        return i18n.SUPPORTED.get(i18n.language(), i18n.SUPPORTED[i18n.DEFAULT])

    @property
    def demo(self) -> bool:
        """Whether the site says on every page that its people are invented."""
        return bool(self._app.config["DEMO"]) and self._app.config["ENVIRONMENT"] != "production"

    @property
    def lang(self) -> str:
        return self._language.tag

    @property
    def code(self) -> str:
        return self._language.code

    @property
    def dir(self) -> str:
        return self._language.direction

    @property
    def theme(self) -> str:
        chosen = request.cookies.get("theme", "auto")
        return chosen if chosen in ("light", "dark") else "auto"

    @property
    def languages(self) -> list[tuple[str, str, bool]]:
        return [(language.code, language.name, language is self._language) for language in i18n.SUPPORTED.values()]

    @property
    def sections(self) -> list[nav.Link]:
        return nav.sections() if self.user else []

    @property
    def user(self) -> Any:
        return current_user if current_user and current_user.is_authenticated else None


def ready() -> dict[str, str]:
    """What the application needs to work, each with `ok` or what is wrong; for /readyz."""
    return {"database": _try(lambda: db.session.execute(sa.select(sa.literal(1)))), "queue": _try(_queue)}


def _queue() -> None:
    current_app.extensions["queue"].pending_count()


def _try(probe: Any) -> str:
    try:
        probe()
    except Exception as error:  # noqa: BLE001 -- whatever it is, the probe must answer
        log.warning("not ready: %s", error)
        return type(error).__name__
    return "ok"
