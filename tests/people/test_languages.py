"""Pages about signing in speak the language of the visitor, in every sentence."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from babel.messages.pofile import read_po
from flask_security import hash_password
from flask_security.core import _default_messages

from dostyk.core.i18n import TRANSLATIONS
from tests import factories as make

# Messages of what is not in use: registration, confirmation and change of addresses, user names, unified sign-in, tokens, OAuth, SMS.
ELSEWHERE = re.compile(
    "^(CONFIRM|EMAIL_CONFIRMED|ALREADY_CONFIRMED|INVALID_CONFIRMATION|EMAIL_ALREADY|IDENTITY|OAUTH|LOGIN_|INVALID_LOGIN|PASSWORDLESS|US_|USE_CODE"
    "|USERNAME|CHANGE_EMAIL|REFRESH_TOKEN|PHONE|CODE_HAS|FAILED_TO_SEND|GENERIC_US|INVALID_INPUT_LENGTH|PASSWORD_BREACHED|INVALID_PASSWORD_CODE"
    "|PASSWORD_RESET$)"
)
# English on purpose: names, what a visitor types, names of languages.
LATIN = {"Dostyk", "English", "name@example.org", "aigul@example.org", "QR", "PIN", "KazAID", "JavaScript"}


@pytest.mark.parametrize("locale", ["en", "ru", "kk"])
def test_every_message_of_the_library_that_can_be_shown_is_ours(locale):
    with (TRANSLATIONS / locale / "LC_MESSAGES" / "flask_security.po").open("rb") as file:
        there = read_po(file, locale=locale)
    shown = {str(message) for key, (message, _kind) in _default_messages.items() if not ELSEWHERE.match(key)}
    assert {m for m in shown if m not in there or not there[m].string} == set()
    known = {str(message) for message, _kind in _default_messages.values()}
    assert {m.id for m in there if m.id} <= known, "a message that the library no longer has"
    extra = {m.id for m in there if m.id and not set(re.findall(r"%\(\w+\)s", m.string)) <= set(re.findall(r"%\(\w+\)s", m.id))}
    assert extra == set()


class Text(HTMLParser):
    """What a reader sees or hears of a page's main part."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.said = 0, list[str]()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "main":
            self.inside = 1
        if self.inside:
            self.said += [value or "" for name, value in attributes if name in ("alt", "aria-label", "placeholder", "title")]

    def handle_endtag(self, tag: str) -> None:
        if tag == "main":
            self.inside = 0

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.said.append(data)


def english(page: str) -> list[str]:
    """The Latin words that a page says besides those that are meant."""
    text = Text()
    text.feed(page)
    words = re.findall(r"[A-Za-z][\w@.]*[A-Za-z]", " ".join(text.said))
    return [w for w in words if w not in LATIN]


@pytest.mark.parametrize("locale", ["ru", "kk"])
def test_no_english_is_left_on_the_pages_about_signing_in(app, sign_in, locale):
    account = make.an_account(make.a_person(email="aigul@example.org"), language=locale, password=hash_password("correct horse battery"))
    visitor, client = app.test_client(), sign_in(account)

    def seen(who: Any, path: str, **data: str) -> tuple[str, list[str]]:
        answer = (
            who.post(path, data=data, headers={"Accept-Language": locale}) if data else who.get(path, headers={"Accept-Language": locale})
        )
        while answer.status_code == 302:
            answer = who.get(answer.location, headers={"Accept-Language": locale})
        return path, english(answer.text)

    pages = [
        seen(visitor, "/sign-in"), seen(visitor, "/sign-in", email="x@example.org", password="wrong wrong wrong"),
        seen(visitor, "/sign-in", email="x"), seen(visitor, "/reset-password"), seen(visitor, "/reset-password", email="aigul@example.org"),
        seen(visitor, "/reset-password/forged"),
        seen(visitor, "/sign-in/passkey"), seen(visitor, "/sign-in/passkey", remember="y"), seen(visitor, "/me/security"),
        seen(visitor, "/sign-in/code", code="1"), seen(visitor, "/invitation/forged"),
        seen(client, "/me/password"), seen(client, "/me/password", password="wrong", new_password="short", new_password_confirm="shorter"),
        seen(client, "/me/password", password="wrong wrong", new_password="long enough one", new_password_confirm="long enough one"),
        seen(client, "/me/two-factor"), seen(client, "/me/two-factor", setup="none"), seen(client, "/me/recovery-codes"),
        seen(client, "/me/passkeys"), seen(client, "/me/passkeys", name="", usage="first"), seen(client, "/me/confirm"),
        seen(client, "/me/confirm", password="wrong"), seen(client, "/me/security"),
        seen(client, "/me/consents"), seen(client, "/me/profile"),
    ]  # fmt: skip
    assert [page for page in pages if page[1]] == []
