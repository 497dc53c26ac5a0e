"""`python -m deployments` refuses a bad start in one line, with the exit code for that, before
anything is started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deployments import __main__ as main
from tests.redis_server import free_port

ROOT = Path(__file__).parents[2]


def start(folder: Path, config: str | None = None, **variables: str) -> tuple[int, str]:
    """Exit code, and what was said on stderr."""
    path = folder / "serve_config.yaml"
    path.write_text((ROOT / "serve_config.yaml").read_text() if config is None else config)
    done = subprocess.run(
        [sys.executable, "-m", "deployments", str(path)],
        cwd=ROOT,
        env={**os.environ, "MEM0G_DATA_DIR": str(folder / "data"), **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"MEM0G_API__DEADLINE_S": "0"}, "config: api.deadline_s: "),
        ({"MEM0G_UNKNOWN": "1"}, "config: no setting is called MEM0G_UNKNOWN"),
        ({"MEM0G_AUTH__MODE": "api_key"}, "MEM0G_AUTH__ADMIN_KEY"),
    ],
)
def test_a_bad_setting_is_one_line(tmp_path: Path, variables: dict[str, str], named: str) -> None:
    code, told = start(tmp_path, **variables)
    assert code == 2
    (line,) = told.splitlines()
    assert line.startswith("mem0g: ")
    assert named in line
    assert not (tmp_path / "data").exists()


def test_a_config_that_serve_would_not_take_is_one_line(tmp_path: Path) -> None:
    code, told = start(tmp_path, "applications: [{name: mem0g, colour: red}]")
    assert code == 2
    (line,) = told.splitlines()
    assert "Serve has no option applications[0].colour" in line


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("memory.test", "http://memory.test:8000"),
    ],
)
def test_the_address_told_is_one_that_can_be_called(host: str, url: str) -> None:
    assert main._url(host, 8000) == url


def test_a_service_that_is_not_there_is_not_ready() -> None:
    state = main._ready(f"http://127.0.0.1:{free_port()}")
    assert state is not None
    assert "refused" in state
