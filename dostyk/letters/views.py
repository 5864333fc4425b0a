"""Letters of invitation for a visa: one's own, and for coordinators those of a cohort."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from dostyk.cohorts import queries as cohorts
from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.cohorts.rules import EnrolmentState
from dostyk.core.access import Permission, needs
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.letters import listing, printing, queries, rules, service
from dostyk.letters.forms import PassportForm

bp = Blueprint("letters", __name__)

# --- One's own -------------------------------------------------------------------------------------------------------


@bp.route("/me/visa/<cohort_code>", methods=["GET", "POST"])
@needs(Permission.SEE_COHORT, scope="cohort")
def mine(cohort: Cohort) -> ResponseReturnValue:
    """The details that one's letter prints, and the letter."""
    return _edit(_own(cohort), url_for("letters.mine", cohort_code=cohort.code), "letters/mine.html")


@bp.post("/me/visa/<cohort_code>/delete")
@needs(Permission.SEE_COHORT, scope="cohort")
def forget(cohort: Cohort) -> ResponseReturnValue:
    return _forget(_own(cohort), url_for("letters.mine", cohort_code=cohort.code))


@bp.get("/me/visa/<cohort_code>/invitation.pdf")
@needs(Permission.SEE_COHORT, scope="cohort")
def download(cohort: Cohort) -> ResponseReturnValue:
    return _letter(_own(cohort))


# --- For coordinators ------------------------------------------------------------------------------------------------


@bp.get("/cohorts/<cohort_code>/letters")
@needs(Permission.SEE_VISA_DETAILS, scope="cohort")
def index(cohort: Cohort) -> ResponseReturnValue:
    found = listing.of_cohort(cohort)
    return render_template("letters/index.html", cohort=cohort, l=found, given=queries.given(found.rows), over=_over(cohort))


@bp.route("/cohorts/<cohort_code>/letters/<int:enrolment_id>", methods=["GET", "POST"])
@needs(Permission.SEE_VISA_DETAILS, scope="cohort")
def edit(cohort: Cohort, enrolment_id: int) -> ResponseReturnValue:
    """For who cannot do it themselves."""
    return _edit(_seat(cohort, enrolment_id), url_for("letters.index", cohort_code=cohort.code), "letters/edit.html")


@bp.post("/cohorts/<cohort_code>/letters/<int:enrolment_id>/delete")
@needs(Permission.SEE_VISA_DETAILS, scope="cohort")
def remove(cohort: Cohort, enrolment_id: int) -> ResponseReturnValue:
    return _forget(_seat(cohort, enrolment_id), url_for("letters.index", cohort_code=cohort.code))


@bp.get("/cohorts/<cohort_code>/letters/<int:enrolment_id>/invitation.pdf")
@needs(Permission.SEE_VISA_DETAILS, scope="cohort")
def letter(cohort: Cohort, enrolment_id: int) -> ResponseReturnValue:
    return _letter(_seat(cohort, enrolment_id))


@bp.after_request
def _keep_nothing(response: Response) -> Response:
    """Numbers of passports stay in no cache."""
    response.headers["Cache-Control"] = "no-store"
    return response


# --- Helpers of the views --------------------------------------------------------------------------------------------


def _own(cohort: Cohort) -> Enrolment:
    found = cohorts.enrolment_of(cohort.id, current_user.person_id)
    return found if found is not None and found.state is EnrolmentState.ENROLLED else abort(404)


def _seat(cohort: Cohort, enrolment_id: int) -> Enrolment:
    return cohorts.enrolment(cohort, enrolment_id) or abort(404)


def _over(cohort: Cohort) -> bool:
    return not rules.needed(cohort.ends_on, cohort.archived_at is not None, cohort.today(utcnow()))


def _edit(enrolment: Enrolment, then: str, template: str) -> ResponseReturnValue:
    details = queries.details_of(enrolment)
    form = PassportForm(obj=details, citizenship=details.citizenship if details else enrolment.person.country)
    if form.validate_on_submit():
        with form.refusals(), work():
            service.give(enrolment, form.passport(), by=current_user.person, now=utcnow())
            flash(_("The details are saved. The letter is ready."), "success")
            return redirect(then)
    cohort = enrolment.cohort
    return render_template(template, cohort=cohort, enrolment=enrolment, details=details, form=form, over=_over(cohort))


def _forget(enrolment: Enrolment, then: str) -> ResponseReturnValue:
    with work():
        service.forget(enrolment, by=current_user.person)
    flash(_("The details of the passport are deleted."), "success")
    return redirect(then)


def _letter(enrolment: Enrolment) -> ResponseReturnValue:
    details, now = queries.details_of(enrolment) or abort(404), utcnow()
    with work():
        service.fetched(enrolment, by=current_user.person)
    pdf = printing.invitation(details, queries.body_of(enrolment), now)
    disposition = f'attachment; filename="{printing.file_name(enrolment)}.pdf"'
    return Response(pdf, mimetype="application/pdf", headers={"Content-Disposition": disposition})
