"""The rules of the house, checked on the house itself."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from enum import StrEnum
from importlib import import_module
from pathlib import Path

import pytest

from dostyk import FLOORS, ROOMS, create_app
from dostyk.core import i18n
from dostyk.core.database import Base
from tests.conftest import make_app

ROOT = Path(__file__).parent.parent
SOURCE = sorted((ROOT / "dostyk").rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
VIEWS = [p for p in SOURCE if p.name == "views.py" or p.parent.name == "views"]
RULES = [p for p in SOURCE if p.name == "rules.py" or p.parent.name == "rules"]
TRACKED = subprocess.run(
    ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.split("\n")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def floor(module: str) -> int:
    return next(n for n, rooms in enumerate(FLOORS) if module.split(".")[1] in rooms)


@pytest.fixture(scope="module")
def wired(tmp_path_factory):
    return make_app(tmp_path_factory.mktemp("house"))


def test_foreign_keys_never_point_upstairs_or_to_a_sibling(wired):
    home = {m.class_.__table__.name: m.class_.__module__ for m in Base.registry.mappers}
    wrong = [
        f"{table} -> {key.column.table.name}"
        for table in home
        for key in Base.metadata.tables[table].foreign_keys
        if home[key.column.table.name].split(".")[1] != home[table].split(".")[1]
        and floor(home[key.column.table.name]) >= floor(home[table])
    ]
    assert wrong == []


def test_there_is_one_commit():
    places = {name(p) for p in SOURCE if re.search(r"session(\(\))?\.commit\(", p.read_text())}
    assert places == {"dostyk/core/database.py"}


def test_the_clock_is_read_in_one_place():
    places = {name(p) for p in SOURCE if re.search(r"\b(datetime\.(now|utcnow)|date\.today|time\.time)\(", p.read_text())}
    assert places <= {"dostyk/core/clock.py", "dostyk/core/limits.py", "dostyk/core/web.py"}


def functions(path: Path) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]


def test_a_view_renders_the_template_of_its_own_name():
    wrong = []
    for path in VIEWS:
        room = path.relative_to(ROOT / "dostyk").parts[0]
        for view in functions(path):
            rendered = {
                call.args[0].value
                for call in ast.walk(view)
                if isinstance(call, ast.Call)
                and getattr(call.func, "id", "") == "render_template"
                and isinstance(call.args[0], ast.Constant)
            }
            wrong += [
                f"{name(path)}: {view.name} renders {t}"
                for t in rendered
                if t != f"{room}/{view.name}.html" and not t.startswith(f"{room}/_")
            ]
    assert wrong == []


def test_views_are_short():
    long = [
        f"{name(p)}: {v.name} ({n} lines)" for p in VIEWS for v in functions(p) if (n := (v.end_lineno or 0) - v.body[0].lineno + 1) > 25
    ]
    assert long == []


def test_rules_import_the_standard_library_and_other_rules_only():
    allowed = {*sys.stdlib_module_names, "__future__"} - {"time", "random", "os", "pathlib", "socket"}
    wrong = []
    for path in RULES:
        for node in ast.walk(ast.parse(path.read_text())):
            modules = (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else []
            )
            wrong += [f"{name(path)}: {m}" for m in modules if m.split(".")[0] not in allowed and not re.match(r"dostyk\.\w+\.rules", m)]
    assert wrong == []


def test_request_and_current_user_stay_in_views():
    edges = {"views", "listing", "access", "web", "tables", "nav", "i18n", "audit", "database", "security", "panels", "todo", "__init__"}
    pattern = re.compile(r"from flask import [^\n]*\brequest\b|from flask_login import [^\n]*current_user")
    wrong = [name(p) for p in SOURCE if p.stem not in edges and p.parent.name != "views" and pattern.search(p.read_text())]
    assert wrong == []


def test_no_file_outgrew_its_room():
    assert [f"{name(p)}: {n}" for p in SOURCE if (n := len(p.read_text().splitlines())) > 420 and "demo" not in p.parts] == []


def test_every_shown_enum_has_a_word_for_each_member(wired):
    assert i18n._labels, "rooms register their labels"
    missing = [f"{kind.__name__}.{member.name}" for kind, words in i18n._labels.items() for member in kind if member not in words]
    assert missing == []


def test_every_enum_of_a_column_has_words(wired):
    stored = {c.type.enum_class for t in Base.metadata.tables.values() for c in t.columns if getattr(c.type, "enum_class", None)}
    assert {k.__name__ for k in stored if issubclass(k, StrEnum)} - {k.__name__ for k in i18n._labels} == set()


def test_templates_hold_no_inline_style_or_script():
    pattern = re.compile(r"""\sstyle=["']|\son[a-z]+=["']|<style|<script(?![^>]*\bsrc=)""")
    assert [f"{name(p)}: {m.group()}" for p in TEMPLATES for m in pattern.finditer(p.read_text()) if p.parent.name != "security"] == []


def test_scripts_and_styles_come_from_here():
    pattern = re.compile(r"""<(?:script|link|img|iframe)[^>]+(?:src|href)=["']?(?:https?:)?//""")
    assert [name(p) for p in TEMPLATES if pattern.search(p.read_text())] == []


def test_every_template_of_a_room_is_used():
    text = "\n".join(p.read_text() for p in [*SOURCE, *TEMPLATES])
    built = set(re.findall(r'f"(\w+/_)\{', text))  # f"home/_{part}.html", where "part" is said elsewhere

    def used(path: Path) -> bool:
        full = f"{path.parent.name}/{path.name}"
        return full in text or any(full.startswith(b) and f'"{full.removeprefix(b).removesuffix(".html")}"' in text for b in built)

    assert [name(p) for p in TEMPLATES if p.parent.name in ROOMS and not used(p)] == []


def test_locks_and_manifests_hold_no_address():
    files = [f for f in TRACKED if f.endswith((".lock", "manifest.json"))]
    assert len(files) >= 6
    assert [f for f in files if re.search(r"https?://", (ROOT / f).read_text())] == []


def test_what_testing_installs_holds_what_running_installs():
    pins = [set(re.findall(r"^\S+==\S+", (ROOT / f).read_text(), re.M)) for f in ("requirements.lock", "requirements.dev.lock")]
    assert pins[0]
    assert pins[0] - pins[1] == set()


def test_no_file_names_a_package_registry_or_a_path_of_a_machine():
    hosts = "|".join(
        [
            "py" + r"pi\.org",
            "python" + r"hosted\.org",
            "registry" + r"\.npmjs",
            "deb" + r"\.debian\.org",
            "/root" + "/",
            "/work" + "/main",
            "/work" + "/shared",
        ]
    )
    binary = (".ttf", ".png", ".gz", ".br", ".mo")
    files = [ROOT / f for f in TRACKED if f and not f.endswith(binary) and "vendor" not in f]
    assert [name(p) for p in files if p.is_file() and re.search(hosts, p.read_text(errors="ignore"))] == []


def test_a_view_without_a_rule_stops_the_start(tmp_path, monkeypatch):
    health = import_module("dostyk.core.health")
    view = health.bp
    before = list(view.deferred_functions)
    try:
        view._got_registered_once = False
        view.add_url_rule("/open", "open", lambda: "")
        with pytest.raises(RuntimeError, match=r"health\.open"):
            make_app(tmp_path)
    finally:
        view.deferred_functions[:] = before


def test_the_application_can_be_made_twice(tmp_path):
    assert make_app(tmp_path / "a") is not make_app(tmp_path / "b")
    assert callable(create_app)
