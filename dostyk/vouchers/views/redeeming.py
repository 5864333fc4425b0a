"""Vouchers of a cohort, the batches of a focal point, and the pages where anybody redeems one."""

from __future__ import annotations

import secrets
from contextlib import nullcontext
from datetime import datetime

from flask import Blueprint, Response, abort, current_app, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from flask_security import login_user

from dostyk.cohorts import queries as cohorts
from dostyk.cohorts.models import Cohort
from dostyk.core import nav
from dostyk.core.access import Permission, can, grants_with, needs, public
from dostyk.core.audit import gathered
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.core.errors import Refused
from dostyk.core.i18n import language
from dostyk.core.tables import Listing, csv_response
from dostyk.core.text import group_code
from dostyk.extensions import limiter
from dostyk.people import queries as people
from dostyk.people.models import Person
from dostyk.people.rules import OrganisationKind
from dostyk.vouchers import calendars, letters, listing, printing, queries, rules, service
from dostyk.vouchers.forms import ConsentForm, IssueForm, RedeemForm, RevokeForm, SeatForm
from dostyk.vouchers.labels import GIVES_NO_SEAT, SHAPES, TRIES
from dostyk.vouchers.models import Batch, Voucher
from dostyk.vouchers.rules import VoucherState

bp = Blueprint("vouchers", __name__)
nav.tab("cohort", 30, _l("Vouchers"), "vouchers.index", Permission.SEE_VOUCHERS)
nav.section(25, _l("Vouchers"), "vouchers.mine", Permission.SEE_BATCH)
bp.add_app_template_filter(group_code, "code")
bp.add_app_template_filter(rules.valid_through, "valid_through")
bp.add_app_template_filter(rules.sheets, "sheets")

# --- Of a cohort -----------------------------------------------------------------------------------------------------


@bp.get("/cohorts/<cohort_code>/vouchers")
@needs(Permission.SEE_VOUCHERS, scope="cohort")
def index(cohort: Cohort) -> ResponseReturnValue:
    now, batches = utcnow(), queries.batches_of(cohort)
    vouchers = listing.of_cohort(cohort, batches, now)
    if request.args.get("format") == "csv":
        return _codes(printing.ascii_name(f"vouchers-{cohort.code}"), vouchers, cohort)
    return render_template(
        "vouchers/index.html", cohort=cohort, batches=batches, counts=queries.counts(batches, now),
        seats=cohorts.seat_table(cohort, now), **_words(vouchers, now),
    )  # fmt: skip


@bp.route("/cohorts/<cohort_code>/vouchers/issue", methods=["GET", "POST"])
@needs(Permission.ISSUE_VOUCHERS, scope="cohort")
def issue(cohort: Cohort) -> ResponseReturnValue:
    now, bodies = utcnow(), people.organisations(OrganisationKind.PARTNER, OrganisationKind.AGENCY)
    usual = rules.usual_last_day(cohort.starts_on, cohort.closes_at, cohort.time_zone, now)
    form = IssueForm(valid_through=usual, language=language())
    form.offer(bodies, cohort)
    if form.validate_on_submit():
        with form.refusals(), work():
            body = next(row for row in bodies if row.id == form.organisation_id.data)
            order = service.Order(body, **{name: form[name].data for name in ("country", "quantity", "valid_through", "language", "note")})
            batch = service.issue(cohort, order, by=current_user.person, now=now)
            flash(ngettext("%(num)s voucher is issued.", "%(num)s vouchers are issued.", batch.quantity), "success")
            return redirect(url_for("vouchers.show", cohort_code=cohort.code, batch_id=batch.id))
    return render_template("vouchers/issue.html", cohort=cohort, form=form, seats=cohorts.seat_table(cohort, now), bodies=bodies)


