"""What happens by itself: the one reminder some days before the end."""

from __future__ import annotations

from flask import current_app

from dostyk.core.clock import utcnow
from dostyk.core.outbox import Progress, hourly
from dostyk.nominees import service


@hourly("nominees.remind")
def remind(progress: Progress) -> None:
    """Remind, once, whoever was invited and has not redeemed; who redeemed or was replaced is not among them."""
    if days := current_app.config["REMIND_DAYS"]:
        service.remind_due(utcnow(), days, lambda written: progress(written, written + 1))
