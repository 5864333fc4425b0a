"""Somebody else in the place of who was named, and seats that go back."""

from __future__ import annotations

from collections.abc import Sequence

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from dostyk.core.access import Permission, needs
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.nominees import queries, service
from dostyk.nominees.forms import GiveBackForm, ReplaceForm
from dostyk.nominees.models import Nominee
from dostyk.nominees.rules import Stage
from dostyk.nominees.service import Replacement
from dostyk.nominees.views.shared import ONE, PEOPLE, bp, one_of, standing_of
from dostyk.vouchers.models import Batch


@bp.route(f"{ONE}/replace", methods=["GET", "POST"])
@needs(Permission.NAME_PEOPLE, scope="batch")
def replace(batch: Batch, nominee_id: int) -> ResponseReturnValue:
    """Before the seat was taken in the same batch; after somebody left it in a batch of its own, as long as the cohort allows."""
    now, nominee = utcnow(), one_of(batch, nominee_id)
    form, standing = ReplaceForm(letter_language=nominee.letter_language), standing_of(nominee, now)
    if (stays := service.why_not_replaced(standing)) == "" and form.validate_on_submit():
        with form.refusals(), work():
            by, reason = current_user.person, form.reason.data or ""
            if standing.seat is None:
                done = service.replace(nominee, form.details(), reason, by, now)
            else:
                done = service.replace_after_leaving(standing, form.details(), reason, by, now)
            _tell(nominee, done)
            return redirect(url_for("nominees.show", batch_id=done.nominee.batch_id, nominee_id=done.nominee.id))
    return render_template("nominees/replace.html", batch=batch, nominee=nominee, s=standing, form=form, stays=stays)


@bp.route(f"{PEOPLE}/give-back", methods=["GET", "POST"])
@needs(Permission.NAME_PEOPLE, scope="batch")
def give_back(batch: Batch) -> ResponseReturnValue:
    """How many seats and whose; then what will happen, and the button that does it."""
    now, form = utcnow(), GiveBackForm()
    open_ = _not_redeemed(batch)
    form.offer(open_)
    free, going = queries.number_free(batch, now), None
    if form.validate_on_submit():
        going = [one for one in open_ if one.id in (form.people.data or ())]
        with form.refusals(), work():
            number = form.number.data or 0
            if form.sure.data:
                service.give_back(batch, number, going, form.reason.data or "", current_user.person, now)
                flash(ngettext("%(num)s seat is given back.", "%(num)s seats are given back.", number), "success")
                return redirect(url_for("nominees.people", batch_id=batch.id))
    return render_template("nominees/give_back.html", batch=batch, form=form, people=open_, free=free, going=None if form.errors else going)


def _not_redeemed(batch: Batch) -> Sequence[Nominee]:
    waiting = queries.staged().in_([Stage.NAMED.value, Stage.INVITED.value])
    return db.session.scalars(queries.of_batch(batch).where(waiting, Nominee.voucher_id.is_not(None)).order_by(Nominee.sort_name)).all()


def _tell(nominee: Nominee, done: Replacement) -> None:
    names = {"new": done.nominee.full_name, "old": nominee.full_name}
    if done.invited:
        flash(_("%(new)s is named in the place of %(old)s, and invited. The old code is dead.", **names), "success")
    else:
        flash(
            _("%(new)s is named in the place of %(old)s. The old code is dead. No invitation went out yet: see below why.", **names),
            "success",
        )
