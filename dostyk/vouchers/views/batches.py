"""Vouchers of a cohort: the list, a batch, and what a coordinator changes about it."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from werkzeug import Response

from dostyk.cohorts import queries as cohorts
from dostyk.cohorts.models import Cohort
from dostyk.core import nav
from dostyk.core.access import Permission, needs
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.core.errors import Refused
from dostyk.core.text import group_code
from dostyk.vouchers import listing, printing, queries, rules, service
from dostyk.vouchers.forms import ChangeForm, ReasonForm
from dostyk.vouchers.labels import TRIES
from dostyk.vouchers.models import Batch
from dostyk.vouchers.rules import BatchState
from dostyk.vouchers.views.shared import BATCH, COHORT, bp, file_of_codes, in_cohort, printed, told, words

nav.tab("cohort", 30, _l("Vouchers"), "vouchers.index", Permission.SEE_VOUCHERS)


@bp.get(COHORT)
@needs(Permission.SEE_VOUCHERS, scope="cohort")
def index(cohort: Cohort) -> ResponseReturnValue:
    now, batches = utcnow(), queries.batches_of(cohort)
    vouchers = listing.of_cohort(cohort, batches, now)
    if request.args.get("format") == "csv":
        return file_of_codes(printing.ascii_name(f"vouchers-{cohort.code}"), vouchers, cohort)
    return render_template(
        "vouchers/index.html", cohort=cohort, batches=batches, counts=queries.counts(batches, now),
        seats=cohorts.seat_table(cohort, now), **words(vouchers, now),
    )  # fmt: skip


@bp.get(BATCH)
@needs(Permission.SEE_VOUCHERS, scope="cohort")
def show(cohort: Cohort, batch_id: int) -> ResponseReturnValue:
    now, batch = utcnow(), in_cohort(cohort, batch_id)
    if batch.state is BatchState.DRAFT:
        return redirect(url_for("vouchers.draft", cohort_code=cohort.code, batch_id=batch.id))
    vouchers = listing.of_batch(batch, now)
    if request.args.get("format") == "csv":
        return file_of_codes(printing.file_name(batch), vouchers, cohort)
    tries = queries.tries(batch)
    return render_template(
        "vouchers/show.html", cohort=cohort, batch=batch, counts=queries.counts([batch], now)[batch.id],
        tries=tries, tried=queries.codes(event.data["voucher"] for event in tries), why=TRIES, **words(vouchers, now),
    )  # fmt: skip


@bp.get(f"{BATCH}/sheet.pdf")
@needs(Permission.ISSUE_VOUCHERS, scope="cohort")
def sheet(cohort: Cohort, batch_id: int) -> ResponseReturnValue:
    return printed(in_cohort(cohort, batch_id))


@bp.route(f"{BATCH}/change", methods=["GET", "POST"])
@needs(Permission.ISSUE_VOUCHERS, scope="cohort")
def change(cohort: Cohort, batch_id: int) -> ResponseReturnValue:
    """How many seats, and until when."""
    now, batch = utcnow(), in_cohort(cohort, batch_id)
    present = rules.valid_through(batch.valid_until, cohort.time_zone)
    form = ChangeForm(quantity=batch.quantity, valid_through=present)
    form.offer(queries.end_of(cohort, replaces=batch.replaces_id is not None), cohort)
    if form.validate_on_submit():
        with form.refusals(), work():
            by, reason = current_user.person, form.reason.data or ""
            if form.valid_through.data != present:
                service.extend(batch, form.valid_through.data, reason, by, now)
            if form.quantity.data != batch.quantity:
                service.change_quantity(batch, form.quantity.data, reason, by, now)
            flash(_("The batch is changed."), "success")
            return _shown(batch)
    return render_template("vouchers/change.html", cohort=cohort, batch=batch, form=form, seats=cohorts.seat_table(cohort, now))


@bp.post(f"{BATCH}/revoke")
@needs(Permission.ISSUE_VOUCHERS, scope="cohort")
def revoke(cohort: Cohort, batch_id: int) -> ResponseReturnValue:
    """One voucher, or all that are not used."""
    batch, form = in_cohort(cohort, batch_id), ReasonForm()

    def act() -> str:
        number = service.revoke(batch, form.reason.data or "", current_user.person, utcnow(), voucher_id=form.voucher.data)
        return ngettext("%(num)s voucher is revoked.", "%(num)s vouchers are revoked.", number)

    told(act, form)
    return _shown(batch)


@bp.post(f"{BATCH}/close")
@needs(Permission.ISSUE_VOUCHERS, scope="cohort")
def close(cohort: Cohort, batch_id: int) -> ResponseReturnValue:
    batch, form = in_cohort(cohort, batch_id), ReasonForm()

    def act() -> str:
        service.close(batch, form.reason.data or "", current_user.person, utcnow())
        return _("The batch is closed: it gives no seat any more.")

    told(act, form)
    return _shown(batch)


@bp.post(f"{BATCH}/exchange")
@needs(Permission.ISSUE_VOUCHERS, scope="cohort")
def exchange(cohort: Cohort, batch_id: int) -> ResponseReturnValue:
    """A new code in place of one that was lost."""
    batch, form = in_cohort(cohort, batch_id), ReasonForm()
    voucher = queries.voucher_of(batch, form.voucher.data) if form.voucher.data else None
    if form.voucher.data and voucher is None:
        abort(404)

    def act() -> str:
        if voucher is None:
            raise Refused(_("Choose a voucher of this batch."))
        new = service.exchange(voucher, form.reason.data or "", current_user.person, utcnow())
        return _("The new code is %(code)s. The old one gives no seat any more.", code=group_code(new.code))

    told(act, form)
    return _shown(batch)


def _shown(batch: Batch) -> Response:
    return redirect(url_for("vouchers.show", cohort_code=batch.cohort.code, batch_id=batch.id))
