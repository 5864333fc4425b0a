from __future__ import annotations

import stat

import pytest

from dostyk import config
from dostyk.config import BadSettings

PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "s" * 40,
    "TOTP_KEY": "t" * 40,
    "PUBLIC_URL": "https://dostyk.example",
    "MAIL_URL": "smtp://localhost",
}


def test_production_with_everything_said_is_accepted():
    assert config.read(PRODUCTION)["ENVIRONMENT"] == "production"


@pytest.mark.parametrize("name", ["SECRET_KEY", "TOTP_KEY", "PUBLIC_URL", "MAIL_URL"])
def test_production_refuses_what_is_missing(name):
    with pytest.raises(BadSettings, match=name):
        config.read({**PRODUCTION, name: ""})


def test_production_refuses_a_short_secret_and_plain_http():
    with pytest.raises(BadSettings, match="SECRET_KEY"):
        config.read({**PRODUCTION, "SECRET_KEY": "dev"})
    with pytest.raises(BadSettings, match="PUBLIC_URL"):
        config.read({**PRODUCTION, "PUBLIC_URL": "http://dostyk.example"})


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "eighty"), ("DEMO", "perhaps"), ("ENVIRONMENT", "staging"), ("QUEUE_URL", "reddis://host"), ("LIMITS_URL", "host:6379")],
)
def test_nonsense_is_named(name, value):
    with pytest.raises(BadSettings, match=name):
        config.read({name: value})


def test_a_secret_can_come_from_a_file(tmp_path):
    (tmp_path / "key").write_text("k" * 50 + "\n")
    assert config.read({"SECRET_KEY_FILE": str(tmp_path / "key")})["SECRET_KEY"] == "k" * 50


def test_a_secret_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadSettings, match="SECRET_KEY_FILE"):
        config.read({"SECRET_KEY_FILE": str(tmp_path / "none")})


def test_secrets_are_made_once_and_for_their_owner_only(tmp_path):
    first = config.secrets_of(tmp_path / "instance")
    assert config.secrets_of(tmp_path / "instance") == first
    assert stat.S_IMODE((tmp_path / "instance" / "secrets.json").stat().st_mode) == 0o600


def test_production_sends_cookies_over_https_only():
    assert config.for_flask(config.read(PRODUCTION))["SESSION_COOKIE_SECURE"] is True


def test_production_keeps_codes_and_names_out_of_what_is_logged_of_database_errors():
    assert config.for_flask(config.read(PRODUCTION))["SQLALCHEMY_ENGINE_OPTIONS"]["hide_parameters"] is True


def test_every_setting_is_in_the_operators_page():
    page = (config.ROOT / "docs" / "operators.md").read_text()
    assert [s.name for s in config.SETTINGS if f"`{s.name}`" not in page] == []
