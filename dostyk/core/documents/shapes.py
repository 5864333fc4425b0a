"""What the templates expect. Every text is ready to print: translated, dates with the month as a word, codes grouped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NotRequired, TypedDict

Kind = Literal["completion", "participation"]
CourseForm = Literal["course", "seminar", "advanced_training", "retraining", "study_visit"]


class Trilingual(TypedDict):
    """One text in the three languages of a certificate; repeat it where a language has none of its own."""

    kk: str
    ru: str
    en: str


class CertificateName(TypedDict):
    """The holder. `latin` is the name as in the passport, the authority; `own` the name in the own script, if it differs.

    The direction of `own` follows from its letters; `own_language` (such as `tg` or `fa_AF`) helps readers aloud.
    """

    latin: str
    own: NotRequired[str | None]
    own_language: NotRequired[str | None]


class Signatory(TypedDict):
    name: Trilingual
    post: Trilingual


class CertificateData(TypedDict):
    """`certificate.typ`: one sheet, A4 landscape, Kazakh, Russian and English side by side.

    `course_form` chooses the fixed words ("advanced training course", "seminar", ...), `course` is the title without
    quotation marks. `hours` are academic hours, `minutes_per_hour` the minutes of one. `starts` and `ends` are both
    days of the course (equal for one day), `issued` is the date of issue: all three as ready dates such as
    `2026 ж. 5 мамыр`, `5 мая 2026 г.`, `5 May 2026`. `code` is the verification code in groups, `address` the page
    where it is typed (without `https://`), `url` the link behind the QR code `qr`, made with `qr_svg(url)`.
    `demonstration` marks the sheet as a specimen of no validity.
    """

    kind: Kind
    course_form: CourseForm
    number: str
    code: str
    address: str
    url: str
    qr: str
    name: CertificateName
    country: Trilingual
    issuer: Trilingual
    programme: Trilingual
    course: Trilingual
    hours: int | float
    minutes_per_hour: int
    starts: Trilingual
    ends: Trilingual
    host: Trilingual
    city: Trilingual
    issued: Trilingual
    signatory: Signatory
    demonstration: bool


class VoucherFact(TypedDict):
    label: str
    value: str


class VoucherInstructions(TypedDict):
    """What to do with a voucher, in one language: about three short lines."""

    language: str
    lines: Sequence[str]


class VoucherCard(TypedDict):
    """One voucher: the code in groups, the link that opens it, and the link's QR code by `qr_svg(url)`."""

    code: str
    url: str
    qr: str


class VoucherSheetData(TypedDict):
    """`vouchers.typ`: A4 portrait, four vouchers a page. Every word comes from here; the template has none.

    `title` and `header` (batch number, body, count, date of issue) stand on the first page, `running` on the others.
    `page` holds `{page}` and `{pages}`, in the sheet's language. `facts` stand on every card: dates, host and city,
    country and body, valid until. `address` is where the code is typed, without `https://`, `address_label` the words
    before it, `code_label` those over the code, `qr_label` the alternative text of the QR code.
    `instructions` are one or two languages; the first is the sheet's. `demonstration` is a word for specimens, or None.
    """

    title: str
    header: Sequence[VoucherFact]
    running: str
    page: str
    issuer: str
    programme: str
    course: str
    facts: Sequence[VoucherFact]
    code_label: str
    address_label: str
    address: str
    qr_label: str
    instructions: Sequence[VoucherInstructions]
    demonstration: str | None
    vouchers: Sequence[VoucherCard]


class NominationLetter(TypedDict):
    """One page of `nomination.typ`, in its own `language`: who is named by whom for what, and the code to take the seat.

    `issuer` is the body that names, `name` as in the passport, `own_name` in the own script or empty. `url` is the link
    behind the QR code `qr`, `address` where the code is typed, without `https://`.
    """

    language: str
    issuer: str
    programme: str
    title: str
    on: str
    name: str
    own_name: str
    post: str
    text: str
    course: str
    facts: Sequence[VoucherFact]
    code_label: str
    code: str
    address_label: str
    address: str
    qr_label: str
    url: str
    qr: str
    steps: Sequence[str]
    secret: str
    demonstration: str | None


class NominationLettersData(TypedDict):
    """`nomination.typ`: A4 portrait, a page for each letter. The words come from here; the template has none."""

    title: str
    letters: Sequence[NominationLetter]


class InvitationPage(TypedDict):
    """One page of `invitation.typ`, in its own `language`: who is invited by whom for what, as a consulate reads it.

    `name` as in the passport; `facts` about the person, `stay` about the course; `signature` stands under the line to sign.
    """

    language: str
    host: str
    programme: str
    number: str
    on: str
    to: str
    title: str
    text: str
    name: str
    facts: Sequence[VoucherFact]
    stay: Sequence[VoucherFact]
    signature: str
    demonstration: str | None


class InvitationData(TypedDict):
    """`invitation.typ`: A4 portrait, a page for each language. The words come from here; the template has none."""

    title: str
    pages: Sequence[InvitationPage]
