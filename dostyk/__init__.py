"""The application factory: the one place where everything is wired."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy.orm import configure_mappers
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from dostyk import config
from dostyk.cohorts import queries as cohorts
from dostyk.core import access, health, i18n, outbox, web
from dostyk.core.database import db, install_sqlite
from dostyk.extensions import compress, csrf, limiter, migrate
from dostyk.people import security

ROOT = Path(__file__).parent.parent
# From the ground up; import-linter and tests/test_house.py hold the order.
FLOORS = (
    ("core",),
    ("people",),
    ("courses",),
    ("cohorts",),
    ("messages",),
    ("vouchers", "schedule"),
    ("culture", "attendance", "nominees", "waiting", "imports", "letters"),
    ("certificates",),
    ("home", "admin"),
    ("demo",),
)
ROOMS = tuple(room for floor in FLOORS[1:-1] for room in floor)


def create_app(overrides: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None) -> Flask:
    """The application. `settings` replace the environment's (see config.py), `overrides` what Flask is told.

    Raises BadSettings when the settings contradict each other or are too weak for production.
    """
    app = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.config.from_mapping(config.for_flask(settings or config.read()))
    app.config.from_mapping(overrides or {})
    app.url_map.strict_slashes = True
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    web.log_to_stderr(app.config["LOG_LEVEL"])
    i18n.compile_catalogs()
    db.init_app(app)
    with app.app_context():
        install_sqlite(db.engine, app.config["SQLITE_SYNCHRONOUS"])
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    csrf.init_app(app)
    compress.init_app(app)
    app.config.setdefault("RATELIMIT_STORAGE_URI", app.config["LIMITS_URL"])
    limiter.init_app(app)
    web.init_app(app)
    outbox.init_app(app)
    app.register_blueprint(health.bp)
    i18n.init_app(app)
    security.init_app(app)
    access.grants_from(cohorts.grants_of)
    for room in ROOMS:
        _furnish(app, room)
    configure_mappers()
    access.refuse_unmarked_views(app)
    if app.config["PROXIES"]:
        n = app.config["PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    # Files with a content mark (?v=…) may be kept for ever; WhiteNoise serves them compressed.
    app.wsgi_app = WhiteNoise(app.wsgi_app, root=str(ROOT / "static"), prefix="static/", max_age=31_536_000, autorefresh=app.debug)  # type: ignore[method-assign]
    return app


def _furnish(app: Flask, room: str) -> None:
    """Load what a room has of the usual furniture, and register its blueprint; `views` loads the rest of the room."""
    for part in ("models", "labels", "scopes", "letters", "mail", "todo", "panels", "records", "listeners", "tasks", "cli", "views"):
        if find_spec(f"dostyk.{room}.{part}") is not None:
            module = import_module(f"dostyk.{room}.{part}")
            for blueprint in getattr(module, "blueprints", [getattr(module, "bp", None)]):
                if blueprint is not None:
                    app.register_blueprint(blueprint)
