"""Upkeep that outlives a request: tasks in the record. One replica at a time runs a task.

A task of every kind can begin again from the start. So a task whose replica died is run again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    VERIFY = "verify"
    REBUILD = "rebuild"
    COMPACT = "compact"
    ERASE_PROJECT = "erase_project"


class State(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Task:
    """A task, and how far it has come.

    If `project` is None, the task is about all projects. `done` of `total` steps are done; a step
    is mostly an owner. The report holds counts and ids, never text. Times are microseconds by
    Redis's clock.
    """

    id: str
    kind: Kind
    project: str | None
    dry_run: bool = False
    state: State = State.RUNNING
    done: int = 0
    total: int = 0
    report: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    started_at: int = 0
    updated_at: int = 0
