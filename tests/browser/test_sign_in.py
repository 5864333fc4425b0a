"""Passkeys, two-factor sign-in and the pages of people and administration, in a real browser."""

from __future__ import annotations

import pyotp
import pytest

from tests.browser.conftest import LAPTOP, PHONE, look

OWN = ("security", "profile", "consents", "password", "two-factor", "recovery-codes", "passkeys")
STAFF = ("/people/", "/people/new", "/people/1", "/organisations/", "/organisations/1", "/organisations/new")
ADMIN = ("/admin/", "/admin/invite", "/admin/users/1", "/admin/audit", "/admin/mail", "/admin/jobs")


def authenticator(page):
    """A phone's own passkeys, which say yes at once."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }  # fmt: skip
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def test_a_passkey_replaces_the_password(person):
    page = person("observer", PHONE)
    authenticator(page)
    page.goto("/me/passkeys")
    page.fill("#passkey-name", "Менің телефоным")
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/me/security")
    assert "Менің телефоным" in page.locator("main").inner_text()
    look(page, "passkeys-390")

    page.get_by_text("Menu").click()
    page.get_by_role("button", name="Sign out").last.click()
    page.goto("/sign-in?next=/me/consents")
    page.get_by_role("link", name="Sign in with a passkey").click()
    page.get_by_role("button", name="Use the passkey").click()
    page.wait_for_url(lambda url: "?" not in url and url.endswith("/me/consents"))  # the page before names it as `next`

    page.goto("/me/passkeys")
    page.get_by_role("button", name="Remove").click()
    page.get_by_text("is removed").wait_for()


def test_a_device_that_refuses_is_told_calmly_and_can_try_again(person):
    page = person("observer", PHONE)
    session, key = authenticator(page)
    session.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": key})
    page.add_init_script("navigator.credentials.create = () => Promise.reject(new DOMException('no', 'NotAllowedError'))")
    page.goto("/me/passkeys")
    page.fill("#passkey-name", "None")
    page.get_by_role("button", name="Add").click()
    page.get_by_text("The passkey could not be used").wait_for()
    assert page.get_by_role("button", name="Try again").is_visible()


def test_two_factor_sign_in_is_set_up_with_the_code_shown(person, open_context):
    page = person("focal", PHONE)
    page.goto("/me/two-factor")
    page.get_by_role("button", name="Set up").click()
    key = page.locator("bdi.code").inner_text().replace("-", "")
    look(page, "two-factor-390")
    codes = pyotp.TOTP(key)
    page.fill("#code", codes.now())
    page.get_by_role("button", name="Switch on").click()
    page.wait_for_url("**/me/security")

    visitor = open_context(PHONE).new_page()
    visitor.goto("/sign-in")
    visitor.fill("#email", "focal@example.org")
    visitor.fill("#password", "dostyk-demo")
    visitor.get_by_role("button", name="Sign in", exact=True).click()
    visitor.wait_for_url("**/sign-in/code**")
    look(visitor, "code-390")

    page.goto("/me/two-factor")
    page.get_by_role("button", name="Switch off").click()
    page.wait_for_url("**/me/security")
    page.get_by_text("Two-factor sign-in is switched off").wait_for()


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_pages_for_visitors(open_context, size):
    page = open_context(size).new_page()
    for path in ("/sign-in", "/reset-password", "/sign-in/passkey", "/invitation/none"):
        page.goto(path)
        look(page, f"{path.strip('/').replace('/', '-')}-{size['width']}")
    page.goto("/sign-in")
    page.fill("#email", "nobody@example.org")
    page.fill("#password", "wrong wrong wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("alert").wait_for()
    look(page, f"sign-in-refused-{size['width']}")


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_pages_of_people_and_administration(person, size):
    page = person("admin", size)
    for path in (*(f"/me/{name}" for name in OWN), *STAFF, *ADMIN):
        page.goto(path)
        look(page, f"{path.strip('/').replace('/', '-')}-{size['width']}")


def test_the_same_in_the_dark_and_from_right_to_left(open_context):
    page = open_context(PHONE, color_scheme="dark", locale="fa-AF").new_page()
    for path in ("/sign-in", "/reset-password"):
        page.goto(path)
        assert page.locator("html").get_attribute("dir") == "rtl"
        look(page, f"{path.strip('/')}-dari-dark")
