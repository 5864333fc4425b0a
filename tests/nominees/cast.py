"""What the tests of this room share: a focal point with a batch, and the forms that it fills in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.mail import Mail
from dostyk.nominees import queries, service
from dostyk.nominees.models import Nominee
from dostyk.nominees.service import NomineeDetails
from dostyk.people.models import Person
from dostyk.vouchers.models import Batch, Voucher

AIGUL: dict[str, Any] = {
    "full_name": "AITBAEVA Aigul", "own_name": "Айтбаева Айгүл", "email": "aigul@example.org", "letter_language": "ru", "sex": "female",
    "birth_year": "1990", "employer": "Ministry of Labour", "post": "Chief specialist", "years_of_service": "6", "languages": ["ky", "ru"],
}  # fmt: skip


def details(full_name: str = "AITBAEVA Aigul", **values: Any) -> NomineeDetails:
    return NomineeDetails(full_name, **{"email": "", "letter_language": "en", "languages": ("ru",), **values})


def named(batch: Batch, by: Person, full_name: str = "AITBAEVA Aigul", **values: Any) -> Nominee:
    db.session.rollback()
    with work():
        return service.name(batch, details(full_name, **values), by, utcnow())


def letters() -> list[Mail]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Mail).order_by(Mail.id)))


def fresh(nominee: Nominee) -> Nominee:
    """The nominee as the database has it."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Nominee, nominee.id)


def stages(batch: Batch) -> Mapping[str, str]:
    """Where each is, by name."""
    db.session.rollback()
    db.session.expire_all()
    people = db.session.scalars(queries.of_batch(batch)).all()
    return {s.nominee.full_name: s.stage.value for s in queries.standings(people, utcnow())}


def alive(batch: Batch) -> list[Voucher]:
    """The vouchers of a batch that can be redeemed."""
    db.session.rollback()
    mine = sa.select(Voucher).where(Voucher.batch_id == batch.id, Voucher.revoked_at.is_(None), Voucher.used == 0)
    return list(db.session.scalars(mine.order_by(Voucher.id)))
