"""Nothing outlives the service: a small parent that adopts whatever Ray leaves and ends it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

_SET_PARENT_DEATH_SIGNAL = 1
_SET_CHILD_SUBREAPER = 36
_PATIENCE_S = 8
_GRACE_S = 1.0


def supervised(run: Callable[[], int]) -> int:
    """`run` in a child process; its exit code, once it and all its descendants are gone.

    SIGINT and SIGTERM reach the child as one SIGINT, and what is deaf to it is killed in time; that
    is still 0. A child that is killed takes its orphans along; when this process is killed, the
    child gets SIGINT. Only on Linux: elsewhere `run` simply runs.
    """
    if sys.platform != "linux":
        return run()
    _prctl(_SET_CHILD_SUBREAPER, 1)
    parent = os.getpid()
    _on_stop(signal.SIG_IGN)  # until there is somebody to pass it on to
    child = os.fork()
    if child == 0:
        _be_child(run, parent)

    def pass_on(number: int, frame: FrameType | None) -> None:
        _on_stop(signal.SIG_IGN)
        os.kill(child, signal.SIGINT)  # Ray has a handler of its own for SIGTERM
        signal.alarm(_PATIENCE_S)

    def lose_patience(number: int, frame: FrameType | None) -> None:
        os.kill(child, signal.SIGKILL)

    _on_stop(pass_on)
    signal.signal(signal.SIGALRM, lose_patience)
    pid = 0
    while pid != child:  # else an orphan
        pid, status = os.wait()
    signal.alarm(0)
    asked = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    _on_stop(signal.SIG_IGN)
    _end_orphans()
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 0 if asked else 128 - code


def _on_stop(handler: Any) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def _be_child(run: Callable[[], int], parent: int) -> NoReturn:
    os.setsid()  # a terminal's Ctrl-C would hit every process of Ray before its turn
    _prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGINT)
    code = 1
    try:
        if os.getppid() == parent:
            code = run()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _end_orphans() -> None:
    """Let them go by themselves, then kill; a killed one's children become ours in turn."""
    deadline = time.monotonic() + _GRACE_S
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid:
            continue
        if time.monotonic() > deadline:
            for orphan in _children():
                os.kill(orphan, signal.SIGKILL)
        time.sleep(0.02)


def _children() -> list[int]:
    """Of this process; all are waited for here, so their ids cannot be anybody else's."""
    mine = str(os.getpid())
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            pid, _, rest = stat.read_text(errors="replace").partition(" ")
            if rest.rpartition(")")[2].split()[1] == mine:
                found.append(int(pid))
    return found


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
