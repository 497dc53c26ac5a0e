"""Nothing outlives the service: its exit code is the child's, and what it leaves is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]
LEAVES_ONE = """
import subprocess, sys, time
from deployments.supervisor import supervised

def run():
    orphan = subprocess.Popen(
        [sys.executable, "-c", "import signal, time; signal.signal(15, 1); time.sleep(60)"],
        start_new_session=True,
    )
    print(orphan.pid, flush=True)
    {then}

sys.exit(supervised(run))
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")


def started(then: str) -> tuple[subprocess.Popen[str], int]:
    """The supervisor, and the process that its child leaves behind."""
    program = LEAVES_ONE.replace("{then}", then)
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def test_the_exit_code_is_the_childs_and_its_orphans_are_ended() -> None:
    process, orphan = started("return 3")
    assert process.wait(20) == 3
    assert not psutil.pid_exists(orphan)


def test_a_child_that_is_killed_takes_its_orphans_along() -> None:
    process, orphan = started("time.sleep(60)")
    (child,) = psutil.Process(process.pid).children()
    child.kill()
    assert process.wait(20) == 128 + signal.SIGKILL
    assert not psutil.pid_exists(orphan)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_the_child_as_one_sigint(number: signal.Signals) -> None:
    then = "\n    ".join(("try: time.sleep(60)", "except KeyboardInterrupt: return 0", "return 9"))
    process, orphan = started(then)
    time.sleep(0.2)
    os.kill(process.pid, number)
    assert process.wait(20) == 0
    assert not psutil.pid_exists(orphan)
