"""Documents for people: what cannot be printed is refused in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask_babel import gettext as _

from dostyk.core.documents import DocumentError, ForkedError, MissingGlyphError, render
from dostyk.core.errors import Refused


def printed(template: str, data: Mapping[str, object], *, at: datetime, language: str) -> bytes:
    """The document as PDF, as by `documents.render`. Raises Refused for texts that no font of ours draws, or too long for their place."""
    try:
        return render(template, data, at=at, language=language)
    except ForkedError:
        raise
    except MissingGlyphError as error:
        raise Refused(
            _(
                "This cannot be printed: its texts hold characters that our fonts do not have: %(letters)s. Write them without these.",
                letters=error.characters,
            )
        ) from error
    except DocumentError as error:
        raise Refused(_("This cannot be printed: its texts are too long for the page. Shorten the longest of them.")) from error
