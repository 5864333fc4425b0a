"""How a letter is shown to an administrator."""

from __future__ import annotations

import re

from flask import current_app
from flask_babel import gettext as _

from dostyk.core.mail import Mail

# Links that let whoever follows them choose somebody's password.
_KEYS = re.compile(r"(/(?:reset-password|invitation)/)\S+")


def body(letter: Mail) -> str:
    """The text of a letter. In production without the keys in its links, which would let an administrator become anybody."""
    if current_app.config["ENVIRONMENT"] != "production":
        return letter.body
    hidden = _("(hidden)")
    return _KEYS.sub(lambda found: f"{found.group(1)}{hidden}", letter.body)
