"""All who are named for a cohort, for its coordinators: what the checks found, and what is decided."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from dostyk.cohorts.models import Cohort
from dostyk.core import nav
from dostyk.core.access import Permission, needs
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.core.errors import Refused
from dostyk.core.tables import csv_response
from dostyk.nominees import listing, queries, service
from dostyk.nominees.forms import DecideForm
from dostyk.nominees.labels import SHAPES
from dostyk.nominees.views.shared import bp, told
from dostyk.vouchers import queries as vouchers

# Not SEE_NOMINEES: a focal point has that for its own batches, and must not see those of others.
nav.tab("cohort", 32, _l("Nominees"), "nominees.index", Permission.DECIDE_NOMINEES, under="vouchers.index")
COHORT = "/cohorts/<cohort_code>/nominees"


@bp.get(COHORT)
@needs(Permission.DECIDE_NOMINEES, scope="cohort")
def index(cohort: Cohort) -> ResponseReturnValue:
    now = utcnow()
    bodies = {batch.organisation.id: batch.organisation for batch in vouchers.batches_of(cohort)}
    found = listing.of_cohort(cohort, list(bodies.values()), now)
    if request.args.get("format") == "csv":
        return csv_response(f"nominees-{cohort.code}", *listing.file_of(found, now))
    shown = queries.standings(found.rows, now)
    return render_template("nominees/index.html", cohort=cohort, l=found, shown=shown, shapes=SHAPES, form=DecideForm())


@bp.post(f"{COHORT}/<int:nominee_id>/decide")
@needs(Permission.DECIDE_NOMINEES, scope="cohort")
def decide(cohort: Cohort, nominee_id: int) -> ResponseReturnValue:
    nominee, form = queries.one_in(cohort, nominee_id) or abort(404), DecideForm()
    with told():
        if not form.validate_on_submit() or bool(form.accept.data) == bool(form.decline.data):
            raise Refused(_("Accept or decline one of the findings."))
        with work():
            accept, reason = bool(form.accept.data), form.reason.data or ""
            service.decide(nominee, form.finding.data, accept=accept, reason=reason, by=current_user.person, now=utcnow())
            flash(
                _("%(name)s is accepted.", name=nominee.full_name) if accept else _("%(name)s is declined.", name=nominee.full_name),
                "success",
            )
    if request.form.get("back"):
        return redirect(url_for("nominees.show", batch_id=nominee.batch_id, nominee_id=nominee.id))
    return redirect(url_for("nominees.index", cohort_code=cohort.code))
