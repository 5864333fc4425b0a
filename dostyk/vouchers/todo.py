"""What needs coordinators and focal points now: vouchers that nobody has redeemed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from dostyk.core.access import GRANTS, Permission, grants_with
from dostyk.core.i18n import day, language
from dostyk.core.text import localized
from dostyk.core.todo import Todo, provides
from dostyk.people.models import Person
from dostyk.vouchers import queries
from dostyk.vouchers.models import Batch
from dostyk.vouchers.rules import SOON, valid_through


@provides(Permission.ISSUE_VOUCHERS)
def running_out(person: Person, now: datetime) -> Iterator[Todo]:
    """Batches that end within a week and hold vouchers that nobody redeemed. One statement."""
    for batch, number in queries.unredeemed(queries.cohorts_within(grants_with(Permission.ISSUE_VOUCHERS)), now, now + SOON):
        body = batch.organisation.short_name or localized(batch.organisation.name, language())
        of = {"code": batch.cohort.code, "body": body}
        title = ngettext("voucher runs out: %(code)s, %(body)s", "vouchers run out: %(code)s, %(body)s", number, **of)
        yield Todo(25, number, title, url_for("vouchers.show", cohort_code=batch.cohort.code, batch_id=batch.id), _valid(batch))


@provides(Permission.ISSUE_VOUCHERS)
def to_approve(person: Person, now: datetime) -> Iterator[Todo]:
    """People who took a seat and wait for a decision. One statement."""
    for cohort, number in queries.pending_by_cohort(grants_with(Permission.ISSUE_VOUCHERS)):
        title = ngettext("person waits for approval: %(code)s", "people wait for approval: %(code)s", number, code=cohort.code)
        yield Todo(15, number, title, url_for("vouchers.approvals", cohort_code=cohort.code), localized(cohort.course.title, language()))


@provides(Permission.SEE_BATCH)
def not_redeemed(person: Person, now: datetime) -> Iterator[Todo]:
    """For focal points: seats of theirs that nobody has taken yet. One statement."""
    mine = [grant for grant in grants_with(Permission.SEE_BATCH) if Permission.ISSUE_VOUCHERS not in GRANTS[grant.role]]
    if not mine:
        return
    for batch, number in queries.unredeemed(queries.within(mine), now):
        title = ngettext(
            "of your vouchers is not redeemed yet: %(course)s",
            "of your vouchers are not redeemed yet: %(course)s",
            number,
            course=localized(batch.cohort.course.title, language()),
        )
        yield Todo(25, number, title, url_for("vouchers.batch", batch_id=batch.id), _valid(batch))


def _valid(batch: Batch) -> str:
    return _("Valid through %(day)s", day=day(valid_through(batch.valid_until, batch.cohort.time_zone)))
