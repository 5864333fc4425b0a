"""From rows to the snapshot of a certificate, and from the snapshot to the sheet. What is printed comes from the snapshot alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypedDict, cast
from zoneinfo import ZoneInfo

from babel.dates import format_date

from dostyk.certificates.models import Certificate, Signatory
from dostyk.certificates.rules import Record
from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.core.countries import country_name
from dostyk.core.documents import CertificateData, CourseForm, Trilingual, clean, qr_svg, render
from dostyk.core.text import group_code, localized
from dostyk.courses.rules import CourseKind
from dostyk.people.models import Organisation

# The version of the fixed words and the layout of templates/documents/certificate.typ: raised when they change, so
# that a certificate can be drawn as it was.
WORDING = 1
LANGUAGES = ("kk", "ru", "en")
SPECIMEN_CODE = "SPECIMEN2345"
FORMS: dict[CourseKind, CourseForm] = {
    CourseKind.SEMINAR: "seminar",
    CourseKind.ADVANCED: "advanced_training",
    CourseKind.RETRAINING: "retraining",
    CourseKind.STUDY_VISIT: "study_visit",
}
# The language in which a name in the own script is most likely written: only for whoever has the file read aloud.
_OWN_LANGUAGES = {"AF": "fa_AF", "KG": "ky", "KZ": "kk", "MN": "mn", "TJ": "tg", "TM": "tk", "UZ": "uz"}


class Snapshot(TypedDict):
    """What a certificate keeps: `printed` is `CertificateData` without its picture of the code, the rest is for people and machines."""

    wording: int
    languages: list[str]
    printed: dict[str, Any]
    cohort: str
    time_zone: str
    country: str | None
    starts_on: str
    ends_on: str
    issued_on: str
    least_attendance: int
    hours_attended: str
    hours_counted: str
    cultural_events: int


@dataclass(frozen=True)
class Terms:
    """What the certificates of one cohort have in common."""

    cohort: Cohort  # with its course, programme and host
    agency: Organisation
    signatory: Signatory
    public_url: str  # without a slash at its end


def snapshot(terms: Terms, enrolment: Enrolment, record: Record, number: str, code: str, now: datetime) -> Snapshot:
    """Everything that is printed for `enrolment` when it is issued at `now`, and what the decision rested on."""
    cohort, course, person = terms.cohort, terms.cohort.course, enrolment.person
    country = enrolment.country or person.country
    printed: dict[str, Any] = {
        "kind": "completion",
        "course_form": FORMS[course.kind],
        "number": number,
        "code": group_code(code),
        "address": f"{terms.public_url.partition('://')[2]}/verify",
        "url": f"{terms.public_url}/verify/{code}",
        "name": {
            "latin": clean(person.full_name),
            "own": clean(person.own_name) or None,
            "own_language": _OWN_LANGUAGES.get(country or ""),
        },
        "country": _country(country),
        "issuer": _trilingual(terms.agency.name),
        "programme": _trilingual(course.project.programme.title),
        "course": _trilingual(course.title),
        "hours": _hours(course.academic_hours),
        "minutes_per_hour": course.minutes_per_hour,
        "starts": _day(cohort.starts_on),
        "ends": _day(cohort.ends_on),
        "host": _trilingual(cohort.host.name),
        "city": _trilingual(cohort.city),
        "issued": _day(cohort.today(now)),
        "signatory": {"name": _trilingual(terms.signatory.name), "post": _trilingual(terms.signatory.post)},
        "demonstration": cohort.demo,
    }
    return {
        "wording": WORDING,
        "languages": list(LANGUAGES),
        "printed": printed,
        "cohort": cohort.code,
        "time_zone": cohort.time_zone,
        "country": country,
        "starts_on": cohort.starts_on.isoformat(),
        "ends_on": cohort.ends_on.isoformat(),
        "issued_on": cohort.today(now).isoformat(),
        "least_attendance": course.least_attendance,
        "hours_attended": str(record.attended.attended),
        "hours_counted": str(record.attended.counted),
        "cultural_events": record.attended.cultural_events,
    }


def pdf(kept: Mapping[str, Any], at: datetime) -> bytes:
    """The sheet of a snapshot, issued `at`: the same bytes each time. Raises DocumentError when it cannot be printed."""
    printed = kept["printed"]
    data = cast("CertificateData", {**printed, "qr": qr_svg(printed["url"])})
    return render("certificate", data, at=at, language=kept["languages"][0])


def specimen(terms: Terms, enrolment: Enrolment, record: Record, now: datetime, *, name: str | None = None) -> bytes:
    """What the certificate of `enrolment` would look like, marked as invalid; with another `name` if given. Raises DocumentError."""
    programme = terms.cohort.course.project.programme.code
    kept = snapshot(terms, enrolment, record, f"DST-{programme}-0000-0000", SPECIMEN_CODE, now)
    kept["printed"]["demonstration"] = True
    if name is not None:
        kept["printed"]["name"] = {"latin": name, "own": None, "own_language": None}
    return pdf(kept, now)


def day_at_venue(certificate: Certificate, at: datetime) -> date:
    """The day of an instant where the course was held."""
    return at.astimezone(ZoneInfo(certificate.snapshot["time_zone"])).date()


def _trilingual(text: Mapping[str, str]) -> Trilingual:
    kk, ru, en = (localized(text, code) for code in LANGUAGES)
    return {"kk": kk, "ru": ru, "en": en}


def _country(code: str | None) -> Trilingual:
    kk, ru, en = (country_name(code, language) if code else "" for language in LANGUAGES)
    return {"kk": kk, "ru": ru, "en": en}


def _day(value: date) -> Trilingual:
    kk, ru = (format_date(value, "long", locale=code) for code in ("kk", "ru"))
    return {"kk": kk, "ru": ru, "en": format_date(value, "d MMMM y", locale="en")}


def _hours(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
