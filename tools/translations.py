"""`make translations`: collect the messages of code and templates into the catalogues of dostyk/translations.

New messages come in empty, changed ones marked fuzzy; `tests/test_translations.py` demands that neither is left.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
CATALOGUES = ROOT / "dostyk" / "translations"


def extract(target: Path) -> None:
    """All messages into one template file."""
    babel(
        "extract",
        "-F",
        "babel.cfg",
        "-k",
        "_l",
        "-k",
        "lazy_gettext",
        "-c",
        "Translators:",
        "--no-location",
        "--sort-output",
        "--omit-header",
        "--no-wrap",
        "-o",
        str(target),
        ".",
    )


def babel(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "babel.messages.frontend", *words], cwd=ROOT, check=True, capture_output=True)


def main(locales: list[str]) -> None:
    """Bring the catalogues of `locales` (none: all) up to date; a new one is begun."""
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "messages.pot"
        extract(template)
        for locale in locales or sorted(p.parent.parent.name for p in CATALOGUES.glob("*/LC_MESSAGES/messages.po")):
            if not (CATALOGUES / locale / "LC_MESSAGES" / "messages.po").exists():
                babel("init", "-i", str(template), "-d", str(CATALOGUES), "-l", locale, "--no-wrap")
            options = ("--no-fuzzy-matching", "--no-wrap", "--ignore-obsolete", "--omit-header", "--ignore-pot-creation-date")
            babel("update", "-i", str(template), "-d", str(CATALOGUES), "-l", locale, *options)


if __name__ == "__main__":
    main(sys.argv[1:])
