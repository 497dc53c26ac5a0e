"""What erasing an entity needs of the record: orders, receipts, and the removal itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from memory.domain.erasures import Belongings, Counts, Order, ReceiptFields, Sealed
from memory.domain.memory import Memory


class ErasureOrders(Protocol):
    """Erasures that were asked for, and their receipts."""

    async def undertake(self, order: Order, join: bool) -> Order:
        """Note an order until it is sealed, and answer it. If an order of the same id is noted
        already, that one is answered. With `join` any order of the same entity is answered so."""
        ...

    async def orders(self) -> list[Order]:
        """All orders that are noted, of every project."""
        ...

    async def order(self, project_id: str, erasure_id: str) -> Order | None: ...

    async def abandon(self, order: Order) -> None:
        """Forget an order whose project is gone, and what was noted for it."""
        ...

    async def touch(self, order: Order, owner_hash: str) -> None:
        """Note an owner before any memory of the owner is erased."""
        ...

    async def touched(self, order: Order) -> list[str]:
        """Hashes of the owners that were touched, as long as the erasure runs."""
        ...

    async def tallied(self, order: Order) -> Counts:
        """What the erasure has removed so far."""
        ...

    async def seal(self, order: Order, receipt: ReceiptFields) -> ReceiptFields:
        """Store the receipt with the owners that were touched, forget the order, and answer the
        receipt. If a receipt is there already, it stays and is answered."""
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
        The owner is marked dirty first, at `now`. Answers the ids of the memories that are gone.
        The others have another version by now. The log of the entity itself gets no event here:
        `efface` writes one for all."""
        ...

    async def efface(self, slot: str, order: Order) -> None:
        """Remove what is left of an owner without memories: the log, and the operations that were
        recorded before. A last log event says ERASE. The ids and times of erased memories stay, and
        so does the owner's clock."""
        ...

    async def count_points(self, slot: str, order: Order, points: int) -> None:
        """Count points that no memory had."""
        ...

    async def belongings(self, slot: str, memories: Sequence[Memory]) -> Belongings:
        """All versions, all edges on both ends, retracted ones too, and the dedup claims."""
        ...

    async def events_kept(self, slot: str) -> int:
        """How many events the owner's log holds, without the one that says ERASE."""
        ...
