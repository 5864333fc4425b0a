"""Signing in: Flask-Security does authentication and nothing else; what a person may do is decided in core.access."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

import segno
import sqlalchemy as sa
from flask import Flask, Response, abort, current_app, g, redirect, request, session
from flask_babel import gettext as _
from flask_login import current_user
from flask_security import (
    MailUtil,
    MfRecoveryCodesUtil,
    PasswordUtil,
    Security,
    SQLAlchemyUserDatastore,
    Totp,
    WebauthnUtil,
    url_for_security,
    views,
    webauthn,
)
from flask_security import signals as told
from flask_security.core import RoleMixin
from flask_security.recovery_codes import mf_recovery
from flask_security.utils import check_and_update_authn_fresh
from passlib.exc import UsedTokenError  # type: ignore[import-untyped]  # passlib has no stubs
from webauthn.helpers.structs import AuthenticatorSelectionCriteria, ResidentKeyRequirement, UserVerificationRequirement

from dostyk.config import BadSettings
from dostyk.core import i18n
from dostyk.core.audit import record
from dostyk.core.clock import utcnow
from dostyk.core.database import changed, db, library_writes
from dostyk.core.text import clean_name
from dostyk.extensions import limiter
from dostyk.people import letters, queries, service
from dostyk.people.models import Account, Passkey

PASSWORD_LENGTH = 10
LONGEST = 1000  # nobody types more, and hashing must not become work for the server
FRESH = timedelta(minutes=15)
# The argon2id profile of the OWASP password storage cheat sheet: 19 MiB, 2 rounds, 1 lane.
OWASP = {"argon2__rounds": 2, "argon2__memory_cost": 19456, "argon2__parallelism": 1}
# A code has six digits: this many wrong ones, whoever sends them, and the account waits. Who tries knows the password already.
WRONG_CODES = "10/hour;30/day"


class NoRole(RoleMixin):
    """Flask-Security wants a class for roles; ours are grants."""


class Accounts(SQLAlchemyUserDatastore):
    """Finds accounts by address through the index: addresses are stored in small letters."""

    def find_user(self, case_insensitive: bool = False, **kwargs: Any) -> Any:
        if "email" in kwargs:
            kwargs["email"] = str(kwargs["email"]).strip().lower()
        return super().find_user(**kwargs)


class Keys(WebauthnUtil):
    """Passkeys of the phone or laptop itself are welcome; the default asks for a separate key.

    They must be discoverable: nobody is asked for an address first, so nobody can learn which addresses have a key.
    """

    def authenticator_selection(self, user: Any, usage: str) -> AuthenticatorSelectionCriteria:
        return AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.PREFERRED
        )

    def name_svn(self, value: str) -> tuple[str | None, str | None]:
        name = clean_name(value)
        if not name or len(name) > 64:
            return _("Give the passkey a name of at most 64 characters."), None
        return None, name


class Codes(Totp):
    """Codes of an authenticator app: drawn by segno, and none is taken twice."""

    def generate_qrcode(self, username: str, totp: str) -> str:
        # On white, in the dark as well: cameras want dark on light.
        return str(segno.make(self.get_totp_uri(username, totp), error="m", micro=False).svg_data_uri(scale=5, light="#fff"))

    def get_last_counter(self, user: Any) -> int | None:
        return getattr(user, "tf_last_counter", None)

    def set_last_counter(self, user: Any, tmatch: Any) -> None:
        """Remember the code as used, by one UPDATE: of two requests with the same code, one is refused."""
        unused = sa.or_(Account.tf_last_counter.is_(None), Account.tf_last_counter < tmatch.counter)
        taken = db.session.execute(sa.update(Account).where(Account.id == user.id, unused).values(tf_last_counter=tmatch.counter))
        if changed(taken) != 1:
            raise UsedTokenError


class RecoveryCodes(MfRecoveryCodesUtil):
    """Codes for who lost the phone: encrypted at rest, typed in capitals or with spaces as well."""

    @staticmethod
    def _folded(code: str) -> str:
        plain = re.sub(r"[^0-9a-f]", "", code.lower())
        return "-".join(plain[i : i + 4] for i in range(0, len(plain), 4))

    def create_recovery_codes(self, user: Any) -> list[str]:
        codes: list[str] = super().create_recovery_codes(user)
        record("account.recovery_codes_made", f"account:{user.id}", by=user.person)
        return codes

    def check_recovery_code(self, user: Any, code: str) -> bool:
        right = bool(super().check_recovery_code(user, self._folded(code)))
        if not right:
            user.track_failed_authn("recovery_code", tfa=True)
        return right

    def delete_recovery_code(self, user: Any, code: str) -> bool:
        record("account.recovery_code_used", f"account:{user.id}", by=user.person)
        return bool(super().delete_recovery_code(user, self._folded(code)))


class Passwords(PasswordUtil):
    """Long enough and not the holder's name; otherwise in any script, with spaces, of any length that a person types."""

    def validate(self, password: str, is_register: bool, **kwargs: Any) -> tuple[list[str] | None, str]:
        plain = self.normalize(password)
        if len(plain) < PASSWORD_LENGTH:
            return [_("Passwords have at least %(number)s characters. Make it longer.", number=PASSWORD_LENGTH)], plain
        if len(plain) > LONGEST:
            return [_("Passwords have at most %(number)s characters. Make it shorter.", number=LONGEST)], plain
        user = kwargs.get("user")
        guessable = {user.email, user.email.partition("@")[0], user.person.full_name.lower()} if user else set()
        if plain.lower() in guessable or len(set(plain)) < 4:
            return [_("This password is easy to guess. Choose another one.")], plain
        return None, plain


