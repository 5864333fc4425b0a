"""What this room tells those below it."""

from __future__ import annotations

from dostyk.cohorts import queries
from dostyk.courses import panels

panels.tells(coming=queries.coming, course_in_use=queries.course_in_use, programme_in_use=queries.programme_in_use)
