"""Erasing an entity whole: what is asked, how much it was, and what erasing needs of the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from memory.domain.memory import Memory

ReceiptFields = Mapping[str, Any]
"""A receipt as it is signed and answered (memory.erasure.receipts)."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of an entity there was, or is. `claims` of contents and edges keep a second one
    out; `events` are entries of the owner's stream, `index_points` versions in the index."""

    memories: int = 0
    versions: int = 0
    edges: int = 0
    claims: int = 0
    events: int = 0
    index_points: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    """An erasure that was asked for. `subject` stands for the entity (memory.erasure.receipts),
    `owner_hash` for
    the owner that it is itself. `value` is its name, kept for as long as the erasure runs where
    memories of other owners have to be found by it: for a user that is never so."""

    id: str
    project_id: str
    kind: str
    subject: str
    owner_hash: str
    value: str | None
    requested_at: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure that was asked for; without a receipt as long as it runs. `replayed`: an earlier
    send of the request had this answer."""

    id: str
    receipt: ReceiptFields | None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Sealed:
    """A finished erasure as it is stored, with the hashes of the owner that the entity is itself,
    and of the owners that it touched."""

    receipt: ReceiptFields
    owner_hash: str
    touched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Belongings:
    """What some memories of an owner are; edges and claims by id, as two of them may share one."""

    versions: int
    edges: frozenset[str]
    claims: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Inspection:
    """A receipt looked at again. `remaining`: what there is of the entity now, in both stores;
    None where the receipt is not one of ours."""

    erasure: Erasure
    signature_valid: bool
    remaining: Counts | None


class ErasureRecord(Protocol):
    """Part of memory.ports.graph_store.GraphStore."""

    async def undertake(self, order: Order, join: bool) -> Order:
        """Note an order until it is sealed. One of the same id that is noted already stands for
        it; with `join` any one of the same entity does."""
        ...

    async def orders(self) -> list[Order]:
        """Those that are noted, of every project."""
        ...

    async def order(self, project_id: str, erasure_id: str) -> Order | None: ...

    async def abandon(self, order: Order) -> None:
        """Forget an order whose project is gone, and all that it was about."""
        ...

    async def hold(self, order: Order, holder: str, seconds: int) -> bool:
        """True for one order and one holder of it at a time, a process: who erases this entity.
        Lapses by itself."""
        ...

    async def hold_on(self, order: Order, holder: str, seconds: int) -> bool:
        """Put the lapse off; False where it has lapsed."""
        ...

    async def let_go(self, order: Order, holder: str) -> None:
        """Nothing where it has lapsed: another one may hold it."""
        ...

    async def touch(self, order: Order, owner_hash: str) -> None:
        """Note an owner before any memory of theirs is erased."""
        ...

    async def touched(self, order: Order) -> list[str]:
        """Tags of those owners, as long as the erasure runs."""
        ...

    async def expunge(
        self,
        slot: str,
        order: Order,
        now: int,
        memories: Sequence[Memory],
        points: Mapping[str, int],
    ) -> list[str]:
        """Erase memories of one owner, each wholly or not at all, and count it with the points
        that index it. The owner is marked dirty `now`, first. Answers the ids that are gone; the
        others have another version by now. The stream of the entity itself is told once, by
        `efface`."""
        ...

    async def efface(self, slot: str, order: Order) -> None:
        """What is left of an owner without memories: the events, but for a last one that says
        ERASE, and the operations that were recorded before it. Ids and times of erased memories
        stay, and the owner's clock."""
        ...

    async def count_points(self, slot: str, order: Order, points: int) -> None:
        """Count points that no memory had."""
        ...

    async def tallied(self, order: Order) -> Counts:
        """What the erasure has removed so far."""
        ...

    async def seal(self, order: Order, receipt: ReceiptFields) -> ReceiptFields:
        """Store the receipt with the owners touched, and forget the order; one that is there
        already stands."""
        ...

    async def sealed(self, project_id: str, erasure_id: str) -> Sealed | None: ...

    async def belongings(self, slot: str, memories: Sequence[Memory]) -> Belongings:
        """All versions, the edges on both ends, live or retracted, and the claims."""
        ...

    async def events_kept(self, slot: str) -> int:
        """Entries of the owner's stream, without the one that says ERASE."""
        ...

    async def names_of(self, slot: str) -> set[tuple[str, str]]:
        """(field, value) of the agents, apps and sessions that the owner is registered with."""
        ...

    async def unregister(self, slot: str, names: set[tuple[str, str]]) -> None: ...
