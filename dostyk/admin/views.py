"""Users and roles, the audit log, letters and jobs."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from dostyk.admin import letters as shown
from dostyk.admin import listing, queries, service
from dostyk.admin.forms import InviteForm, RoleForm
from dostyk.admin.labels import SHAPES
from dostyk.core.access import Permission, needs
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.core.errors import Refused
from dostyk.core.nav import section, tab
from dostyk.core.tables import csv_response
from dostyk.core.web import key
from dostyk.people import queries as people
from dostyk.people import service as accounts
from dostyk.people.models import Account
from dostyk.people.security import fresh

bp = Blueprint("admin", __name__, url_prefix="/admin")
section(70, _l("Administration"), "admin.index", Permission.MANAGE_USERS)
tab("admin", 10, _l("Users and roles"), "admin.index", Permission.MANAGE_USERS)
tab("admin", 20, _l("Audit log"), "admin.audit", Permission.SEE_AUDIT)
tab("admin", 30, _l("Letters"), "admin.mail", Permission.SEE_OUTBOX)
tab("admin", 40, _l("Jobs"), "admin.jobs", Permission.SEE_OUTBOX)
USER = "/users/<int:account_id>"


# --- Users and roles ------------------------------------------------------------------------------------------------


@bp.get("/")
@needs(Permission.MANAGE_USERS)
def index() -> ResponseReturnValue:
    found = listing.users()
    if request.args.get("format") == "csv":
        return csv_response("users", listing.user_head(), listing.user_lines(found.select))
    roles = queries.roles_of([account.person_id for account in found.rows])
    return render_template("admin/index.html", l=found, roles=roles)


@bp.route("/invite", methods=["GET", "POST"])
@needs(Permission.MANAGE_USERS)
@fresh
def invite() -> ResponseReturnValue:
    """A new user; with `?person=` somebody who is known but has no account."""
    known = request.args.get("person", type=key)
    person = (people.person_by_id(known) or abort(404)) if known else None
    form = InviteForm(full_name=person.full_name if person else None, email=person.email if person else None)
    form.offer()
    if form.validate_on_submit():
        with form.refusals(), work():
            account = service.invite_user(
                form.email.data,
                form.language.data,
                form.given(),
                by=current_user.person,
                now=utcnow(),
                full_name=form.full_name.data,
                person=person,
            )
            flash(_("The invitation is on its way to %(address)s.", address=account.email), "success")
            return redirect(url_for("admin.user", account_id=account.id))
    return render_template("admin/invite.html", form=form, person=person)


@bp.route(USER, methods=["GET", "POST"])
@needs(Permission.MANAGE_USERS)
@fresh
def user(account_id: int) -> ResponseReturnValue:
    """One user with their roles; the form gives another role."""
    account, form = _account(account_id), RoleForm()
    form.offer()
    if form.validate_on_submit():
        with form.refusals(), work():
            service.give_role(account, form.given(), by=current_user.person, now=utcnow())
            flash(_("The role is given."), "success")
            return redirect(url_for("admin.user", account_id=account.id))
    roles = queries.roles_of([account.person_id]).get(account.person_id, ())
    events = queries.latest_events([f"account:{account.id}", f"person:{account.person_id}"], account.person_id)
    return render_template("admin/user.html", account=account, form=form, roles=roles, events=events, zone=str(listing.ZONE))


@bp.post(f"{USER}/take-role")
@needs(Permission.MANAGE_USERS)
@fresh
def take_role(account_id: int) -> ResponseReturnValue:
    account = _account(account_id)
    given = queries.assignment(account.person_id, request.form.get("assignment_id", 0, type=key)) or abort(404)
    return _done(account, lambda: service.take_role(given, by=current_user.person, now=utcnow()), _("The role is taken back."))


@bp.post(f"{USER}/invite-again")
@needs(Permission.MANAGE_USERS)
@fresh
def invite_again(account_id: int) -> ResponseReturnValue:
    account = _account(account_id)
    return _done(account, lambda: service.invite_again(account, by=current_user.person, now=utcnow()), _("The invitation is on its way."))


@bp.post(f"{USER}/deactivate")
@needs(Permission.MANAGE_USERS)
@fresh
def deactivate(account_id: int) -> ResponseReturnValue:
    account, reason = _account(account_id), request.form.get("reason", "")[:300]
    return _done(
        account,
        lambda: service.deactivate(account, reason, by=current_user.person, now=utcnow()),
        _("The account is deactivated, and the person is signed out everywhere."),
    )


@bp.post(f"{USER}/activate")
@needs(Permission.MANAGE_USERS)
@fresh
def activate(account_id: int) -> ResponseReturnValue:
    account = _account(account_id)
    return _done(account, lambda: accounts.activate(account, by=current_user.person, now=utcnow()), _("The person can sign in again."))


@bp.post(f"{USER}/reset-second-factor")
@needs(Permission.MANAGE_USERS)
@fresh
def reset_second_factor(account_id: int) -> ResponseReturnValue:
    account, reason = _account(account_id), request.form.get("reason", "")[:300]
    return _done(
        account,
        lambda: service.reset_second_factor(account, reason, by=current_user.person, now=utcnow()),
        _("Two-factor sign-in is off, and the person has been told by mail."),
    )


def _account(account_id: int) -> Account:
    return queries.account(account_id) or abort(404)


def _done(account: Account, verb: Callable[[], None], sentence: str) -> ResponseReturnValue:
    """Do it and go back to the user's page, with the sentence or with what the rule says."""
    return _and_back(verb, sentence, url_for("admin.user", account_id=account.id))


