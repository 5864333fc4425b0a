"""A real browser against a real server: skipped where there is no Chromium, demanded with REQUIRE_BROWSER=1."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from dostyk import ROOT, demo
from tests.conftest import make_app, migrate

PASSWORD = "dostyk-demo"
PHONE, LAPTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
PICTURES = ROOT / "instance" / "screenshots"
# A closed network: without these Chromium spends its time on look-ups that fail.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in Path(item.fspath).parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))  # one browser and one server for all of them


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail("REQUIRE_BROWSER=1, but there is no Chromium: install it, or set CHROMIUM to its path")
        pytest.skip("no Chromium here: browser tests are skipped")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


class Site:
    """A server with the invented data, or an empty one, and its address. `localhost`, because passkeys want a name."""

    def __init__(self, folder: Path, *, invented: bool = True) -> None:
        self.app = make_app(folder, WTF_CSRF_ENABLED=True)
        migrate(self.app)
        if invented:
            with self.app.app_context():
                demo.load(PASSWORD)
        self.server = make_server("localhost", 0, self.app, threaded=True)
        self.url = f"http://localhost:{self.server.server_port}"
        self.app.config["PUBLIC_URL"] = self.url

    @contextmanager
    def running(self) -> Iterator[Site]:
        thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        thread.start()
        yield self
        self.server.shutdown()
        thread.join(5)


@pytest.fixture(scope="session")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("site")).running() as site:
        yield site


@pytest.fixture
def complaints() -> list[str]:
    """What browsers say against a page: the content security policy broken, a script that failed."""
    return []


@pytest.fixture
def open_context(browser: Browser, site: Site, complaints: list[str]) -> Iterator[Callable[..., BrowserContext]]:
    """`open_context(size, **options)`: a person's browser, whose complaints fail the test."""
    contexts: list[BrowserContext] = []

    def listen(page: Page) -> None:
        page.on(
            "console",
            lambda message: complaints.append(f"{page.url} {message.text}") if "Content Security Policy" in message.text else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))

    def open_context(size: dict[str, int] = PHONE, **options: Any) -> BrowserContext:
        context = browser.new_context(base_url=site.url, viewport=size, **{"locale": "en", **options})  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        context.on("page", listen)
        contexts.append(context)
        return context

    yield open_context
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def person(open_context: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """`person("trainer", PHONE)`: a page of somebody who has signed in with a demonstration account."""

    def sign_in(role: str, size: dict[str, int] = PHONE, **options: Any) -> Page:
        page = open_context(size, **options).new_page()
        page.goto("/sign-in")
        page.fill("input[name=email]", f"{role}@example.org")
        page.fill("input[name=password]", PASSWORD)
        page.click("main form button[type=submit], main form input[type=submit]")
        page.wait_for_url("**/home")
        return page

    return sign_in


def axe(page: Page) -> list[Any]:
    """What axe-core finds wrong, run in a world of its own so that the page keeps its real policy."""
    session = page.context.new_cdp_session(page)
    frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
    world = session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "axe"})["executionContextId"]
    session.send("Runtime.evaluate", {"expression": AXE, "contextId": world})
    expression = (
        "axe.run(document,{runOnly:['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice']})"
        ".then(r=>JSON.stringify(r.violations.map(v=>[v.id,v.impact,v.nodes.map(n=>n.html.slice(0,200)+' '+n.failureSummary)])))"
    )
    result = session.send("Runtime.evaluate", {"expression": expression, "contextId": world, "awaitPromise": True})
    return list(json.loads(result["result"]["value"]))


def look(page: Page, name: str) -> None:
    """A settled page: nothing wrong for axe, nothing wider than the screen, and its picture kept as instance/screenshots/<name>.png."""
    page.wait_for_load_state("load")
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, f"{name} scrolls sideways"
    assert axe(page) == [], name
