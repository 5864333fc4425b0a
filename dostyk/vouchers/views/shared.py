"""What the pages of this room share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response, abort, current_app, flash, request
from flask_babel import gettext as _

from dostyk.cohorts.models import Cohort
from dostyk.core.access import Permission, can
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.core.errors import Refused
from dostyk.core.forms import Form
from dostyk.core.i18n import known as known_language
from dostyk.core.tables import Listing, csv_response
from dostyk.core.text import group_code
from dostyk.vouchers import listing, printing, queries, rules
from dostyk.vouchers.labels import BATCH_SHAPES, SHAPES
from dostyk.vouchers.models import Batch, Voucher
from dostyk.vouchers.rules import VoucherState

bp = Blueprint("vouchers", __name__)
bp.add_app_template_filter(group_code, "code")
bp.add_app_template_filter(rules.valid_through, "valid_through")
bp.add_app_template_filter(rules.sheets, "sheets")
bp.add_app_template_global(queries.number_pending, "waiting_in")
COHORT = "/cohorts/<cohort_code>/vouchers"
BATCH = f"{COHORT}/batches/<int:batch_id>"


@bp.app_template_global()
def may_replace_in(cohort: Cohort) -> bool:
    """Whether the place of who left can still be given to somebody else."""
    return cohort.archived_at is None and utcnow() < queries.end_of(cohort, replaces=True)


def in_cohort(cohort: Cohort, batch_id: int) -> Batch:
    """The batch of this number; 404 when it belongs to another cohort."""
    return queries.batch_of(cohort, batch_id) or abort(404)


def told(act: Callable[[], str], form: Form | None = None) -> bool:
    """Do what a button without a page of its own asks for, and tell on the next page what came of it. Whether it was done."""
    try:
        if form is not None and not form.validate_on_submit():
            raise Refused(" ".join(str(error) for errors in form.errors.values() for error in errors))
        with work():
            said = act()
    except Refused as refused:
        flash(str(refused.sentence), "error")
        return False
    flash(said, "success")
    return True


def words(vouchers: Listing[Voucher], now: datetime) -> dict[str, object]:
    """What the lists of vouchers show beside the rows."""

    def state(voucher: Voucher) -> VoucherState:
        return rules.state(queries.facts(voucher), now)

    redeemed = queries.redemptions(vouchers.rows)
    shapes = {"shapes": SHAPES, "batch_shapes": BATCH_SHAPES}
    return {"vouchers": vouchers, "redemptions": redeemed, "state": state, "State": VoucherState, **shapes}


def file_of_codes(name: str, vouchers: Listing[Voucher], cohort: Cohort) -> Response:
    """A file with codes: they are secrets, so only for who may issue them."""
    if not can(Permission.ISSUE_VOUCHERS, cohort):
        abort(403)
    return csv_response(name, *listing.file_of(vouchers, cohort, utcnow()))


def printed(batch: Batch) -> Response:
    """One printed file of the batch: all of it, or a hundred vouchers of a big one (`?part=2`), or one (`?voucher=7&in=ru`)."""
    now, parts = utcnow(), rules.sheets(queries.number_of(batch))
    part, only = request.args.get("part", 1, type=int), request.args.get("voucher", type=int)
    if only is not None:
        vouchers = queries.one_open(batch, only, now) or abort(404)
    else:
        vouchers = queries.open_of(batch, parts[part - 1], now) if 1 <= part <= len(parts) else abort(404)
    if not vouchers:
        raise Refused(_("None of these vouchers can be redeemed any more: there is nothing to print."))
    pdf = printing.sheet(batch, vouchers, current_app.config["PUBLIC_URL"], now, known_language(request.args.get("in")) or "")
    disposition = f'attachment; filename="{printing.file_name(batch)}.pdf"'
    return Response(pdf, mimetype="application/pdf", headers={"Content-Disposition": disposition, "Cache-Control": "no-store"})
