"""Pages of attendance: a cohort's figures, the roll of a slot, the history of a mark, and what participants see of their own."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user

from dostyk.attendance import forms, queries, rules, service
from dostyk.attendance.labels import EXCUSED_RULE, LATE_RULE, STANDING_KIND, STANDINGS
from dostyk.attendance.queries import PersonRow
from dostyk.attendance.rules import Excuse, Status
from dostyk.attendance.service import Entry
from dostyk.cohorts.models import Cohort
from dostyk.core.access import Permission, grants_with, needs
from dostyk.core.clock import utcnow
from dostyk.core.countries import country_name
from dostyk.core.database import work
from dostyk.core.errors import Refused
from dostyk.core.i18n import label, language, percent
from dostyk.core.nav import tab
from dostyk.core.tables import PER_PAGE, Filter, Listing, csv_response
from dostyk.core.text import fold
from dostyk.schedule import queries as schedule
from dostyk.schedule.labels import zone_words

bp = Blueprint("attendance", __name__)
tab("cohort", 60, _l("Attendance"), "attendance.index", Permission.SEE_ATTENDANCE)
BASE = "/cohorts/<cohort_code>/attendance"


@bp.get(BASE)
@needs(Permission.SEE_ATTENDANCE, scope="cohort")
def index(cohort: Cohort) -> ResponseReturnValue:
    now = utcnow()
    sheet = queries.sheet(cohort, now)
    listing = _listing(cohort, sheet.people)
    if request.args.get("format") == "csv":
        return _csv(cohort, listing.rows)
    return render_template(
        "attendance/index.html", cohort=cohort, sheet=sheet, listing=listing, days=schedule.days(sheet.slots, cohort.time_zone),
        today=cohort.today(now), now=now, forgotten=sheet.forgotten(now), zone=zone_words(cohort.time_zone, now), **_rule_words(cohort),
    )  # fmt: skip


@bp.get("/attendance/today")
@needs(Permission.MARK_ATTENDANCE, scope="any")
def today() -> ResponseReturnValue:
    now = utcnow()
    found = queries.today(current_user.person, grants_with(Permission.MARK_ATTENDANCE), now)
    return render_template("attendance/today.html", own=[s for s in found if s.own], others=[s for s in found if not s.own], now=now)


@bp.route(f"{BASE}/<int:slot_id>", methods=["GET", "POST"])
@needs(Permission.MARK_ATTENDANCE, scope="cohort")
def roll(cohort: Cohort, slot_id: int) -> ResponseReturnValue:
    slot = schedule.slot_of(cohort.id, slot_id) or abort(404)
    asked: dict[int, tuple[Refused, forms.Said]] = {}
    if request.method == "POST":
        said = {one.entry.enrolment_id: one for one in forms.rows(request.form)}
        with work():
            taken = service.take_roll(cohort, slot, [one.entry for one in said.values()], by=current_user.person, now=utcnow())
        if not taken.asked:
            flash(ngettext("%(num)s mark was saved.", "%(num)s marks were saved.", taken.saved), "success")
            return redirect(request.path)
        asked = {number: (refused, said[number]) for number, refused in taken.asked.items()}
    return render_template("attendance/roll.html", asked=asked, rows=queries.roll(cohort, slot), **_roll(cohort, slot))


@bp.post(f"{BASE}/<int:slot_id>/all-present")
@needs(Permission.MARK_ATTENDANCE, scope="cohort")
def mark_all_present(cohort: Cohort, slot_id: int) -> ResponseReturnValue:
    slot = schedule.slot_of(cohort.id, slot_id) or abort(404)
    with work():
        number = service.mark_all_present(cohort, slot, by=current_user.person, now=utcnow())
    flash(ngettext("%(num)s person was marked present.", "%(num)s people were marked present.", number), "success")
    return redirect(url_for("attendance.roll", cohort_code=cohort.code, slot_id=slot_id))


@bp.post(f"{BASE}/<int:slot_id>/<int:enrolment_id>")
@needs(Permission.MARK_ATTENDANCE, scope="cohort")
def mark(cohort: Cohort, slot_id: int, enrolment_id: int) -> ResponseReturnValue:
    said = forms.row(request.form, enrolment_id) or abort(400)
    try:
        with work():
            row, far, slot = service.mark(cohort, slot_id, said.entry, by=current_user.person, now=utcnow())
    except Refused as refused:
        if refused.field is None:
            raise
        return _asked(cohort, slot_id, said, refused)
    if not request.headers.get("HX-Request"):
        return redirect(url_for("attendance.history", cohort_code=cohort.code, slot_id=slot_id, enrolment_id=enrolment_id))
    return render_template("attendance/_row.html", row=row, far=far, ask=None, cohort=cohort, slot=slot, **CHOICES)


@bp.get(f"{BASE}/<int:slot_id>/<int:enrolment_id>")
@needs(Permission.SEE_ATTENDANCE, scope="cohort")
def history(cohort: Cohort, slot_id: int, enrolment_id: int, sent: Entry | None = None) -> ResponseReturnValue:
    """What was recorded of one person in one slot; `sent` is what a form said that could not be written."""
    slot = schedule.slot_of(cohort.id, slot_id) or abort(404)
    enrolment = queries.enrolment_in(cohort, enrolment_id) or abort(404)
    return render_template(
        "attendance/history.html", cohort=cohort, slot=slot, enrolment=enrolment, marks=queries.history(slot.id, enrolment.id), sent=sent,
        closed=service.why_not_now(cohort, slot, utcnow()), zone=zone_words(cohort.time_zone, slot.starts_at), **CHOICES,
    )  # fmt: skip


@bp.get("/me/attendance/<cohort_code>")
@needs(Permission.USE_ACCOUNT)
def mine(cohort_code: str) -> ResponseReturnValue:
    now = utcnow()
    enrolment = queries.own_enrolment(cohort_code, current_user.person_id) or abort(404)
    slots, record = queries.own_record(enrolment, now)
    cohort, rule = enrolment.cohort, enrolment.cohort.course.completion_rule
    return render_template(
        "attendance/mine.html", cohort=cohort, enrolment=enrolment, slots=slots, record=record, rule=rule, now=now,
        standing=rules.standing(record, rule), needed=rules.hours_needed(record, rule),
        zone=zone_words(cohort.time_zone, now), **_rule_words(cohort),
    )  # fmt: skip


# --- Parts of pages -------------------------------------------------------------------------------------------------

CHOICES: dict[str, Any] = {"statuses": list(Status), "excuses": list(Excuse), "minutes": forms.MINUTES, "key": forms.key}
STANDING_VALUES = frozenset(standing.value for standing in STANDINGS)
SORTS: dict[str, Any] = {
    "name": lambda p: (p.sort_name, p.enrolment_id),
    "country": lambda p: (p.country or "", p.sort_name, p.enrolment_id),
    "held": lambda p: (p.record.percentages.of_held or 0, p.sort_name, p.enrolment_id),
    "planned": lambda p: (p.record.percentages.of_planned or 0, p.sort_name, p.enrolment_id),
    "possible": lambda p: (p.record.percentages.possible or 0, p.sort_name, p.enrolment_id),
}


def _roll(cohort: Cohort, slot: Any) -> dict[str, Any]:
    now = utcnow()
    closed = service.why_not_now(cohort, slot, now)
    return {"cohort": cohort, "slot": slot, "closed": closed, "now": now, "zone": zone_words(cohort.time_zone, now), **CHOICES}


def _asked(cohort: Cohort, slot_id: int, said: forms.Said, refused: Refused) -> ResponseReturnValue:
    """The row again, with what is still missing; nothing was written."""
    slot = schedule.slot_of(cohort.id, slot_id) or abort(404)
    if not request.headers.get("HX-Request"):
        flash(str(refused.sentence), "error")
        page: ResponseReturnValue = history(cohort_code=cohort.code, slot_id=slot_id, enrolment_id=said.entry.enrolment_id, sent=said.entry)
        return page
    row = next(iter(queries.roll(cohort, slot, only=said.entry.enrolment_id)), None) or abort(404)
    return render_template("attendance/_row.html", row=row, far=None, ask=(refused, said), cohort=cohort, slot=slot, **CHOICES)


def _rule_words(cohort: Cohort) -> dict[str, Any]:
    rule = cohort.course.completion_rule
    return {
        "excused_words": EXCUSED_RULE[rule.excused],
        "late_words": LATE_RULE[rule.late],
        "least": rule.attendance,
        "kinds": STANDING_KIND,
    }


def _listing(cohort: Cohort, people: list[PersonRow] | Any) -> Listing[PersonRow]:
    """The people as the request asks for them. A cohort is small: it is read whole, and filtered here by what the rules say."""
    args = request.args
    q, asked = args.get("q", "").strip()[:100], args.get("standing", "")
    choices = [*((s.value, word) for s, word in STANDINGS.items()), ("withdrawn", _l("Withdrawn"))]
    asked = asked if asked in dict(choices) else ""
    words = fold(q).split()
    found = [p for p in people if p.withdrawn == (asked == "withdrawn") and all(word in p.search for word in words)]
    if asked in STANDING_VALUES:
        found = [p for p in found if p.standing == asked]
    sort = args.get("sort", "") if args.get("sort") in SORTS else "name"
    found.sort(key=SORTS[sort], reverse=args.get("desc") == "1")
    page = min(max(args.get("page", 1, type=int) or 1, 1), -(-len(found) // PER_PAGE) or 1)
    shown = found if args.get("format") else found[(page - 1) * PER_PAGE : page * PER_PAGE]
    chosen = Filter("standing", _l("Towards the certificate"), choices, lambda _value: sa.true(), asked)
    return Listing(
        shown, len(found), page, PER_PAGE, q, sort, args.get("desc") == "1", [chosen], True, frozenset(SORTS), sa.select(sa.literal(1)),
        endpoint="attendance.index", arguments={"cohort_code": cohort.code},
    )  # fmt: skip


def _csv(cohort: Cohort, people: Any) -> Response:
    head = [
        _("Participant"), _("Name in own script"), _("Country"),
        _("Planned hours"), _("Held hours"), _("Attended hours"), _("Excused hours"),
        _("Of held hours"), _("Of planned hours"), _("Still possible"),
        _("Late"), _("Absent"), _("Not marked"), _("Cultural events"), _("Towards the certificate"), _("Counts from"),
    ]  # fmt: skip
    return csv_response(f"attendance-{cohort.code}", head, (_csv_row(person) for person in people))


def _csv_row(person: PersonRow) -> list[object]:
    record, shares = person.record, person.record.percentages
    hours = [f"{float(h):g}" for h in (record.planned, record.held, record.attended, record.excused)]
    country = country_name(person.country, language()) if person.country else ""
    return [
        person.full_name, person.own_name, country, *hours, percent(shares.of_held), percent(shares.of_planned), percent(shares.possible),
        record.late, record.absent, record.unmarked, record.cultural_events, label(person.standing),
        person.counts_from.isoformat() if person.counts_from else "",
    ]  # fmt: skip
