"""The pages where anybody redeems a voucher, and what comes next for who did."""

from __future__ import annotations

import secrets
from contextlib import nullcontext

from flask import Response, abort, current_app, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from flask_security import login_user

from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.core.access import Permission, can, needs, public
from dostyk.core.audit import gathered
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.core.errors import Refused
from dostyk.core.i18n import language
from dostyk.core.limits import GrowingWait
from dostyk.extensions import limiter
from dostyk.people import queries as people
from dostyk.people.models import Person
from dostyk.vouchers import calendars, letters, prefill, queries, rules, service
from dostyk.vouchers.forms import ConsentForm, LeaveForm, RedeemForm, SeatForm
from dostyk.vouchers.labels import GIVES_NO_SEAT
from dostyk.vouchers.views.shared import bp

# Only tries that gave no seat are counted: whoever types good codes never comes to wait. Who does wait is not told whether
# a code is good: else waiting would keep nobody from guessing.
counted = limiter.shared_limit(
    lambda: current_app.config["LIMIT_CODE"], scope="voucher-code", deduct_when=lambda _response: bool(g.get("failed_try"))
)

patience = GrowingWait("voucher-code", free=20)


@bp.before_request
def _keep_guessers_waiting() -> None:
    """Who is signed in and has guessed too often waits, each time twice as long, wherever they sit."""
    tries = request.endpoint == "vouchers.seat" or (request.endpoint == "vouchers.redeem" and request.method == "POST")
    if limiter.enabled and tries and current_user.is_authenticated and (left := patience.left(limiter.storage, str(current_user.id))):
        minutes = -(-left // 60)
        said = ngettext(
            "Too many codes were wrong. Wait %(num)s minute, then try again; a code that is right keeps.",
            "Too many codes were wrong. Wait %(num)s minutes, then try again; a code that is right keeps.",
            minutes,
        )
        raise Refused(said, status=429)


@bp.after_request
def _count_wrong_codes(response: Response) -> Response:
    if limiter.enabled and g.get("failed_try") and current_user.is_authenticated:
        patience.failed(limiter.storage, str(current_user.id))
    return response


@bp.route("/redeem", methods=["GET", "POST"])
@bp.get("/redeem/", alias=True)
@public
@counted
def redeem() -> ResponseReturnValue:
    """Type the code; a good one leads on to its own page."""
    form = RedeemForm()
    if form.validate_on_submit():
        with form.refusals(), work():
            offer = service.offer(form.code.data, _visitor(), _ticket(form.code.data), utcnow(), _address())
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
            offer = service.offer(code, person, _ticket(code), utcnow(), _address())
            if offer.seat and person:
                return redirect(url_for("vouchers.welcome", cohort_code=offer.seat.cohort.code), 303)
            if request.method == "POST" and (offer.seat or form.validate()):
                return _wait(offer, form, person) if offer.full and form.wait.data else _take(offer, form, person)
        g.failed_try, known = form.refused, _known(offer, form)
        said = {"why_not": service.no_seat_sentence(offer), "known": known}
        return render_template("vouchers/seat.html", offer=offer, form=form, person=person, **said)
    return _type_the_code(typed)


@bp.get("/redeem/welcome/<cohort_code>")
@needs(Permission.USE_ACCOUNT)
def welcome(cohort_code: str) -> ResponseReturnValue:
    """What comes next for who has a seat, or waits for its approval."""
    cohort, seat = _mine(cohort_code)
    return render_template("vouchers/welcome.html", cohort=cohort, seat=seat, new=current_user.password is None)


@bp.get("/redeem/welcome/<cohort_code>/calendar.ics")
@needs(Permission.USE_ACCOUNT)
def calendar(cohort_code: str) -> ResponseReturnValue:
    """The days of the course for the calendar of a phone."""
    cohort, _seat = _mine(cohort_code)
    text = calendars.days_of(cohort, current_app.config["PUBLIC_URL"], utcnow())
    return Response(text, mimetype="text/calendar", headers={"Content-Disposition": f'attachment; filename="{cohort.code}.ics"'})


@bp.route("/redeem/welcome/<cohort_code>/leave", methods=["GET", "POST"])
@needs(Permission.USE_ACCOUNT)
def leave(cohort_code: str) -> ResponseReturnValue:
    """A participant gives their own seat back."""
    now, form = utcnow(), LeaveForm()
    cohort, seat = _mine(cohort_code)
    if seat is None:
        abort(404)
    if form.validate_on_submit():
        with form.refusals(), work():
            service.leave(seat, form.reason.data or "", now)
            flash(_("You have given your seat back."), "success")
            return redirect(url_for("home.home"))
    return render_template("vouchers/leave.html", cohort=cohort, seat=seat, form=form, over=rules.too_late_to_leave(cohort.phase(now)))


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


def _address() -> str | None:
    """The e-mail address with which somebody signed in."""
    return current_user.email if current_user.is_authenticated else None


def _mine(cohort_code: str) -> tuple[Cohort, Enrolment | None]:
    """The cohort, and the seat that whoever is signed in holds there; 404 for who neither holds one nor may see the cohort."""
    found = queries.cohort_and_seat(cohort_code, current_user.person_id)
    if found is None or (found[1] is None and not can(Permission.SEE_COHORT, found[0])):
        abort(404)
    return found


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


def _wait(offer: service.Offer, form: ConsentForm, person: Person | None) -> ResponseReturnValue:
    """A place on the waiting list; who is new is signed in, in a session of their own."""
    applicant = form.details(offer.voucher.batch.country) if isinstance(form, SeatForm) else person
    with gathered():
        queued = service.wait(offer, applicant, form.consents, language=language(), now=utcnow())
        if person is None:
            session.clear()
            login_user(queued.account, remember=False)
    return redirect(queued.path, 303)


def _known(offer: service.Offer, form: ConsentForm) -> prefill.Known:
    """What the form shows of who was named for this voucher, to whoever has the key of their letter."""
    known = prefill.known(offer.voucher, request.args.get("k", "")) if isinstance(form, SeatForm) and "k" in request.args else {}
    if request.method == "GET":
        for name, value in known.items():
            form[name].data = value
    return known


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
