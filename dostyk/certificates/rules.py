"""Who is eligible for a certificate, and, if not yet, why not yet. Pure."""

from __future__ import annotations

from enum import StrEnum


class Validity(StrEnum):
    """What the verification page says."""

    VALID = "valid"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
