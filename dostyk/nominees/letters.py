"""The letters to whoever was named: the invitation, the reminder, and that somebody else has the place."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l

from dostyk.cohorts.models import Cohort
from dostyk.core.i18n import day, language
from dostyk.core.text import group_code, localized
from dostyk.messages import kinds
from dostyk.messages import service as messages
from dostyk.messages.kinds import Kind, Placeholder
from dostyk.messages.queries import Texts
from dostyk.nominees.models import Nominee
from dostyk.people import letters
from dostyk.vouchers import prefill
from dostyk.vouchers.models import Batch, Voucher
from dostyk.vouchers.prefill import Bearer
from dostyk.vouchers.rules import valid_through

_BODY = Placeholder("body", _l("Name of the body that named the reader"), _l("Ministry of Labour"))
_CODE = Placeholder("code", _l("Code of the voucher"), "7H3K-9QMX-4TRW", secret=True)
_LINK = Placeholder(
    "link", _l("Address where the reader takes the seat"), "https://dostyk.example/redeem/7H3K9QMX4TRW", needed=True, secret=True
)
_LAST_DAY = Placeholder("last_day", _l("Last day to take the seat"), _l("18 November 2026"))

INVITATION = kinds.register(
    Kind(
        "nominees.invitation", _l("Invitation"), _l("Sent to whoever a partner body names, with the code of the voucher."),
        subject=_l("You are named for a course: %(course)s"),
        body=_l(
            "Dear %(name)s,\n\n"
            "%(body)s has named you for the course “%(course)s” (%(cohort)s): %(dates)s, %(host)s, %(city)s.\n\n"
            "Take your seat here, it takes a few minutes on a phone:\n%(link)s\n\n"
            "Your code: %(code)s\n"
            "Last day: %(last_day)s\n\n"
            "The code is for you alone: give it to nobody.\n\n"
            "Your Dostyk team"
        ),
        placeholders=(kinds.NAME, *kinds.COHORT, _BODY, _CODE, _LINK, _LAST_DAY),
    )
)  # fmt: skip
REMINDER = kinds.register(
    Kind(
        "nominees.reminder", _l("Reminder"), _l("Sent some days before the last day to whoever was invited and took no seat yet."),
        subject=_l("Your seat is still free until %(last_day)s: %(course)s"),
        body=_l(
            "Dear %(name)s,\n\n"
            "%(body)s has named you for the course “%(course)s” (%(cohort)s): %(dates)s, %(host)s, %(city)s."
            " You have not taken your seat yet.\n\n"
            "Take it here until %(last_day)s:\n%(link)s\n\n"
            "Your code: %(code)s\n\n"
            "If you cannot come, tell the body that named you: somebody else can have the seat.\n\n"
            "Your Dostyk team"
        ),
        placeholders=(kinds.NAME, *kinds.COHORT, _BODY, _CODE, _LINK, _LAST_DAY),
    )
)  # fmt: skip
REPLACED = kinds.register(
    Kind(
        "nominees.replaced", _l("Replaced"), _l("Sent to whoever was invited when somebody else gets the place."),
        subject=_l("Your place is given to somebody else: %(course)s"),
        body=_l(
            "Dear %(name)s,\n\n"
            "%(body)s has named somebody else in your place for the course “%(course)s” (%(cohort)s, %(dates)s)."
            " The code that we sent you does not work any more.\n\n"
            "If you did not expect this, ask the body that named you.\n\n"
            "Your Dostyk team"
        ),
        placeholders=(kinds.NAME, *kinds.COHORT, _BODY),
    )
)  # fmt: skip


def invite(nominee: Nominee, texts: Texts | None = None) -> None:
    """The invitation, in the language of the nominee's letters."""
    if nominee.voucher is None:
        raise ValueError("nobody is invited without a voucher")
    _write(INVITATION, nominee, lambda: said(nominee.full_name, nominee.batch, nominee.voucher), texts)


def remind(nominee: Nominee, texts: Texts | None = None) -> None:
    """The reminder, in the language of the nominee's letters."""
    if nominee.voucher is None:
        raise ValueError("nobody is reminded without a voucher")
    _write(REMINDER, nominee, lambda: said(nominee.full_name, nominee.batch, nominee.voucher), texts)


def replaced(nominee: Nominee) -> None:
    """That somebody else has the place."""
    _write(REPLACED, nominee, lambda: {"name": nominee.full_name, "body": _body(nominee.batch)}, None)


def said(full_name: str, batch: Batch, voucher: Voucher | None) -> Mapping[str, object]:
    """What stands in the placeholders, in the present language."""
    if voucher is None:
        raise ValueError("no voucher")
    cohort: Cohort = batch.cohort
    return {
        "name": full_name, "body": _body(batch), "code": group_code(voucher.code), "link": letters.link(prefill.path(Bearer.MAIL, voucher)),
        "last_day": day(valid_through(batch.valid_until, cohort.time_zone)),
    }  # fmt: skip


def _body(batch: Batch) -> str:
    return localized(batch.organisation.name, language())


def _write(kind: Kind, nominee: Nominee, values: messages.Values, texts: Texts | None) -> None:
    messages.write(kind, nominee.email, language=nominee.letter_language, values=values, cohort=nominee.batch.cohort, texts=texts)
