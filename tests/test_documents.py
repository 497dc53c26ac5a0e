"""The pages say what is there: links lead somewhere, files and routes that are named exist.

docs/settings.md has a test of its own (test_settings_documented.py), the examples have theirs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import Settings
from config.settings import known, variable
from deployments.api import create_app
from tests.deployments.api.documented import NO_SERVICE

ROOT = Path(__file__).parents[1]
PACKAGES = ("config", "memory", "vector_store", "graph_store", "access", "deployments")
FOLDERS = (*PACKAGES, "tests", "examples", "loadtest", "k8s", "docs", r"\.ci", r"\.github")
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    ROOT / "k8s" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
README = (ROOT / "README.md").read_text()
MAP = (ROOT / "docs" / "architecture.md").read_text()
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def links(text: str) -> Iterator[tuple[str, str]]:
    """File and anchor of every link to a file of this checkout."""
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in target:
            file, _, anchor = target.partition("#")
            yield file, anchor


def anchors(text: str) -> set[str]:
    """The headings as a link names them."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def quoted(text: str) -> list[str]:
    """What stands in backticks, outside of blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S))


def section(text: str, title: str) -> str:
    """The part of a page under a heading of the second level."""
    [part] = re.findall(rf"^## {re.escape(title)}$\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    return str(part)


def rows(table: str) -> list[list[str]]:
    """The cells of a table's rows, without its head."""
    lines = [line for line in table.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_readme_is_short() -> None:
    assert len(README.split()) <= 900


def test_the_readme_leads_to_every_page() -> None:
    led_to = {(ROOT / file).resolve() for file, _ in links(README) if file}
    assert set(PAGES) - {ROOT / "README.md"} <= led_to


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for file, anchor in links(page.read_text()):
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), file
        assert not anchor or anchor in anchors(target.read_text()), f"{file}#{anchor}"


def files_named(text: str) -> list[str]:
    path = re.compile(rf"({'|'.join(FOLDERS)})/[\w./*-]*")
    return [word for word in quoted(text) if path.fullmatch(word)]


def routes_named(text: str) -> list[tuple[str, str]]:
    """Method and path, with `{}` for each parameter."""
    found = re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/v\d/(?:\w|-|/|{\w+})*)", text)
    return [(method, re.sub(r"{\w+}", "{}", path).rstrip("/")) for method, path in found]


@every_page
def test_every_file_that_is_named_exists(page: Path) -> None:
    named = files_named(page.read_text())
    assert [word for word in named if not list(ROOT.glob(word.rstrip("/")))] == []


@every_page
def test_every_module_that_is_named_exists(page: Path) -> None:
    settings = {".".join(path) for path in _settings()}
    module = re.compile(rf"(?:python -m )?((?:{'|'.join(PACKAGES)})(?:\.[a-z_0-9]+)+)(?::\w+)?")
    named = {found[1] for word in quoted(page.read_text()) if (found := module.fullmatch(word))}
    files = {name: ROOT / name.replace(".", "/") for name in named - settings}
    missing = {
        name
        for name, path in files.items()
        if not (path.is_dir() or path.with_suffix(".py").exists())
    }
    assert missing == set()


def _settings() -> Iterator[tuple[str, str]]:
    for section_name, field in Settings.model_fields.items():
        for name in getattr(field.annotation, "model_fields", {}):
            assert variable(section_name, name) in known()
            yield section_name, name


def test_the_map_answers_twenty_questions_with_files() -> None:
    answers = rows(section(MAP, "Where is …?"))
    assert len(answers) >= 20
    for question, files in answers:
        assert question.endswith("?")
        assert any((ROOT / word).is_file() for word in quoted(files)), question


def test_the_map_has_every_package() -> None:
    packages = {
        f"{path.parent.relative_to(ROOT)}/"
        for top in ("config", "memory", "vector_store", "graph_store", "access", "deployments")
        for path in (ROOT / top).glob("**/__init__.py")
    }
    inside = {"memory/", "graph_store/"} | {p for p in packages if p.count("/") > 2}
    named = {word for row in rows(section(MAP, "Packages")) for word in quoted(row[0])}
    assert packages - inside <= named


@pytest.fixture(scope="module")
def openapi(tmp_path_factory: pytest.TempPathFactory) -> dict:
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"))
    return create_app(NO_SERVICE, settings).openapi()


def test_the_first_answer_in_the_readme_has_the_fields_of_today(openapi: dict) -> None:
    [block] = re.findall(r"```json\n(.+?)```", README, re.DOTALL)
    [memory] = json.loads(block)["memories"]
    assert list(memory) == openapi["components"]["schemas"]["FoundOut"]["required"]


NOT_THERE = {("POST", "/v1/users")}  # named by mem0.md as missing


@every_page
def test_every_route_that_is_named_exists(page: Path, openapi: dict) -> None:
    there = {
        (method.upper(), re.sub(r"{\w+}", "{}", path).rstrip("/"))
        for path, methods in openapi["paths"].items()
        for method in methods
    }
    there |= {("GET", "/v1/events/stream")} | NOT_THERE  # the feed is not in /openapi.json
    assert set(routes_named(page.read_text())) - there == set()


def test_these_tests_see_what_the_pages_name() -> None:
    pages = [page.read_text() for page in PAGES]
    assert sum(len(files_named(text)) for text in pages) > 150
    assert sum(len(routes_named(text)) for text in pages) > 30
    assert sum(len(list(links(text))) for text in pages) > 80


def test_the_table_of_commands_is_that_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    [declared] = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    cells = (row[0] for row in rows(section((ROOT / "docs/running.md").read_text(), "Commands")))
    named = {word.removeprefix("make ") for cell in cells for word in quoted(cell)}
    assert named == set(declared.split())
