"""Nobody is led away from the site through our own forms."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dostyk.home.rules import own_path

HERE = "https://dostyk.example/page"


@pytest.mark.parametrize("address", ["/", "/home", "/cohorts/?q=a&page=2", "/courses/#top", "/a//b", "/курсы/"])
def test_paths_of_this_site_are_kept(address: str) -> None:
    assert own_path(address) == address


@pytest.mark.parametrize(
    "address",
    [
        None, "", "home",
        "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example/",
        "javascript:alert(1)",
        "/\t/evil.example", "/\n/evil.example", " //evil.example", "/%0d%0aSet-Cookie:a=b\r\n", "data:text/html,x", "\x00/home",
    ],
)  # fmt: skip
def test_anything_else_is_not(address: str | None) -> None:
    assert own_path(address) is None


@given(st.text(alphabet="/\\:.?#@ah\t\n\r \x00", max_size=12))
def test_what_is_kept_stays_on_the_site(address: str) -> None:
    if own_path(address) is not None:
        assert urlsplit(urljoin(HERE, address)).netloc == "dostyk.example"
