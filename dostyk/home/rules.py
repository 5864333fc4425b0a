"""Where a visitor may be sent back to. Pure."""

from __future__ import annotations


def own_path(address: str | None) -> str | None:
    """`address` when it is a path of this site, else None: nobody is led away through our forms.

    Browsers read `\\` as `/`, leave out tabs and line ends, and take what follows two slashes or more for a host.
    """
    if not address or not address.startswith("/") or address.startswith("//"):
        return None
    return None if "\\" in address or any(ord(c) < 32 for c in address) else address
