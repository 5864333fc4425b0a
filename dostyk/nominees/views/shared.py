"""What the pages of this room share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from flask import Blueprint, abort, flash, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from dostyk.core.access import Permission, can
from dostyk.core.countries import language_name
from dostyk.core.errors import Refused
from dostyk.core.i18n import day, language
from dostyk.core.text import localized
from dostyk.courses.rules import Finding
from dostyk.nominees import queries
from dostyk.nominees.labels import EVENTS, NOT_INVITED
from dostyk.nominees.models import Nominee
from dostyk.nominees.queries import Standing
from dostyk.nominees.rules import Found, Likeness
from dostyk.nominees.service import Sent
from dostyk.vouchers.models import Batch

bp = Blueprint("nominees", __name__)
bp.add_app_template_filter(lambda kind: EVENTS.get(kind, kind), "nominee_event")
PEOPLE = "/vouchers/<int:batch_id>/people"
ONE = f"{PEOPLE}/<int:nominee_id>"


def one_of(batch: Batch, nominee_id: int) -> Nominee:
    """The nominee of this number; 404 when it belongs to another batch."""
    return queries.one_of(batch, nominee_id) or abort(404)


def standing_of(nominee: Nominee, now: datetime) -> Standing:
    return queries.standings([nominee], now)[0]


@contextmanager
def told() -> Iterator[None]:
    """For a button without a form to return to: a refusal is told on the next page."""
    try:
        yield
    except Refused as refused:
        flash(str(refused.sentence), "error")


def tell(sent: Sent, sentence: str) -> None:
    """What came of many letters: how many were written, and why the others were not."""
    if sent.letters:
        flash(sentence, "success")
    for reason, number in sorted(sent.why_not.items()):
        why = str(NOT_INVITED[reason])
        flash(ngettext("%(num)s person got no letter. %(why)s", "%(num)s people got no letter. %(why)s", number, why=why), "warning")
    if not sent.letters and not sent.why_not:
        flash(_("There is nobody to write to."), "info")


# --- What the checks say ---------------------------------------------------------------------------------------------------


@bp.app_template_global()
def check_says(found: Found, nominee: Nominee) -> list[str]:
    """What a check found, in sentences. Batches of bodies that one may not see are not told apart."""
    match found.finding:
        case Finding.TRAINED_BEFORE:
            return [_training(found, title=localized(t.title, language()), when=day(t.ended_on)) for t in found.trainings]
        case Finding.NAMED_TWICE:
            return list(dict.fromkeys(_twice(found, other.batch_id, nominee) for other in found.namesakes))
        case Finding.OVER_SEATS:
            return [_("All seats of the batch have names: there is no voucher for this person. Give somebody's back, or ask for more.")]
        case Finding.LANGUAGE:
            asked = ", ".join(language_name(code, language()) for code in nominee.batch.cohort.course.languages)
            if found.unknown:
                return [_("The course is taught in: %(languages)s. No language of this person is known.", languages=asked)]
            return [_("The course is taught in: %(languages)s. This person follows none of them.", languages=asked)]
        case _:
            least = nominee.batch.cohort.course.years_of_service
            if found.unknown:
                return [_unknown_years(least)]
            return [
                ngettext(
                    "The course asks for %(num)s year of service. This person has fewer.",
                    "The course asks for %(num)s years of service. This person has fewer.",
                    least,
                )
            ]


def _unknown_years(least: int) -> str:
    return ngettext(
        "The course asks for %(num)s year of service. How many this person has is not known.",
        "The course asks for %(num)s years of service. How many this person has is not known.",
        least,
    )


def _training(found: Found, **said: str) -> str:
    if found.likeness is Likeness.PERHAPS:
        return _("Perhaps trained before: somebody of this name, “%(title)s”, through %(when)s.", **said)
    return _("Trained before: “%(title)s”, through %(when)s.", **said)


def _twice(found: Found, batch_id: int, nominee: Nominee) -> str:
    perhaps = found.likeness is Likeness.PERHAPS
    if batch_id == nominee.batch_id:
        return _("Perhaps named twice in this batch: the same name.") if perhaps else _("Named twice in this batch.")
    if not can(Permission.DECIDE_NOMINEES, nominee.batch):
        return _("Perhaps named in another batch of this cohort, too.") if perhaps else _("Named in another batch of this cohort, too.")
    if perhaps:
        return _("Perhaps named in batch %(number)s of this cohort, too.", number=batch_id)
    return _("Named in batch %(number)s of this cohort, too.", number=batch_id)


@bp.app_template_global()
def people_page(batch: Batch, **more: object) -> str:
    """The address of the people of a batch."""
    return url_for("nominees.people", batch_id=batch.id, **more)  # type: ignore[arg-type]
