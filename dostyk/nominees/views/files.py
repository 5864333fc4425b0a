"""People to be named from a file: hand it in, see what each row would do, apply it."""

from __future__ import annotations

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from dostyk.core import uploads
from dostyk.core.access import Permission, needs
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.core.sheets import csv_template, xlsx_template
from dostyk.core.tables import csv_response
from dostyk.core.uploads import Upload
from dostyk.nominees import queries
from dostyk.nominees.forms import HandInForm
from dostyk.nominees.service import NOMINEES, subject_of_files
from dostyk.nominees.views.shared import PEOPLE, bp, told
from dostyk.vouchers.models import Batch

FILES = f"{PEOPLE}/files"
FILE = f"{FILES}/<int:upload_id>"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.route(FILES, methods=["GET", "POST"])
@needs(Permission.NAME_PEOPLE, scope="batch")
def hand_in(batch: Batch) -> ResponseReturnValue:
    form, about = HandInForm(), subject_of_files(batch)
    if form.validate_on_submit():
        file = form.file.data
        with form.refusals(), work():
            upload = uploads.hand_in(
                NOMINEES, about, file.filename or "", file.read(), by=current_user.person, now=utcnow(), cohort=batch.cohort.code
            )
            return redirect(url_for("nominees.report", batch_id=batch.id, upload_id=upload.id))
    earlier, free = uploads.latest(NOMINEES, about), queries.number_free(batch, utcnow())
    return render_template("nominees/hand_in.html", batch=batch, form=form, earlier=earlier, columns=NOMINEES.columns, free=free)


@bp.get(f"{FILES}/template.<any(csv, xlsx):kind>")
@needs(Permission.NAME_PEOPLE, scope="batch")
def template(batch: Batch, kind: str) -> ResponseReturnValue:
    body: str | bytes = csv_template(NOMINEES.columns) if kind == "csv" else xlsx_template(NOMINEES.columns, _("People"))
    disposition = f'attachment; filename="people.{kind}"'
    return Response(body, mimetype="text/csv" if kind == "csv" else XLSX, headers={"Content-Disposition": disposition})


@bp.get(FILE)
@needs(Permission.NAME_PEOPLE, scope="batch")
def report(batch: Batch, upload_id: int) -> ResponseReturnValue:
    """What was found, and what became of it."""
    upload = _upload(batch, upload_id)
    job, found = uploads.job_of(upload), uploads.report.rows(upload)
    if request.args.get("format") == "csv":
        name = f"people-{batch.id}-file-{upload.id}"
        return csv_response(name, uploads.report.head(NOMINEES), uploads.report.lines(NOMINEES, upload, found.select))
    return render_template(
        "nominees/report.html", batch=batch, upload=upload, job=job, running=uploads.running(upload, job), l=found,
        counts=uploads.report.counts(upload), words=uploads.report.columns(NOMINEES, upload), kind=NOMINEES,
        free=queries.number_free(batch, utcnow()),
    )  # fmt: skip


@bp.get(f"{FILE}/progress")
@needs(Permission.NAME_PEOPLE, scope="batch")
def progress(batch: Batch, upload_id: int) -> ResponseReturnValue:
    """How far the worker is, asked for once a second; when it is done, the page is loaded anew."""
    upload = _upload(batch, upload_id)
    job = uploads.job_of(upload)
    response = make_response(render_template("nominees/_progress.html", batch=batch, upload=upload, job=job))
    if not uploads.running(upload, job):
        response.headers["HX-Refresh"] = "true"
    return response


@bp.post(f"{FILE}/apply")
@needs(Permission.NAME_PEOPLE, scope="batch")
def apply(batch: Batch, upload_id: int) -> ResponseReturnValue:
    upload = _upload(batch, upload_id)
    with told(), work():
        uploads.apply(upload, by=current_user.person, now=utcnow(), cohort=batch.cohort.code)
    return redirect(url_for("nominees.report", batch_id=batch.id, upload_id=upload_id))


@bp.post(f"{FILE}/throw-away")
@needs(Permission.NAME_PEOPLE, scope="batch")
def throw_away(batch: Batch, upload_id: int) -> ResponseReturnValue:
    upload = uploads.one(NOMINEES, subject_of_files(batch), upload_id)
    with told(), work():
        if upload is not None:  # thrown away twice is thrown away
            uploads.throw_away(upload, by=current_user.person, cohort=batch.cohort.code)
        flash(_("The file is thrown away. Nothing was changed."), "success")
    return redirect(url_for("nominees.hand_in", batch_id=batch.id))


def _upload(batch: Batch, upload_id: int) -> Upload:
    return uploads.one(NOMINEES, subject_of_files(batch), upload_id) or abort(404)
