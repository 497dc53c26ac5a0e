"""What one operation changes, said in the domain's words; the graph store makes it one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self
from uuid import uuid4

from memory.domain.idempotency import Answer, Operation
from memory.domain.memory import Edge, Memory

ERASED = "erased"
"""What the index has to show of a memory that is gone; of a living one, its version."""


@dataclass(frozen=True, slots=True)
class DedupKey:
    """What may be held once at a time: a content of an owner, or an edge of a source.

    `space` is `content`, or the id of the source memory; `field` tells the claims in it apart.
    """

    space: str
    field: str


@dataclass(frozen=True, slots=True)
class Holding:
    """Who holds a claim, and for which valid time."""

    id: str
    valid_from: int
    valid_to: int | None

    def covers(self, valid_from: int, valid_to: int | None) -> bool:
        """True where it is held for all of [valid_from, valid_to)."""
        return self.valid_from <= valid_from and (
            self.valid_to is None or (valid_to is not None and valid_to <= self.valid_to)
        )

    def overlaps(self, valid_from: int, valid_to: int | None) -> bool:
        """True where it is held for some of [valid_from, valid_to)."""
        return (valid_to is None or self.valid_from < valid_to) and (
            self.valid_to is None or valid_from < self.valid_to
        )


def holding(thing: Memory | Edge) -> Holding:
    return Holding(thing.id, thing.valid_from, thing.valid_to)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the graph store knows of a memory now. `pending`: the index may lag behind it."""

    memory: Memory
    pending: bool


@dataclass(frozen=True, slots=True)
class Briefing:
    """What a write needs to know of an owner: Redis's now, and the claims it asked about."""

    now: int
    claims: Mapping[DedupKey, tuple[Holding, ...]]
    standings: Mapping[str, Standing]


@dataclass(frozen=True, slots=True)
class DedupClaim:
    """Compare-and-set of a claim's holders."""

    key: DedupKey
    was: tuple[Holding, ...]
    becomes: tuple[Holding, ...]


@dataclass(frozen=True, slots=True)
class PutMemory:
    """A new version. It expects `previous` to be the last one (None: the id is new)."""

    memory: Memory
    previous: Memory | None = None


@dataclass(frozen=True, slots=True)
class EraseMemory:
    """All versions of a memory and its edges on both ends; expects `memory` to be the last."""

    memory: Memory


@dataclass(frozen=True, slots=True)
class PutEdge:
    """A new version of an edge. It expects both memories to exist, and `previous` to be the last.

    A SUPERSEDES edge also expects its target to have no successor yet.
    """

    edge: Edge
    previous: Edge | None = None


@dataclass(frozen=True, slots=True)
class RetractEdge:
    """An edge is not known from now on; expects `edge` to be the last version."""

    edge: Edge


@dataclass(frozen=True, slots=True)
class Expect:
    """Nothing is written; `thing` must still be the last version."""

    thing: Memory | Edge


Write = PutMemory | EraseMemory | PutEdge | RetractEdge | Expect


@dataclass(frozen=True, slots=True)
class Transaction:
    """Writes to one owner that stand or fall together, at one record time.

    `now` is the instant the writer read, and `before` the earliest one that it took to be still
    ahead: the record time must be earlier. `operation` makes a repeated send harmless; `answer`
    is kept with it for a day, for who sends the whole request again. `job` must be under way.
    """

    slot: str
    now: int
    writes: Sequence[Write]
    claims: Sequence[DedupClaim] = ()
    before: int | None = None
    operation: str = field(default_factory=lambda: uuid4().hex)
    answer: Answer | None = None
    job: str | None = None

    def once(self, operation: Operation | None, answer: Answer, index: int = 0) -> Self:
        """The same, as a commit of an operation, where the request is one."""
        if operation is None:
            return self
        return replace(self, operation=operation.item(index), answer=answer, job=operation.job)
