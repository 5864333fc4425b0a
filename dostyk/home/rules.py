"""Where a visitor may be sent back to. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit


def own_path(address: str | None) -> str | None:
    """`address` when it is a path of this site, else None: nobody is led away through our forms.

    Browsers read `\\` as `/` and leave out tabs and line ends, so addresses with any of these are refused.
    """
    if not address or not address.startswith("/") or any(c in address for c in "\\\t\r\n") or any(ord(c) < 32 for c in address):
        return None
    parts = urlsplit(address)
    return None if parts.scheme or parts.netloc else address
