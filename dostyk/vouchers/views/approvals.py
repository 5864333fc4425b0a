"""Who redeemed a voucher of a batch with approval, and waits for the coordinator."""

from __future__ import annotations

from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from dostyk.cohorts.models import Cohort
from dostyk.core.access import Permission, needs
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.core.tables import csv_response
from dostyk.people.models import Person
from dostyk.vouchers import listing, queries, service
from dostyk.vouchers.forms import DecideForm
from dostyk.vouchers.views.shared import COHORT, bp


@bp.route(f"{COHORT}/approvals", methods=["GET", "POST"])
@needs(Permission.ISSUE_VOUCHERS, scope="cohort")
def approvals(cohort: Cohort) -> ResponseReturnValue:
    """Approve or decline those that are ticked; what was decided about somebody meanwhile stands."""
    form = DecideForm()
    form.offer(queries.pending_among(cohort, request.form.getlist("enrolments", type=int)))
    if form.validate_on_submit():
        flash(_decide(cohort, form, current_user.person, utcnow()), "success")
        return redirect(url_for("vouchers.approvals", cohort_code=cohort.code))
    found = listing.pending(cohort)
    if request.args.get("format") == "csv":
        return csv_response(f"approvals-{cohort.code}", *listing.file_of_pending(found, cohort))
    return render_template("vouchers/approvals.html", cohort=cohort, l=found, form=form)


def _decide(cohort: Cohort, form: DecideForm, by: Person, now: datetime) -> str:
    """Each in a unit of work of its own; what came of it."""
    done = 0
    for number in form.enrolments.data or ():
        with work():
            if seat := queries.pending(cohort, number):
                done += service.decline(seat, form.reason.data or "", by, now) if form.decline.data else service.approve(seat, by, now)
    if not done:
        return _("Nothing was left to decide: somebody else did it meanwhile.")
    if form.decline.data:
        return ngettext("%(num)s person is declined, and told so by e-mail.", "%(num)s people are declined, and told so by e-mail.", done)
    return ngettext("%(num)s person is approved, and told so by e-mail.", "%(num)s people are approved, and told so by e-mail.", done)
