"""Certificates of a cohort, a participant's own ones, and the page where anybody checks one."""

from __future__ import annotations

import re
from datetime import date

from flask import Blueprint, Response, abort, current_app, flash, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user

from dostyk.certificates import listing, printing, queries, service
from dostyk.certificates.forms import IssueForm, RevokeForm, SignatoryForm
from dostyk.certificates.labels import SHAPES, why_not
from dostyk.certificates.models import Certificate
from dostyk.certificates.rules import Standing, Validity
from dostyk.cohorts.models import Cohort
from dostyk.core import nav, outbox
from dostyk.core.access import Permission, needs, public
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.core.errors import Refused
from dostyk.core.tables import csv_response
from dostyk.core.text import fold_code, is_code
from dostyk.core.web import wants_json
from dostyk.extensions import limiter

bp = Blueprint("certificates", __name__)
bp.add_app_template_filter(date.fromisoformat, "iso_day")  # snapshots hold dates as text
nav.tab("cohort", 70, _l("Certificates"), "certificates.index", Permission.SEE_CERTIFICATES)


# --- Of a cohort ----------------------------------------------------------------------------------------------------


@bp.get("/cohorts/<cohort_code>/certificates")
@needs(Permission.SEE_CERTIFICATES, scope="cohort")
def index(cohort: Cohort) -> ResponseReturnValue:
    people = queries.candidates(cohort, utcnow())
    found = listing.of(people)
    if request.args.get("format") == "csv":
        return csv_response(f"certificates-{cohort.code}", listing.head(), listing.lines(found.everybody))
    return render_template(
        "certificates/index.html",
        cohort=cohort,
        people=found,
        standings=queries.standings(people),
        job=outbox.latest(service.job_subject(cohort)),
        lacking=service.lacking(cohort),
        why_not=why_not,
        **_words(),
    )


@bp.get("/cohorts/<cohort_code>/certificates/progress")
@needs(Permission.SEE_CERTIFICATES, scope="cohort")
def progress(cohort: Cohort) -> ResponseReturnValue:
    """How far the job is, asked for once a second; when it is done, the page is loaded anew."""
    job = outbox.latest(service.job_subject(cohort))
    response = make_response(render_template("certificates/_progress.html", cohort=cohort, job=job))
    if job is None or job.state not in service.UNDER_WAY:
        response.headers["HX-Refresh"] = "true"
    return response


@bp.route("/cohorts/<cohort_code>/certificates/issue", methods=["GET", "POST"])
@needs(Permission.ISSUE_CERTIFICATES, scope="cohort")
def issue(cohort: Cohort) -> ResponseReturnValue:
    """First who would get one, then the order."""
    form, now, one = IssueForm(), utcnow(), request.args.get("enrolment", type=int)
    if form.validate_on_submit():
        with form.refusals(), work():
            service.issue(cohort, form.people.data or "", enrolment_id=one, by=current_user.person, now=now)
            return redirect(url_for("certificates.index", cohort_code=cohort.code))
    people = queries.to_issue(queries.candidates(cohort, now), one)
    form.people.data = queries.fingerprint(people)
    signs, short = queries.signatory_of(cohort.course.project.programme_id), queries.planned_short(cohort, people)
    return render_template(
        "certificates/issue.html", cohort=cohort, form=form, people=people, signs=signs, agency=queries.agency(), short=short, **_words()
    )


@bp.get("/cohorts/<cohort_code>/certificates/specimen.pdf")
@needs(Permission.ISSUE_CERTIFICATES, scope="cohort")
def specimen(cohort: Cohort) -> ResponseReturnValue:
    """What the first certificate would look like, marked as invalid."""
    now = utcnow()
    people = queries.candidates(cohort, now) or abort(404)
    first = next((c for c in people if c.standing is Standing.ELIGIBLE), people[0])
    return _file(printing.specimen(service.terms_of(cohort), first.enrolment, first.record, now), f"specimen-{cohort.code}")


@bp.route("/cohorts/<cohort_code>/certificates/signatory", methods=["GET", "POST"])
@needs(Permission.ISSUE_CERTIFICATES, scope="cohort")
def signatory(cohort: Cohort) -> ResponseReturnValue:
    programme = cohort.course.project.programme
    form = SignatoryForm(obj=queries.signatory_of(programme.id))
    if form.validate_on_submit():
        with form.refusals(), work():
            service.signatory(programme, form.name.data, form.post.data, by=current_user.person, cohort=cohort)
            flash(_("Saved. Certificates issued from now on are signed like this."), "success")
            return redirect(url_for("certificates.index", cohort_code=cohort.code))
    return render_template("certificates/signatory.html", cohort=cohort, form=form, programme=programme)


