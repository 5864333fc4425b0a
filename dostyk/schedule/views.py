"""Pages of the timetable."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user

from dostyk.cohorts.models import Cohort
from dostyk.core.access import Permission, can, needs
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.core.forms import EDITED
from dostyk.core.i18n import label, language
from dostyk.core.nav import tab
from dostyk.core.tables import csv_response
from dostyk.core.text import localized
from dostyk.schedule import queries, service
from dostyk.schedule.forms import AddForm, EditForm, PasteForm, filled_from
from dostyk.schedule.labels import problem_words, zone_words
from dostyk.schedule.models import Slot
from dostyk.schedule.rules import Column, Entry, Result, SlotKind, format_entry

bp = Blueprint("schedule", __name__, url_prefix="/cohorts/<cohort_code>/schedule")
tab("cohort", 40, _l("Timetable"), "schedule.index", Permission.SEE_SCHEDULE)


@bp.get("")
@needs(Permission.SEE_SCHEDULE, scope="cohort")
def index(cohort: Cohort) -> ResponseReturnValue:
    now, slots = utcnow(), queries.slots_of(cohort)
    if request.args.get("format") == "csv":
        return _csv(cohort, slots)
    return render_template(
        "schedule/index.html",
        cohort=cohort,
        days=queries.days(slots, cohort.time_zone),
        planned=queries.planned_hours(slots),
        warnings=queries.warnings_of(cohort, slots) if can(Permission.EDIT_SCHEDULE, cohort) else {},
        today=cohort.today(now),
        zone=zone_words(cohort.time_zone, now),
    )


@bp.route("/add", methods=["GET", "POST"])
@needs(Permission.EDIT_SCHEDULE, scope="cohort")
def add(cohort: Cohort) -> ResponseReturnValue:
    form = AddForm(kind=request.args.get("kind"), on=_day(request.args.get("on")) or cohort.starts_on)
    form.offer(queries.trainers(cohort))
    if form.validate_on_submit():
        with form.refusals(), work():
            slot = service.add(cohort, form.details(), by=current_user.person, now=utcnow())
            flash(_("The slot is in the timetable."), "success")
            return redirect(_at(cohort, slot))
    return render_template("schedule/add.html", cohort=cohort, form=form, zone=zone_words(cohort.time_zone, utcnow()))


@bp.route("/<int:slot_id>", methods=["GET", "POST"])
@needs(Permission.EDIT_SCHEDULE, scope="cohort")
def edit(cohort: Cohort, slot_id: int) -> ResponseReturnValue:
    slot = queries.slot_of(cohort.id, slot_id) or abort(404)
    form = EditForm(data=filled_from(slot, cohort))
    form.offer(queries.trainers(cohort), slot.trainer)
    if form.validate_on_submit():
        with form.refusals(), work():
            service.edit(cohort, slot, form.details(), by=current_user.person, now=utcnow())
            flash(_("The slot was changed."), "success")
            return redirect(_at(cohort, slot))
    return render_template("schedule/edit.html", cohort=cohort, slot=slot, form=form, zone=zone_words(cohort.time_zone, utcnow()))


@bp.post("/<int:slot_id>/cancel")
@needs(Permission.EDIT_SCHEDULE, scope="cohort")
def cancel(cohort: Cohort, slot_id: int) -> ResponseReturnValue:
    slot = queries.slot_of(cohort.id, slot_id) or abort(404)
    with work():
        service.cancel(cohort, slot, request.form.get("reason", ""), by=current_user.person, now=utcnow())
    flash(_("The slot is cancelled. It stays in the timetable with the reason, and no longer counts."), "success")
    return redirect(_at(cohort, slot))


@bp.post("/<int:slot_id>/restore")
@needs(Permission.EDIT_SCHEDULE, scope="cohort")
def restore(cohort: Cohort, slot_id: int) -> ResponseReturnValue:
    slot = queries.slot_of(cohort.id, slot_id) or abort(404)
    with work():
        service.restore(cohort, slot, by=current_user.person, now=utcnow())
    flash(_("The slot takes place again."), "success")
    return redirect(_at(cohort, slot))


@bp.post("/<int:slot_id>/delete")
@needs(Permission.EDIT_SCHEDULE, scope="cohort")
def delete(cohort: Cohort, slot_id: int) -> ResponseReturnValue:
    slot = queries.slot_of(cohort.id, slot_id) or abort(404)
    with work():
        service.delete(cohort, slot, by=current_user.person, now=utcnow())
    flash(_("The slot was deleted."), "success")
    return redirect(url_for("schedule.index", cohort_code=cohort.code))


@bp.route("/paste", methods=["GET", "POST"])
@needs(Permission.EDIT_SCHEDULE, scope="cohort")
def paste(cohort: Cohort) -> ResponseReturnValue:
    form = PasteForm(language=language() if language() in dict(EDITED) else "en")
    verdicts = []
    if form.validate_on_submit():
        if request.form.get("apply"):
            with form.refusals(), work():
                added = service.paste(cohort, form.table.data, form.language.data, by=current_user.person, now=utcnow())
                flash(ngettext("%(num)s slot was added.", "%(num)s slots were added.", added), "success")
                return redirect(url_for("schedule.index", cohort_code=cohort.code))
        if not form.table.errors:
            with form.refusals():
                verdicts = service.preview(cohort, form.table.data)
    counts = {result: sum(v.result is result for v in verdicts) for result in Result}
    return render_template("schedule/paste.html", cohort=cohort, form=form, verdicts=verdicts, counts=counts, words=problem_words)


def _at(cohort: Cohort, slot: Slot) -> str:
    return url_for("schedule.index", cohort_code=cohort.code, _anchor=f"slot-{slot.id}")


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _csv(cohort: Cohort, slots: list[Slot]) -> Response:
    """The timetable as a file whose rows can be pasted back."""
    head = [*(label(column) for column in Column), _("Cancelled because")]
    return csv_response(f"timetable-{cohort.code}", head, _csv_rows(cohort, slots))


def _csv_rows(cohort: Cohort, slots: list[Slot]) -> Iterator[list[str]]:
    zone = ZoneInfo(cohort.time_zone)
    for slot in slots:
        starts, ends = slot.starts_at.astimezone(zone), slot.ends_at.astimezone(zone)
        trainer = slot.trainer.full_name if slot.trainer else ""
        hours = slot.academic_hours if slot.kind is SlotKind.TRAINING else None
        entry = Entry(starts.date(), starts.time(), ends.time(), localized(slot.title, language()), slot.kind, slot.place, trainer, hours)
        yield [*format_entry(entry), slot.cancelled_reason or ""]
