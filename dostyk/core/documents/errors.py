"""What can go wrong with a document. Meant for the log and for the person who prepares the data."""

from __future__ import annotations

import unicodedata


class DocumentError(Exception):
    """The document cannot be made from this data; the message says why."""


class ForkedError(DocumentError):
    """This process was forked from one that had already made a document."""


class MissingGlyphError(DocumentError):
    """A text holds characters that no font of ours draws.

    `characters` are these characters, `where` is the path to the text in the data, such as `name.latin`.
    """

    def __init__(self, characters: str, where: str) -> None:
        named = ", ".join(f"{c!a} {unicodedata.name(c, 'unnamed character')}" for c in characters)
        super().__init__(f"No glyph for the characters in {where}: {named}")
        self.characters, self.where = characters, where