class Letters(MailUtil):
    """Flask-Security's letters in our words, through our outbox."""

    def send_mail(self, template: str, subject: str, recipient: Any, sender: Any, body: Any, html: Any, **context: Any) -> None:
        account, template = context["user"], template.rpartition("/")[2]
        if template == "reset_instructions":
            letters.password_reset(account, context["reset_token"])
        elif template in ("reset_notice", "change_notice"):
            letters.password_changed(account)
        else:
            raise NotImplementedError(template)


class Authentication(Security):
    """Flask-Security without the two packages whose work is done here: `qrcode` by segno, `nh3` by `clean_name`."""

    def _check_modules(self, module: str, config_name: str) -> Any:
        return True if module in ("qrcode", "nh3") else super()._check_modules(module, config_name)  # type: ignore[no-untyped-call]


security = Authentication(
    datastore=None,
    mail_util_cls=Letters,
    webauthn_util_cls=Keys,
    totp_cls=Codes,
    mf_recovery_codes_util_cls=RecoveryCodes,
    password_util_cls=Passwords,
)
datastore = Accounts(db, Account, NoRole, Passkey)


# --- How often one may try --------------------------------------------------------------------------------------------


def _limit() -> str:
    return str(current_app.config["LIMIT_SIGN_IN"])


def _address_typed() -> str:
    """The account that is tried, whether it exists or not: the same answer to the outside."""
    return "account:" + request.form.get("email", "").strip().lower()[:255]


def _account_half_in() -> str:
    return f"half:{session.get('tf_user_id') or request.remote_addr}"


def _own_account() -> str:
    return f"own:{current_user.get_id() if current_user.is_authenticated else request.remote_addr}"


def _wrong(response: Response) -> bool:
    """The form came back: only tries that failed count against an account, so that nobody is locked out by signing in."""
    return response.status_code == 200


Key = Callable[[], str]


def _limited(view: Any, by: Key | None = None, limit: Key | str = _limit, failures: bool = True) -> Any:
    """`view`, its POSTs limited for each address, and for each account that `by` names however many addresses try it."""
    if by is not None:
        view = limiter.limit(limit, key_func=by, methods=["POST"], deduct_when=_wrong if failures else None)(view)
    return limiter.limit(_limit, methods=["POST"])(view)


# Once, when the module is read: the limiter is one for all applications of a process.
LIMITED = {
    "login": _limited(views.login, _address_typed),
    "forgot_password": _limited(views.forgot_password, _address_typed, failures=False),
    "reset_password": _limited(views.reset_password),
    "change_password": _limited(views.change_password, _own_account),
    "verify": _limited(views.verify, _own_account),
    "two_factor_token_validation": _limited(views.two_factor_token_validation, _account_half_in, WRONG_CODES),
    "mf_recovery": _limited(mf_recovery, _account_half_in, WRONG_CODES),
    "wan_signin": _limited(webauthn.webauthn_signin),
    "wan_signin_response": _limited(webauthn.webauthn_signin_response),
}


# --- Wiring -----------------------------------------------------------------------------------------------------------


