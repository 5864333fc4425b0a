"""What this room keeps about people: what partner bodies said of them when they named them, and who named and decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy.orm import joinedload
from sqlalchemy.sql import ColumnElement

from dostyk.cohorts.models import Enrolment
from dostyk.core.database import db
from dostyk.core.i18n import language
from dostyk.core.text import localized
from dostyk.nominees.models import Decision, Nominee
from dostyk.people.models import Account, Person
from dostyk.people.records import Section, forgets, lapses, link, subjects, tells
from dostyk.vouchers.models import Batch, Redemption, Voucher

GONE = "–"
link(Nominee.named_by_id, lambda n: ngettext("%(num)s person named", "%(num)s people named", n))
link(Decision.by_id, lambda n: ngettext("%(num)s decision about somebody named", "%(num)s decisions about people named", n))


def _are(people: Sequence[int]) -> ColumnElement[bool]:
    """The nominees who are these people: by the voucher that they redeemed, or by their address."""
    redeemed = sa.select(Redemption.voucher_id).join(Redemption.enrolment).where(Enrolment.person_id.in_(people))
    addresses = sa.select(Person.email).where(Person.id.in_(people), Person.email != "")
    sign_ins = sa.select(Account.email).where(Account.person_id.in_(people))
    return sa.or_(Nominee.voucher_id.in_(redeemed), Nominee.email.in_(addresses), Nominee.email.in_(sign_ins))


@subjects
def _named(people: Sequence[int]) -> Sequence[str]:
    return [f"nominee:{number}" for number in db.session.scalars(sa.select(Nominee.id).where(_are(people)))]


@tells(65)
def _told(person: Person) -> Section:
    columns = [
        ("named_at", _l("Named on")), ("body", _l("Named by")), ("full_name", _l("Full name")), ("own_name", _l("Name in the own script")),
        ("employer", _l("Employer")), ("post", _l("Post")), ("email", _l("E-mail address")), ("ended_at", _l("Ended on")),
    ]  # fmt: skip
    named = sa.select(Nominee).where(_are([person.id])).options(joinedload(Nominee.batch).joinedload(Batch.organisation))
    rows = [
        [n.named_at, localized(n.batch.organisation.name, language()), n.full_name, n.own_name, n.employer, n.post, n.email, n.ended_at]
        for n in db.session.scalars(named.order_by(Nominee.id))
    ]
    return Section("nominations", _l("Nominations"), columns, rows)


def _blank(nominees: sa.Select[int]) -> None:
    """Who was named; that somebody was, when and what became of it is counted."""
    blank: dict[str, Any] = {
        "full_name": GONE, "own_name": "", "sort_name": "", "name_key": "", "search": "", "birth_year": None, "employer": "", "post": "",
        "email": "", "years_of_service": None, "languages": [],
        "ended_reason": sa.case((Nominee.ended_reason.is_(None), None), else_=GONE),
    }  # fmt: skip
    theirs = list(db.session.scalars(nominees))
    apart = {"synchronize_session": False}
    batches = sa.select(Nominee.batch_id).where(Nominee.id.in_(theirs))
    db.session.execute(sa.select(Batch.id).where(Batch.id.in_(batches)).order_by(Batch.id).with_for_update(key_share=True))
    # Those that died when they were exchanged, too.
    exchanged = sa.exists().where(Nominee.id.in_(theirs), Nominee.batch_id == Voucher.batch_id, Nominee.email == Voucher.email)
    codes = sa.or_(
        Voucher.id.in_(sa.select(Nominee.voucher_id).where(Nominee.id.in_(theirs))),
        sa.and_(Voucher.revoked_at.is_not(None), exchanged.correlate(Voucher)),
    )
    db.session.execute(sa.update(Voucher).where(codes, Voucher.email.is_not(None)).values(email=None), execution_options=apart)
    db.session.execute(sa.update(Nominee).where(Nominee.id.in_(theirs)).values(blank), execution_options=apart)
    db.session.execute(sa.update(Decision).where(Decision.nominee_id.in_(theirs)).values(reason=""), execution_options=apart)


@forgets
def _names(people: Sequence[int], _now: datetime) -> None:
    _blank(sa.select(Nominee.id).where(_are(people)))


@lapses
def _who_never_came(moment: datetime) -> None:
    """Somebody was named long ago and never redeemed the voucher: there is no person to forget them with. Some at a time."""
    redeemed = sa.exists().where(Redemption.voucher_id == Nominee.voucher_id)
    _blank(sa.select(Nominee.id).where(Nominee.named_at < moment, Nominee.full_name != GONE, ~redeemed).order_by(Nominee.id).limit(500))
