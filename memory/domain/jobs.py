"""Work that may outlive its request: a conversation to be remembered, memories to be forgotten.

Such work is a job with an id of its own. Mem0's clients call jobs events. A job keeps what was said
until the job has ended. Then it keeps only which memories came of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from memory.domain.memory import Memory, Scope


class JobKind(StrEnum):
    ADD = "ADD"
    DELETE_ALL = "DELETE_ALL"
    DELETE_USER = "DELETE_USER"


class JobState(StrEnum):
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def ended(self) -> bool:
        return self in (JobState.SUCCEEDED, JobState.FAILED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a memory.

    `event` is ADD, UPDATE (the memory superseded another), DELETE (the memory was ended) or NONE
    (the memory was there already). `memory` is as it is known now. It is None if it was erased.
    """

    event: str
    memory_id: str
    memory: Memory | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """A relationship between two entities. It is stored as the edge `edge_id` between the memories
    that tell of them."""

    source: str
    relationship: str
    target: str
    edge_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """Which job it is, and how far it has come. Times are microseconds by Redis's clock.
    `created_at` and `updated_at` are 0 before the job is stored."""

    id: str
    kind: JobKind
    state: JobState = JobState.PENDING
    error: str | None = None
    attempts: int = 0
    created_at: int = 0
    updated_at: int = 0
    started_at: int | None = None
    completed_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(JobProgress):
    """A job as its caller sees it. `details` is JSON in the service's own words: how the memories
    were inferred, and what was not applied."""

    outcomes: Sequence[Outcome] = ()
    relations: Sequence[Relation] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobPage:
    """Some jobs, newest first. `count` is how many are kept."""

    count: int
    jobs: Sequence[Job]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job has ended, without any text of the caller: (event, memory id) of each outcome, the
    ids of edges, and details in the service's own words."""

    outcomes: tuple[tuple[str, str], ...] = ()
    edges: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment(JobProgress):
    """A job as it is kept.

    `request` is what was asked for. `plan` is what a worker decided to do. Both are JSON, and both
    are removed when the job has ended. `bound` is the owner hash of the only user that the caller
    may see; None if the caller may see every user.
    """

    slot: str
    scope: Scope = field(default_factory=Scope)
    bound: str | None = None
    request: Mapping[str, Any] | None = None
    plan: Mapping[str, Any] | None = None
    ending: Ending = Ending()
