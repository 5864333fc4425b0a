"""Naming people one by one or by pasting lines, and correcting them."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug import Response

from dostyk.core.access import Permission, needs
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.nominees import queries, service
from dostyk.nominees.forms import NomineeForm, PasteForm
from dostyk.nominees.labels import COLUMNS
from dostyk.nominees.models import Nominee
from dostyk.nominees.service.files import show as shown_value
from dostyk.nominees.views.shared import ONE, PEOPLE, bp, one_of
from dostyk.vouchers.models import Batch


@bp.route(f"{PEOPLE}/name", methods=["GET", "POST"])
@needs(Permission.NAME_PEOPLE, scope="batch")
def name(batch: Batch) -> ResponseReturnValue:
    now, form = utcnow(), NomineeForm(letter_language=batch.language)
    if form.validate_on_submit():
        with form.refusals(), work():
            nominee = service.name(batch, form.details(), current_user.person, now)
            _tell_named(nominee)
            if request.form.get("next"):
                return redirect(url_for("nominees.name", batch_id=batch.id))
            return _shown(nominee)
    return render_template("nominees/name.html", batch=batch, form=form, free=queries.number_free(batch, now))


@bp.route(f"{PEOPLE}/paste", methods=["GET", "POST"])
@needs(Permission.NAME_PEOPLE, scope="batch")
def paste(batch: Batch) -> ResponseReturnValue:
    """First what each line would do, then, with the second button, all of them at once or none."""
    now, form, found = utcnow(), PasteForm(), None
    if form.validate_on_submit():
        with form.refusals():
            found = service.pasted(batch, form.table.data or "")
            if form.save.data:
                with work():
                    number = service.pasted(batch, form.table.data or "").carry_out(batch, current_user.person, now)
                flash(ngettext("%(num)s person is named.", "%(num)s people are named.", number), "success")
                return redirect(url_for("nominees.people", batch_id=batch.id))
    free = queries.number_free(batch, now)
    return render_template("nominees/paste.html", batch=batch, form=form, found=found, columns=COLUMNS, show=shown_value, free=free)


@bp.route(f"{ONE}/edit", methods=["GET", "POST"])
@needs(Permission.NAME_PEOPLE, scope="batch")
def edit(batch: Batch, nominee_id: int) -> ResponseReturnValue:
    nominee = one_of(batch, nominee_id)
    form = NomineeForm(obj=nominee, sex=nominee.sex.value)
    if form.validate_on_submit():
        with form.refusals(), work():
            changed = service.edit(nominee, form.details(), current_user.person, utcnow())
            flash(_("The changes are kept.") if changed else _("Nothing was changed."), "success")
            return _shown(nominee)
    return render_template("nominees/edit.html", batch=batch, nominee=nominee, form=form)


def _tell_named(nominee: Nominee) -> None:
    if nominee.voucher_id is None:
        said = _("%(name)s is named, but there is no seat left: more people are named than there are seats.", name=nominee.full_name)
        flash(said, "warning")
    else:
        flash(_("%(name)s is named. Send the invitation, or print the letter.", name=nominee.full_name), "success")


def _shown(nominee: Nominee) -> Response:
    return redirect(url_for("nominees.show", batch_id=nominee.batch_id, nominee_id=nominee.id))
