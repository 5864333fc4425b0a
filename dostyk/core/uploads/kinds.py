"""What a room says about the files that it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from dostyk.core.sheets import Column, Line
from dostyk.core.uploads.models import RowResult, Upload


@dataclass(frozen=True)
class Finding:
    """What is wrong with a line, or worth knowing: a sentence, and the key of its column if it is about one."""

    said: object
    key: str = ""


@dataclass(frozen=True)
class Change:
    """A field that would change; both values as they are stored, for `Kind.show` to put into words."""

    key: str
    before: str
    after: str


@dataclass(frozen=True)
class Verdict:
    """What a line would do. `about` names whom it is about; NEW ones are counted by `group` (a country, say)."""

    result: RowResult
    about: str = ""
    findings: Sequence[Finding] = ()
    changes: Sequence[Change] = ()
    group: str = ""


@dataclass(frozen=True)
class Order:
    """On whose order a file is checked, or applied with what options."""

    by_id: int
    applying: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


class Reader(Protocol):
    """How a room reads the lines of one file; see the docstring of the package."""

    def keys(self, cells: Mapping[str, str]) -> Mapping[str, str]: ...
    def judge(self, lines: Sequence[Line]) -> Sequence[Verdict]: ...
    def carry_out(self, line: Line, verdict: Verdict) -> None: ...


def _as_it_is(_key: str, value: str) -> str:
    return value


@dataclass(frozen=True)
class Kind:
    """A kind of file: its name in the table `upload`, its columns, who reads it, and the words for a stored value of a column."""

    name: str
    columns: Sequence[Column]
    open: Callable[[Upload, Order], Reader]
    show: Callable[[str, str], str] = _as_it_is


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """A room tells that it reads files of a kind."""
    KINDS[kind.name] = kind
    return kind
