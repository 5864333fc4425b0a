"""The batches of a focal point: those of its own body or country."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from dostyk.core import nav
from dostyk.core.access import Permission, grants_with, needs
from dostyk.core.clock import utcnow
from dostyk.core.tables import csv_response
from dostyk.vouchers import listing, printing, queries
from dostyk.vouchers.models import Batch
from dostyk.vouchers.views.shared import bp, printed, words

nav.tab("batch", 10, _l("Codes"), "vouchers.batch", Permission.SEE_BATCH)
nav.section(25, _l("Vouchers"), "vouchers.mine", Permission.SEE_BATCH)


@bp.get("/vouchers/")
@needs(Permission.SEE_BATCH, scope="any")
def mine() -> ResponseReturnValue:
    now = utcnow()
    batches = listing.batches(queries.reached_by(grants_with(Permission.SEE_BATCH)), now)
    counts = queries.counts(batches.rows, now)
    if request.args.get("format") == "csv":
        return csv_response("batches", *listing.file_of_batches(batches, now))
    return render_template("vouchers/mine.html", batches=batches, counts=counts)


@bp.get("/vouchers/<int:batch_id>")
@needs(Permission.SEE_BATCH, scope="batch")
def batch(batch: Batch) -> ResponseReturnValue:
    now = utcnow()
    vouchers = listing.of_batch(batch, now)
    if request.args.get("format") == "csv":
        return csv_response(printing.file_name(batch), *listing.file_of(vouchers, batch.cohort, now))
    counts = queries.counts([batch], now)[batch.id]
    return render_template("vouchers/batch.html", batch=batch, counts=counts, **words(vouchers, now))


@bp.get("/vouchers/<int:batch_id>/sheet.pdf")
@needs(Permission.SEE_BATCH, scope="batch")
def batch_sheet(batch: Batch) -> ResponseReturnValue:
    return printed(batch)
