"""How people are protected: `@needs(..., scope="person")`. Which people a grant reaches is told by cohorts, through `queries.reach`."""

from __future__ import annotations

from dostyk.core.access import Scope, register
from dostyk.people import queries
from dostyk.people.models import Person

register(Scope("person", Person, "person_id", queries.kept_record, queries.covers))
