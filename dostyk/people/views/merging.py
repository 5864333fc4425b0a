"""Two records of one human being: found, compared, merged, parted."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from dostyk.core.access import Permission, everywhere, needs
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.people import queries, service
from dostyk.people.labels import MERGED_FIELDS
from dostyk.people.models import Person
from dostyk.people.views.directory import ONE, bp, refusal_told

TWO = f"{ONE}/merge/<int:other_id>"


@bp.get("/people/duplicates")
@needs(Permission.MERGE_PEOPLE)
def duplicates() -> ResponseReturnValue:
    return render_template("people/duplicates.html", groups=queries.duplicates())


@bp.get(f"{ONE}/merge")
@needs(Permission.MERGE_PEOPLE)
def choose(person_id: int) -> ResponseReturnValue:
    """With whom to merge: those who are alike, and whoever is searched for."""
    person, typed = _person(person_id), request.args.get("q", "")[:100].strip()
    found = queries.candidates(person, typed) if typed else queries.alike(person)
    return render_template("people/choose.html", person=person, q=typed, found=found)


@bp.route(TWO, methods=["GET", "POST"])
@needs(Permission.MERGE_PEOPLE)
def merge(person_id: int, other_id: int) -> ResponseReturnValue:
    """The record that stays, and beside it the one that goes."""
    stays, goes, powers = _person(person_id), _person(other_id), everywhere(Permission.MANAGE_USERS)
    if request.method == "POST":
        chosen = [name for name in MERGED_FIELDS if request.form.get(name) == "goes"]
        with refusal_told(), work():
            service.merge(stays, goes, chosen, powers=powers, by=current_user.person, now=utcnow())
            flash(_("The two records are one. It can be undone on this page."), "success")
            return redirect(url_for("people.show", person_id=stays.id))
    plan, accounts = service.plan(stays, goes, powers=powers), [queries.account_of(person.id) for person in (stays, goes)]
    return render_template("people/merge.html", stays=stays, goes=goes, plan=plan, fields=MERGED_FIELDS, accounts=accounts)


@bp.post(f"{ONE}/part/<int:other_id>")
@needs(Permission.MERGE_PEOPLE)
def part(person_id: int, other_id: int) -> ResponseReturnValue:
    goes = _person(other_id)
    with refusal_told(), work():
        service.part(goes, by=current_user.person, now=utcnow())
        flash(_("The records are two again. What came after the merge stayed where it was."), "success")
    return redirect(url_for("people.show", person_id=person_id))


def _person(person_id: int) -> Person:
    return queries.person_by_id(person_id) or abort(404)
