"""What this room keeps about people: which voucher gave their seat, and the batches they issued."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy.orm import contains_eager, joinedload
from sqlalchemy.sql import ColumnElement

from dostyk.cohorts.models import Enrolment
from dostyk.cohorts.queries import within
from dostyk.core.access import Permission, can, grants_with
from dostyk.core.database import db
from dostyk.core.i18n import language
from dostyk.core.tables import Filter
from dostyk.core.text import localized
from dostyk.people.models import Person
from dostyk.people.panels import narrowing, panel
from dostyk.people.queries import organisations
from dostyk.people.records import Section, forgets, link, tells
from dostyk.people.rules import OrganisationKind
from dostyk.vouchers.models import Batch, Redemption, Voucher

link(Batch.issued_by_id, lambda n: ngettext("%(num)s batch of vouchers issued", "%(num)s batches of vouchers issued", n))


def _redeemed_by(person_id: int) -> sa.Select[Redemption]:
    """What a person redeemed, the latest first, with voucher, batch, body and cohort."""
    loaded = joinedload(Redemption.voucher, innerjoin=True).joinedload(Voucher.batch, innerjoin=True)
    return (
        sa.select(Redemption)
        .join(Redemption.enrolment)
        .join(Enrolment.cohort)
        .where(Enrolment.person_id == person_id)
        .options(
            loaded.joinedload(Batch.organisation, innerjoin=True), contains_eager(Redemption.enrolment).contains_eager(Enrolment.cohort)
        )
        .order_by(Redemption.at.desc(), Redemption.id.desc())
    )


@panel(20)
def redeemed(person: Person) -> tuple[str, dict[str, Any]] | None:
    """The vouchers that gave a person their seats, of the cohorts whose vouchers one may see. One statement."""
    grants = grants_with(Permission.SEE_VOUCHERS)
    found = db.session.scalars(_redeemed_by(person.id).where(within(grants))).all() if grants else ()
    return ("vouchers/_of_person.html", {"redeemed": found}) if found else None


@tells(60)
def _told(person: Person) -> Section:
    columns = [("redeemed_at", _l("Redeemed on")), ("cohort", _l("Cohort")), ("body", _l("Given by")), ("country", _l("Seat of"))]
    rows = [
        [r.at, r.enrolment.cohort.code, localized(r.voucher.batch.organisation.name, language()), r.voucher.batch.country]
        for r in db.session.scalars(_redeemed_by(person.id))
    ]
    return Section("vouchers", _l("Vouchers"), columns, rows)


@forgets
def _addresses(people: Sequence[int], _now: datetime) -> None:
    """The address to which a voucher was locked."""
    theirs = sa.select(Redemption.voucher_id).join(Redemption.enrolment).where(Enrolment.person_id.in_(people))
    unlocked = sa.update(Voucher).where(Voucher.id.in_(theirs), Voucher.email.is_not(None)).values(email=None)
    db.session.execute(unlocked, execution_options={"synchronize_session": False})


@narrowing(30)
def by_body() -> Filter:
    """Who belongs to a partner body, or took a seat with a voucher of it. One statement."""
    lang = language()
    bodies = organisations(OrganisationKind.PARTNER) if can(Permission.SEE_VOUCHERS) else ()
    return Filter("body", _l("Partner body"), [(str(row.id), row.short_name or localized(row.name, lang)) for row in bodies], _of_body)


def _of_body(number: str) -> ColumnElement[bool]:
    seated = sa.select(Enrolment.person_id).join(Redemption, Redemption.enrolment_id == Enrolment.id).join(Voucher).join(Batch)
    return sa.or_(Person.organisation_id == int(number), Person.id.in_(seated.where(Batch.organisation_id == int(number))))
