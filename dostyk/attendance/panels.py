"""What attendance shows on a cohort's overview."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from fractions import Fraction

from flask import g, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dostyk.attendance import queries
from dostyk.attendance.labels import STANDING_KIND
from dostyk.attendance.queries import Sheet
from dostyk.attendance.rules import Standing, standing
from dostyk.cohorts import progress
from dostyk.cohorts.models import Cohort
from dostyk.cohorts.panels import Figure, Panel, figure, panel
from dostyk.core.access import Permission, Role, can, grants
from dostyk.core.i18n import percent

AT_MOST = 8


@figure(40, Permission.SEE_FIGURES)
def of_held_hours(cohort: Cohort, now: datetime) -> Figure | None:
    """The share of the held hours that all people together attended."""
    share = _sheet(cohort, now).overview.of_held
    url = url_for("attendance.index", cohort_code=cohort.code) if can(Permission.SEE_ATTENDANCE, cohort) else None
    return None if share is None else Figure(percent(share), _("attended of the hours held"), url)


@panel(40, Permission.SEE_ATTENDANCE)
def people_to_look_at(cohort: Cohort, now: datetime) -> Panel | None:
    """Who is behind what the certificate asks for, or can no longer reach it; the most hopeless first."""
    order = [Standing.OUT_OF_REACH, Standing.ROLLS_MISSING, Standing.BEHIND]
    people = [p for p in _sheet(cohort, now).people if not p.withdrawn and p.standing in order]
    people.sort(key=lambda p: (order.index(p.standing), p.record.percentages.possible or 0, p.sort_name))
    if not people:
        return None
    context = {
        "people": people[:AT_MOST],
        "more": len(people) - AT_MOST,
        "kinds": STANDING_KIND,
        "least": cohort.course.completion_rule.attendance,
    }
    return Panel("attendance/_people.html", context, wide=True)


@panel(15, Permission.SEE_COHORT)
def own_attendance(cohort: Cohort, now: datetime) -> Panel | None:
    """A participant's own three percentages."""
    seated = any(grant.role is Role.PARTICIPANT and grant.cohort_id == cohort.id for grant in grants())
    enrolment = queries.own_enrolment(cohort.code, current_user.person_id) if seated else None
    if enrolment is None:
        return None
    record, rule = queries.own_record(enrolment, now)[1], cohort.course.completion_rule
    return Panel(
        "attendance/_own.html", {"record": record, "standing": standing(record, rule), "kinds": STANDING_KIND, "least": rule.attendance}
    )


@progress.tells_attendance
def shares(enrolments: Collection[int], now: datetime) -> Mapping[int, Fraction | None]:
    """What each attended of the hours held so far: all that the body that sent them sees of their marks. Three statements."""
    return {number: record.percentages.of_held for number, record in queries.records_of(queries.seats(enrolments), now).items()}


def _sheet(cohort: Cohort, now: datetime) -> Sheet:
    """The cohort's attendance, read once a request though a figure and a panel ask for it."""
    read = g.get("attendance_sheet")
    if read is None or read[0] != (cohort.id, now):
        read = g.attendance_sheet = ((cohort.id, now), queries.sheet(cohort, now))
    sheet: Sheet = read[1]
    return sheet
