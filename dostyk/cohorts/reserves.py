"""Seats that are promised but not yet taken. The rooms above know of them and tell here: open vouchers, offers to who waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime

Provider = Callable[[int, datetime], Mapping[str, int]]
_providers: list[Provider] = []


def provides(provider: Provider) -> Provider:
    """Mark a function as telling how many seats of a cohort (its number) are promised at a moment, by country. One statement."""
    _providers.append(provider)
    return provider


def reserved(cohort_id: int, now: datetime) -> Mapping[str, int]:
    """The seats of a cohort that are promised at `now`, by country."""
    total: Counter[str] = Counter()
    for provider in _providers:
        total.update(provider(cohort_id, now))
    return total
