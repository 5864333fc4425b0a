"""The first page for visitors and for each role, one's own page, and the two settings that every page offers."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from dostyk.certificates import queries as certificates
from dostyk.certificates.labels import why_not
from dostyk.core import i18n, nav
from dostyk.core.access import Permission, needs, public
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.courses import queries as courses
from dostyk.home import parts, queries, rules, service
from dostyk.home.forms import LanguageForm, ThemeForm

bp = Blueprint("home", __name__)
nav.section(10, _l("Home"), "home.home", Permission.USE_ACCOUNT)
A_YEAR = 365 * 24 * 3600
# Pages that are nobody's business but the reader's. A path here is not a secret: it is in the documentation.
PRIVATE = (
    "/verify/", "/redeem/", "/waiting/", "/home", "/me/", "/cohorts/", "/vouchers/", "/people/", "/organisations/", "/reports/", "/admin/",
    "/sign-in", "/reset-password",
)  # fmt: skip


@bp.get("/")
@public
def index() -> ResponseReturnValue:
    """For visitors; whoever is signed in goes on to their own first page."""
    if current_user.is_authenticated:
        return redirect(url_for("home.home"))
    return render_template("home/index.html", courses=courses.public_courses(queries.SHOWN))


@bp.get("/home")
@needs(Permission.USE_ACCOUNT)
def home() -> ResponseReturnValue:
    now = utcnow()
    return render_template("home/home.html", parts=parts.parts(current_user.person, now), now=now)


@bp.get("/me/")
@needs(Permission.USE_ACCOUNT)
def me() -> ResponseReturnValue:
    now, person = utcnow(), current_user.person
    seats = certificates.candidates_of(queries.seats_of(person.id), now)
    return render_template("home/me.html", person=person, seats=seats, held=certificates.of_person(person.id), why_not=why_not, now=now)


@bp.post("/language")
@public
def language() -> ResponseReturnValue:
    form = LanguageForm()
    response = make_response(redirect(_back(form.next.data)))
    if form.validate_on_submit():
        if current_user.is_authenticated:
            with work():
                service.language(current_user._get_current_object(), form.lang.data or i18n.DEFAULT)
        _remember(response, i18n.COOKIE, form.lang.data)
    return response


@bp.post("/theme")
@public
def theme() -> ResponseReturnValue:
    form = ThemeForm()
    response = make_response(redirect(_back(form.next.data)))
    if form.validate_on_submit():
        _remember(response, "theme", form.theme.data)
    return response


@bp.get("/robots.txt")
@public
def robots() -> ResponseReturnValue:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE), ""]
    return Response("\n".join(lines), mimetype="text/plain", headers={"Cache-Control": "public, max-age=86400"})


@bp.get("/favicon.ico")
@public
def favicon() -> ResponseReturnValue:
    """For those who ask without reading the page."""
    return redirect(url_for("static", filename="img/favicon.svg"), 301)


def _back(address: str | None) -> str:
    return rules.own_path(address) or url_for("home.index")


def _remember(response: Response, name: str, value: str | None) -> None:
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(name, value or "", max_age=A_YEAR, secure=secure, httponly=True, samesite="Lax")
