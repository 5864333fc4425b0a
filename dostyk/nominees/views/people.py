"""The people of a batch: the list, one of them, and the letters to them."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user

from dostyk.core import nav
from dostyk.core.access import Permission, can, needs
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.tables import csv_response
from dostyk.nominees import listing, queries, service
from dostyk.nominees.forms import ChosenForm, DecideForm
from dostyk.nominees.labels import NOT_INVITED, SHAPES
from dostyk.nominees.models import Nominee
from dostyk.nominees.rules import Stage
from dostyk.nominees.service import why_not_invited
from dostyk.nominees.views.shared import ONE, PEOPLE, bp, one_of, standing_of, tell, told
from dostyk.vouchers.models import Batch
from dostyk.vouchers.rules import BatchKind, BatchState

nav.tab("batch", 20, _l("People"), "nominees.people", Permission.SEE_NOMINEES)


@bp.get(PEOPLE)
@needs(Permission.SEE_NOMINEES, scope="batch")
def people(batch: Batch) -> ResponseReturnValue:
    now = utcnow()
    found = listing.of_batch(batch, now)
    if request.args.get("format") == "csv":
        return csv_response(f"people-{batch.id}", *listing.file_of(found, now))
    shown = queries.standings(found.rows, now)
    over = batch.valid_until <= now
    may_name = can(Permission.NAME_PEOPLE, batch) and batch.state is BatchState.ISSUED and batch.kind is BatchKind.SINGLE and not over
    why = {s.nominee.id: why_not_invited(s, now) for s in shown}
    return render_template(
        "nominees/people.html", batch=batch, l=found, shown=shown, why=why, counts=queries.counts(batch),
        free=queries.number_free(batch, now), Stage=Stage, shapes=SHAPES, may_name=may_name, over=over,
    )  # fmt: skip


@bp.get(ONE)
@needs(Permission.SEE_NOMINEES, scope="batch")
def show(batch: Batch, nominee_id: int) -> ResponseReturnValue:
    now, nominee = utcnow(), one_of(batch, nominee_id)
    standing = standing_of(nominee, now)
    return render_template(
        "nominees/show.html", batch=batch, nominee=nominee, s=standing, shapes=SHAPES, history=queries.history(nominee),
        letters=queries.letters_to(nominee) if nominee.email else [], why=why_not_invited(standing, now),
        why_again=why_not_invited(standing, now, again=True),
        words=NOT_INVITED, stays=service.why_not_replaced(standing), form=DecideForm(), may_decide=can(Permission.DECIDE_NOMINEES, batch),
    )  # fmt: skip


@bp.post(f"{PEOPLE}/invite")
@needs(Permission.NAME_PEOPLE, scope="batch")
def invite(batch: Batch) -> ResponseReturnValue:
    """One, some or all; twice only with the button that says so."""
    return _write(batch, "invite")


@bp.post(f"{PEOPLE}/remind")
@needs(Permission.NAME_PEOPLE, scope="batch")
def remind(batch: Batch) -> ResponseReturnValue:
    """One, some, or all who have not redeemed."""
    return _write(batch, "remind")


def _write(batch: Batch, what: str) -> ResponseReturnValue:
    form = ChosenForm()
    form.offer(listing.chosen())
    if not form.validate_on_submit():
        flash(" ".join(str(error) for errors in form.errors.values() for error in errors), "error")
        return _back(batch)
    now, by = utcnow(), current_user.person
    with told(), work():
        if form.everybody.data:
            stage = Stage.NAMED if what == "invite" else Stage.INVITED
            chosen = db.session.scalars(queries.of_batch(batch).where(queries.staged() == stage.value).order_by(Nominee.id)).all()
        else:
            chosen = queries.some_of(batch, form.people.data or ())
        if what == "invite":
            sent = service.invite(chosen, by, now, again=bool(form.again.data))
            tell(sent, ngettext("%(num)s invitation is on its way.", "%(num)s invitations are on their way.", sent.letters))
        else:
            sent = service.remind(chosen, by, now)
            tell(sent, ngettext("%(num)s reminder is on its way.", "%(num)s reminders are on their way.", sent.letters))
    return _back(batch)


def _back(batch: Batch) -> ResponseReturnValue:
    """To the page of the person from which the button was pressed, else to the list."""
    if number := request.form.get("back", type=int):
        return redirect(url_for("nominees.show", batch_id=batch.id, nominee_id=min(number, 2**31 - 1)))
    return redirect(url_for("nominees.people", batch_id=batch.id))
