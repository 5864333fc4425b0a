"""Invented data for a first look: clearly labelled, dates relative to today, names in the real scripts of each country."""

from __future__ import annotations


def load(password: str) -> None:
    """Fill an empty database; inside an application context. Does nothing when there is a person in it already."""
    from dostyk.demo.build import load_everything  # noqa: PLC0415 -- the data are large and read once

    load_everything(password)