def _and_back(verb: Callable[[], None], sentence: str, url: str) -> ResponseReturnValue:
    try:
        with work():
            verb()
        flash(sentence, "success")
    except Refused as refused:
        flash(str(refused.sentence), "error")
    return redirect(url)


# --- The log ----------------------------------------------------------------------------------------------------------


@bp.get("/audit")
@needs(Permission.SEE_AUDIT)
def audit() -> ResponseReturnValue:
    found = listing.events()
    if request.args.get("format") == "csv":
        return csv_response("audit", listing.event_head(), listing.event_lines(found.select))
    return render_template("admin/audit.html", l=found, values={f.name: f.value for f in found.filters}, zone=str(listing.ZONE))


# --- Letters and jobs -------------------------------------------------------------------------------------------------


@bp.get("/mail")
@needs(Permission.SEE_OUTBOX)
def mail() -> ResponseReturnValue:
    return render_template("admin/mail.html", l=listing.letters(), shapes=SHAPES, zone=str(listing.ZONE))


@bp.get("/mail/<int:mail_id>")
@needs(Permission.SEE_OUTBOX)
def letter(mail_id: int) -> ResponseReturnValue:
    row = queries.letter(mail_id) or abort(404)
    return render_template("admin/letter.html", letter=row, body=shown.body(row), shapes=SHAPES, zone=str(listing.ZONE))


@bp.post("/mail/<int:mail_id>/send-again")
@needs(Permission.SEE_OUTBOX)
def send_again(mail_id: int) -> ResponseReturnValue:
    row = queries.letter(mail_id) or abort(404)
    url = url_for("admin.letter", mail_id=row.id)
    return _and_back(lambda: service.send_again(row, by=current_user.person, now=utcnow()), _("The letter is on its way."), url)


@bp.get("/jobs")
@needs(Permission.SEE_OUTBOX)
def jobs() -> ResponseReturnValue:
    return render_template("admin/jobs.html", l=listing.jobs(), shapes=SHAPES, zone=str(listing.ZONE))


@bp.post("/jobs/<int:job_id>/retry")
@needs(Permission.SEE_OUTBOX)
def retry(job_id: int) -> ResponseReturnValue:
    row = queries.job(job_id) or abort(404)
    return _and_back(lambda: service.retry(row.id, by=current_user.person, now=utcnow()), _("The job runs again."), url_for("admin.jobs"))
