"""Looks at erasures and receipts again: what there is of an entity now, in both stores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from memory.context.stores import Stores
from memory.domain.caller import Caller
from memory.domain.erasures import Counts, Erasure, Inspection, ReceiptFields
from memory.domain.errors import InvalidInput, NotFound
from memory.domain.ids import Project, owner_prefix
from memory.domain.memory import Memory, Owner, Scope
from memory.erasure.receipts import names, signature_valid, subject_of
from memory.ports.graph_store import Cursor
from memory.ports.vector_store import surveyed

_BATCH = 200


class Inspecting(Stores):
    async def erasure(self, caller: Caller, erasure_id: str) -> Inspection:
        place = await self._place(caller)
        order = await self._graph.order(place.id, erasure_id)
        sealed = await self._graph.sealed(place.id, erasure_id)
        if sealed is not None:
            receipt = sealed.receipt
            kind, subject = receipt["scope_kind"], receipt["subject"]
            owner_hash, owner_hashes = sealed.owner_hash, sealed.touched
        elif order is not None:
            receipt, kind, subject, owner_hash = None, order.kind, order.subject, order.owner_hash
            owner_hashes = (owner_hash, *await self._graph.touched(order))
        else:
            raise _missing(erasure_id)
        if not _may_see(place, subject):
            raise _missing(erasure_id)
        remaining = await self._remaining(place, kind, subject, owner_hash, owner_hashes)
        valid = receipt is not None and signature_valid(place, receipt)
        return Inspection(Erasure(erasure_id, receipt), valid, remaining)

    async def inspect_receipt(
        self, caller: Caller, receipt: ReceiptFields, scope: Scope
    ) -> Inspection:
        place = await self._place(caller)
        erasure = Erasure(str(receipt.get("id", ""))[:64], receipt)
        if not signature_valid(place, receipt):
            return Inspection(erasure, False, None)
        kind, subject = receipt["scope_kind"], receipt["subject"]
        if not _may_see(place, subject):
            raise _missing(erasure.id)
        if scope.given():
            entity = scope.entity
            if entity is None or subject_of(place, entity) != subject:
                raise InvalidInput("the receipt is of another entity than the one that is named")
            owner_hash, owner_hashes = (
                place.owner_hash(entity),
                tuple(await self._owners(place, scope)),
            )
        elif sealed := await self._graph.sealed(place.id, erasure.id):
            owner_hash, owner_hashes = sealed.owner_hash, sealed.touched
        else:
            return Inspection(erasure, True, None)
        return Inspection(
            erasure, True, await self._remaining(place, kind, subject, owner_hash, owner_hashes)
        )

    async def _remaining(
        self, place: Project, kind: str, subject: str, own: str, owner_hashes: Iterable[str]
    ) -> Counts:
        memories = versions = points = 0
        edges, claims = set[str](), set[tuple[str, str]]()
        for owner_hash in {own, *owner_hashes}:
            slot = place.slot(owner_hash)
            indexed = await self._indexed(place, owner_hash)
            after: Cursor | None = None
            counted = Counter[str]()
            while page := await self._listed_next(place, slot, after):
                found, after = page
                named = [each for each in found if names(place, kind, subject, each.scope)]
                if not named:
                    continue
                belongings = await self._graph.belongings(slot, named)
                memories += len(named)
                versions += belongings.versions
                edges |= belongings.edges
                claims |= belongings.claims
                counted.update({each.id: indexed[each.id] for each in named})
            # Of an owner erased as a whole, points without a record count as well.
            points += (indexed if owner_hash == own else counted).total()
        events = await self._graph.events_kept(place.slot(own))
        return Counts(memories, versions, len(edges), len(claims), events, points)

    async def _indexed(self, place: Project, owner_hash: str) -> Counter[str]:
        """How many points the index holds of each memory of an owner."""
        points = surveyed(self._vectors, place.tenant(owner_hash), owner_prefix(owner_hash))
        return Counter([each.memory_id async for each in points])

    async def _listed_next(
        self, place: Project, slot: str, after: Cursor | None
    ) -> tuple[list[Memory], Cursor] | None:
        """The next memories of an owner, the oldest first, and where they end; None at the end."""
        places = await self._graph.page([slot], None, _BATCH, after, newest=False)
        if not places:
            return None
        found = await self._graph.read(place.id, [each.memory_id for each in places])
        return [*found.values()], places[-1]


def _may_see(place: Project, subject: str) -> bool:
    """A key bound to a user sees what is about that user, and nothing else."""
    return place.user_id is None or subject == subject_of(place, Owner("user", place.user_id))


def _missing(erasure_id: str) -> NotFound:
    return NotFound(f"no erasure {erasure_id[:60]!r}")
