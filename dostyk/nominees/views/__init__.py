"""Whom partner bodies name: the pages of focal points about one batch, and those of coordinators about a cohort."""

from __future__ import annotations

from dostyk.nominees.views import cohort, files, letters, naming, people, replacing
from dostyk.nominees.views.shared import bp

__all__ = ["bp", "cohort", "files", "letters", "naming", "people", "replacing"]
