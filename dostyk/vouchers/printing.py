"""The sheet of vouchers to print, cut and hand out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from flask_babel import force_locale
from flask_babel import gettext as _

from dostyk.core.countries import country_name
from dostyk.core.documents import VoucherCard, VoucherSheetData, qr_svg
from dostyk.core.i18n import day, days
from dostyk.core.printing import printed
from dostyk.core.text import group_code, localized
from dostyk.vouchers.models import Batch, Voucher
from dostyk.vouchers.rules import valid_through


def link(site: str, code: str) -> str:
    """The address that opens a voucher; `site` without a slash at its end."""
    return f"{site}/redeem/{code}"


def sheet(batch: Batch, vouchers: Sequence[Voucher], site: str, now: datetime, language: str = "") -> bytes:
    """The vouchers as PDF in the batch's language, or the one that is told, with short instructions in a second one.

    Raises Refused for texts of the course, the host or the body that cannot be printed.
    """
    return printed("vouchers", sheet_data(batch, vouchers, site, language), at=now, language=language or batch.language)


def sheet_data(batch: Batch, vouchers: Sequence[Voucher], site: str, language: str = "") -> VoucherSheetData:
    """What is printed, in the batch's language or the one that is told."""
    cohort, course, lang = batch.cohort, batch.cohort.course, language or batch.language
    second = "en" if lang != "en" else "ru"
    with force_locale(lang):
        until = day(valid_through(batch.valid_until, cohort.time_zone))
        body = localized(batch.organisation.name, lang)
        place = ", ".join(filter(None, (localized(cohort.host.name, lang), localized(cohort.city, lang))))
        country = country_name(batch.country, lang)
        return {
            "title": _("Vouchers for a place on a course"),
            "header": [
                {"label": _("Batch"), "value": batch.name},
                {"label": _("Handed to"), "value": f"{body}, {country}"},
                {"label": _("Vouchers"), "value": str(len(vouchers))},
                {"label": _("Issued on"), "value": day(batch.issued_at, cohort.time_zone)},
            ],
            "running": _("Batch %(name)s", name=batch.name),
            # Translators: keep {page} and {pages} as they are.
            "page": _("Page {page} of {pages}"),
            "issuer": _("Dostyk"),
            "programme": localized(course.project.programme.title, lang),
            "course": localized(course.title, lang),
            "facts": [
                {"label": _("Dates"), "value": days(cohort.starts_on, cohort.ends_on)},
                {"label": _("Place"), "value": place},
                {"label": _("For"), "value": f"{country}, {body}"},
                {"label": _("Valid through"), "value": until},
            ],
            "code_label": _("Voucher code"),
            "address_label": _("Type the code at"),
            "address": f"{site.partition('://')[2]}/redeem",
            "qr_label": _("QR code of"),
            "instructions": [
                {"language": lang, "lines": instructions(until)},
                {"language": second, "lines": _instructions_in(second, batch)},
            ],
            "demonstration": _("Specimen, no validity") if cohort.demo else None,
            "vouchers": [_card(site, voucher) for voucher in vouchers],
        }


def instructions(until: str) -> list[str]:
    """What to do with a voucher, in the present language."""
    return [
        _("1. Scan the QR code, or type the code at the address above."),
        _("2. Check the course, write your name as in the passport and take your seat. Last day: %(day)s", day=until),
        _("3. One voucher is one seat for one person. Keep the code secret until you have used it."),
    ]


def _instructions_in(language: str, batch: Batch) -> list[str]:
    with force_locale(language):
        return instructions(day(valid_through(batch.valid_until, batch.cohort.time_zone)))


def _card(site: str, voucher: Voucher) -> VoucherCard:
    url = link(site, voucher.code)
    return {"code": group_code(voucher.code), "url": url, "qr": qr_svg(url)}


def ascii_name(name: str) -> str:
    """The name of a file, in ASCII whatever the cohort is called."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", name)


def file_name(batch: Batch) -> str:
    """The name of a file about a batch."""
    return ascii_name(f"vouchers-{batch.cohort.code}-{batch.id}")
