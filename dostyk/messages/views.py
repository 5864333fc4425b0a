"""The texts of letters and the log of those that were sent: of a cohort, and of all of them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user

from dostyk.cohorts.models import Cohort
from dostyk.core.access import Permission, everywhere, needs
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.core.errors import Refused
from dostyk.core.i18n import DEFAULT, SUPPORTED, Language
from dostyk.core.mail import Mail
from dostyk.core.nav import section, tab
from dostyk.core.tables import csv_response
from dostyk.messages import kinds, listing, queries, service
from dostyk.messages.forms import TextForm
from dostyk.messages.kinds import Kind
from dostyk.messages.labels import ORIGIN_SHAPES, SHAPES
from dostyk.messages.rules import Origin

bp = Blueprint("messages", __name__)
tab("cohort", 75, _l("Messages"), "messages.index", Permission.SEE_MESSAGES)
section(60, _l("Messages"), "messages.everywhere_index", Permission.EDIT_MESSAGES, everywhere=True)
COHORT, ALL = "/cohorts/<cohort_code>/messages", "/messages"
TEXT = "/texts/<kind_name>/<language>"
OFFICE = "Asia/Almaty"  # whose clock pages about all cohorts show
bp.add_app_template_filter(kinds.word, "kind_of_letter")
bp.add_app_template_filter(service.shown, "without_secrets")


@bp.app_template_filter()
def language_of_letters(code: str) -> Language:
    """The language of a letter, with its direction."""
    return SUPPORTED.get(code, SUPPORTED[DEFAULT])


# --- Of a cohort ------------------------------------------------------------------------------------------------------


@bp.get(COHORT)
@needs(Permission.SEE_MESSAGES, scope="cohort")
def index(cohort: Cohort) -> ResponseReturnValue:
    return _texts(cohort)


@bp.route(COHORT + TEXT, methods=["GET", "POST"])
@needs(Permission.EDIT_MESSAGES, scope="cohort")
def edit(cohort: Cohort, kind_name: str, language: str) -> ResponseReturnValue:
    return _edit(cohort, *_known(kind_name, language))


@bp.post(f"{COHORT}{TEXT}/reset")
@needs(Permission.EDIT_MESSAGES, scope="cohort")
def reset(cohort: Cohort, kind_name: str, language: str) -> ResponseReturnValue:
    return _reset(cohort, *_known(kind_name, language))


@bp.get(f"{COHORT}/log")
@needs(Permission.SEE_MESSAGES, scope="cohort")
def log(cohort: Cohort) -> ResponseReturnValue:
    return _log(cohort)


@bp.get(f"{COHORT}/log/<int:mail_id>")
@needs(Permission.SEE_MESSAGES, scope="cohort")
def letter(cohort: Cohort, mail_id: int) -> ResponseReturnValue:
    return _letter(cohort, mail_id)


@bp.post(f"{COHORT}/log/<int:mail_id>/again")
@needs(Permission.EDIT_MESSAGES, scope="cohort")
def again(cohort: Cohort, mail_id: int) -> ResponseReturnValue:
    return _again(cohort, mail_id)


@bp.post(f"{COHORT}/log/again")
@needs(Permission.EDIT_MESSAGES, scope="cohort")
def again_all(cohort: Cohort) -> ResponseReturnValue:
    return _again_all(cohort)


# --- Of all of them ---------------------------------------------------------------------------------------------------


@bp.get(f"{ALL}/")
@needs(Permission.EDIT_MESSAGES)
def everywhere_index() -> ResponseReturnValue:
    return _texts(None)


@bp.route(ALL + TEXT, methods=["GET", "POST"])
@needs(Permission.EDIT_MESSAGES)
def everywhere_edit(kind_name: str, language: str) -> ResponseReturnValue:
    return _edit(None, *_known(kind_name, language))


@bp.post(f"{ALL}{TEXT}/reset")
@needs(Permission.EDIT_MESSAGES)
def everywhere_reset(kind_name: str, language: str) -> ResponseReturnValue:
    return _reset(None, *_known(kind_name, language))


@bp.get(f"{ALL}/log")
@needs(Permission.SEE_MESSAGES)
def everywhere_log() -> ResponseReturnValue:
    return _log(None)


@bp.get(f"{ALL}/log/<int:mail_id>")
@needs(Permission.SEE_MESSAGES)
def everywhere_letter(mail_id: int) -> ResponseReturnValue:
    return _letter(None, mail_id)


@bp.post(f"{ALL}/log/<int:mail_id>/again")
@needs(Permission.EDIT_MESSAGES)
def everywhere_again(mail_id: int) -> ResponseReturnValue:
    return _again(None, mail_id)


@bp.post(f"{ALL}/log/again")
@needs(Permission.EDIT_MESSAGES)
def everywhere_again_all() -> ResponseReturnValue:
    return _again_all(None)


# --- What both do -----------------------------------------------------------------------------------------------------


@bp.app_template_global()
def messages_url(cohort: Cohort | None, page: str, **address: Any) -> str:
    """The address of a page of this room, of the cohort or of all."""
    return url_for(f"messages.{page}", cohort_code=cohort.code, **address) if cohort else url_for(f"messages.everywhere_{page}", **address)


def _known(kind_name: str, language: str) -> tuple[Kind, str]:
    found = kinds.by_name(kind_name)
    return (found, language) if found and language in SUPPORTED else abort(404)


def _texts(cohort: Cohort | None) -> ResponseReturnValue:
    return render_template(
        "messages/_texts.html", cohort=cohort, kinds=kinds.all_of_them(), languages=SUPPORTED.values(), origins=queries.origins(cohort),
        ours=Origin.OURS, shapes=ORIGIN_SHAPES, failed=queries.number_failed(cohort), all_too=everywhere(Permission.EDIT_MESSAGES),
    )  # fmt: skip


def _edit(cohort: Cohort | None, kind: Kind, language: str) -> ResponseReturnValue:
    """One text with its preview: typed, looked at, tried out on oneself, saved."""
    row, text = queries.template(kind, language, cohort), queries.Texts().of(kind, cohort, language)
    form = TextForm(subject=text.subject, body=text.body, seen=service.mark(row)).of(kind)
    if form.validate_on_submit():
        with form.refusals(), work():
            match request.form.get("do"):
                case "save":
                    service.save(kind, language, cohort, form.text, seen=form.seen.data or "", by=current_user.person, now=utcnow())
                    flash(_("The text is saved: letters written from now on have it."), "success")
                    return redirect(messages_url(cohort, "edit", kind_name=kind.name, language=language))
                case "test":
                    service.try_out(kind, form.text, language, cohort, to=current_user.email, person_id=current_user.person_id)
                    flash(_("A test letter is on its way to %(address)s. Nothing is saved yet.", address=current_user.email), "success")
        row = queries.template(kind, language, cohort)
        form.seen.data = service.mark(row)  # who saves again has read that it changed
    return render_template(
        "messages/_edit.html", cohort=cohort, kind=kind, language=SUPPORTED[language], form=form, row=row,
        preview=service.sample(kind, form.text, language, cohort), zone=_zone(cohort),
    )  # fmt: skip


def _reset(cohort: Cohort | None, kind: Kind, language: str) -> ResponseReturnValue:
    with work():
        if service.reset(kind, language, cohort, by=current_user.person):
            flash(_("The own text is taken back."), "success")
    return redirect(messages_url(cohort, "edit", kind_name=kind.name, language=language))


def _log(cohort: Cohort | None) -> ResponseReturnValue:
    found = listing.log(cohort)
    if request.args.get("format") == "csv":
        return csv_response(f"letters-{cohort.code}" if cohort else "letters", listing.head(), listing.lines(found.select))
    return render_template(
        "messages/_log.html", cohort=cohort, l=found, shapes=SHAPES, failed=queries.number_failed(cohort), zone=_zone(cohort)
    )


def _letter(cohort: Cohort | None, mail_id: int) -> ResponseReturnValue:
    row = _of(cohort, mail_id)
    return render_template(
        "messages/_letter.html", cohort=cohort, letter=row, repeat=queries.repeat_of(row), shapes=SHAPES, zone=_zone(cohort)
    )


def _again(cohort: Cohort | None, mail_id: int) -> ResponseReturnValue:
    row = _of(cohort, mail_id)
    try:
        with work():
            row = service.send_again(row, by=current_user.person)
        flash(_("The letter is on its way again, to %(address)s.", address=row.to), "success")
    except Refused as refused:
        flash(str(refused.sentence), "error")
    return redirect(messages_url(cohort, "letter", mail_id=row.id))


def _again_all(cohort: Cohort | None) -> ResponseReturnValue:
    with work():
        number = service.send_failed_again(cohort, by=current_user.person)
    flash(ngettext("%(num)s letter is on its way again.", "%(num)s letters are on their way again.", number), "success")
    return redirect(messages_url(cohort, "log"))


def _of(cohort: Cohort | None, mail_id: int) -> Mail:
    return queries.letter(cohort, mail_id) or abort(404)


def _zone(cohort: Cohort | None) -> str:
    return cohort.time_zone if cohort else OFFICE
