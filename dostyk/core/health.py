"""For whoever watches over the service: is the process alive, and can it work."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from dostyk.core.access import public
from dostyk.core.web import ready

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """Database and queue answer; 503 when one does not."""
    found = ready()
    return jsonify(found), 200 if set(found.values()) == {"ok"} else 503
