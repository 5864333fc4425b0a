"""Vouchers of a cohort, the batches of a focal point, and the pages where anybody redeems one."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from flask import Blueprint, Response, abort, current_app, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from flask_security import login_user

from dostyk.cohorts.models import Cohort
from dostyk.core import nav
from dostyk.core.access import Permission, can, grants_with, needs, public
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.core.errors import Refused
from dostyk.core.i18n import language
from dostyk.core.tables import csv_response
from dostyk.core.text import fold_code, group_code
from dostyk.extensions import limiter
from dostyk.people import queries as people
from dostyk.people.models import Person
from dostyk.vouchers import listing, mail, printing, queries, rules, service
from dostyk.vouchers.forms import ConsentForm, IssueForm, RedeemForm, RevokeForm, SeatForm
from dostyk.vouchers.labels import SHAPES, TRIES
from dostyk.vouchers.models import Batch
from dostyk.vouchers.rules import VoucherState

bp = Blueprint("vouchers", __name__)
nav.tab("cohort", 30, _l("Vouchers"), "vouchers.index", Permission.SEE_VOUCHERS)
nav.section(25, _l("Vouchers"), "vouchers.mine", Permission.SEE_BATCH)
bp.add_app_template_filter(group_code, "code")

# --- Of a cohort -----------------------------------------------------------------------------------------------------


@bp.get("/cohorts/<cohort_code>/vouchers")
@needs(Permission.SEE_VOUCHERS, scope="cohort")
def index(cohort: Cohort) -> ResponseReturnValue:
    now, batches = utcnow(), queries.batches_of(cohort)
    vouchers = listing.of_cohort(cohort, batches, now)
    if request.args.get("format") == "csv":
        return _codes(f"vouchers-{cohort.code}", vouchers, cohort)
    return render_template(
        "vouchers/index.html", cohort=cohort, batches=batches, counts=queries.counts(batches, now), vouchers=vouchers,
        seats=queries.seats_left(cohort, now), **_words(vouchers),
    )  # fmt: skip


@bp.route("/cohorts/<cohort_code>/vouchers/issue", methods=["GET", "POST"])
@needs(Permission.ISSUE_VOUCHERS, scope="cohort")
def issue(cohort: Cohort) -> ResponseReturnValue:
    now, bodies = utcnow(), queries.bodies()
    usual = rules.usual_last_day(cohort.starts_on, cohort.closes_at, cohort.time_zone, now)
    form = IssueForm(valid_through=usual, language=language())
    form.offer(bodies)
    if form.validate_on_submit():
        with form.refusals(), work():
            body = next(row for row in bodies if row.id == form.organisation_id.data)
            order = service.Order(body, **{name: form[name].data for name in ("country", "quantity", "valid_through", "language", "note")})
            batch = service.issue(cohort, order, by=current_user.person, now=now)
            flash(ngettext("%(num)s voucher is issued.", "%(num)s vouchers are issued.", batch.quantity), "success")
            return redirect(url_for("vouchers.show", cohort_code=cohort.code, batch_id=batch.id))
    return render_template("vouchers/issue.html", cohort=cohort, form=form, seats=queries.seats_left(cohort, now), bodies=bodies)


@bp.get("/cohorts/<cohort_code>/vouchers/batches/<int:batch_id>")
@needs(Permission.SEE_VOUCHERS, scope="cohort")
def show(cohort: Cohort, batch_id: int) -> ResponseReturnValue:
    now, batch = utcnow(), _in_cohort(cohort, batch_id)
    vouchers = listing.of_batch(batch, now)
    if request.args.get("format") == "csv":
        return _codes(printing.file_name(batch), vouchers, cohort)
    return render_template(
        "vouchers/show.html", cohort=cohort, batch=batch, vouchers=vouchers, counts=queries.counts([batch], now)[batch.id],
        tries=queries.tries(batch), why=TRIES, **_words(vouchers),
    )  # fmt: skip


@bp.get("/cohorts/<cohort_code>/vouchers/batches/<int:batch_id>/sheet.pdf")
@needs(Permission.ISSUE_VOUCHERS, scope="cohort")
def sheet(cohort: Cohort, batch_id: int) -> ResponseReturnValue:
    return _sheet(_in_cohort(cohort, batch_id))


@bp.post("/cohorts/<cohort_code>/vouchers/batches/<int:batch_id>/revoke")
@needs(Permission.ISSUE_VOUCHERS, scope="cohort")
def revoke(cohort: Cohort, batch_id: int) -> ResponseReturnValue:
    """One voucher, or all that are not used."""
    batch, form = _in_cohort(cohort, batch_id), RevokeForm()
    if form.validate_on_submit():
        with form.refusals(), work():
            number = service.revoke(batch, form.reason.data or "", by=current_user.person, now=utcnow(), voucher_id=form.voucher.data)
            flash(ngettext("%(num)s voucher is revoked.", "%(num)s vouchers are revoked.", number), "success")
    for error in (*form.form_errors, *form.reason.errors):
        flash(str(error), "error")
    return redirect(url_for("vouchers.show", cohort_code=cohort.code, batch_id=batch.id))


# --- Of a focal point ------------------------------------------------------------------------------------------------


@bp.get("/vouchers/")
@needs(Permission.SEE_BATCH, scope="any")
def mine() -> ResponseReturnValue:
    now = utcnow()
    batches = listing.batches(queries.reached_by(grants_with(Permission.SEE_BATCH)), now)
    counts = queries.counts(batches.rows, now)
    if request.args.get("format") == "csv":
        return csv_response("batches", *listing.export_batches(batches, now))
    return render_template("vouchers/mine.html", batches=batches, counts=counts)


@bp.get("/vouchers/<int:batch_id>")
@needs(Permission.SEE_BATCH, scope="batch")
def batch(batch: Batch) -> ResponseReturnValue:
    now = utcnow()
    vouchers = listing.of_batch(batch, now)
    if request.args.get("format") == "csv":
        return csv_response(printing.file_name(batch), *listing.export(vouchers, now))
    counts = queries.counts([batch], now)[batch.id]
    return render_template("vouchers/batch.html", batch=batch, cohort=batch.cohort, vouchers=vouchers, counts=counts, **_words(vouchers))


@bp.get("/vouchers/<int:batch_id>/sheet.pdf")
@needs(Permission.SEE_BATCH, scope="batch")
def batch_sheet(batch: Batch) -> ResponseReturnValue:
    return _sheet(batch)


# --- Anybody's -------------------------------------------------------------------------------------------------------

# Only tries that gave no seat are counted; whoever types a good code is never kept waiting.
counted = limiter.shared_limit(
    lambda: current_app.config["LIMIT_CODE"], scope="voucher-code", deduct_when=lambda _response: bool(g.get("failed_try"))
)


@bp.route("/redeem", methods=["GET", "POST"])
@bp.get("/redeem/", alias=True)
@public
@counted
def redeem() -> ResponseReturnValue:
    """Type the code; a good one leads on to its own page."""
    form = RedeemForm()
    if form.validate_on_submit():
        with form.refusals(), work():
            offer = service.offer(form.code.data, _visitor(), _ticket(form.code.data), utcnow())
            return redirect(url_for("vouchers.seat", code=offer.voucher.code), 303)
    return _type_the_code(form)


@bp.route("/redeem/<code>", methods=["GET", "POST"])
@public
@counted
def seat(code: str) -> ResponseReturnValue:
    """What the code is for, and the form that takes the seat. Looking changes nothing: only the button does."""
    again, person, now = RedeemForm(formdata=None, data={"code": code[:100]}), _visitor(), utcnow()
    with again.refusals():
        form = _form(person)
        with form.refusals(), _notes_are_kept():
            offer = service.offer(code, person, _ticket(code), now)
            if offer.seat and person:
                return redirect(url_for("vouchers.welcome", cohort_code=offer.seat.cohort.code), 303)
            if request.method == "POST" and (offer.seat or form.validate()):
                return _give(offer, form, person)
        g.failed_try = bool(form.form_errors or form.errors) and form.refused
        why_not = offer.no_seat and service.no_seat_sentence(offer.no_seat, offer.voucher)
        return render_template("vouchers/seat.html", offer=offer, form=form, person=person, code=code, why_not=why_not)
    return _type_the_code(again)


@bp.get("/redeem/welcome/<cohort_code>")
@needs(Permission.SEE_COHORT, scope="cohort")
def welcome(cohort: Cohort) -> ResponseReturnValue:
    return render_template("vouchers/welcome.html", cohort=cohort, new=current_user.password is None)
