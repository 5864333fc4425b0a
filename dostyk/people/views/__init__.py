"""Pages of people: the directory, the organisations, and what concerns oneself."""

from __future__ import annotations

from dostyk.people.views import directory, me, merging, organisations, privacy

# `me`, `merging` and `privacy` add their pages to the blueprint of the directory: all are called `people.…`.
blueprints = [directory.bp, organisations.bp]
__all__ = ["blueprints", "me", "merging", "privacy"]
