"""What this room keeps about people: their certificates, and those that they issued or revoked.

A certificate is not forgotten: it proves something for its holder, and whoever is shown it may verify it for as long as it stands.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from dostyk.certificates import queries
from dostyk.certificates.models import Certificate
from dostyk.cohorts.models import Enrolment
from dostyk.core.database import db
from dostyk.core.i18n import language
from dostyk.core.text import localized
from dostyk.people.models import Person
from dostyk.people.records import Section, link, subjects, tells

link(Certificate.issued_by_id, lambda n: ngettext("%(num)s certificate issued to others", "%(num)s certificates issued to others", n))
link(Certificate.revoked_by_id, lambda n: ngettext("%(num)s certificate revoked", "%(num)s certificates revoked", n))


@tells(75)
def _told(person: Person) -> Section:
    columns = [
        ("number", _l("Number")), ("issued_at", _l("Issued on")), ("name", _l("Name")), ("course", _l("Course")), ("code", _l("Code")),
        ("revoked_at", _l("Revoked on")), ("revoked_reason", _l("Reason")),
    ]  # fmt: skip
    rows = []
    for held in queries.of_person(person.id):
        printed = held.snapshot.get("printed", {})
        name, course = printed.get("full_name"), localized(printed.get("course"), language())
        rows.append([held.number, held.issued_at, name, course, held.code, held.revoked_at, held.revoked_reason])
    return Section("certificates", _l("Certificates"), columns, rows)


@subjects
def _numbers(people: Sequence[int]) -> Sequence[str]:
    held = sa.select(Certificate.number).join(Certificate.enrolment).where(Enrolment.person_id.in_(people))
    return db.session.scalars(held).all()
