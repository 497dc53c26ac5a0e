"""Work that may outlive its request: a conversation to be remembered, memories to be forgotten.

Each is a job with an id of its own; Mem0's clients call them events. A job keeps what was said
until it is done, then only which memories came of it.
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
class Said:
    """A message of a conversation; `name` is who, where the role does not tell."""

    role: str
    content: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What is to be remembered, and how. The messages were said at `said_at` (None: now), what
    comes of them is valid until `valid_to`. `instructions` and `categories` replace those of the
    project; `graph` asks for relationships between the facts. `supersedes` names what the only
    message replaces. `unused` names fields of the request that nothing here can act on."""

    messages: tuple[Said, ...]
    scope: Scope
    metadata: Mapping[str, Any] = field(default_factory=dict)
    infer: bool = True
    said_at: int | None = None
    valid_to: int | None = None
    immutable: bool = False
    instructions: str | None = None
    agent_instructions: str | None = None
    includes: str | None = None
    excludes: str | None = None
    categories: tuple[tuple[str, str], ...] | None = None
    graph: bool = False
    supersedes: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a memory: ADD, UPDATE (it superseded another), DELETE (it was ended) or NONE
    (it was there already). `memory` is as it is known now, None once it has been erased."""

    event: str
    memory_id: str
    memory: Memory | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """A relationship between two entities, stored as the edge `edge_id` between the memories that
    tell of them."""

    source: str
    relationship: str
    target: str
    edge_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Which job it is, and how far it has come. Times are microseconds by Redis's clock; 0 before
    it is stored."""

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
class Job(Progress):
    """`details` is JSON of the service's own words: how it was inferred, what was not applied."""

    outcomes: Sequence[Outcome] = ()
    relations: Sequence[Relation] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobPage:
    """Newest first; `count` is how many are kept."""

    count: int
    jobs: Sequence[Job]
