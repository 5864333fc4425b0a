"""The words of this room."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from dostyk.core.i18n import labels
from dostyk.core.sheets import Column
from dostyk.nominees.rules import NotInvited, Stage

STAGES = labels(
    {
        # Translators: how far somebody named for a seat has come
        Stage.NAMED: _l("Named"),
        Stage.INVITED: _l("Invited"),
        Stage.PENDING: _l("Waits for approval"),
        Stage.REDEEMED: _l("Enrolled"),
        Stage.ATTENDING: _l("Attending"),
        Stage.CERTIFIED: _l("Certificate"),
        Stage.REPLACED: _l("Replaced"),
        Stage.GIVEN_BACK: _l("Given back"),
        Stage.WITHDRAWN: _l("Withdrawn"),
        Stage.DECLINED: _l("Declined"),
    }
)
SHAPES = {
    Stage.NAMED: "warn", Stage.INVITED: "info", Stage.PENDING: "info", Stage.REDEEMED: "ok", Stage.ATTENDING: "ok", Stage.CERTIFIED: "ok",
    Stage.REPLACED: "bad", Stage.GIVEN_BACK: "bad", Stage.WITHDRAWN: "bad", Stage.DECLINED: "bad",
}  # fmt: skip

NOT_INVITED = labels(
    {
        NotInvited.ENDED: _l("This person was replaced, or the seat was given back."),
        NotInvited.REDEEMED: _l("This person has redeemed the voucher already."),
        NotInvited.DECLINED: _l("A coordinator declined this person. Correct the data, name somebody else, or give the seat back."),
        NotInvited.NO_SEAT: _l("There is no voucher for this person: more people are named than there are seats."),
        NotInvited.EXPIRED: _l("The voucher of this person cannot be redeemed any more. Ask the coordinator to extend the batch."),
        NotInvited.TO_DECIDE: _l("A coordinator decides first about what the checks found."),
        NotInvited.NO_ADDRESS: _l("There is no e-mail address: add one, or print the letter."),
        NotInvited.INVITED: _l("This person was invited before. Send the invitation again if it did not arrive."),
    }
)

# Translators: what happened to somebody named for a seat, in a list of such lines
EVENTS = {
    "nominee.named": _l("Named"),
    "nominee.edited": _l("Data corrected"),
    "nominee.invited": _l("Invited"),
    "nominee.reminded": _l("Reminded"),
    "nominee.replaced": _l("Replaced by somebody else"),
    "nominee.given_back": _l("Seat given back"),
    "nominee.accepted": _l("Accepted by a coordinator"),
    "nominee.declined": _l("Declined by a coordinator"),
}

COLUMNS = (
    Column(
        "full_name",
        _l("Full name"),
        required=True,
        also=("name", "nominee", "имя", "ФИО латиницей", "имя и фамилия", "фамилия и имя", "аты-жөні", "نام کامل"),
        help=_l("In Latin letters, as in the passport. So it stands on certificates."),
        example="AITBAEVA Aigul",
    ),
    Column(
        "own_name",
        _l("Name in the person's own script"),
        also=("own name", "native name", "name in own script", "ФИО", "фамилия имя отчество", "имя на родном языке", "نام"),
        help=_l("In any script: Өмүрбеков Нүржан, احمد شاه."),
        example="Айтбаева Айгүл",
    ),
    Column(
        "email",
        _l("E-mail address"),
        also=("email", "e-mail", "mail", "эл. почта", "электронная почта", "почта", "ایمیل"),
        help=_l("The invitation goes there, and only this address can use the code. Without one you print the letter."),
        example="aigul.aitbaeva@example.org",
    ),
    Column(
        "sex", _l("Sex"), also=("gender", "пол", "жынысы", "جنسیت"), help=_l("female or male, in any language; or empty."), example="female"
    ),
    Column(
        "birth_year",
        _l("Year of birth"),
        also=("birth year", "born", "date of birth", "год рождения", "дата рождения", "туған жылы"),
        help=_l("Four digits. It tells people of the same name apart."),
        example="1990",
    ),
    Column(
        "employer",
        _l("Employer"),
        also=("organisation", "organization", "institution", "место работы", "организация", "жұмыс орны"),
        example="Ministry of Labour",
    ),
    Column("post", _l("Post"), also=("position", "job title", "должность", "лауазымы"), example="Chief specialist"),
    Column(
        "years_of_service",
        _l("Years of service"),
        also=("years", "experience", "стаж", "стаж работы", "еңбек өтілі"),
        help=_l("Whole years in the public service."),
        example="6",
    ),
    Column(
        "languages",
        _l("Languages"),
        also=("language", "язык", "языки", "тілдер"),
        help=_l("In which the person can follow a course, with commas between them."),
        example="Kyrgyz, Russian",
    ),
    Column(
        "letter_language",
        _l("Language of the letter"),
        also=("letter", "язык письма", "хат тілі"),
        help=_l("English, Russian, Kazakh or Dari; empty: as the batch."),
        example="Russian",
    ),
)
