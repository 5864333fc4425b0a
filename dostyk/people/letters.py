"""Letters about accounts, in the language of the account, with links that lead to PUBLIC_URL.

Never to the host that a request names: whoever asks for somebody else's reset letter chooses that host.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import current_app
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeTimedSerializer

from dostyk.core import i18n, mail
from dostyk.people.models import Account

INVITATION_DAYS = 14


def language_of(account: Account) -> str:
    """The language in which to write to the holder of an account."""
    person = account.person
    return i18n.known(account.language) or next((code for code in person.languages or () if i18n.known(code)), i18n.DEFAULT)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="invitation")


def sign_invitation(account: Account) -> str:
    return str(_serializer().dumps(account.fs_uniquifier))


def read_invitation(token: str) -> str | None:
    """The mark of the account in an invitation; None when it is forged or too old."""
    try:
        return str(_serializer().loads(token, max_age=INVITATION_DAYS * 24 * 60 * 60))
    except BadSignature:
        return None


def link(path: str) -> str:
    """An address of this site as letters say it."""
    return f"{current_app.config['PUBLIC_URL']}{path}"


def _write(kind: str, account: Account, words: Callable[[], tuple[str, str]]) -> None:
    language = language_of(account)
    with force_locale(language):
        subject, body = words()
    mail.send(f"account.{kind}", account.email, subject, body, language=language, person_id=account.person_id)


def invitation(account: Account, token: str) -> None:
    """To somebody who has a new account: set a password."""

    def words() -> tuple[str, str]:
        return _("Your Dostyk account"), _(
            "Dear %(name)s,\n\n"
            "an account was opened for you on Dostyk, the training programme of KazAID."
            " Follow this link to choose a password and sign in:\n%(link)s\n\n"
            "%(until)s After that, ask for a new one here:\n%(forgotten)s\n\n"
            "If you do not know what this is about, do nothing.\n\n"
            "Your Dostyk team",
            name=account.person.full_name,
            link=link(f"/invitation/{token}"),
            until=ngettext("The link works for %(num)s day.", "The link works for %(num)s days.", INVITATION_DAYS),
            forgotten=link(current_app.config["SECURITY_RESET_URL"]),
        )

    _write("invitation", account, words)


def password_reset(account: Account, token: str) -> None:
    """To somebody who forgot the password."""

    def words() -> tuple[str, str]:
        within: timedelta = current_app.config["SECURITY_RESET_PASSWORD_WITHIN"]
        hours = round(within.total_seconds() / 3600)
        return _("Choose a new password"), _(
            "Dear %(name)s,\n\n"
            "somebody, hopefully you, asked for a new password for your Dostyk account. Follow this link to choose one:\n%(link)s\n\n"
            "%(until)s It can be used once.\n\n"
            "If it was not you, do nothing: your password stays as it is.\n\n"
            "Your Dostyk team",
            name=account.person.full_name,
            link=link(f"{current_app.config['SECURITY_RESET_URL']}/{token}"),
            until=ngettext("The link works for %(num)s hour.", "The link works for %(num)s hours.", hours),
        )

    _write("password_reset", account, words)


def password_changed(account: Account) -> None:
    """Somebody changed the password: if it was not the holder, they must know."""

    def words() -> tuple[str, str]:
        return _("Your password was changed"), _(
            "Dear %(name)s,\n\n"
            "the password of your Dostyk account was changed, and all devices were signed out.\n\n"
            "If it was not you, choose a new password at once and write to your coordinator:\n%(forgotten)s\n\n"
            "Your Dostyk team",
            name=account.person.full_name,
            forgotten=link(current_app.config["SECURITY_RESET_URL"]),
        )

    _write("password_changed", account, words)


def second_factor_reset(account: Account) -> None:
    """An administrator took away the second factor."""

    def words() -> tuple[str, str]:
        return _("Two-factor sign-in was switched off"), _(
            "Dear %(name)s,\n\n"
            "an administrator switched off two-factor sign-in and removed the passkeys of your Dostyk account."
            " You can set them up again here:\n%(link)s\n\n"
            "If you did not ask for this, write to your coordinator.\n\n"
            "Your Dostyk team",
            name=account.person.full_name,
            link=link("/me/security"),
        )

    _write("second_factor_reset", account, words)
