"""The letter to whoever took a seat."""

from __future__ import annotations

from flask import current_app
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from dostyk.core import mail
from dostyk.core.database import db
from dostyk.core.i18n import days
from dostyk.core.text import localized
from dostyk.people import letters, service
from dostyk.people.models import Account
from dostyk.vouchers.service import Given


def welcome(given: Given, account: Account) -> None:
    """Say which seat it is and what comes next; with a link to choose a password when the account is new.

    One letter, not two: a welcome and an invitation in the same minute look like one of them is false.
    """
    seat, language = given.seat, letters.language_of(account)
    cohort, site = seat.cohort, current_app.config["PUBLIC_URL"]
    with force_locale(language):
        course = localized(cohort.course.title, language)
        subject = _("Your seat: %(course)s", course=course)
        parts = [
            _("Dear %(name)s,", name=account.person.full_name),
            _(
                "you have a seat in the course “%(course)s” (%(code)s): %(dates)s, %(host)s, %(city)s.",
                course=course,
                code=cohort.code,
                dates=days(cohort.starts_on, cohort.ends_on),
                host=localized(cohort.host.name, language),
                city=localized(cohort.city, language),
            ),
            localized(cohort.welcome, language),
            _("What comes next, and the timetable:\n%(link)s", link=f"{site}/redeem/welcome/{cohort.code}"),
            _password(given, account),
            _("Your Dostyk team"),
        ]
    mail.send("vouchers.welcome", account.email, subject, "\n\n".join(part for part in parts if part), language=language)


def _password(given: Given, account: Account) -> str:
    """How to choose a password, for a new account; it counts as invited from now on."""
    if given.account is None:
        return ""
    with db.session.no_autoflush:
        account.invited_at = given.seat.enrolled_at
        link = letters.link(f"/invitation/{service.invitation_token(account)}")
    return _(
        "Choose a password, so that you can sign in on any device:\n%(link)s\n%(until)s",
        link=link,
        until=ngettext("The link works for %(num)s day.", "The link works for %(num)s days.", letters.INVITATION_DAYS),
    )
