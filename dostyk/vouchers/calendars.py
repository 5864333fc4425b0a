"""The days of a course as one entry for the calendar of a phone (RFC 5545)."""

from __future__ import annotations

from datetime import datetime, timedelta

from dostyk.cohorts.models import Cohort
from dostyk.core.i18n import language
from dostyk.core.text import localized


def days_of(cohort: Cohort, site: str, now: datetime) -> str:
    """The course as an event of whole days, in the present language."""
    lang = language()
    place = ", ".join(filter(None, (localized(cohort.host.name, lang), localized(cohort.city, lang))))
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Dostyk//Dostyk//EN", "BEGIN:VEVENT",
        f"UID:{cohort.code}@{site.partition('://')[2]}",
        f"DTSTAMP:{now:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{cohort.starts_on:%Y%m%d}",
        f"DTEND;VALUE=DATE:{cohort.ends_on + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escaped(localized(cohort.course.title, lang))}",
        f"LOCATION:{_escaped(place)}",
        f"URL:{site}/cohorts/{cohort.code}/schedule",
        "END:VEVENT", "END:VCALENDAR",
    ]  # fmt: skip
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n").replace("\r", "")


def _folded(line: str) -> str:
    """Lines of at most 75 octets, broken between characters."""
    parts, part, size = [], "", 0
    for character in line:
        width = len(character.encode())
        if size + width > 74:
            parts.append(part)
            part, size = "", 0
        part, size = part + character, size + width
    return "\r\n ".join([*parts, part])
