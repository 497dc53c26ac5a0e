"""What a read asks for: a snapshot at one instant of each clock, and what to look at in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from memory.domain.memory import FOLLOWS, UNSET, Memory, Scope, Unset
from memory.query.conditions import EVERYTHING, Condition, Every, Is, every


class Direction(Enum):
    OUT = "out"
    IN = "in"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a read shows: what was true at `as_of`, as it was known at `known_at`.

    An `as_of` of None is now. A `known_at` of None is everything that was recorded. `superseded`
    adds memories that have ended and have a successor. `expired` adds memories that have ended
    without one.
    """

    as_of: int | None = None
    known_at: int | None = None
    superseded: bool = False
    expired: bool = False

    @property
    def explicit(self) -> bool:
        """Whether the caller named an instant. Then a memory that is not there is an error, not an
        empty answer."""
        return self.as_of is not None or self.known_at is not None

    def pinned(self, now: int) -> Snapshot:
        as_of = now if self.as_of is None else self.as_of
        return Snapshot(as_of, self.known_at, self.superseded, self.expired)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The pair of instants that a read is pinned to. So a read of several steps shows one state."""

    as_of: int
    known_at: int | None = None
    superseded: bool = False
    expired: bool = False

    @property
    def ended(self) -> bool:
        return self.superseded or self.expired

    def shows(self, memory: Memory) -> bool:
        """Whether a memory is in the snapshot. `memory` is the version known at `known_at`."""
        if memory.valid(self.as_of):
            return True
        return memory.valid_from <= self.as_of and (
            self.superseded if memory.superseded_by else self.expired
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Which edges a walk follows, and how far.

    Without `relations` a walk follows all stored relations. It follows the derived FOLLOWS edges if
    `relations` names them, or if there are no `relations` and `system` is set. With `ids_only` the
    edges are not read in full.
    """

    depth: int = 1
    relations: frozenset[str] = frozenset()
    direction: Direction = Direction.BOTH
    system: bool = False
    ids_only: bool = False

    @property
    def stored(self) -> frozenset[str]:
        """The named relations of edges that are stored, not derived."""
        return self.relations - {FOLLOWS}

    @property
    def only_follows(self) -> bool:
        return bool(self.relations) and not self.stored

    @property
    def follows(self) -> bool:
        return FOLLOWS in self.relations or (self.system and not self.relations)


NOW = View()
ANY_EDGE = Walk()
UNSCOPED = Scope()


class Scale(Enum):
    """What a score says.

    RELEVANCE is calibrated and says how relevant a memory is (memory.search.ranking). COSINE is the
    sum of cosine and words as it is. Mem0's clients set their thresholds by it.
    """

    RELEVANCE = "relevance"
    COSINE = "cosine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A search in a scope, narrowed by a condition. Without a scope it searches the scopes that the
    condition names.

    The threshold is on the `scale` of the score. A memory that is `half_life_days` old, by
    valid_from, scores half; None is without decay. The age and the expiry of memories are judged at
    the instant `reference`; None is now. `rerank` judges the best memories by their nearest
    sentence.
    """

    text: str
    scope: Scope = UNSCOPED
    condition: Condition = EVERYTHING
    limit: int
    threshold: float
    view: View = NOW
    half_life_days: float | Unset | None = UNSET
    scale: Scale = Scale.RELEVANCE
    reference: int | None = None
    rerank: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A list of the memories in a scope that meet a condition, newest valid_from first, beyond
    `offset`. Without a scope the list is about the scopes that the condition names."""

    scope: Scope = UNSCOPED
    condition: Condition = EVERYTHING
    view: View = NOW
    offset: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Where:
    """Which versions a read of the vector store may return. Every clause and the condition must
    hold.

    A clause is (field, values): the field equals one of the values, byte for byte. The fields are
    those of memory.query.conditions.Is. The condition is a storable one. `open` asks for open
    versions (Memory.open). `snapshot` asks for versions that were known at its known_at and valid
    at its as_of. If its known_at is None, it asks for versions that are not retracted. If it also
    shows what has ended, a version only needs to have begun by its as_of.
    """

    clauses: tuple[tuple[str, tuple[str, ...]], ...] = ()
    open: bool = False
    snapshot: Snapshot | None = None
    condition: Condition = EVERYTHING

    def also(self, name: str, *values: str) -> Where:
        return replace(self, clauses=(*self.clauses, (name, values)))

    def narrowed(self, condition: Condition) -> Where:
        """The same with a storable condition added. Its parts become clauses if they can be
        clauses."""
        parts = condition.parts if isinstance(condition, Every) else (condition,)
        where, rest = self, []
        for part in parts:
            if isinstance(part, Is) and (part.field, part.values) in where.clauses:
                continue
            if isinstance(part, Is):
                where = where.also(part.field, *part.values)
            else:
                rest.append(part)
        return replace(where, condition=every((where.condition, *rest)))
