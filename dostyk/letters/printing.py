"""The letter of invitation, to be shown at a consulate: a page in Kazakh, one in Russian, one in English."""

from __future__ import annotations

from datetime import datetime

from flask_babel import force_locale
from flask_babel import gettext as _

from dostyk.cohorts.models import Enrolment
from dostyk.core.countries import country_name
from dostyk.core.documents import InvitationData, InvitationPage
from dostyk.core.i18n import day, days
from dostyk.core.printing import printed
from dostyk.core.text import localized
from dostyk.letters.models import VisaDetails
from dostyk.people.models import Organisation

LANGUAGES = ("kk", "ru", "en")  # the state language first; consulates read the others


def invitation(details: VisaDetails, body: Organisation | None, now: datetime) -> bytes:
    """The letter as PDF. Raises Refused when a text of it cannot be printed."""
    enrolment = details.enrolment
    number = f"{enrolment.cohort.code}/{enrolment.id}"
    data: InvitationData = {"title": number, "pages": [_page(details, body, language, number, now) for language in LANGUAGES]}
    return printed("invitation", data, at=now, language=LANGUAGES[0])


def _page(details: VisaDetails, body: Organisation | None, language: str, number: str, now: datetime) -> InvitationPage:
    enrolment: Enrolment = details.enrolment
    cohort, person = enrolment.cohort, enrolment.person
    with force_locale(language):
        passport = [
            (_("Passport"), details.passport_number),
            (_("Valid until"), day(details.passport_expires_on)),
            (_("Date of birth"), day(details.born_on)),
            (_("Citizenship"), country_name(details.citizenship, language)),
            (_("Post"), ", ".join(filter(None, (person.post, person.employer)))),
            (_("Sent by"), localized(body.name, language) if body else ""),
        ]
        stay = [
            (_("Course"), localized(cohort.course.title, language)),
            (_("Programme"), localized(cohort.course.project.programme.title, language)),
            (_("Dates"), days(cohort.starts_on, cohort.ends_on)),
            (_("Host"), localized(cohort.host.name, language)),
            (_("City"), localized(cohort.city, language)),
            (_("Cohort"), cohort.code),
        ]
        return {
            "language": language,
            "host": localized(cohort.host.name, language),
            "programme": localized(cohort.course.project.programme.title, language),
            "number": _("No. %(number)s", number=number),
            "on": day(now, cohort.time_zone),
            "to": _("To the consulate of the Republic of Kazakhstan: %(city)s", city=details.consulate)
            if details.consulate
            else _("To the consulates of the Republic of Kazakhstan"),
            "title": _("Letter of invitation"),
            "text": _(
                "We invite the person named here to Kazakhstan to take part in the course below, and ask you to consider the application"
                " for a visa for the time of the course and of the journey there and back."
            ),
            "name": person.full_name,
            "facts": [{"label": label, "value": value} for label, value in passport if value],
            "stay": [{"label": label, "value": value} for label, value in stay if value],
            "signature": _("Name, signature and stamp of the host"),
            "demonstration": _("Specimen, no validity") if cohort.demo else None,
        }


def file_name(enrolment: Enrolment) -> str:
    """The name of the file, in ASCII."""
    return f"invitation-{enrolment.cohort.code}-{enrolment.id}"
