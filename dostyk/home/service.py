"""What a person sets for themselves. Nothing here commits."""

from __future__ import annotations

from dostyk.people.models import Account


def language(account: Account, code: str) -> None:
    """Remember the language of the interface, and of letters, with the account."""
    account.language = code
