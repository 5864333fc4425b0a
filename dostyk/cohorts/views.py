"""Pages of cohorts: the list, the overview, the participants, the settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from markupsafe import Markup

from dostyk.cohorts import listing, panels, queries, rules, service
from dostyk.cohorts.forms import CopyForm, EnrolForm, NewForm, SettingsForm, StaffForm, filled_from
from dostyk.cohorts.labels import PHASE_SHAPES
from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.cohorts.rules import Phase
from dostyk.core.access import Permission, Role, can, everywhere, grants, needs
from dostyk.core.clock import utcnow
from dostyk.core.countries import country_name
from dostyk.core.database import work
from dostyk.core.errors import Refused
from dostyk.core.i18n import language
from dostyk.core.nav import section, tab
from dostyk.core.tables import csv_response
from dostyk.core.text import clean_name, localized
from dostyk.courses import queries as courses
from dostyk.courses.models import Course
from dostyk.people import queries as people
from dostyk.people.models import Organisation, Person
from dostyk.people.rules import OrganisationKind

bp = Blueprint("cohorts", __name__, url_prefix="/cohorts")
section(20, _l("Cohorts"), "cohorts.index", Permission.SEE_COHORT)
tab("cohort", 10, _l("Overview"), "cohorts.show", Permission.SEE_COHORT)
tab("cohort", 20, _l("Participants"), "cohorts.participants", Permission.SEE_PARTICIPANTS)
tab("cohort", 80, _l("Settings"), "cohorts.settings", Permission.EDIT_COHORT)


@bp.app_template_filter()
def phase(cohort: Cohort) -> Phase:
    """Where a cohort stands now."""
    return cohort.phase(utcnow())


@bp.app_template_global()
def draw(panel: panels.Panel, cohort: Cohort, now: datetime) -> Markup:
    """A panel that another room gave, drawn with what that room gave along, and with nothing else of the page."""
    return Markup(render_template(panel.template, cohort=cohort, now=now, **panel.context))  # noqa: S704 -- our own template, escaped there


@bp.app_template_filter()
def last_day(closes: datetime, zone: str) -> date:
    """The last day of a window with an exclusive end."""
    return rules.last_day(closes, zone)


# --- All of them ----------------------------------------------------------------------------------------------------


@bp.get("/")
@needs(Permission.SEE_COHORT, scope="any")
def index() -> ResponseReturnValue:
    now = utcnow()
    found = listing.cohorts(now)
    if request.args.get("format") == "csv":
        return csv_response("cohorts", listing.cohort_head(), listing.cohort_lines(found.select, now))
    counted = queries.seen_with(Permission.SEE_FIGURES, found.rows)
    return render_template(
        "cohorts/index.html", l=found, counted=counted, now=now, shapes=PHASE_SHAPES, creator=everywhere(Permission.CREATE_COHORTS)
    )


@bp.route("/new", methods=["GET", "POST"])
@needs(Permission.CREATE_COHORTS)
def new() -> ResponseReturnValue:
    form = NewForm(course_id=request.args.get("course", type=int))
    offered = courses.offered()
    form.offer(_hosts())
    form.offer_courses((c.id, f"{c.project.programme.code} · {localized(c.title, language())}") for c in offered)
    if not form.is_submitted() or form.more.data:
        form.add_rows()
    elif form.validate():
        with form.refusals(), work():
            course = next(c for c in offered if c.id == form.course_id.data)
            cohort = service.create(course, form.code.data or "", form.details(), by=current_user.person, now=utcnow())
            flash(_("The cohort is saved. Now choose who coordinates and who teaches."), "success")
            return redirect(url_for("cohorts.staff", cohort_code=cohort.code))
    return render_template("cohorts/new.html", form=form, taken={}, lacking=_lacking(form), suggested=_suggested(form, offered))


# --- One of them ----------------------------------------------------------------------------------------------------


@bp.get("/<cohort_code>/")
@needs(Permission.SEE_COHORT, scope="cohort")
def show(cohort: Cohort) -> ResponseReturnValue:
    now, figures = utcnow(), can(Permission.SEE_FIGURES, cohort)
    mine = any(grant.role is Role.PARTICIPANT and grant.cohort_id == cohort.id for grant in grants())
    return render_template(
        "cohorts/show.html",
        cohort=cohort,
        now=now,
        figures=panels.figures_of(cohort, now),
        panels=panels.panels_of(cohort, now),
        seats=queries.seat_table(cohort, now) if figures else None,
        staff=queries.staff_of(cohort) if mine or can(Permission.SEE_PARTICIPANTS, cohort) else [],
        mine=mine,
    )


@bp.get("/<cohort_code>/seats.csv")
@needs(Permission.SEE_FIGURES, scope="cohort")
def seats(cohort: Cohort) -> ResponseReturnValue:
    """Held, enrolled, reserved and free, for each country and in total."""
    return csv_response(f"seats-{cohort.code}", listing.seat_head(), listing.seat_lines(queries.seat_table(cohort, utcnow())))


@bp.get("/<cohort_code>/participants")
@needs(Permission.SEE_PARTICIPANTS, scope="cohort")
def participants(cohort: Cohort) -> ResponseReturnValue:
    found, addresses = listing.participants(cohort), can(Permission.SEE_PEOPLE, cohort)
    if request.args.get("format") == "csv":
        head = listing.participant_head(addresses)
        return csv_response(f"participants-{cohort.code}", head, listing.participant_lines(found.select, addresses))
    return render_template("cohorts/participants.html", cohort=cohort, l=found, addresses=addresses)


@bp.route("/<cohort_code>/participants/enrol", methods=["GET", "POST"])
@needs(Permission.EDIT_COHORT, scope="cohort")
def enrol(cohort: Cohort) -> ResponseReturnValue:
    """Search first, then choose: the search stays in the address."""
    typed = request.args.get("q", "")[:100]
    found, form = queries.candidates(cohort, typed), EnrolForm()
    form.offer(((p.id, _named(p)) for p in found), _free(cohort))
    if form.validate_on_submit():
        with form.refusals(), work():
            person = next(p for p in found if p.id == form.person_id.data)
            country = (form.country.data if form.country else None) or person.country
            service.enrol(person, cohort, country, now=utcnow(), by=current_user.person)
            flash(_("%(name)s has a seat.", name=person.full_name), "success")
            return redirect(url_for("cohorts.participants", cohort_code=cohort.code))
    return render_template("cohorts/enrol.html", cohort=cohort, form=form, q=typed, found=found)


@bp.post("/<cohort_code>/participants/<int:enrolment_id>/withdraw")
@needs(Permission.EDIT_COHORT, scope="cohort")
def withdraw(cohort: Cohort, enrolment_id: int) -> ResponseReturnValue:
    enrolment = _enrolment(cohort, enrolment_id)
    with _told(), work():
        service.withdraw(enrolment, clean_name(request.form.get("reason", ""))[:300], by=current_user.person, now=utcnow())
        flash(_("%(name)s has withdrawn; the seat is free again.", name=enrolment.person.full_name), "success")
    return redirect(url_for("cohorts.participants", cohort_code=cohort.code))


@bp.post("/<cohort_code>/participants/<int:enrolment_id>/reinstate")
@needs(Permission.EDIT_COHORT, scope="cohort")
def reinstate(cohort: Cohort, enrolment_id: int) -> ResponseReturnValue:
    enrolment = _enrolment(cohort, enrolment_id)
    with _told(), work():
        service.reinstate(enrolment, by=current_user.person, now=utcnow())
        flash(_("%(name)s has the seat again.", name=enrolment.person.full_name), "success")
    return redirect(url_for("cohorts.participants", cohort_code=cohort.code))


# --- Settings -------------------------------------------------------------------------------------------------------


@bp.route("/<cohort_code>/settings", methods=["GET", "POST"])
@needs(Permission.EDIT_COHORT, scope="cohort")
def settings(cohort: Cohort) -> ResponseReturnValue:
    seats = queries.seats_of(cohort)
    form = SettingsForm(data=filled_from(cohort, seats))
    form.offer(_hosts(cohort.host))
    if not form.is_submitted() or form.more.data:
        form.add_rows()
    elif form.validate():
        with form.refusals(), work():
            service.edit(cohort, form.seen, form.details(), by=current_user.person, now=utcnow())
            flash(_("The settings are saved."), "success")
            return redirect(url_for("cohorts.settings", cohort_code=cohort.code))
        form.version.data = str(cohort.version)  # who saves again has read that it changed
    creator = everywhere(Permission.CREATE_COHORTS)
    return render_template(
        "cohorts/settings.html", cohort=cohort, form=form, creator=creator, taken={row.country: row.taken for row in seats}
    )


@bp.route("/<cohort_code>/copy", methods=["GET", "POST"])
@needs(Permission.CREATE_COHORTS)
def copy(cohort_code: str) -> ResponseReturnValue:
    cohort, now = queries.by_code(cohort_code) or abort(404), utcnow()
    form = CopyForm(starts_on=service.usual_start(cohort, now))
    if form.validate_on_submit():
        with form.refusals(), work():
            copied = service.copy(cohort, form.code.data or "", form.starts_on.data, staff=form.staff.data, by=current_user.person, now=now)
            flash(service.sentence(copied, cohort), "success")
            return redirect(url_for("cohorts.settings", cohort_code=copied.cohort.code))
    year = (form.starts_on.data or cohort.starts_on).year
    return render_template(
        "cohorts/copy.html", cohort=cohort, form=form, suggested=service.next_code(cohort.course.project.programme, year)
    )


@bp.route("/<cohort_code>/settings/staff", methods=["GET", "POST"])
@needs(Permission.EDIT_COHORT, scope="cohort")
def staff(cohort: Cohort) -> ResponseReturnValue:
    form, known = StaffForm(), queries.people_for_staff(cohort)
    form.offer((p.id, _named(p)) for p in known)
    if form.validate_on_submit():
        with form.refusals(), work():
            person = _chosen(form, known)
            service.assign(person, Role(form.role.data), by=current_user.person, now=utcnow(), cohort=cohort)
            flash(_("%(name)s has the role.", name=person.full_name), "success")
            return redirect(url_for("cohorts.staff", cohort_code=cohort.code))
    return render_template("cohorts/staff.html", cohort=cohort, form=form, staff=queries.staff_of(cohort))


@bp.post("/<cohort_code>/settings/staff/<int:assignment_id>/remove")
@needs(Permission.EDIT_COHORT, scope="cohort")
def unassign(cohort: Cohort, assignment_id: int) -> ResponseReturnValue:
    assignment = queries.assignment_of(cohort, assignment_id)
    if assignment is not None:  # removed twice is removed
        with work():
            service.unassign(assignment, by=current_user.person, now=utcnow())
        flash(_("%(name)s no longer has the role.", name=assignment.person.full_name), "success")
    return redirect(url_for("cohorts.staff", cohort_code=cohort.code))


@bp.post("/<cohort_code>/<any(archive, restore):verb>")
@needs(Permission.EDIT_COHORT, scope="cohort")
def archive(cohort: Cohort, verb: str) -> ResponseReturnValue:
    with work():
        (service.archive if verb == "archive" else service.restore)(cohort, by=current_user.person, now=utcnow())
    return redirect(url_for("cohorts.settings", cohort_code=cohort.code))


@contextmanager
def _told() -> Iterator[None]:
    """For a button without a form to return to: a refusal is told on the next page."""
    try:
        yield
    except Refused as refused:
        flash(str(refused.sentence), "error")


# --- What forms offer -----------------------------------------------------------------------------------------------


def _hosts(present: Organisation | None = None) -> list[tuple[int, str]]:
    found = list(people.organisations(OrganisationKind.HOST))
    if present is not None and present not in found:
        found.append(present)
    return [(host.id, localized(host.name, language())) for host in found]


def _lacking(form: NewForm) -> str | None:
    """What must exist before a cohort can: the first thing that does not."""
    if len(form.course_id.choices) < 2:
        return "course"
    return "host" if len(form.host_id.choices) < 2 else None


def _suggested(form: NewForm, offered: Sequence[Course]) -> str:
    """The code that an empty field means, when the course is known; the year is that of the first day."""
    course = next((c for c in offered if c.id == form.course_id.data), None)
    if course is None:
        return ""
    return service.next_code(course.project.programme, (form.starts_on.data or utcnow()).year)


def _named(person: Person) -> str:
    """A person told apart from others of the same name."""
    country = country_name(person.country, language()) if person.country else ""
    return " · ".join(part for part in (person.full_name, person.own_name, country, person.employer) if part)


def _free(cohort: Cohort) -> list[tuple[str, str]]:
    named = sorted((country_name(code, language()), code, seats) for code, seats in queries.seat_table(cohort, utcnow()).countries.items())
    return [
        (code, _("%(country)s: %(free)s of %(seats)s free", country=name, free=max(seats.free, 0), seats=seats.held))
        for name, code, seats in named
    ]


def _enrolment(cohort: Cohort, enrolment_id: int) -> Enrolment:
    return queries.enrolment(cohort, enrolment_id) or abort(404)


def _chosen(form: StaffForm, known: list[Person]) -> Person:
    if form.email.data:
        person = queries.person_of_address(form.email.data)
        if (account := people.account_by_email(form.email.data)) and account.confirmed_at is None:
            raise Refused(
                _(
                    "Nobody has followed a link that was sent to this address yet, so it may not be theirs."
                    " Choose the person from the list."
                ),
                field="email",
            )
        if person is None:
            raise Refused(
                _("Nobody, or more than one person, has this address. Look for the person under People, or add them there."), field="email"
            )
        return person
    chosen = next((p for p in known if p.id == form.person_id.data), None)
    if chosen is None:
        raise Refused(_("Choose a person, or write an e-mail address."), field="person_id")
    return chosen