def settings(app: Flask) -> dict[str, Any]:
    """What Flask-Security is told."""
    key = hashlib.sha256(b"recovery codes" + app.config["TOTP_KEY"].encode()).digest()
    return {
        "PASSWORD_SALT": app.config["SECRET_KEY"][:32],
        "PASSWORD_HASH": "argon2",
        "PASSWORD_SCHEMES": ["argon2", "plaintext"],  # the second is only there because the library insists on it
        # Ties a reset link to the password that it replaces. What is hashed is a salted hash already: the slow default
        # would only tell by the clock which addresses have an account.
        "HASHING_SCHEMES": ["hex_sha256"],
        "DEPRECATED_HASHING_SCHEMES": [],
        "PASSWORD_LENGTH_MIN": PASSWORD_LENGTH,
        "JOIN_USER_ROLES": False,
        "USER_IDENTITY_ATTRIBUTES": [{"email": {"mapper": lambda typed: typed.strip().lower() if "@" in typed else None}}],
        "LOGIN_URL": "/sign-in",
        "LOGOUT_URL": "/sign-out",
        "RESET_URL": "/reset-password",
        "CHANGE_URL": "/me/password",
        "VERIFY_URL": "/me/confirm",  # `/verify` is for certificates
        "TWO_FACTOR_SETUP_URL": "/me/two-factor",
        "TWO_FACTOR_TOKEN_VALIDATION_URL": "/sign-in/code",
        "TWO_FACTOR_RESCUE_URL": "/sign-in/help",
        "TWO_FACTOR_SELECT_URL": "/sign-in/choose",
        "MULTI_FACTOR_RECOVERY_CODES_URL": "/me/recovery-codes",
        "MULTI_FACTOR_RECOVERY_URL": "/sign-in/recovery-code",
        "WAN_REGISTER_URL": "/me/passkeys",
        "WAN_DELETE_URL": "/me/passkeys/delete",
        "WAN_SIGNIN_URL": "/sign-in/passkey",
        "WAN_VERIFY_URL": "/me/confirm/passkey",
        "POST_LOGIN_VIEW": "/home",
        "POST_LOGOUT_VIEW": "/",
        "POST_CHANGE_VIEW": "/me/security",
        "POST_VERIFY_VIEW": "/me/security",
        "TWO_FACTOR_POST_SETUP_VIEW": "/me/security",
        "WAN_POST_REGISTER_VIEW": "/me/security",
        "RECOVERABLE": True,
        "CHANGEABLE": True,
        "TRACKABLE": True,
        "REGISTERABLE": False,
        "RESET_PASSWORD_WITHIN": timedelta(hours=24),
        "TWO_FACTOR": True,
        "TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        "TWO_FACTOR_RESCUE_EMAIL": False,  # a second factor that a letter replaces is none
        "TOTP_SECRETS": {"1": app.config["TOTP_KEY"]},
        "TOTP_ISSUER": "Dostyk",
        "MULTI_FACTOR_RECOVERY_CODES": True,
        "MULTI_FACTOR_RECOVERY_CODES_N": 8,
        "MULTI_FACTOR_RECOVERY_CODES_KEYS": [base64.urlsafe_b64encode(key)],
        "WEBAUTHN": True,
        "WAN_RP_NAME": "Dostyk",
        "WAN_ALLOW_AS_FIRST_FACTOR": True,
        "WAN_ALLOW_USER_HINTS": False,
        "FRESHNESS": FRESH,
        "FRESHNESS_GRACE_PERIOD": timedelta(minutes=10),
        "API_ENABLED_METHODS": ["session"],
        "CSRF_IGNORE_UNAUTH_ENDPOINTS": False,
        "RETURN_GENERIC_RESPONSES": True,
        "EMAIL_VALIDATOR_ARGS": {"check_deliverability": False},
        "EMAIL_SENDER": (app.config["MAIL_FROM_NAME"], app.config["MAIL_FROM"]),
        "EMAIL_PLAINTEXT": False,  # neither: `Letters` writes them
        "EMAIL_HTML": False,
        "SCRIPT_NONCE_KEY": "csp_nonce",
        "STATIC_FOLDER": None,
        "CLI_USERS_NAME": None,  # `flask users` is ours (people/cli.py)
        "CLI_ROLES_NAME": None,
        "I18N_DIRNAME": ["builtin", str(i18n.TRANSLATIONS)],
    }


