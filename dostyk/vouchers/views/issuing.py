"""Issuing vouchers: at once, as a draft first, or for the place of who left."""

from __future__ import annotations

from collections.abc import Sequence

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from dostyk.cohorts import queries as cohorts
from dostyk.cohorts.models import Cohort
from dostyk.core.access import Permission, can, needs
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.core.i18n import language
from dostyk.people import queries as people
from dostyk.people.models import Organisation
from dostyk.people.rules import OrganisationKind
from dostyk.vouchers import rules, service
from dostyk.vouchers.forms import DraftForm, IssueForm
from dostyk.vouchers.models import Batch
from dostyk.vouchers.rules import BatchState
from dostyk.vouchers.views.shared import BATCH, COHORT, bp, in_cohort, told


@bp.route(f"{COHORT}/issue", methods=["GET", "POST"])
@needs(Permission.ISSUE_VOUCHERS, scope="cohort")
def issue(cohort: Cohort) -> ResponseReturnValue:
    now, bodies = utcnow(), _bodies()
    usual = rules.usual_last_day(cohort.starts_on, cohort.closes_at, cohort.time_zone, now, cohort.hand_back_on)
    form = _offered(IssueForm(valid_through=usual, language=language()), bodies, cohort)
    if form.validate_on_submit():
        with form.refusals(), work():
            batch = service.issue(cohort, _order(form, bodies), by=current_user.person, now=now)
            _tell(batch)
            return redirect(url_for("vouchers.show", cohort_code=cohort.code, batch_id=batch.id))
    return render_template("vouchers/issue.html", cohort=cohort, form=form, seats=cohorts.seat_table(cohort, now), bodies=bodies)


@bp.route(f"{BATCH}/draft", methods=["GET", "POST"])
@needs(Permission.ISSUE_VOUCHERS, scope="cohort")
def draft(cohort: Cohort, batch_id: int) -> ResponseReturnValue:
    """Change a draft, and issue it when it is ready."""
    now, bodies, batch = utcnow(), _bodies(), in_cohort(cohort, batch_id)
    if batch.state is not BatchState.DRAFT:
        return redirect(url_for("vouchers.show", cohort_code=cohort.code, batch_id=batch.id))
    through = rules.valid_through(batch.valid_until, cohort.time_zone)
    form = _offered(DraftForm(obj=batch, valid_through=through), bodies, cohort)
    if form.validate_on_submit():
        with form.refusals(), work():
            service.edit_draft(batch, _order(form, bodies), current_user.person, now)
            if not form.draft.data:
                service.issue_draft(batch, current_user.person, now, overbook=_overbook(form))
            _tell(batch)
            return redirect(url_for("vouchers.show", cohort_code=cohort.code, batch_id=batch.id))
    return render_template("vouchers/draft.html", cohort=cohort, batch=batch, form=form, seats=cohorts.seat_table(cohort, now))


@bp.post(f"{BATCH}/discard")
@needs(Permission.ISSUE_VOUCHERS, scope="cohort")
def discard(cohort: Cohort, batch_id: int) -> ResponseReturnValue:
    batch = in_cohort(cohort, batch_id)

    def act() -> str:
        service.discard(batch, current_user.person)
        return _("The draft is thrown away.")

    if told(act):
        return redirect(url_for("vouchers.index", cohort_code=cohort.code))
    return redirect(url_for("vouchers.show", cohort_code=cohort.code, batch_id=batch_id))


@bp.post("/cohorts/<cohort_code>/participants/<int:enrolment_id>/replace")
@needs(Permission.ISSUE_VOUCHERS, scope="cohort")
def replace(cohort: Cohort, enrolment_id: int) -> ResponseReturnValue:
    """A voucher for the place of somebody who left."""
    enrolment = cohorts.enrolment(cohort, enrolment_id) or abort(404)
    made: list[int] = []

    def act() -> str:
        made.append(service.replacement(enrolment, current_user.person, utcnow()).id)
        name = enrolment.person.full_name
        return _("This voucher gives the place of %(name)s. Print it, or send its code to whoever comes instead.", name=name)

    if told(act):
        return redirect(url_for("vouchers.show", cohort_code=cohort.code, batch_id=made[0]))
    return redirect(url_for("cohorts.participants", cohort_code=cohort.code))


def _bodies() -> Sequence[Organisation]:
    return people.organisations(OrganisationKind.PARTNER, OrganisationKind.AGENCY)


def _offered(form: IssueForm, bodies: Sequence[Organisation], cohort: Cohort) -> IssueForm:
    form.offer(bodies, cohort)
    if not can(Permission.OVERBOOK_SEATS, cohort):
        del form.overbook
    return form


def _overbook(form: IssueForm) -> str:
    """The reason for promising more seats than are free; only who may do so has the field."""
    return (form.overbook.data or "") if "overbook" in form else ""


def _order(form: IssueForm, bodies: Sequence[Organisation]) -> service.Order:
    body = next(row for row in bodies if row.id == form.organisation_id.data)
    names = ("country", "quantity", "valid_through", "language", "note", "approval")
    values = {name: form[name].data for name in names}
    return service.Order(body, **values, kind=rules.BatchKind(form.kind.data), draft=bool(form.draft.data), overbook=_overbook(form))


def _tell(batch: Batch) -> None:
    if batch.state is BatchState.DRAFT:
        flash(_("The draft is saved. It reserves no seat until you issue it."), "success")
    else:
        flash(ngettext("%(num)s seat is reserved by this batch.", "%(num)s seats are reserved by this batch.", batch.quantity), "success")
