"""Pages of waiting lists: one's own place, the offer in a letter, the lists of a cohort, and the log of seats that moved."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user

from dostyk.cohorts import queries as cohorts
from dostyk.cohorts.models import Cohort
from dostyk.core import nav
from dostyk.core.access import Permission, can, needs, public
from dostyk.core.clock import utcnow
from dostyk.core.countries import country_name
from dostyk.core.database import work
from dostyk.core.errors import Refused
from dostyk.core.i18n import language
from dostyk.core.tables import csv_response
from dostyk.core.text import clean_name
from dostyk.people import queries as people
from dostyk.people.models import Person
from dostyk.vouchers.models import Batch
from dostyk.waiting import letters, listing, queries, rules, service
from dostyk.waiting.forms import AddForm, PlaceForm, PlanForm
from dostyk.waiting.labels import NO_PLACE, SHAPES
from dostyk.waiting.models import WaitingEntry
from dostyk.waiting.rules import WaitingState

bp = Blueprint("waiting", __name__)
nav.tab("cohort", 35, _l("Waiting list"), "waiting.index", Permission.EDIT_COHORT, under="cohorts.participants")
LISTS = "/cohorts/<cohort_code>/waiting"
SHOWN = 200  # people named in a preview; a long list is read in the list itself


# --- One's own place ------------------------------------------------------------------------------------------------


@bp.route("/waiting/<cohort_code>", methods=["GET", "POST"])
@needs(Permission.USE_ACCOUNT)
def mine(cohort_code: str) -> ResponseReturnValue:
    """Where one stands; to join, to confirm, to leave."""
    cohort, person, now = _shown(cohort_code), current_user.person, utcnow()
    entry, form = queries.entry_of(cohort.id, person.id), _form(person)
    if request.method == "POST" and (form.leave.data or form.validate()):
        with form.refusals(), work():
            return _answer(cohort, person, entry, form)
    why = None if _stands(entry) else service.why_no_place(cohort, person, now)
    place = queries.position(entry) if entry and entry.state is WaitingState.WAITING else None
    return render_template(
        "waiting/mine.html", cohort=cohort, entry=entry, form=form, place=place, offered=_offered(entry), stands=_stands(entry),
        why_not=NO_PLACE[why] if why else "",
    )  # fmt: skip


@bp.route("/waiting/offer/<token>", methods=["GET", "POST"])
@public
def offer(token: str) -> ResponseReturnValue:
    """The seat of a letter: confirmed or let go by whoever has the letter, signed in or not. Looking changes nothing."""
    entry = _entry_of(token)
    if entry is None:
        return render_template("waiting/_gone.html"), 410
    form = _form(entry.person)
    if request.method == "POST" and (form.leave.data or form.validate()):
        with form.refusals(), work():
            _confirm_or_leave(entry, form)
            return redirect(url_for("waiting.offer", token=token), 303)
    return render_template("waiting/offer.html", cohort=entry.cohort, entry=entry, form=form, offered=_offered(entry))


@bp.after_request
def _keep_offers_secret(response: Response) -> Response:
    if request.endpoint == "waiting.offer":
        response.headers.update({"Referrer-Policy": "strict-origin", "X-Robots-Tag": "noindex", "Cache-Control": "no-store"})
    return response


# --- The lists of a cohort ------------------------------------------------------------------------------------------


@bp.get(LISTS)
@needs(Permission.EDIT_COHORT, scope="cohort")
def index(cohort: Cohort) -> ResponseReturnValue:
    found = listing.waiting(cohort)
    if request.args.get("format") == "csv":
        return csv_response(f"waiting-{cohort.code}", *listing.file_of_waiting(found, cohort))
    positions, over = queries.positions(cohort), queries.is_over(cohort, utcnow())
    return render_template("waiting/index.html", cohort=cohort, l=found, positions=positions, shapes=SHAPES, over=over)


@bp.route(f"{LISTS}/add", methods=["GET", "POST"])
@needs(Permission.EDIT_COHORT, scope="cohort")
def add(cohort: Cohort) -> ResponseReturnValue:
    """Search first, then choose: the search stays in the address."""
    typed = request.args.get("q", "")[:100]
    found, form = cohorts.candidates(cohort, typed), AddForm()
    form.offer((p.id, _named(p)) for p in found)
    if form.validate_on_submit():
        with form.refusals(), work():
            person = next(p for p in found if p.id == form.person_id.data)
            service.join(cohort, person, utcnow(), by=current_user.person)
            flash(_("%(name)s is on the waiting list.", name=person.full_name), "success")
            return redirect(url_for("waiting.index", cohort_code=cohort.code))
    return render_template("waiting/add.html", cohort=cohort, form=form, q=typed, found=found)


@bp.post(f"{LISTS}/<int:entry_id>/<any(remove, restore):verb>")
@needs(Permission.EDIT_COHORT, scope="cohort")
def move(cohort: Cohort, entry_id: int, verb: str) -> ResponseReturnValue:
    """Take somebody off the list, an offer with it; or give them the place that they had."""
    entry = queries.entry_in(cohort, entry_id) or abort(404)
    act, reason = service.leave if verb == "remove" else service.put_back, clean_name(request.form.get("reason", ""))[:300]
    try:
        with work():
            act(entry, utcnow(), by=current_user.person, reason=reason)
        said = _("%(name)s is off the list.") if verb == "remove" else _("%(name)s has the place on the list again.")
        flash(said % {"name": entry.person.full_name}, "success")
    except Refused as refused:
        flash(str(refused.sentence), "error")
    return redirect(url_for("waiting.index", cohort_code=cohort.code))


@bp.route(f"{LISTS}/plan", methods=["GET", "POST"])
@needs(Permission.EDIT_COHORT, scope="cohort")
def plan(cohort: Cohort) -> ResponseReturnValue:
    """What would happen now, by name; and the button that does exactly that."""
    form, now, share = PlanForm(), utcnow(), request.args.get("share") == "1"
    if form.validate_on_submit():
        with form.refusals(), work():
            done = service.go_on(cohort, now, share=share, by=current_user.person, seen=form.seen.data or "")
            flash(
                ngettext("A seat is offered to %(num)s person.", "Seats are offered to %(num)s people.", len(done.plan.offers)), "success"
            )
            return redirect(url_for("waiting.index", cohort_code=cohort.code))
    seen = queries.outlook(cohort, now, share=share)
    form.seen.data = seen.mark
    named = {"offers": queries.readers(seen.plan.offers[:SHOWN]), "lapsing": queries.readers(seen.lapsing[:SHOWN])}
    due = rules.hand_back_due(cohort.hand_back_on, cohort.today(now))
    until = rules.confirm_until(now, cohort.confirm_hours, queries.end_of(cohort))
    return render_template("waiting/plan.html", cohort=cohort, form=form, seen=seen, share=share, due=due, until=until, **named)


# --- Seats that moved -----------------------------------------------------------------------------------------------


@bp.get(f"{LISTS}/moves")
@needs(Permission.EDIT_COHORT, scope="cohort")
def moves(cohort: Cohort) -> ResponseReturnValue:
    found = cohorts.moves_of(cohort)
    if request.args.get("format") == "csv":
        return csv_response(f"moves-{cohort.code}", *listing.file_of_moves(found, cohort, names=True))
    return render_template("waiting/moves.html", cohort=cohort, moves=found)


@bp.get("/vouchers/<int:batch_id>/moves")
@needs(Permission.SEE_BATCH, scope="batch")
def moves_of_batch(batch: Batch) -> ResponseReturnValue:
    """For the body of a batch: the seats that its country gave or got in the cohort, without names."""
    found = cohorts.moves_of(batch.cohort, batch.country)
    if request.args.get("format") == "csv":
        return csv_response(f"moves-{batch.cohort.code}-{batch.country}", *listing.file_of_moves(found, batch.cohort, names=False))
    return render_template("waiting/moves_of_batch.html", batch=batch, cohort=batch.cohort, moves=found)


# --- Helpers of the views -------------------------------------------------------------------------------------------


def _shown(cohort_code: str) -> Cohort:
    """The cohort of a course that visitors see, or one that whoever is signed in may see or waits for; else 404."""
    cohort = cohorts.by_code(cohort_code) or abort(404)
    public_one = cohort.course.public and cohort.course.archived_at is None
    if not (public_one or can(Permission.SEE_COHORT, cohort) or queries.entry_of(cohort.id, current_user.person_id)):
        abort(404)
    return cohort


def _form(person: Person) -> PlaceForm:
    form = PlaceForm()
    form.leave_out(people.standing_consents(person.id))
    return form


def _offered(entry: WaitingEntry | None) -> bool:
    return bool(entry and entry.state is WaitingState.OFFERED and entry.offered_until and entry.offered_until > utcnow())


def _stands(entry: WaitingEntry | None) -> bool:
    return bool(entry and (entry.state is WaitingState.WAITING or _offered(entry)))


def _answer(cohort: Cohort, person: Person, entry: WaitingEntry | None, form: PlaceForm) -> ResponseReturnValue:
    """Do what the button says: which one it was depends on what the page showed."""
    if entry is not None and (form.leave.data or request.form.get("confirm")):
        _confirm_or_leave(entry, form)
    elif not form.leave.data:
        service.join(cohort, person, utcnow(), consents=form.consents, language=language())
    if entry is not None and entry.state is WaitingState.CONFIRMED:
        return redirect(url_for("vouchers.welcome", cohort_code=cohort.code), 303)
    return redirect(url_for("waiting.mine", cohort_code=cohort.code), 303)


def _confirm_or_leave(entry: WaitingEntry, form: PlaceForm) -> None:
    if form.leave.data:
        service.leave(entry, utcnow(), by=entry.person)
    else:
        service.confirm(entry, form.consents, language(), utcnow())


def _entry_of(token: str) -> WaitingEntry | None:
    """The entry of a letter's link; None when it is forged, or of an offer before the present one."""
    read = letters.read(token)
    entry = queries.entry(read[0]) if read else None
    return entry if entry is not None and read is not None and entry.offered_at == read[1] else None


def _named(person: Person) -> str:
    """A person told apart from others of the same name."""
    country = country_name(person.country, language()) if person.country else ""
    return " · ".join(part for part in (person.full_name, person.own_name, country, person.employer) if part)