def init_app(app: Flask) -> None:
    """Bind Flask-Security. Raises BadSettings in production while there are accounts of the demonstration."""
    app.config.update({f"SECURITY_{name}": value for name, value in settings(app).items()})
    app.config.setdefault("SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS", OWASP)
    app.config.setdefault("REMEMBER_COOKIE_DURATION", timedelta(days=30))
    security.init_app(app, datastore)
    security.want_json(lambda _request: False)
    app.login_manager.request_loader(lambda _request: None)  # type: ignore[attr-defined]  # sessions only, no tokens
    for name, view in LIMITED.items():
        app.view_functions[f"security.{name}"] = view
    # Who lost both phone and recovery codes turns to an administrator in person; a letter proves nothing.
    app.view_functions["security.two_factor_rescue"] = lambda: abort(404)
    app.before_request(_let_it_write)
    app.after_request(_keep_what_it_wrote)
    if app.config["ENVIRONMENT"] == "production":
        refuse_demo_accounts(app)


def refuse_demo_accounts(app: Flask) -> None:
    """Their password stands in the README. Raises BadSettings when there are any, or when the database does not answer."""
    with app.app_context():
        try:
            count = queries.demo_accounts()
        except sa.exc.OperationalError as error:
            raise BadSettings("The database does not answer: check DATABASE_URL, and that the server runs.") from error
        finally:
            db.session.remove()
    if count:
        raise BadSettings(
            f"The database holds {count} demonstration accounts, whose password everybody knows: "
            "production refuses to start. Use an empty database."
        )


def _let_it_write() -> None:
    if request.blueprint == "security":
        library_writes()


def _keep_what_it_wrote(response: Response) -> Response:
    """Flask-Security forgets to commit where it wrote nothing of its own: our letters and events must not be lost."""
    if request.blueprint == "security" and response.status_code < 500:
        datastore.commit()  # type: ignore[no-untyped-call]
    return response


def fresh(view: Callable[..., Any]) -> Callable[..., Any]:
    """Only for who proved within the last quarter of an hour that it is them; else they are asked first. Stands below `@needs`."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if check_and_update_authn_fresh(FRESH, current_app.config["SECURITY_FRESHNESS_GRACE_PERIOD"], "session"):
            return view(*args, **kwargs)
        back = request.full_path if request.method == "GET" else request.path.rpartition("/")[0]
        return redirect(url_for_security("verify", next=back))

    return guarded


# --- The log ----------------------------------------------------------------------------------------------------------


def _note(kind: str, user: Any, **data: Any) -> None:
    record(f"account.{kind}", f"account:{user.id}", by=user.person, **data)


@told.user_authenticated.connect
def _signed_in(_app: Any, user: Any, authn_via: Any = None, **_more: Any) -> None:
    # A new session gets a new secret: a form prepared before the sign-in, perhaps by somebody else, is worth nothing now.
    session.pop("csrf_token", None)
    g.pop("csrf_token", None)
    if authn_via != ["change"]:
        _note("signed_in", user, via=authn_via or ["two_factor"])


@told.user_failed_authn.connect
def _failed(_app: Any, user: Any, auth_type: str, tfa: bool = False, **_more: Any) -> None:
    # Whoever tried is not known to be the holder.
    record("account.sign_in_failed", f"account:{user.id}", with_=auth_type, second_factor=tfa, address=request.remote_addr)


@told.password_reset.connect
def _reset(_app: Any, user: Any, **_more: Any) -> None:
    service.confirm_address(user, utcnow())
    _note("password_changed", user, by_letter=True)


@told.password_changed.connect
def _password_changed(_app: Any, user: Any, **_more: Any) -> None:
    _note("password_changed", user)


@told.reset_password_instructions_sent.connect
def _reset_asked(_app: Any, user: Any, **_more: Any) -> None:
    record("account.reset_asked", f"account:{user.id}")


@told.tf_profile_changed.connect
def _two_factor_on(_app: Any, user: Any, **_more: Any) -> None:
    _note("two_factor_enabled", user)


@told.tf_disabled.connect
def _two_factor_off(_app: Any, user: Any, **_more: Any) -> None:
    _note("two_factor_disabled", user)


@told.wan_registered.connect
def _passkey_added(_app: Any, user: Any, name: str, **_more: Any) -> None:
    _note("passkey_added", user, name=name)


@told.wan_deleted.connect
def _passkey_removed(_app: Any, user: Any, name: str, **_more: Any) -> None:
    _note("passkey_removed", user, name=name)
