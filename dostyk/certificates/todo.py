"""Certificates that wait to be issued, and those that wait to be fetched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from dostyk.certificates import queries
from dostyk.certificates.rules import Standing
from dostyk.core.access import Permission, grants_with
from dostyk.core.i18n import language
from dostyk.core.text import localized
from dostyk.core.todo import Todo, provides
from dostyk.people.models import Person

NEWS = timedelta(days=30)  # how long a certificate is news to its holder


@provides(Permission.ISSUE_CERTIFICATES)
def to_be_issued(person: Person, now: datetime) -> Iterator[Todo]:
    """Finished cohorts with people who are eligible and have no certificate."""
    seats = queries.without_certificate(grants_with(Permission.ISSUE_CERTIFICATES), now)
    eligible = Counter(c.enrolment.cohort for c in queries.candidates_of(seats, now) if c.standing is Standing.ELIGIBLE)
    for cohort, number in eligible.items():
        # Translators: the number stands before it.
        title = ngettext(
            "certificate ready to be issued in %(code)s", "certificates ready to be issued in %(code)s", number, code=cohort.code
        )
        yield Todo(40, number, title, url_for("certificates.index", cohort_code=cohort.code), localized(cohort.course.title, language()))


@provides(Permission.USE_ACCOUNT)
def ready(person: Person, now: datetime) -> Iterator[Todo]:
    """One's own certificates of the last weeks."""
    new = [c for c in queries.of_person(person.id) if c.revoked_at is None and c.issued_at > now - NEWS]
    for certificate in new:
        course = localized(certificate.snapshot["printed"]["course"], language())
        # Translators: the number 1 stands before it.
        yield Todo(50, 1, _("certificate is ready for you"), url_for("certificates.download", number=certificate.number), course)
