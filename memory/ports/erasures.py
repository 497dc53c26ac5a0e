"""What erasing an entity needs of the record: orders, receipts, and the removal itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from memory.domain.erasures import Belongings, Counts, Order, ReceiptFields, Sealed
from memory.domain.memory import Memory


class ErasureOrders(Protocol):
    """Erasures that were asked for, and their receipts."""

    async def undertake(self, order: Order, join: bool) -> Order:
        """Note an order until it is sealed. An order of the same id that is noted already stands
        for it; with `join` so does any order of the same entity."""
        ...

    async def orders(self) -> list[Order]:
        """All that are noted, of every project."""
        ...

    async def order(self, project_id: str, erasure_id: str) -> Order | None: ...

    async def abandon(self, order: Order) -> None:
        """Forget an order whose project is gone, and all that it was about."""
        ...

    async def touch(self, order: Order, owner_hash: str) -> None:
        """Note an owner before any memory of theirs is erased."""
        ...

    async def touched(self, order: Order) -> list[str]:
        """Hashes of those owners, as long as the erasure runs."""
        ...

    async def tallied(self, order: Order) -> Counts:
        """What the erasure has removed so far."""
        ...

    async def seal(self, order: Order, receipt: ReceiptFields) -> ReceiptFields:
        """Store the receipt with the owners touched, and forget the order. A receipt that is there
        already stands."""
        ...

    async def sealed(self, project_id: str, erasure_id: str) -> Sealed | None: ...


class OwnerErasure(Protocol):
    """Removes memories of one owner, and counts what there is."""

    async def expunge(
        self,
        slot: str,
        order: Order,
        now: int,
        memories: Sequence[Memory],
        points: Mapping[str, int],
    ) -> list[str]:
        """Erase memories, each wholly or not at all, and count each with the points that index it.
        The owner is marked dirty `now`, first. Answers the ids that are gone; the others have
        another version by now. The log of the entity itself is told once, by `efface`."""
        ...

    async def efface(self, slot: str, order: Order) -> None:
        """Remove what is left of an owner without memories: the events, but for a last one that
        says ERASE, and the operations recorded before it. Ids and times of erased memories stay,
        and so does the owner's clock."""
        ...

    async def count_points(self, slot: str, order: Order, points: int) -> None:
        """Count points that no memory had."""
        ...

    async def belongings(self, slot: str, memories: Sequence[Memory]) -> Belongings:
        """All versions, the edges on both ends, live or retracted, and the claims."""
        ...

    async def events_kept(self, slot: str) -> int:
        """Entries of the owner's log, without the one that says ERASE."""
        ...
