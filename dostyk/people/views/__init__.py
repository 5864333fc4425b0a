"""Pages of people: the directory, the organisations, and what concerns oneself."""

from __future__ import annotations

from dostyk.people.views import me, organisations

# The directory and one's own pages share a blueprint: both are called `people.…`.
blueprints = [me.bp, organisations.bp]
