"""How cohorts are protected: `@needs(..., scope="cohort")`."""

from __future__ import annotations

from dostyk.cohorts import queries
from dostyk.cohorts.models import Cohort
from dostyk.core.access import Scope, register

register(Scope("cohort", Cohort, "cohort_code", queries.by_code, queries.covers))
