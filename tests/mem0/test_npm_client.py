"""The same with Mem0's npm client, where there is a node to run it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deployments.api.conftest import Host

HERE = Path(__file__).parent / "npm"
INSTALL = ("npm", "install", "--omit=peer", "--ignore-scripts", "--no-package-lock")
QUIET = ("--no-audit", "--no-fund", "--silent")


@pytest.fixture
def folder() -> Path:
    """Where the client is installed, once a checkout."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("no node here: Mem0's npm client is not tested")
    if not (HERE / "node_modules" / "mem0ai").exists():
        done = subprocess.run([*INSTALL, *QUIET], cwd=HERE, capture_output=True, timeout=180)
        if done.returncode:
            pytest.skip("no package index for npm here: Mem0's npm client is not tested")
    return HERE


def test_a_life_with_the_npm_client(folder: Path, host: Host) -> None:
    lived = subprocess.run(
        ["node", "life.mjs", host],
        cwd=folder,
        env=os.environ | {"MEM0_TELEMETRY": "false"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert lived.returncode == 0, lived.stderr
