"""The people of a cohort and whether a letter can be made for them."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.core.tables import Filter, Listing, listing
from dostyk.letters import queries
from dostyk.people.models import Person
from dostyk.people.queries import found


def of_cohort(cohort: Cohort) -> Listing[Enrolment]:
    """Who holds a seat, by name. Two statements."""
    # Translators: whether the details of a passport are given
    choices = [("yes", _l("Details given")), ("no", _l("No details yet"))]
    return listing(
        queries.seats(cohort),
        sorts={"name": [Person.sort_name, Person.id], "country": [Person.country, Person.sort_name, Person.id]},
        default="name",
        search=found(Person.search),
        filters=[
            Filter("details", _l("Details"), choices, lambda value: queries.has_details() if value == "yes" else ~queries.has_details())
        ],
    )
