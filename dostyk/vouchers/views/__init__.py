"""Vouchers of a cohort, the batches of a focal point, and the pages where anybody redeems one."""

from __future__ import annotations

from dostyk.vouchers.views import approvals, batches, issuing, own, redeeming
from dostyk.vouchers.views.shared import bp

__all__ = ["approvals", "batches", "bp", "issuing", "own", "redeeming"]
