"""What the certificates room shows on the pages of cohorts and of people."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from flask import url_for
from flask_babel import ngettext

from dostyk.certificates import queries
from dostyk.cohorts import progress
from dostyk.cohorts.models import Cohort
from dostyk.cohorts.panels import Figure, figure
from dostyk.core.access import Permission, can, grants_with
from dostyk.people.models import Person
from dostyk.people.panels import panel


@figure(60, Permission.SEE_FIGURES)
def issued(cohort: Cohort, now: datetime) -> Figure | None:
    """How many have their certificate; nothing before the first one."""
    number = queries.issued_count(cohort)
    if not number:
        return None
    url = url_for("certificates.index", cohort_code=cohort.code) if can(Permission.SEE_CERTIFICATES, cohort) else None
    return Figure(number, ngettext("certificate issued", "certificates issued", number), url)


@panel(60)
def held(person: Person) -> tuple[str, dict[str, Any]] | None:
    """The certificates of a person from cohorts in which the reader may see them."""
    grants = grants_with(Permission.SEE_CERTIFICATES)
    found = queries.of_person(person.id, grants) if grants else []
    return ("certificates/_person.html", {"held": found}) if found else None


@progress.tells_certificates
def certified(enrolments: Collection[int]) -> Mapping[int, date]:
    """Since when each has a certificate that stands. One statement."""
    return {number: at.date() for number, at in queries.standing_since(enrolments).items()}
