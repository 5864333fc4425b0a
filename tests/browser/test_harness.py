"""The instruments of the browser tests see what they are there to see."""

from __future__ import annotations

from tests.browser.conftest import axe


def test_axe_sees_a_picture_without_words(open_context):
    page = open_context().new_page()
    page.goto("/verify")
    assert axe(page) == []
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"/static/img/mark.svg\">')")
    assert [violation[0] for violation in axe(page)] == ["image-alt"]


def test_a_broken_policy_is_heard(open_context, complaints):
    page = open_context().new_page()
    page.goto("/verify")
    page.evaluate("document.body.setAttribute('style', 'color: red')")
    page.wait_for_timeout(200)
    assert "Content Security Policy" in complaints.pop()
