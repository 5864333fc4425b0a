"""Pages of cohorts."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from dostyk.cohorts.models import Cohort
from dostyk.cohorts.rules import Phase
from dostyk.core.access import Permission, needs
from dostyk.core.clock import utcnow
from dostyk.core.nav import tab

bp = Blueprint("cohorts", __name__, url_prefix="/cohorts")
tab("cohort", 10, _l("Overview"), "cohorts.show", Permission.SEE_COHORT)


@bp.app_template_filter()
def phase(cohort: Cohort) -> Phase:
    """Where a cohort stands now."""
    return cohort.phase(utcnow())


@bp.get("/<cohort_code>/")
@needs(Permission.SEE_COHORT, scope="cohort")
def show(cohort: Cohort) -> ResponseReturnValue:
    return render_template("cohorts/show.html", cohort=cohort)
