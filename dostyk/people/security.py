"""Signing in: Flask-Security does authentication and nothing else; what a person may do is decided in core.access."""

from __future__ import annotations

from typing import Any

from flask import Flask, request
from flask_security import MailUtil, Security, SQLAlchemyUserDatastore, WebauthnUtil
from flask_security.core import RoleMixin
from webauthn.helpers.structs import AuthenticatorSelectionCriteria, ResidentKeyRequirement, UserVerificationRequirement

from dostyk.core import i18n, mail
from dostyk.core.database import db, library_writes, work
from dostyk.people.models import Account, Passkey


class NoRole(RoleMixin):
    """Flask-Security wants a class for roles; ours are grants."""


class Keys(WebauthnUtil):
    """Passkeys of the phone or laptop itself are welcome; the default asks for a separate key."""

    def authenticator_selection(self, user: Any, usage: str) -> AuthenticatorSelectionCriteria:
        return AuthenticatorSelectionCriteria(resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED)


class Letters(MailUtil):
    """Flask-Security's letters go through our outbox, as text."""

    def send_mail(self, template: str, subject: str, recipient: Any, sender: Any, body: str | None, html: str | None, **kwargs: Any) -> None:
        with work():
            mail.send(f"security.{template}", str(recipient), str(subject), body or "", language=i18n.language())


security = Security(datastore=None, mail_util_cls=Letters, webauthn_util_cls=Keys)
datastore = SQLAlchemyUserDatastore(db, Account, NoRole, Passkey)

# The argon2id profile of the OWASP password storage cheat sheet: 19 MiB, 2 rounds, 1 lane.
OWASP = {"argon2__rounds": 2, "argon2__memory_cost": 19456, "argon2__parallelism": 1}


def init_app(app: Flask) -> None:
    app.config.update(
        SECURITY_PASSWORD_SALT=app.config["SECRET_KEY"][:32],
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 -- the name of a method
        SECURITY_LOGIN_URL="/sign-in",
        SECURITY_LOGOUT_URL="/sign-out",
        SECURITY_RESET_URL="/reset-password",
        SECURITY_CHANGE_URL="/me/password",
        SECURITY_VERIFY_URL="/me/confirm",  # `/verify` is for certificates
        SECURITY_POST_LOGIN_VIEW="/home",
        SECURITY_POST_LOGOUT_VIEW="/",
        SECURITY_POST_RESET_VIEW="/home",
        SECURITY_POST_CHANGE_VIEW="/me/",
        SECURITY_RECOVERABLE=True,
        SECURITY_CHANGEABLE=True,
        SECURITY_TRACKABLE=True,
        SECURITY_REGISTERABLE=False,
        SECURITY_CSRF_IGNORE_UNAUTH_ENDPOINTS=False,
        SECURITY_SCRIPT_NONCE_KEY="csp_nonce",
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False},
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_EMAIL_SENDER=(app.config["MAIL_FROM_NAME"], app.config["MAIL_FROM"]),
    )
    app.config.setdefault("SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS", OWASP)
    security.init_app(app, datastore)

    @app.before_request
    def _() -> None:
        if request.blueprint == "security":
            library_writes()
