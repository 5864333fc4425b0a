"""Statements that change rows beneath the objects which the session holds."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from dostyk.core.database import Model, db

# What the objects show is set from what the database returned, or read anew; it is never guessed.
APART: dict[str, Any] = {"synchronize_session": False}


def insert(model: type[Model]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows ON CONFLICT, in the dialect of the database."""
    return postgresql.insert(model) if db.engine.dialect.name == "postgresql" else sqlite.insert(model)
