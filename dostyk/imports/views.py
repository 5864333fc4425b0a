"""Participants of a cohort from a file: hand it in, see what each row would do, apply it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from dostyk.cohorts.models import Cohort
from dostyk.core import uploads
from dostyk.core.access import Permission, needs
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.core.errors import Refused
from dostyk.core.sheets import csv_template, xlsx_template
from dostyk.core.tables import csv_response
from dostyk.core.uploads import Upload, UploadState
from dostyk.imports import queries, service
from dostyk.imports.forms import ApplyForm, HandInForm
from dostyk.imports.service import PARTICIPANTS

bp = Blueprint("imports", __name__, url_prefix="/cohorts/<cohort_code>/participants/import")
ONE = "/<int:upload_id>"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.route("", methods=["GET", "POST"])
@needs(Permission.EDIT_COHORT, scope="cohort")
def hand_in(cohort: Cohort) -> ResponseReturnValue:
    form, about = HandInForm(), service.subject(cohort)
    if form.validate_on_submit():
        file = form.file.data
        with form.refusals(), work():
            upload = uploads.hand_in(
                PARTICIPANTS, about, file.filename or "", file.read(), by=current_user.person, now=utcnow(), cohort=cohort.code
            )
            return redirect(url_for("imports.report", cohort_code=cohort.code, upload_id=upload.id))
    earlier = uploads.latest(PARTICIPANTS, about)
    names = queries.names_of({upload.by_id for upload in earlier})
    return render_template("imports/hand_in.html", cohort=cohort, form=form, earlier=earlier, names=names, columns=PARTICIPANTS.columns)


@bp.get("/template.<any(csv, xlsx):kind>")
@needs(Permission.EDIT_COHORT, scope="cohort")
def template(cohort: Cohort, kind: str) -> ResponseReturnValue:
    columns = PARTICIPANTS.columns
    body: str | bytes = csv_template(columns) if kind == "csv" else xlsx_template(columns, _("Participants"))
    disposition = f'attachment; filename="participants.{kind}"'
    return Response(body, mimetype="text/csv" if kind == "csv" else XLSX, headers={"Content-Disposition": disposition})


@bp.get(ONE)
@needs(Permission.EDIT_COHORT, scope="cohort")
def report(cohort: Cohort, upload_id: int) -> ResponseReturnValue:
    """What was found, and what became of it."""
    upload = _upload(cohort, upload_id)
    job, found = uploads.job_of(upload), uploads.report.rows(upload)
    if request.args.get("format") == "csv":
        name = f"import-{cohort.code}-{upload.id}"
        return csv_response(name, uploads.report.head(PARTICIPANTS), uploads.report.lines(PARTICIPANTS, upload, found.select))
    return render_template(
        "imports/report.html",
        cohort=cohort,
        upload=upload,
        job=job,
        running=uploads.running(upload, job),
        l=found,
        counts=uploads.report.counts(upload),
        words=uploads.report.columns(PARTICIPANTS, upload),
        kind=PARTICIPANTS,
        form=ApplyForm(),
        short=service.short(cohort, upload) if upload.state is UploadState.CHECKED else [],
        by=queries.names_of({upload.by_id}).get(upload.by_id, ""),
    )


@bp.get(f"{ONE}/progress")
@needs(Permission.EDIT_COHORT, scope="cohort")
def progress(cohort: Cohort, upload_id: int) -> ResponseReturnValue:
    """How far the worker is, asked for once a second; when it is done, the page is loaded anew."""
    upload = _upload(cohort, upload_id)
    job = uploads.job_of(upload)
    response = make_response(render_template("imports/_progress.html", cohort=cohort, upload=upload, job=job))
    if not uploads.running(upload, job):
        response.headers["HX-Refresh"] = "true"
    return response


@bp.post(f"{ONE}/apply")
@needs(Permission.EDIT_COHORT, scope="cohort")
def apply(cohort: Cohort, upload_id: int) -> ResponseReturnValue:
    upload, form = _upload(cohort, upload_id), ApplyForm()
    with _told(), work():
        uploads.apply(upload, by=current_user.person, now=utcnow(), cohort=cohort.code, invite=bool(form.invite.data))
    return redirect(url_for("imports.report", cohort_code=cohort.code, upload_id=upload_id))


@bp.post(f"{ONE}/check-again")
@needs(Permission.EDIT_COHORT, scope="cohort")
def check_again(cohort: Cohort, upload_id: int) -> ResponseReturnValue:
    upload = _upload(cohort, upload_id)
    with _told(), work():
        uploads.check_again(upload, by=current_user.person, cohort=cohort.code)
    return redirect(url_for("imports.report", cohort_code=cohort.code, upload_id=upload_id))


@bp.post(f"{ONE}/throw-away")
@needs(Permission.EDIT_COHORT, scope="cohort")
def throw_away(cohort: Cohort, upload_id: int) -> ResponseReturnValue:
    upload = uploads.one(PARTICIPANTS, service.subject(cohort), upload_id)
    with _told(), work():
        if upload is not None:  # thrown away twice is thrown away
            uploads.throw_away(upload, by=current_user.person, cohort=cohort.code)
        flash(_("The file is thrown away. Nothing was changed."), "success")
    return redirect(url_for("imports.hand_in", cohort_code=cohort.code))


def _upload(cohort: Cohort, upload_id: int) -> Upload:
    return uploads.one(PARTICIPANTS, service.subject(cohort), upload_id) or abort(404)


@contextmanager
def _told() -> Iterator[None]:
    """For a button without a form to return to: a refusal is told on the next page."""
    try:
        yield
    except Refused as refused:
        flash(str(refused.sentence), "error")
