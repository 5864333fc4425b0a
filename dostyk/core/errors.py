"""The one error that a person is meant to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dostyk.core.audit import Event


class Refused(Exception):
    """A rule said no.

    `sentence` is for the person and says what to do next, `field` names the form field where to show it,
    `note` is what the audit log keeps although everything else is undone, `status` is the HTTP status of a
    page that shows nothing but the refusal.
    """

    def __init__(self, sentence: object, *, field: str | None = None, note: Event | None = None, status: int = 409) -> None:
        super().__init__(sentence)
        self.sentence, self.field, self.note, self.status = sentence, field, note, status
