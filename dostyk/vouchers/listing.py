"""Lists of vouchers and batches, and what of them goes into a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.core.countries import country_name
from dostyk.core.database import db
from dostyk.core.i18n import language
from dostyk.core.tables import Filter, Listing, listing
from dostyk.core.text import fold, group_code, localized
from dostyk.people.models import Organisation, Person
from dostyk.people.queries import found as named
from dostyk.vouchers import queries, rules
from dostyk.vouchers.labels import STATES
from dostyk.vouchers.models import Batch, Redemption, Voucher
from dostyk.vouchers.rules import VoucherState

File = tuple[Sequence[object], Iterator[Sequence[object]]]


def of_cohort(cohort: Cohort, batches: Sequence[Batch], now: datetime) -> Listing[Voucher]:
    """The page of a cohort's vouchers that is asked for; the filter of batches only where there are several."""
    named = [(str(batch.id), f"{batch.id}: {_body(batch.organisation)}, {country_name(batch.country, language())}") for batch in batches]
    by_batch = [Filter("batch", _l("Batch"), named, lambda value: Voucher.batch_id == int(value))] if len(named) > 1 else []
    return _vouchers(queries.of_cohort(cohort), by_batch, now)


def of_batch(batch: Batch, now: datetime) -> Listing[Voucher]:
    """The page of a batch's vouchers that is asked for."""
    return _vouchers(queries.of_batch(batch), [], now)


def _vouchers(select: sa.Select[Voucher], filters: list[Filter], now: datetime) -> Listing[Voucher]:
    by_state = Filter("state", _l("State"), list(STATES.items()), lambda value: queries.state_is(VoucherState(value), now))
    rank = sa.case(*((queries.state_is(state, now), number) for number, state in enumerate(VoucherState)))
    redeemed = sa.select(sa.func.min(Redemption.at)).where(Redemption.voucher_id == Voucher.id).scalar_subquery()
    return listing(
        select,
        sorts={
            "batch": [Voucher.batch_id, Voucher.id], "code": [Voucher.code], "state": [rank, Voucher.id],
            "redeemed": [sa.func.coalesce(redeemed, Batch.valid_until), Voucher.id],
        },
        default="batch",
        search=queries.found_by,
        filters=[*filters, by_state],
    )  # fmt: skip


def batches(select: sa.Select[Batch], now: datetime) -> Listing[Batch]:
    """The page of the batches that is asked for; those that can still be redeemed are found by their filter."""
    can_be = sa.exists().where(Voucher.batch_id == Batch.id, queries.state_is(VoucherState.OPEN, now)).correlate(Batch)
    standing = [("open", _l("with open vouchers")), ("over", _l("without open vouchers"))]
    return listing(
        select,
        sorts={"valid": [Batch.valid_until, Batch.id], "cohort": [Cohort.code, Batch.id], "issued": [Batch.issued_at, Batch.id]},
        default="-issued",
        search=_named,
        filters=[Filter("vouchers", _l("Batches"), standing, lambda value: can_be if value == "open" else ~can_be)],
        load=queries.WHOLE,
    )


def pending(cohort: Cohort) -> Listing[Enrolment]:
    """The page of those who wait for approval that is asked for."""
    return listing(
        queries.waiting(cohort),
        sorts={
            "asked": [Enrolment.enrolled_at, Enrolment.id],
            "name": [Person.sort_name, Person.id],
            "country": [Person.country, Enrolment.id],
        },
        default="asked",
        search=named(Person.search),
    )


def _named(text: str) -> sa.ColumnElement[bool]:
    key = fold(text)
    bodies = sa.select(Organisation.id).where(Organisation.search.contains(key, autoescape=True))
    return sa.or_(Cohort.search.contains(key, autoescape=True), Batch.organisation_id.in_(bodies)) if key else sa.false()


def _body(organisation: Organisation) -> str:
    return organisation.short_name or localized(organisation.name, language())


# --- Files -----------------------------------------------------------------------------------------------------------


def file_of(vouchers: Listing[Voucher], cohort: Cohort, now: datetime) -> File:
    """Head and lines of a file of vouchers, with their codes; times on the clock of the cohort's venue."""
    zone, lang = ZoneInfo(cohort.time_zone), language()
    head = (
        _("Code"), _("State"), _("Batch"), _("Country"), _("Valid through"), _("Full name"), _("Name in own script"),
        _("Redeemed at (%(zone)s)", zone=cohort.time_zone), _("Reason of revocation"),
    )  # fmt: skip
    return head, (
        (
            group_code(v.code), str(STATES[rules.state(queries.facts(v), now)]), v.batch_id, country_name(v.batch.country, lang),
            rules.valid_through(v.batch.valid_until, cohort.time_zone).isoformat(),
            who.full_name if who else "", who.own_name if who else "",
            when.at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if when else "", v.revoked_reason or "",
        )
        for v, when, who in queries.exported(vouchers.select)
    )  # fmt: skip


def file_of_pending(found: Listing[Enrolment], cohort: Cohort) -> File:
    """Head and lines of a file of those who wait for approval."""
    zone, lang = ZoneInfo(cohort.time_zone), language()
    head = (
        _("Full name"), _("Name in own script"), _("Country"), _("Where they work"), _("Post"),
        _("Redeemed at (%(zone)s)", zone=cohort.time_zone),
    )  # fmt: skip
    return head, (
        (
            seat.person.full_name, seat.person.own_name, country_name(seat.person.country or "", lang),
            seat.person.employer, seat.person.post, seat.enrolled_at.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
        )
        for seat in db.session.scalars(found.select)
    )  # fmt: skip


def file_of_batches(found: Listing[Batch], now: datetime) -> File:
    """Head and lines of a file of batches, without codes."""
    rows = db.session.scalars(found.select).unique().all()
    counts: Mapping[int, Any] = queries.counts(rows, now)
    head = (
        _("Batch"), _("Cohort"), _("Course"), _("Handed to"), _("Country"), _("Valid through"), _("Vouchers"),
        *(str(word) for word in STATES.values()),
    )  # fmt: skip
    return head, (
        (
            b.id, b.cohort.code, localized(b.cohort.course.title, language()), localized(b.organisation.name, language()),
            country_name(b.country, language()), rules.valid_through(b.valid_until, b.cohort.time_zone).isoformat(), b.quantity,
            *(counts[b.id][state] for state in VoucherState),
        )
        for b in rows
    )  # fmt: skip
