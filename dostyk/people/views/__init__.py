"""Pages of people: the directory, the organisations, and what concerns oneself."""

from __future__ import annotations

from dostyk.people.views import directory, me, organisations

# `me` adds its pages to the blueprint of the directory: both are called `people.…`.
blueprints = [directory.bp, organisations.bp]
__all__ = ["blueprints", "me"]
