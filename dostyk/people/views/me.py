"""What concerns oneself: names and contact, consents, how one signs in; and the link of an invitation."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from flask_security import logout_user
from flask_security.recoverable import generate_reset_password_token

from dostyk.core.access import Permission, needs, public
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.core.i18n import language
from dostyk.people import queries, service
from dostyk.people.forms import ProfileForm
from dostyk.people.labels import CONSENT_WORDING
from dostyk.people.rules import REQUIRED, Purpose
from dostyk.people.views.directory import bp

PURPOSE = "any(programme, partner, donor, photo)"


@bp.route("/me/profile", methods=["GET", "POST"])
@needs(Permission.USE_ACCOUNT)
def profile() -> ResponseReturnValue:
    person = current_user.person
    form = ProfileForm(obj=person)
    if form.validate_on_submit():
        with form.refusals(), work():
            service.update(person, form.details(person.organisation_id), by=person, now=utcnow())
            flash(_("Your details are saved. Certificates that were issued keep the name they were issued with."), "success")
            return redirect(url_for("people.profile"))
    return render_template("people/profile.html", form=form)


@bp.get("/me/consents")
@needs(Permission.USE_ACCOUNT)
def consents() -> ResponseReturnValue:
    """What oneself agreed to, for each purpose, and what was withdrawn."""
    given = queries.consents_of(current_user.person_id)
    standing = {c.purpose: c for c in reversed(given) if c.withdrawn_at is None}
    return render_template(
        "people/consents.html", given=given, standing=standing, wording=CONSENT_WORDING, purposes=Purpose, required=REQUIRED
    )


@bp.post(f"/me/consents/<{PURPOSE}:purpose>/give")
@needs(Permission.USE_ACCOUNT)
def give(purpose: str) -> ResponseReturnValue:
    chosen = Purpose(purpose)
    with work():
        service.consent(current_user.person, {chosen: CONSENT_WORDING[chosen]}, language(), utcnow())
    flash(_("Thank you. You can withdraw your consent here at any time."), "success")
    return redirect(url_for("people.consents"))


@bp.post(f"/me/consents/<{PURPOSE}:purpose>/withdraw")
@needs(Permission.USE_ACCOUNT)
def withdraw(purpose: str) -> ResponseReturnValue:
    with work():
        service.withdraw_consent(current_user.person, Purpose(purpose), utcnow())
    flash(_("Your consent is withdrawn as of today."), "success")
    return redirect(url_for("people.consents"))


@bp.get("/me/security")
@needs(Permission.USE_ACCOUNT)
def security() -> ResponseReturnValue:
    """How oneself signs in."""
    return render_template("people/security.html", account=current_user, passkeys=queries.passkeys_of(current_user))


@bp.get("/invitation/<token>")
@public
def invitation(token: str) -> ResponseReturnValue:
    """The link of an invitation: leads to the form for a password, as often as needed until one is set."""
    account = service.account_invited(token)
    if account is None:
        return render_template("people/invitation.html"), 410
    if current_user.is_authenticated:
        logout_user()
    token = generate_reset_password_token(account)  # type: ignore[no-untyped-call]
    return redirect(url_for("security.reset_password", token=token))
