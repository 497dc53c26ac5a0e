"""The examples run as they stand, against a real HTTP server, and print what docs/examples.md says.

`mem0_client.py` runs Mem0's published client; the others need httpx alone.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import Settings
from tests.fuzz.running import serving
from tests.redis_server import RedisServer

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
PAGE = (ROOT / "docs" / "examples.md").read_text()
ALLOWED = {"httpx", "mem0"} | sys.stdlib_module_names


@pytest.fixture
def host(settings: Settings, redis_server: RedisServer) -> Iterator[str]:
    with serving(settings, redis_server.url) as url:
        yield url


def run(example: Path, *arguments: str, **variables: str) -> str:
    """What it prints. Fails if the example fails, or takes longer than a minute."""
    done = subprocess.run(
        [sys.executable, str(example), *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def documented(name: str) -> str:
    """The block that follows the command of an example on the page."""
    [block] = re.findall(rf"python examples/{name}\n```\nprints\n```\n(.*?)```", PAGE, re.DOTALL)
    return str(block)


def timeless(text: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "<time>", text)


def test_there_are_the_five_that_the_page_shows() -> None:
    assert {example.name for example in EXAMPLES} == {
        "quickstart.py",
        "time_travel.py",
        "graph.py",
        "mem0_client.py",
        "live_feed.py",
    }


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_an_example_prints_what_the_page_says(example: Path, host: str) -> None:
    printed = run(example, host)
    assert printed.strip()
    assert timeless(printed) == timeless(documented(example.name))


def test_the_url_may_come_from_the_environment(host: str) -> None:
    example = ROOT / "examples" / "quickstart.py"
    assert run(example, MEMORY_URL=host) == run(example, host)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_an_example_needs_httpx_or_mem0s_client_and_nothing_else(example: Path) -> None:
    used = set()
    for node in ast.walk(ast.parse(example.read_text())):
        if isinstance(node, ast.Import):
            used |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            used.add(node.module.partition(".")[0])
    assert used <= ALLOWED
