"""What the overview of a cohort shows of its vouchers."""

from __future__ import annotations

from datetime import datetime

from flask import url_for
from flask_babel import ngettext

from dostyk.cohorts.models import Cohort
from dostyk.cohorts.panels import Figure, figure
from dostyk.core.access import Permission
from dostyk.vouchers import queries


@figure(30, Permission.SEE_VOUCHERS)
def open_vouchers(cohort: Cohort, now: datetime) -> Figure | None:
    """How many vouchers can still be redeemed; nothing when there are none."""
    number = sum(queries.promised(cohort.id, now).values())
    if not number:
        return None
    caption = ngettext("voucher not redeemed", "vouchers not redeemed", number)
    return Figure(number, caption, url_for("vouchers.index", cohort_code=cohort.code, state="open"))
