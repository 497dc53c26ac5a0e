"""What a read asks for: the world at an instant of either clock, and what of it to look at."""

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
    """The world a read shows: what was true `as_of`, as it was known `known_at`.

    None is now for the one, and everything recorded for the other. `superseded` adds memories
    that have ended and have a successor, `expired` those that have ended without one.
    """

    as_of: int | None = None
    known_at: int | None = None
    superseded: bool = False
    expired: bool = False

    @property
    def explicit(self) -> bool:
        """Whether the caller named an instant: then what is not there is missing, not empty."""
        return self.as_of is not None or self.known_at is not None

    def pinned(self, now: int) -> Snapshot:
        as_of = now if self.as_of is None else self.as_of
        return Snapshot(as_of, self.known_at, self.superseded, self.expired)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A view with its instant pinned, so that a read of several steps shows one snapshot."""

    as_of: int
    known_at: int | None = None
    superseded: bool = False
    expired: bool = False

    @property
    def ended(self) -> bool:
        return self.superseded or self.expired

    def shows(self, memory: Memory) -> bool:
        """Whether a memory is there; `memory` is the version known at `known_at`."""
        if memory.valid(self.as_of):
            return True
        return memory.valid_from <= self.as_of and (
            self.superseded if memory.superseded_by else self.expired
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Which edges a walk follows, and how far. `system` adds the derived FOLLOWS edges, which
    are otherwise followed only where `relations` names them; no relations means all. With
    `ids_only` the edges walked are not read in full."""

    depth: int = 1
    relations: frozenset[str] = frozenset()
    direction: Direction = Direction.BOTH
    system: bool = False
    ids_only: bool = False

    @property
    def stored(self) -> frozenset[str]:
        """The relations named that edges are stored with."""
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
    """What a score says: how relevant a memory is, calibrated (memory.search.ranking), or the sum
    of
    cosine and words as it is, which is what Mem0's clients set their thresholds by."""

    RELEVANCE = "relevance"
    COSINE = "cosine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A search of a scope, narrowed by a condition; without a scope, of the scopes that the
    condition names. The threshold is on the score's scale. A memory `half_life_days` old, by
    valid_from, scores half; None is without decay. `reference` stands for now where the age and
    the expiry of memories are judged. `rerank` judges the best by their nearest sentence."""

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
    """A list of the memories that meet a condition, newest valid_from first, beyond `offset`. It
    is of a scope, or of the scopes that the condition names."""

    scope: Scope = UNSCOPED
    condition: Condition = EVERYTHING
    view: View = NOW
    offset: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Where:
    """Which versions a store read may return: every clause must hold, and the condition.

    A clause is (field, values): the field equals one of the values, byte for byte. Fields are
    those of memory.query.conditions.Is. The condition is a storable one. `open` asks for open
    versions;
    `snapshot` for versions known at its known_at (unretracted ones where that is None) that were
    valid at its as_of, or, where the world also shows what has ended, had begun by then.
    """

    clauses: tuple[tuple[str, tuple[str, ...]], ...] = ()
    open: bool = False
    snapshot: Snapshot | None = None
    condition: Condition = EVERYTHING

    def also(self, name: str, *values: str) -> Where:
        return replace(self, clauses=(*self.clauses, (name, values)))

    def narrowed(self, condition: Condition) -> Where:
        """With a storable condition besides; what of it can be a clause becomes one."""
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