@bp.get("/cohorts/<cohort_code>/certificates/<number>.pdf")
@needs(Permission.SEE_CERTIFICATES, scope="cohort")
def document(cohort: Cohort, number: str) -> ResponseReturnValue:
    return _sheet(_in_cohort(cohort, number))


@bp.route("/cohorts/<cohort_code>/certificates/<number>/revoke", methods=["GET", "POST"])
@needs(Permission.REVOKE_CERTIFICATES, scope="cohort")
def revoke(cohort: Cohort, number: str) -> ResponseReturnValue:
    certificate, form = _in_cohort(cohort, number), RevokeForm()
    if form.validate_on_submit():
        with form.refusals(), work():
            service.revoke(certificate, form.reason.data or "", by=current_user.person, now=utcnow())
            flash(_("Certificate %(number)s is revoked. The verification page says so from now on.", number=number), "success")
            return redirect(url_for("certificates.index", cohort_code=cohort.code))
    return render_template("certificates/revoke.html", cohort=cohort, certificate=certificate, form=form)


# --- One's own ------------------------------------------------------------------------------------------------------


@bp.get("/me/certificates/<number>.pdf")
@needs(Permission.USE_ACCOUNT)
def download(number: str) -> ResponseReturnValue:
    """One's own certificate; somebody else's is not there."""
    certificate = queries.by_number(number)
    if certificate is None or certificate.enrolment.person_id != current_user.person_id:
        abort(404)
    return _sheet(certificate)


# --- Anybody's ------------------------------------------------------------------------------------------------------


@bp.get("/verify")
@bp.get("/verify/", alias=True)
@bp.get("/verify/<code>")
@public
@limiter.limit(lambda: current_app.config["LIMIT_VERIFY"], exempt_when=lambda: not request.view_args)
def verify(code: str | None = None) -> ResponseReturnValue:
    """Whether a certificate is genuine, and everything that is printed on it, so that an edited copy shows."""
    if code is None and (typed := fold_code(request.args.get("code", "")[:60])):
        return redirect(url_for("certificates.verify", code=typed))
    folded = fold_code((code or "")[:60])
    certificate = queries.by_code(folded) if is_code(folded) else None
    if code is not None and wants_json():
        return _verified_json(certificate)
    validity = None if code is None else certificate.validity if certificate else Validity.UNKNOWN
    page = render_template("certificates/verify.html", typed=folded, certificate=certificate, validity=validity)
    return _not_kept(make_response(page, 404 if validity is Validity.UNKNOWN else 200))


def _verified_json(certificate: Certificate | None) -> Response:
    if certificate is None:
        title = _("No certificate has this code.")
        response = jsonify(type="about:blank", title=title, status=404, detail=title, validity=Validity.UNKNOWN)
        response.status_code, response.mimetype = 404, "application/problem+json"
        return _not_kept(response)
    kept, printed = certificate.snapshot, certificate.snapshot["printed"]
    names = ("number", "issuer", "programme", "course", "hours", "minutes_per_hour", "host", "city", "country", "demonstration")
    facts = {name: printed[name] for name in names}
    name = {"latin": printed["name"]["latin"], "own": printed["name"]["own"]}
    dates = {day: kept[day] for day in ("starts_on", "ends_on", "issued_on")}
    return _not_kept(jsonify(validity=certificate.validity, revoked_on=_revoked_on(certificate), name=name, **facts, **dates))


# --- Helpers of the views -------------------------------------------------------------------------------------------


def _words() -> dict[str, object]:
    return {"Standing": Standing, "shapes": SHAPES, "under_way": service.UNDER_WAY, "what_lacks": service.WHAT_LACKS, "ngettext": ngettext}


def _in_cohort(cohort: Cohort, number: str) -> Certificate:
    certificate = queries.by_number(number)
    if certificate is None or certificate.enrolment.cohort_id != cohort.id:
        abort(404)
    return certificate


def _sheet(certificate: Certificate) -> Response:
    if certificate.validity is Validity.REVOKED:
        raise Refused(_("This certificate was revoked and is no longer handed out. Ask the coordinator of your course."), status=410)
    return _file(printing.pdf(certificate.snapshot, certificate.issued_at), certificate.number)


def _file(pdf: bytes, name: str) -> Response:
    """The PDF, to look at or to keep; the name is ASCII whatever the code of the programme."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name)
    disposition = f'attachment; filename="{plain}.pdf"'
    return Response(pdf, mimetype="application/pdf", headers={"Content-Disposition": disposition, "Cache-Control": "no-store"})


def _not_kept(response: Response) -> Response:
    """Neither a search engine nor a cache keeps the answer: it names a person."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Cache-Control"] = "no-store"
    return response


def _revoked_on(certificate: Certificate | None) -> str | None:
    """The day of the revocation at the venue, as a machine writes it."""
    return printing.day_at_venue(certificate, certificate.revoked_at).isoformat() if certificate and certificate.revoked_at else None
