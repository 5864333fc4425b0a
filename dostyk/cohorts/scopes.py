"""How cohorts are protected: `@needs(..., scope="cohort")`; and which people a grant reaches."""

from __future__ import annotations

from dostyk.cohorts import queries
from dostyk.cohorts.models import Cohort
from dostyk.core.access import Scope, register
from dostyk.people.queries import reach

register(Scope("cohort", Cohort, "cohort_code", queries.by_code, queries.covers))
reach(queries.people_within)
