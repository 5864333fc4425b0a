"""Typst as a function: template and data in, one PDF/A-2a + PDF/UA-1 file out.

The same input gives the same bytes, in any thread and any process. Two limits of the compiler shape this file: one
`Compiler` must not be used by two threads at once, and a process forked from one that has compiled anything hangs in
its first compilation. So nothing is compiled at import or in a web server's parent process; a forked child of such a
process gets an error instead of hanging.
"""

from __future__ import annotations

import functools
import json
import os
import re
import threading
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import typst

from dostyk.core.documents.errors import DocumentError, ForkedError
from dostyk.core.documents.glyphs import FONTS, prepared

if TYPE_CHECKING:
    from typst import PDFStandard  # stands in the stubs alone

ROOT = FONTS.parent
_STANDARDS: list[PDFStandard] = ["a-2a", "ua-1"]  # they also make a missing glyph an error, which is silent otherwise
_TEMPLATE = re.compile(r"[a-z][a-z_]*")


class _Process:
    """What this process has done with the compiler."""

    compiled = False
    forked_after = False


def _after_fork() -> None:
    _Process.forked_after = _Process.forked_after or _Process.compiled


os.register_at_fork(after_in_child=_after_fork)
_local = threading.local()


@functools.cache
def _fonts() -> typst.Fonts:
    # The fonts of the machine are left out: they differ between hosts, and scanning them costs three times the rest.
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])


def _compiler(template: str) -> typst.Compiler:
    """This thread's compiler of `template`."""
    compilers: dict[str, typst.Compiler] = _local.__dict__.setdefault("compilers", {})
    if template not in compilers:
        source = ROOT / f"{template}.typ"
        if not _TEMPLATE.fullmatch(template) or not source.is_file():
            raise DocumentError(f"There is no document template {template!r}")
        compilers[template] = typst.Compiler(input=str(source), root=str(ROOT), font_paths=_fonts())
    return compilers[template]


def _inputs(data: Mapping[str, object], language: str) -> dict[str, str]:
    return {"data": json.dumps(prepared(data), ensure_ascii=False), "language": language}


def _checked(template: str, at: datetime) -> typst.Compiler:
    if at.tzinfo is None:
        raise DocumentError("The instant of a document needs a time zone")
    if _Process.forked_after:
        raise ForkedError("This process was forked after a document had been made in its parent: use threads, or spawn")
    compiler = _compiler(template)
    _Process.compiled = True
    return compiler


def _explained(template: str, error: typst.TypstError) -> DocumentError:
    hints = "".join(f" ({hint})" for hint in error.hints)
    return DocumentError(f"{template}: {error.message}{hints}")


def render(template: str, data: Mapping[str, object], *, at: datetime, language: str) -> bytes:
    """The document `template` filled with `data`, as PDF/A-2a and PDF/UA-1.

    `at` (with a time zone) is the date in the file, `language` (such as `kk` or `fa_AF`) that of the document as a
    whole. Texts are cleaned before they are set: see `clean`.

    Raises MissingGlyphError when a character cannot be printed, DocumentError when the data does not fit the template
    or a text its place on the page, ForkedError in a process forked after its parent made a document.
    """
    compiler = _checked(template, at)
    try:
        pdf = compiler.compile(
            format="pdf", sys_inputs=_inputs(data, language), pdf_standards=_STANDARDS, timestamp=at.replace(microsecond=0)
        )
    except typst.TypstError as error:
        raise _explained(template, error) from error
    return _whole(pdf)


def render_png(template: str, data: Mapping[str, object], *, at: datetime, language: str, ppi: float = 110) -> list[bytes]:
    """The pages of the same document as PNG pictures, for previews. Raises what `render` raises.

    Missing glyphs are found by the fonts' tables alone here: the compiler complains only when it writes PDF/A.
    """
    compiler = _checked(template, at)
    try:
        pages = compiler.compile(format="png", ppi=ppi, sys_inputs=_inputs(data, language), timestamp=at.replace(microsecond=0))
    except typst.TypstError as error:
        raise _explained(template, error) from error
    return [page for page in (pages if isinstance(pages, list) else [pages]) if page is not None]


def _whole(pdf: bytes | list[bytes] | None) -> bytes:
    if not isinstance(pdf, bytes):  # the stubs of the compiler allow for other formats
        raise DocumentError("The compiler gave no file")
    return pdf
