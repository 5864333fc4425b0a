"""The shape of a roll as it is sent: a handful of fields for each person, named after the number of the enrolment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dostyk.attendance.rules import Excuse, Presence, Status, presence
from dostyk.attendance.service import Entry
from dostyk.core.text import DIGITS

MINUTES = (5, 10, 15)  # one tap each; everything else is typed


@dataclass(frozen=True)
class Said:
    """A row of the form: what was said, and what the page showed when it was loaded."""

    entry: Entry
    shown: str

    @property
    def touched(self) -> bool:
        """Whether the person who sent the form changed this row: what another trainer did meanwhile is not undone."""
        return key(self.entry.said) != self.shown


def key(said: Presence | None) -> str:
    """A mark as one word, to tell whether a row was touched: `late.10`, `excused.duty`, `present`, or nothing."""
    if said is None:
        return ""
    return ".".join(str(part) for part in (said.status, said.late_minutes, said.excuse) if part is not None)


def row(form: Mapping[str, str], enrolment_id: int) -> Said | None:
    """What a form says about one person; None when it says nothing, or what no page offers."""
    try:
        status = Status(form.get(f"status-{enrolment_id}", ""))
        excuse = Excuse(form[f"excuse-{enrolment_id}"]) if form.get(f"excuse-{enrolment_id}") else None
    except ValueError:
        return None
    minutes = form.get(f"minutes-{enrolment_id}", "")
    minutes = form.get(f"other-{enrolment_id}", "") if minutes in ("", "other") else minutes
    entry = Entry(
        enrolment_id,
        presence(status, _number(minutes), excuse),
        form.get(f"reason-{enrolment_id}", "")[:300],
        form.get("client_id", "")[:40] or None,
    )
    return Said(entry, form.get(f"shown-{enrolment_id}", ""))


def rows(form: Mapping[str, str]) -> Iterator[Said]:
    """What a form says about everybody in it, of those rows that were touched."""
    for name in form:
        start, _hyphen, number = name.partition("-")
        if start == "status" and number.isdecimal() and len(number) < 10 and (said := row(form, int(number))) and said.touched:
            yield said


def _number(text: str) -> int | None:
    """Minutes as a number; what is no whole number counts as zero minutes, which is then refused."""
    text = text.strip().translate(DIGITS)
    if not text:
        return None
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 6 else 0
