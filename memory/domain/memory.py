"""What a memory is: an owner's statement with two clocks, and the edges between statements.

Memories and edges are sequences of versions. A version was true in [valid_from, valid_to)
and known in [recorded_at, retracted_at). An end of None is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Self

from memory.domain.clock import AT_COMMIT, format_day

SUPERSEDES = "SUPERSEDES"
FOLLOWS = "FOLLOWS"
RESERVED_RELATIONS = frozenset({SUPERSEDES, FOLLOWS})


class Unset(Enum):
    """A field that the caller left out, if None means something else there."""

    UNSET = "unset"


UNSET = Unset.UNSET


class VersionEvent(Enum):
    """Why a version of a memory exists."""

    ADD = "ADD"
    UPDATE = "UPDATE"
    SUPERSEDE = "SUPERSEDE"


# In order of ownership: the first field that is given names the owner of the memory.
SCOPE_FIELDS = ("user_id", "agent_id", "app_id", "session_id")
NAMES_OF_SCOPES = f"{', '.join(SCOPE_FIELDS)} (Mem0's run_id)"


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner of a memory. `kind` is one of user, agent, app, session."""

    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


@dataclass(frozen=True, slots=True)
class Scope:
    """Who a memory belongs to, or which memories a read is about.

    The domain works on scopes with at least one field (Project.narrow of memory.domain.ids).
    """

    user_id: str | None = None
    agent_id: str | None = None
    app_id: str | None = None
    session_id: str | None = None

    @property
    def owner(self) -> Owner:
        for name in SCOPE_FIELDS:
            if value := getattr(self, name):
                return Owner(name.removesuffix("_id"), value)
        raise ValueError("a scope without an owner")

    @property
    def entity(self) -> Owner | None:
        """The one entity that the scope names. None if it names no entity, or several."""
        return self.owner if len(self.given()) == 1 else None

    def given(self) -> dict[str, str]:
        return {name: value for name in SCOPE_FIELDS if (value := getattr(self, name))}

    def covers(self, other: Scope) -> bool:
        """True if the other scope has the same value in every field that this scope gives."""
        return all(getattr(other, name) == value for name, value in self.given().items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """The two clocks of a version, in microseconds (memory.domain.clock)."""

    valid_from: int = AT_COMMIT
    valid_to: int | None = None
    recorded_at: int = AT_COMMIT
    retracted_at: int | None = None

    def valid(self, at: int) -> bool:
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)

    def known(self, at: int | None) -> bool:
        """Whether this version was known at that instant. None asks for the version known last."""
        if at is None:
            return self.retracted_at is None
        return self.recorded_at <= at and (self.retracted_at is None or at < self.retracted_at)

    def stamped(self, at: int) -> Self:
        """The same version with the record time that the commit script gave it."""
        changes = {
            name: at
            for name in ("valid_from", "valid_to", "recorded_at", "retracted_at", "created_at")
            if getattr(self, name, None) == AT_COMMIT
        }
        return replace(self, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory(Interval):
    """One version of a memory.

    `version` is the memory's revision and counts from 1. `event` says why this version exists. An
    `immutable` memory can be erased, but it can neither be corrected nor superseded. `role` and
    `actor_id` say who said it in a conversation.
    """

    id: str
    content: str
    scope: Scope
    metadata: Mapping[str, Any] = field(default_factory=dict)
    categories: tuple[str, ...] = ()
    supersedes: tuple[str, ...] = ()
    created_at: int = AT_COMMIT
    version: int = 1
    event: VersionEvent = VersionEvent.ADD
    immutable: bool = False
    role: str | None = None
    actor_id: str | None = None
    superseded_by: str | None = None

    @property
    def expires_at(self) -> int | None:
        """When the memory ends by itself. None if it does not end, or if a successor ends it."""
        return None if self.superseded_by else self.valid_to

    @property
    def last_day(self) -> str | None:
        """The last day, in UTC, on which a memory that ends by itself is valid.

        This is how Mem0 says valid_to. None if `expires_at` is None.
        """
        return None if self.expires_at is None else format_day(self.expires_at - 1)

    @property
    def open(self) -> bool:
        """Whether a default read matches this version.

        An open version is not retracted, has no end, and had begun when it was recorded. The graph
        store counts versions that can be valid without being open. So a read knows when to look
        further.
        """
        return (
            self.retracted_at is None
            and self.valid_to is None
            and (self.valid_from == AT_COMMIT or self.valid_from <= self.recorded_at)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge(Interval):
    """One version of a relationship `source -relation-> target` of one owner."""

    id: str
    source: str
    target: str
    relation: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    created_at: int = AT_COMMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMemory:
    """What a caller asks to remember.

    If `valid_from` is None, the memory is valid from its record time on. `similar` asks for
    memories that say nearly the same.
    """

    content: str
    scope: Scope
    metadata: Mapping[str, Any] = field(default_factory=dict)
    categories: tuple[str, ...] = ()
    valid_from: int | None = None
    valid_to: int | None = None
    supersedes: tuple[str, ...] = ()
    dedup: bool = True
    similar: bool = False
    immutable: bool = False
    role: str | None = None
    actor_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What a caller changes in a memory. Metadata is merged by top-level key. The value None
    removes a key."""

    content: str | Unset = UNSET
    metadata: Mapping[str, Any] | Unset = UNSET
    categories: tuple[str, ...] | Unset = UNSET
    valid_from: int | Unset = UNSET
    valid_to: int | Unset | None = UNSET
    if_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEdge:
    source: str
    target: str
    relation: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    valid_from: int | None = None
    valid_to: int | None = None
