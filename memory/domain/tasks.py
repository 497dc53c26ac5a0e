"""Upkeep that outlives a request: tasks in the record, each run by one replica at a time.

Every kind can be begun again from the start, so a task whose replica died is simply run again.
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
    """`project` None is all of them; `done` of `total` steps, mostly owners, are behind it. The
    report holds counts and ids, never text. Times are microseconds, by Redis's clock."""

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
