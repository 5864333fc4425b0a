"""The letter of nomination: who is named by whom for what, with the code to take the seat. In the language of the nominee."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from dostyk.core.documents import NominationLetter, NominationLettersData, qr_svg
from dostyk.core.i18n import day, days
from dostyk.core.printing import printed
from dostyk.core.text import group_code, localized
from dostyk.nominees.models import Nominee
from dostyk.vouchers import prefill
from dostyk.vouchers.models import Batch, Voucher
from dostyk.vouchers.prefill import Bearer
from dostyk.vouchers.rules import valid_through


def nominations(batch: Batch, people: Sequence[tuple[Nominee, Voucher]], now: datetime) -> bytes:
    """One page for each of `people`, who have an open voucher, as PDF. Raises Refused for texts that cannot be printed."""
    language = people[0][0].letter_language
    data: NominationLettersData = {"title": batch.name, "letters": [_letter(batch, *one, now) for one in people]}
    return printed("nomination", data, at=now, language=language)


def _letter(batch: Batch, nominee: Nominee, voucher: Voucher, now: datetime) -> NominationLetter:
    cohort, course, lang = batch.cohort, batch.cohort.course, nominee.letter_language
    with force_locale(lang):
        last = day(valid_through(batch.valid_until, cohort.time_zone))
        url = current_app.config["PUBLIC_URL"] + prefill.path(Bearer.PAPER, voucher)
        return {
            "language": lang,
            "issuer": localized(batch.organisation.name, lang),
            "programme": localized(course.project.programme.title, lang),
            "title": _("Letter of nomination"),
            "on": day(now, cohort.time_zone),
            "name": nominee.full_name,
            "own_name": nominee.own_name if nominee.own_name != nominee.full_name else "",
            "post": ", ".join(filter(None, (nominee.post, nominee.employer))),
            "text": _(
                "The body named above nominates you for the course below. The seat is held for you:"
                " take it yourself, on a phone or a computer, not later than the last day."
            ),
            "course": localized(course.title, lang),
            "facts": [
                {"label": _("Dates"), "value": days(cohort.starts_on, cohort.ends_on)},
                {"label": _("Host"), "value": localized(cohort.host.name, lang)},
                {"label": _("City"), "value": localized(cohort.city, lang)},
                {"label": _("Cohort"), "value": cohort.code},
                {"label": _("Last day to take the seat"), "value": last},
            ],
            "code_label": _("Your code"),
            "code": group_code(voucher.code),
            "address_label": _("Type the code at"),
            "address": f"{current_app.config['PUBLIC_URL'].partition('://')[2]}/redeem",
            "qr_label": _("QR code of"),
            "url": url,
            "qr": qr_svg(url),
            "steps": [
                _("1. Scan the QR code, or type the code at the address beside it."),
                _("2. Check the course and your name as in the passport, fill in the rest, and take your seat."),
                *([_("3. Use the e-mail address that you gave to the body that names you.")] if nominee.email else []),
            ],
            "secret": _("The code is for you alone: give it to nobody. If you cannot come, tell the body that names you."),
            "demonstration": _("Specimen, no validity") if cohort.demo else None,
        }