@bp.get("/cohorts/<cohort_code>/vouchers/batches/<int:batch_id>")
@needs(Permission.SEE_VOUCHERS, scope="cohort")
def show(cohort: Cohort, batch_id: int) -> ResponseReturnValue:
    now, batch = utcnow(), _in_cohort(cohort, batch_id)
    vouchers = listing.of_batch(batch, now)
    if request.args.get("format") == "csv":
        return _codes(printing.file_name(batch), vouchers, cohort)
    tries = queries.tries(batch)
    return render_template(
        "vouchers/show.html", cohort=cohort, batch=batch, counts=queries.counts([batch], now)[batch.id],
        tries=tries, tried=queries.codes(event.data["voucher"] for event in tries), why=TRIES, **_words(vouchers, now),
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
    return render_template("vouchers/batch.html", batch=batch, counts=counts, **_words(vouchers, now))


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
    typed, person = RedeemForm(formdata=None, data={"code": code[:100]}), _visitor()
    with typed.refusals():
        form = _seat_form(person)
        with form.refusals(), work() if request.method == "POST" else nullcontext():
            offer = service.offer(code, person, _ticket(code), utcnow())
            if offer.seat and person:
                return redirect(url_for("vouchers.welcome", cohort_code=offer.seat.cohort.code), 303)
            if request.method == "POST" and (offer.seat or form.validate()):
                return _take(offer, form, person)
        g.failed_try = form.refused
        return render_template("vouchers/seat.html", offer=offer, form=form, person=person, why_not=service.no_seat_sentence(offer))
    return _type_the_code(typed)


@bp.get("/redeem/welcome/<cohort_code>")
@needs(Permission.SEE_COHORT, scope="cohort")
def welcome(cohort: Cohort) -> ResponseReturnValue:
    """What comes next for who has a seat."""
    return render_template("vouchers/welcome.html", cohort=cohort, new=current_user.password is None)


@bp.get("/redeem/welcome/<cohort_code>/calendar.ics")
@needs(Permission.SEE_COHORT, scope="cohort")
def calendar(cohort: Cohort) -> ResponseReturnValue:
    """The days of the course for the calendar of a phone."""
    text = calendars.days_of(cohort, current_app.config["PUBLIC_URL"], utcnow())
    return Response(text, mimetype="text/calendar", headers={"Content-Disposition": f'attachment; filename="{cohort.code}.ics"'})


@bp.after_request
def _keep_codes_secret(response: Response) -> Response:
    """An address holds the code: it must not travel on as a referrer, stay in a shared cache, or be indexed.

    Not `no-referrer`: over HTTPS the check against forged requests asks for the origin of a form.
    """
    if request.endpoint in ("vouchers.redeem", "vouchers.seat"):
        response.headers["Referrer-Policy"] = "strict-origin"
        response.headers["X-Robots-Tag"] = "noindex"
        if request.endpoint == "vouchers.seat" or request.method == "POST":
            response.headers["Cache-Control"] = "no-store"
    return response


# --- Helpers of the views --------------------------------------------------------------------------------------------


def _visitor() -> Person | None:
    """Who is signed in; None for a visitor."""
    person: Person | None = current_user.person if current_user.is_authenticated else None
    return person


def _ticket(code: str) -> str | None:
    """The mark of this visitor's form for this code; see service.ticket. A session gets its mark with the form."""
    mark = session.get("form")
    return service.ticket(mark, code) if mark else None


def _type_the_code(form: RedeemForm) -> ResponseReturnValue:
    """The page for typing a code: the same for whatever is wrong with one."""
    g.failed_try = str(GIVES_NO_SEAT) in form.code.errors
    return render_template("vouchers/_type_the_code.html", form=form)


def _seat_form(person: Person | None) -> ConsentForm:
    if person is None:
        session.setdefault("form", secrets.token_urlsafe(16))
        return SeatForm()
    form = ConsentForm()
    form.leave_out(people.standing_consents(person.id))
    return form


def _take(offer: service.Offer, form: ConsentForm, person: Person | None) -> ResponseReturnValue:
    """The seat, the letter, and the way on; who is new is signed in, in a session of their own."""
    applicant = form.details(offer.voucher.batch.country) if isinstance(form, SeatForm) and not offer.seat else person
    ticket = _ticket(offer.voucher.code)
    with gathered():
        given = service.redeem(offer, applicant, form.consents, language=language(), ticket=ticket, now=utcnow())
        account = given.account or people.account_of(given.seat.person_id)
        if account is None:
            abort(409)
        if person is None:
            session.clear()
            login_user(account, remember=False)
        if given.new:
            letters.welcome(given.seat, account, new=given.account is not None, pending=given.pending)
    return redirect(url_for("vouchers.welcome", cohort_code=given.seat.cohort.code), 303)


def _in_cohort(cohort: Cohort, batch_id: int) -> Batch:
    return queries.batch_of(cohort, batch_id) or abort(404)


def _words(vouchers: Listing[Voucher], now: datetime) -> dict[str, object]:
    """What the lists of vouchers show beside the rows."""

    def state(voucher: Voucher) -> VoucherState:
        return rules.state(queries.facts(voucher), now)

    redeemed = queries.redemptions(vouchers.rows)
    return {"vouchers": vouchers, "redemptions": redeemed, "state": state, "shapes": SHAPES, "State": VoucherState}


def _codes(name: str, vouchers: Listing[Voucher], cohort: Cohort) -> Response:
    """A file with codes: they are secrets, so only for who may issue them."""
    if not can(Permission.ISSUE_VOUCHERS, cohort):
        abort(403)
    return csv_response(name, *listing.file_of(vouchers, cohort, utcnow()))


def _sheet(batch: Batch) -> Response:
    """One printed file of the batch: all of it, or a hundred vouchers of a big one (`?part=2`)."""
    now, parts = utcnow(), rules.sheets(batch.quantity)
    part = request.args.get("part", 1, type=int)
    vouchers = queries.open_of(batch, parts[part - 1], now) if 1 <= part <= len(parts) else abort(404)
    if not vouchers:
        raise Refused(_("None of these vouchers can be redeemed any more: there is nothing to print."))
    pdf = printing.sheet(batch, vouchers, current_app.config["PUBLIC_URL"], now)
    disposition = f'attachment; filename="{printing.file_name(batch)}.pdf"'
    return Response(pdf, mimetype="application/pdf", headers={"Content-Disposition": disposition, "Cache-Control": "no-store"})
