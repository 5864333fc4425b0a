"""The cultural programme of a cohort, as participants like to read it."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from dostyk.cohorts.models import Cohort
from dostyk.core.access import Permission, needs
from dostyk.core.clock import utcnow
from dostyk.core.nav import tab
from dostyk.culture import queries
from dostyk.schedule.labels import zone_words

bp = Blueprint("culture", __name__, url_prefix="/cohorts/<cohort_code>/culture")
tab("cohort", 50, _l("Culture"), "culture.index", Permission.SEE_SCHEDULE, under="schedule.index")


@bp.get("")
@needs(Permission.SEE_SCHEDULE, scope="cohort")
def index(cohort: Cohort) -> ResponseReturnValue:
    now = utcnow()
    return render_template(
        "culture/index.html",
        cohort=cohort,
        programme=queries.programme(cohort),
        today=cohort.today(now),
        now=now,
        zone=zone_words(cohort.time_zone, now),
    )
