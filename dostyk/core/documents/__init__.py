"""PDF documents: `render` a Typst template of `templates/documents/` with plain data.

The engine knows no feature. What a template expects stands in `shapes`; the words that never change stand in the
template, everything else is data. Strings are drawn as text: markup in them stays visible and does nothing.
"""

from dostyk.core.documents.engine import render, render_png
from dostyk.core.documents.errors import DocumentError, ForkedError, MissingGlyphError
from dostyk.core.documents.glyphs import clean, missing
from dostyk.core.documents.qr import qr_svg
from dostyk.core.documents.shapes import (
    CertificateData,
    CertificateName,
    CourseForm,
    InvitationData,
    InvitationPage,
    Kind,
    NominationLetter,
    NominationLettersData,
    Signatory,
    Trilingual,
    VoucherCard,
    VoucherFact,
    VoucherSheetData,
)

__all__ = [
    "CertificateData",
    "CertificateName",
    "CourseForm",
    "DocumentError",
    "ForkedError",
    "InvitationData",
    "InvitationPage",
    "Kind",
    "MissingGlyphError",
    "NominationLetter",
    "NominationLettersData",
    "Signatory",
    "Trilingual",
    "VoucherCard",
    "VoucherFact",
    "VoucherSheetData",
    "clean",
    "missing",
    "qr_svg",
    "render",
    "render_png",
]
