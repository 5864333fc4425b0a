"""The words of this room."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from dostyk.core.i18n import labels
from dostyk.core.sheets import Column
from dostyk.core.uploads import RowOutcome, RowResult, UploadState
from dostyk.imports.rules import Doubt

STATES = labels(
    {
        # Translators: how far a file that was handed in is
        UploadState.CHECKING: _l("Being checked"),
        UploadState.CHECKED: _l("Checked, not applied"),
        UploadState.APPLYING: _l("Being applied"),
        UploadState.APPLIED: _l("Applied"),
        UploadState.UNREADABLE: _l("Cannot be read"),
    }
)
RESULTS = labels(
    {
        # Translators: what a row of a file would do
        RowResult.NEW: _l("New"),
        RowResult.CHANGED: _l("Changed"),
        RowResult.SAME: _l("Same"),
        RowResult.CONTRADICTION: _l("Contradiction"),
        RowResult.ERROR: _l("Error"),
    }
)
OUTCOMES = labels(
    {
        # Translators: what a row of a file did when it was applied
        RowOutcome.DONE: _l("Done"),
        RowOutcome.UNCHANGED: _l("Nothing to do any more"),
        RowOutcome.REFUSED: _l("Not done"),
    }
)
# Why a human must say whom a row is about, and what they can do.
DOUBTS = labels(
    {
        Doubt.ADDRESS_OF_ANOTHER: _l("This e-mail address belongs to somebody with another name. Correct the address or the name."),
        Doubt.ADDRESS_OF_SEVERAL: _l("Several people have this e-mail address. Correct their records first, or enrol the right one."),
        Doubt.OTHER_ADDRESS: _l(
            "Somebody with this name, country and year of birth is known with another e-mail address."
            " If that is the same person, correct the address in one of the two places."
        ),
        Doubt.NAMESAKES: _l(
            "Somebody with this name is known, and it cannot be told whether that is the same person."
            " Add the e-mail address or the year of birth, here or in their record."
        ),
    }
)

COLUMNS = (
    Column(
        "full_name",
        _l("Full name"),
        required=True,
        also=("name", "participant", "имя", "ФИО латиницей", "имя и фамилия", "фамилия и имя", "аты-жөні"),
        help=_l("In Latin letters, as in the passport. So it stands on certificates."),
        example="AITBAEVA Aigul",
    ),
    Column(
        "own_name",
        _l("Name in the person's own script"),
        also=(
            "own name",
            "native name",
            "name in own script",
            "ФИО",
            "фамилия имя отчество",
            "имя на родном языке",
            "өз тіліндегі аты-жөні",
        ),
        help=_l("In any script: Өмүрбеков Нүржан, احمد شاه."),
        example="Айтбаева Айгүл",
    ),
    Column(
        "family_name",
        _l("Family name"),
        also=("surname", "last name", "тегі"),
        help=_l("Lists are sorted by it. Leave it empty if there is none."),
        example="Aitbaeva",
    ),
    Column("given_name", _l("Given name"), also=("first name", "имя собственное", "есімі"), example="Aigul"),
    Column("patronymic", _l("Patronymic"), also=("middle name", "әкесінің аты"), example="Serikovna"),
    Column("sex", _l("Sex"), also=("gender", "пол", "жынысы"), help=_l("female or male, in any language; or empty."), example="female"),
    Column(
        "country",
        _l("Country"),
        required=True,
        also=("citizenship", "гражданство", "страна", "ел", "азаматтығы"),
        help=_l("The name in any language of the region, or the code of two letters."),
        example="Kyrgyzstan",
    ),
    Column(
        "employer",
        _l("Employer"),
        also=("organisation", "organization", "institution", "место работы", "организация", "жұмыс орны"),
        example="Ministry of Labour",
    ),
    Column("post", _l("Post"), also=("position", "job title", "лауазымы"), example="Chief specialist"),
    Column(
        "languages",
        _l("Languages"),
        also=("language", "язык", "тілдер"),
        help=_l("In which the person can follow a course, with commas between them."),
        example="Kyrgyz, Russian",
    ),
    Column(
        "email",
        _l("E-mail address"),
        also=("email", "e-mail", "mail", "эл. почта", "электронная почта", "почта", "электрондық пошта"),
        help=_l("By it a person is recognised when you hand in another file."),
        example="aigul.aitbaeva@example.org",
    ),
    Column(
        "birth_year",
        _l("Year of birth"),
        also=("birth year", "born", "date of birth", "год рождения", "дата рождения", "туған жылы", "туған күні"),
        help=_l("Four digits. It tells people of the same name apart."),
        example="1990",
    ),
)
