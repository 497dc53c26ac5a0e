"""What a memory is: an owner's statement with two clocks, and the edges between statements.

A memory and an edge are sequences of versions. A version was true in [valid_from, valid_to)
and known in [recorded_at, retracted_at); an end of None is open.
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
    """A field the caller left out, where None already means something."""

    UNSET = "unset"


UNSET = Unset.UNSET


class VersionEvent(Enum):
    """Why a version of a memory exists."""

    ADD = "ADD"
    UPDATE = "UPDATE"
    SUPERSEDE = "SUPERSEDE"


SCOPE_FIELDS = ("user_id", "agent_id", "app_id", "session_id")
"""In order of ownership: the first one given owns the memory."""
NAMES_OF_SCOPES = f"{', '.join(SCOPE_FIELDS)} (Mem0's run_id)"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose memory it is; `kind` is one of user, agent, app, session."""

    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


@dataclass(frozen=True, slots=True)
class Scope:
    """Who a memory belongs to, or which memories a read is about. The domain works on scopes with
    at least one field (memory.domain.ids's Project.narrow)."""

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
        """The one entity that the scope names; None where it names none, or several."""
        return self.owner if len(self.given()) == 1 else None

    def given(self) -> dict[str, str]:
        return {name: value for name in SCOPE_FIELDS if (value := getattr(self, name))}

    def covers(self, other: Scope) -> bool:
        """True where every field this scope gives is exactly the other's."""
        return all(getattr(other, name) == value for name, value in self.given().items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Two clocks of a version; microseconds, see memory.domain.clock."""

    valid_from: int = AT_COMMIT
    valid_to: int | None = None
    recorded_at: int = AT_COMMIT
    retracted_at: int | None = None

    def valid(self, at: int) -> bool:
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)

    def known(self, at: int | None) -> bool:
        """Whether this is the version known then; None asks for the one known last."""
        if at is None:
            return self.retracted_at is None
        return self.recorded_at <= at and (self.retracted_at is None or at < self.retracted_at)

    def stamped(self, at: int) -> Self:
        """The same version with the record time the commit script gave it."""
        changes = {
            name: at
            for name in ("valid_from", "valid_to", "recorded_at", "retracted_at", "created_at")
            if getattr(self, name, None) == AT_COMMIT
        }
        return replace(self, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory(Interval):
    """One version of a memory. `version` counts from 1 and is the memory's revision. One that is
    `immutable` can be erased, but neither corrected nor superseded. `role` and `actor_id` say who
    said it in a conversation."""

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
        """When it ends by itself, not by a successor."""
        return None if self.superseded_by else self.valid_to

    @property
    def last_day(self) -> str | None:
        """The last day, in UTC, on which it is valid if it ends by itself: Mem0's way to say
        valid_to."""
        return None if self.expires_at is None else format_day(self.expires_at - 1)

    @property
    def open(self) -> bool:
        """Not retracted, begun when recorded, and without an end: what a default read matches.

        A version that is valid now without being open is counted by the graph store, so that
        reads know when to look further (DESIGN: Weaviate).
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
    """What a caller asks to remember. valid_from None means: from its record time. `similar`
    asks for memories that say nearly the same."""

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
    """What a caller changes of a memory. Metadata merges by top-level key, None removes one."""

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
