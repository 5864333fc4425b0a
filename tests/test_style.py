"""The tools that read the code instead of running it: each is one test, so that all of them are heard."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dostyk import ROOT

TOOLS = {
    "style": ("ruff", "check", "--no-cache", "--quiet"),
    "layout of the code": ("ruff", "format", "--check", "--no-cache", "--quiet"),
    "types": ("mypy",),
    "floors and rooms": ("lint-imports", "--no-cache"),
    "templates": ("djlint", "--lint", "--quiet", "templates"),
    "files of other projects": ("python", "tools/vendor.py", "check"),
}


@pytest.mark.parametrize("tool", TOOLS)
def test_nothing_is_found(tool):
    command, *words = TOOLS[tool]
    found = subprocess.run([Path(sys.executable).parent / command, *words], check=False, cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
