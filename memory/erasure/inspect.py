"""Looks at an erasure or a receipt again, and counts what both stores hold of the entity now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from memory.context.extents import Extents
from memory.context.projects import Projects
from memory.domain.caller import Caller
from memory.domain.erasures import Counts, Erasure, Inspection, ReceiptFields
from memory.domain.errors import InvalidInput, NotFound
from memory.domain.ids import Project
from memory.domain.memory import Owner, Scope
from memory.erasure.owner_contents import OwnerContents
from memory.erasure.receipts import names, signature_valid, subject_of
from memory.ports.erasures import ErasureOrders, OwnerErasure
from memory.ports.memories import Cursor


class Inspect:
    """Part of memory.service.api.Erasures: `get` and `check`."""

    def __init__(
        self,
        projects: Projects,
        extents: Extents,
        orders: ErasureOrders,
        removal: OwnerErasure,
        contents: OwnerContents,
    ) -> None:
        self._projects, self._extents = projects, extents
        self._orders, self._removal, self._contents = orders, removal, contents

    async def get(self, caller: Caller, erasure_id: str) -> Inspection:
        project = await self._projects.of(caller)
        order = await self._orders.order(project.id, erasure_id)
        sealed = await self._orders.sealed(project.id, erasure_id)
        if sealed is not None:
            receipt = sealed.receipt
            kind, subject = receipt["scope_kind"], receipt["subject"]
            owner_hash, owner_hashes = sealed.owner_hash, sealed.touched
        elif order is not None:
            receipt, kind, subject, owner_hash = None, order.kind, order.subject, order.owner_hash
            owner_hashes = (owner_hash, *await self._orders.touched(order))
        else:
            raise _missing(erasure_id)
        if not _sees(project, subject):
            raise _missing(erasure_id)
        remaining = await self._remaining(project, kind, subject, owner_hash, owner_hashes)
        valid = receipt is not None and signature_valid(project, receipt)
        return Inspection(Erasure(erasure_id, receipt), valid, remaining)

    async def check(self, caller: Caller, receipt: ReceiptFields, scope: Scope) -> Inspection:
        project = await self._projects.of(caller)
        erasure = Erasure(str(receipt.get("id", ""))[:64], receipt)
        if not signature_valid(project, receipt):
            return Inspection(erasure, False, None)
        kind, subject = receipt["scope_kind"], receipt["subject"]
        if not _sees(project, subject):
            raise _missing(erasure.id)
        if scope.given():
            entity = scope.entity
            if entity is None or subject_of(project, entity) != subject:
                raise InvalidInput("the receipt is of another entity than the one that is named")
            owner_hash, owner_hashes = (
                project.owner_hash(entity),
                tuple(await self._extents.owner_hashes(project, scope)),
            )
        elif sealed := await self._orders.sealed(project.id, erasure.id):
            owner_hash, owner_hashes = sealed.owner_hash, sealed.touched
        else:
            return Inspection(erasure, True, None)
        return Inspection(
            erasure, True, await self._remaining(project, kind, subject, owner_hash, owner_hashes)
        )

    async def _remaining(
        self, project: Project, kind: str, subject: str, own: str, owner_hashes: Iterable[str]
    ) -> Counts:
        """What the owners hold that names the entity. `own` is the owner hash of the entity."""
        memories = versions = points = 0
        edges, claims = set[str](), set[tuple[str, str]]()
        for owner_hash in {own, *owner_hashes}:
            slot = project.slot(owner_hash)
            indexed = await self._contents.points(project, owner_hash)
            after: Cursor | None = None
            counted = Counter[str]()
            while page := await self._contents.next(project, slot, after):
                found, after = page
                named = [memory for memory in found if names(project, kind, subject, memory.scope)]
                if not named:
                    continue
                belongings = await self._removal.belongings(slot, named)
                memories += len(named)
                versions += belongings.versions
                edges |= belongings.edges
                claims |= belongings.claims
                counted.update({memory.id: indexed[memory.id] for memory in named})
            # The entity itself is erased whole, so its points without a record count as well.
            points += (indexed if owner_hash == own else counted).total()
        events = await self._removal.events_kept(project.slot(own))
        return Counts(memories, versions, len(edges), len(claims), events, points)


def _sees(project: Project, subject: str) -> bool:
    """Whether the caller may see it. A key that is bound to a user sees only what is about that
    user."""
    return project.user_id is None or subject == subject_of(project, Owner("user", project.user_id))


def _missing(erasure_id: str) -> NotFound:
    return NotFound(f"no erasure {erasure_id[:60]!r}")
