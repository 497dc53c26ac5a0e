"""What one operation changes, in the domain's words. The graph store makes it one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self
from uuid import uuid4

from memory.domain.idempotency import Answer, Operation
from memory.domain.memory import Edge, Memory

# What the outbox expects the index to show of an erased memory. For any other memory it expects
# the number of its version.
ERASED = "erased"


@dataclass(frozen=True, slots=True)
class DedupKey:
    """What may be held once at a time: a content of an owner, or an edge of a source.

    `space` is `content`, or the id of the source memory. `field` tells apart the dedup claims in
    one space.
    """

    space: str
    field: str


@dataclass(frozen=True, slots=True)
class Holding:
    """Which memory or edge holds a dedup claim, and for which valid time."""

    id: str
    valid_from: int
    valid_to: int | None

    def covers(self, valid_from: int, valid_to: int | None) -> bool:
        """True if the claim is held for all of [valid_from, valid_to)."""
        return self.valid_from <= valid_from and (
            self.valid_to is None or (valid_to is not None and valid_to <= self.valid_to)
        )

    def overlaps(self, valid_from: int, valid_to: int | None) -> bool:
        """True if the claim is held for some of [valid_from, valid_to)."""
        return (valid_to is None or self.valid_from < valid_to) and (
            self.valid_to is None or valid_from < self.valid_to
        )


def holding(version: Memory | Edge) -> Holding:
    return Holding(version.id, version.valid_from, version.valid_to)


@dataclass(frozen=True, slots=True)
class Standing:
    """A memory as the graph store has it now. If it is `pending`, the index may lag behind."""

    memory: Memory
    pending: bool


@dataclass(frozen=True, slots=True)
class Briefing:
    """What a write needs to know of an owner.

    `now` is the time of Redis. `claims` are the holders of the dedup claims that the write asked
    about, and `standings` the memories, by id.
    """

    now: int
    claims: Mapping[DedupKey, tuple[Holding, ...]]
    standings: Mapping[str, Standing]


@dataclass(frozen=True, slots=True)
class DedupClaim:
    """Compare-and-set of the holders of a dedup claim."""

    key: DedupKey
    was: tuple[Holding, ...]
    becomes: tuple[Holding, ...]


@dataclass(frozen=True, slots=True)
class PutMemory:
    """A new version of a memory. It expects `previous` to be the last version; if that is None, it
    expects a new id."""

    memory: Memory
    previous: Memory | None = None


@dataclass(frozen=True, slots=True)
class EraseMemory:
    """Removes all versions of a memory, and its edges on both ends. It expects `memory` to be the
    last version."""

    memory: Memory


@dataclass(frozen=True, slots=True)
class PutEdge:
    """A new version of an edge. It expects both memories to exist, and `previous` to be the last
    version. A SUPERSEDES edge also expects its target to have no successor yet."""

    edge: Edge
    previous: Edge | None = None


@dataclass(frozen=True, slots=True)
class RetractEdge:
    """From now on the edge is not known. It expects `edge` to be the last version."""

    edge: Edge


@dataclass(frozen=True, slots=True)
class Expect:
    """Writes nothing. It expects `thing` to be the last version."""

    thing: Memory | Edge


Write = PutMemory | EraseMemory | PutEdge | RetractEdge | Expect


@dataclass(frozen=True, slots=True)
class Transaction:
    """Writes to one owner that happen all or not at all, at one record time.

    `now` is the instant at which the writer read. `before` is the earliest instant that the writer
    took to be still ahead: the record time must be earlier. `operation` makes a repeated send
    harmless. `answer` is kept with the operation for a day, for a caller that sends the whole
    request again. If a `job` is named, it must be under way.
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
        """The same transaction as a commit of the operation. It is unchanged without one."""
        if operation is None:
            return self
        return replace(self, operation=operation.item(index), answer=answer, job=operation.job)
