"""Organisations: host universities, partner bodies, donors, the agency."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from dostyk.core.access import Permission, everywhere, needs
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.core.nav import section
from dostyk.core.tables import csv_response
from dostyk.people import listing, queries, service
from dostyk.people.forms import OrganisationForm
from dostyk.people.models import Organisation

bp = Blueprint("organisations", __name__, url_prefix="/organisations")
section(50, _l("Organisations"), "organisations.organisations", Permission.SEE_ORGANISATIONS)
ONE = "/<int:organisation_id>"


@bp.get("/")
@needs(Permission.SEE_ORGANISATIONS, scope="any")
def organisations() -> ResponseReturnValue:
    found = listing.organisations()
    if request.args.get("format") == "csv":
        return csv_response("organisations", listing.organisation_head(), listing.organisation_lines(found.select))
    return render_template("people/organisations.html", l=found, editor=everywhere(Permission.EDIT_ORGANISATIONS))


@bp.get(ONE)
@needs(Permission.SEE_ORGANISATIONS, scope="any")
def organisation(organisation_id: int) -> ResponseReturnValue:
    row, editor = _one(organisation_id), everywhere(Permission.EDIT_ORGANISATIONS)
    staff = queries.staff_of(row.id) if everywhere(Permission.SEE_PEOPLE) else ()
    return render_template("people/organisation.html", organisation=row, staff=staff, editor=editor)


@bp.route("/new", methods=["GET", "POST"])
@needs(Permission.EDIT_ORGANISATIONS)
def new_organisation() -> ResponseReturnValue:
    form = OrganisationForm(kind=request.args.get("kind"))
    if form.validate_on_submit():
        with form.refusals(), work():
            row = service.save_organisation(form.details(), by=current_user.person, now=utcnow())
            flash(_("The organisation is saved."), "success")
            return redirect(url_for("organisations.organisation", organisation_id=row.id))
    return render_template("people/new_organisation.html", form=form)


@bp.route(f"{ONE}/edit", methods=["GET", "POST"])
@needs(Permission.EDIT_ORGANISATIONS)
def edit_organisation(organisation_id: int) -> ResponseReturnValue:
    row = _one(organisation_id)
    form = OrganisationForm(obj=row)
    if form.validate_on_submit():
        with form.refusals(), work():
            service.save_organisation(form.details(), by=current_user.person, now=utcnow(), organisation=row)
            flash(_("The organisation is saved."), "success")
            return redirect(url_for("organisations.organisation", organisation_id=row.id))
    return render_template("people/edit_organisation.html", form=form, organisation=row)


@bp.post(f"{ONE}/archive")
@needs(Permission.EDIT_ORGANISATIONS)
def archive_organisation(organisation_id: int) -> ResponseReturnValue:
    row = _one(organisation_id)
    with work():
        service.archive_organisation(row, by=current_user.person, now=utcnow())
    flash(_("The organisation is archived: it is offered no more, and what refers to it stays."), "success")
    return redirect(url_for("organisations.organisation", organisation_id=row.id))


@bp.post(f"{ONE}/restore")
@needs(Permission.EDIT_ORGANISATIONS)
def restore_organisation(organisation_id: int) -> ResponseReturnValue:
    row = _one(organisation_id)
    with work():
        service.restore_organisation(row, by=current_user.person, now=utcnow())
    flash(_("The organisation can be chosen again."), "success")
    return redirect(url_for("organisations.organisation", organisation_id=row.id))


def _one(organisation_id: int) -> Organisation:
    return queries.organisation_by_id(organisation_id) or abort(404)
