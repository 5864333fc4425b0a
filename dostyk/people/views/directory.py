"""People: a list, one person, and how the office adds and changes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from markupsafe import Markup

from dostyk.core.access import Permission, everywhere, needs
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.core.errors import Refused
from dostyk.core.nav import section
from dostyk.core.tables import csv_response
from dostyk.people import listing, queries, service
from dostyk.people.forms import PersonForm
from dostyk.people.models import Person
from dostyk.people.panels import panels_of

bp = Blueprint("people", __name__)
section(40, _l("People"), "people.index", Permission.SEE_PEOPLE)
ONE = "/people/<int:person_id>"


@bp.get("/people/")
@needs(Permission.SEE_PEOPLE, scope="any")
def index() -> ResponseReturnValue:
    found = listing.people()
    if request.args.get("format") == "csv":
        return csv_response("people", listing.people_head(), listing.people_lines(found.select))
    return render_template(
        "people/index.html", l=found, editor=everywhere(Permission.EDIT_PEOPLE), merger=everywhere(Permission.MERGE_PEOPLE)
    )


@bp.get(ONE)
@needs(Permission.SEE_PEOPLE, scope="person")
def show(person: Person) -> ResponseReturnValue:
    """Everything about a person, with what upper rooms add. The address of a record that was merged leads to the one that stayed."""
    if request.view_args != {"person_id": person.id}:
        return redirect(url_for("people.show", person_id=person.id))
    merger = everywhere(Permission.MERGE_PEOPLE)
    return render_template(
        "people/show.html",
        person=person,
        merger=merger,
        merged=queries.merged_into(person.id),
        alike=queries.alike(person) if merger and not person.anonymised_at else (),
        account=queries.account_of(person.id),
        consents=queries.consents_of(person.id),
        panels=[Markup(render_template(template, person=person, **context)) for template, context in panels_of(person)],  # noqa: S704 -- our own
    )


@bp.route("/people/new", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def new() -> ResponseReturnValue:
    form = PersonForm()
    form.offer(queries.organisations())
    if form.validate_on_submit():
        with form.refusals(), work():
            person = service.register(form.details(), by=current_user.person, now=utcnow())
            flash(_("The person is saved."), "success")
            return redirect(url_for("people.show", person_id=person.id))
    return render_template("people/new.html", form=form)


@bp.route(f"{ONE}/edit", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE, scope="person")
def edit(person: Person) -> ResponseReturnValue:
    form = PersonForm(obj=person)
    form.offer(queries.organisations(), person.organisation)
    if form.validate_on_submit():
        with form.refusals(), work():
            service.update(person, form.details(), by=current_user.person, now=utcnow())
            flash(_("The person is saved."), "success")
            return redirect(url_for("people.show", person_id=person.id))
    return render_template("people/edit.html", form=form, person=person)


@bp.post(f"{ONE}/archive")
@needs(Permission.EDIT_PEOPLE, scope="person")
def archive(person: Person) -> ResponseReturnValue:
    with work():
        service.archive(person, by=current_user.person, now=utcnow())
    flash(_("The person is archived. Seats, attendance and certificates stay as they are."), "success")
    return redirect(url_for("people.show", person_id=person.id))


@bp.post(f"{ONE}/restore")
@needs(Permission.EDIT_PEOPLE, scope="person")
def restore(person: Person) -> ResponseReturnValue:
    with work():
        service.restore(person, by=current_user.person, now=utcnow())
    flash(_("The person is in the list again."), "success")
    return redirect(url_for("people.show", person_id=person.id))


@contextmanager
def refusal_told() -> Iterator[None]:
    """For a button without a form to return to: a refusal is told on the next page."""
    try:
        yield
    except Refused as refused:
        flash(str(refused.sentence), "error")
