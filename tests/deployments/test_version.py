"""One version: the build, the application and the image agree on it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from fastapi import FastAPI

from config import Settings
from deployments.api import create_app
from deployments.version import __version__
from tests.deployments.api.documented import NO_SERVICE

ROOT = Path(__file__).parents[2]
BUILD = tomllib.loads((ROOT / "pyproject.toml").read_text())


def app(settings: Settings) -> FastAPI:
    return create_app(NO_SERVICE, settings)


def test_the_build_reads_the_version_where_it_stands() -> None:
    assert "version" not in BUILD["project"]
    assert BUILD["project"]["dynamic"] == ["version"]
    source = (ROOT / BUILD["tool"]["hatch"]["version"]["path"]).read_text()
    # hatchling looks for this line, and runs nothing
    assert re.findall(r'^__version__ = "(.+)"$', source, re.MULTILINE) == [__version__]


def test_the_openapi_document_says_it(settings: Settings) -> None:
    assert app(settings).openapi()["info"]["version"] == __version__


def test_the_image_has_the_file_the_version_stands_in() -> None:
    recipe = (ROOT / "Dockerfile").read_text()
    package = BUILD["tool"]["hatch"]["version"]["path"].partition("/")[0]
    assert f"COPY {package} ./{package}" in recipe.splitlines()


def test_the_page_on_kubernetes_builds_the_image_of_this_version() -> None:
    page = (ROOT / "k8s" / "README.md").read_text()
    assert set(re.findall(r"mem0g:(\d\S+) ", page)) == {__version__}
