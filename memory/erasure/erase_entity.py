"""Erases every memory that names an entity, and signs a receipt.

It works in batches. A crash may stop it anywhere; repair goes on with it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from uuid import uuid4

from memory.context.background import Background
from memory.context.extents import Extents
from memory.context.idempotency import Idempotency
from memory.context.projects import Projects
from memory.domain.caller import Caller
from memory.domain.erasures import Erasure, Order, ReceiptFields
from memory.domain.errors import Conflict, Forbidden, InvalidInput, NotFound, Unavailable
from memory.domain.ids import Project, split_slot
from memory.domain.memory import NAMES_OF_SCOPES, Owner, Scope
from memory.erasure.erase_owner import EraseOwner
from memory.erasure.owner_contents import OwnerContents
from memory.erasure.receipts import receipt_of, subject_of
from memory.ports.commits import Outbox
from memory.ports.erasures import ErasureOrders
from memory.ports.maintenance import Leases
from memory.ports.memories import MemoryReader
from memory.ports.projects import Owners, ProjectRecord
from memory.ports.vector_store import VectorStore

log = logging.getLogger(__name__)

# Rounds over what was written while an erasure ran.
_ROUNDS = 20
_LEASE_S = 30
# Erasures that repair has under way in a process.
_AT_ONCE = 4
# Between two tries to take the lease.
_TURN_S = 0.2
# How long a caller waits for the receipt.
_SHARE_OF_DEADLINE = 0.5

# Removes what names the entity of an erasure and is no memory.
Forget = Callable[[Order], Awaitable[None]]


class EraseEntity:
    """Part of memory.service.api.Erasures: `erase`.

    `also` removes what other parts keep of an entity. `deadline_s` is a request's deadline.
    """

    def __init__(
        self,
        projects: Projects,
        extents: Extents,
        idempotency: Idempotency,
        project_record: ProjectRecord,
        orders: ErasureOrders,
        leases: Leases,
        owners: Owners,
        memories: MemoryReader,
        outbox: Outbox,
        contents: OwnerContents,
        owner: EraseOwner,
        vectors: VectorStore,
        also: Sequence[Forget],
        deadline_s: float,
    ) -> None:
        self._projects, self._extents, self._idempotency = projects, extents, idempotency
        self._project_record, self._orders, self._owner = project_record, orders, owner
        self._leases, self._owners, self._memories = leases, owners, memories
        self._outbox, self._contents, self._vectors = outbox, contents, vectors
        self._also, self._deadline_s = also, deadline_s
        self._holder = uuid4().hex
        self._background = Background()
        # The erasures that this process carries out, by id.
        self._erasures: dict[str, asyncio.Task[ReceiptFields]] = {}

    async def close(self) -> None:
        """Stop. Repair goes on with what is under way."""
        await self._background.cancel()

    async def ended(self) -> None:
        """Return when no erasure is under way in this process."""
        await self._background.ended()

    async def resume(self) -> None:
        """Go on with erasures that a crash left unfinished. Those of projects that are gone are
        forgotten."""
        orders = await self._orders.orders()
        projects = await self._project_record.epochs({order.project_id for order in orders})
        for order in orders:
            if order.project_id not in projects:
                await self._orders.abandon(order)
            elif len(self._erasures) < _AT_ONCE and await self._hold(order):
                # An erasure that another process holds is left to that process.
                self._pursue(order)

    async def erase(self, caller: Caller, scope: Scope, known: bool = False) -> Erasure:
        project = await self._projects.of(caller)
        entity = scope.entity
        if entity is None:
            raise InvalidInput(f"name one entity to erase: one of {NAMES_OF_SCOPES}")
        if project.user_id is not None and entity != Owner("user", project.user_id):
            raise Forbidden("this key may erase no one but its own user")
        operation = await self._idempotency.operation(project, caller)
        subject = subject_of(project, entity)
        erasure_id = f"era_{operation.nonce if operation else uuid4().hex}"
        if operation and (sealed := await self._orders.sealed(project.id, erasure_id)):
            return Erasure(erasure_id, sealed.receipt, replayed=True)
        await self._vectors.check()
        if known and not await self._known_entity(project, entity, subject):
            raise NotFound(f"no memory names the {entity.kind} {entity.value[:60]!r}")
        owner_hash = project.owner_hash(entity)
        now = (await self._memories.instant([project.slot(owner_hash)])).now
        value = None if entity.kind == "user" else entity.value
        order = Order(erasure_id, project.id, entity.kind, subject, owner_hash, value, now)
        order = await self._orders.undertake(order, join=operation is None)
        task = self._pursue(order)
        await asyncio.wait({task}, timeout=self._deadline_s * _SHARE_OF_DEADLINE)
        return Erasure(order.id, task.result() if task.done() else None)

    async def _known_entity(self, project: Project, entity: Owner, subject: str) -> bool:
        """Whether a memory names the entity, or an erasure of it is under way."""
        if any(order.subject == subject for order in await self._orders.orders()):
            return True
        scope = Scope(**{f"{entity.kind}_id": entity.value})
        for owner_hash in await self._extents.owner_hashes(project, scope):
            after = None
            while page := await self._contents.next(project, project.slot(owner_hash), after):
                memories, after = page
                if any(scope.covers(memory.scope) for memory in memories):
                    return True
        return False

    def _pursue(self, order: Order) -> asyncio.Task[ReceiptFields]:
        """Carry an order out in a task of its own. The task goes on if the caller goes away."""
        if order.id not in self._erasures:
            task = self._erasures[order.id] = self._background.start(self._carry_out(order))
            task.add_done_callback(lambda ended: self._left(order, ended))
        return self._erasures[order.id]

    def _left(self, order: Order, task: asyncio.Task[ReceiptFields]) -> None:
        del self._erasures[order.id]
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, Unavailable | Conflict):
            log.info("the erasure %s is left to repair: %s", order.id, error)
        else:
            log.error("the erasure %s failed", order.id, exc_info=error)

    async def _carry_out(self, order: Order) -> ReceiptFields:
        while not await self._hold(order):
            if sealed := await self._orders.sealed(order.project_id, order.id):
                return sealed.receipt
            await asyncio.sleep(_TURN_S)
        try:
            if sealed := await self._orders.sealed(order.project_id, order.id):
                return await self._orders.seal(order, sealed.receipt)
            for step in (self._erase_own, self._erase_elsewhere):
                for _ in range(_ROUNDS):
                    if not await step(order):
                        break
            await self._owner.efface(order, partial(self._hold_on, order))
            for forget in self._also:
                await forget(order)
            project = await self._projects.cached(order.project_id)
            now = (await self._memories.instant([project.slot(order.owner_hash)])).now
            await self._hold_on(order)
            receipt = receipt_of(project, order, await self._orders.tallied(order), now)
            return await self._orders.seal(order, receipt)
        finally:
            await self._leases.release(*self._lease(order))

    async def _hold(self, order: Order) -> bool:
        """Whether this process may carry the order out. At one time it is true for one order of
        an entity, in one process."""
        return await self._leases.take(*self._lease(order), _LEASE_S)

    def _lease(self, order: Order) -> tuple[str, str]:
        """The name and the holder of the lease. Two orders may be about one entity, if each has an
        Idempotency-Key of its own."""
        name = f"erasing:{order.project_id}:{order.subject}"
        return name, f"{self._holder}:{order.id}"

    async def _hold_on(self, order: Order) -> None:
        """Keep the lease. Raises Unavailable if another process may have taken the erasure over:
        what this process would still erase might not be counted."""
        if not await self._leases.keep(*self._lease(order), _LEASE_S):
            raise Unavailable("the erasure was held up and goes on elsewhere; ask again")

    async def _erase_own(self, order: Order) -> bool:
        """Erase what the entity owns itself; returns whether more of it was written meanwhile."""
        return await self._owner.erase(order, order.owner_hash, partial(self._hold_on, order))

    async def _erase_elsewhere(self, order: Order) -> bool:
        """Erase what other owners have that names the agent, app or session; returns whether there
        were such owners."""
        if order.value is None:
            return False
        field = f"{order.kind}_id"
        await self._register_pending(order.project_id)
        owner_hashes = await self._owners.naming(order.project_id, field, order.value)
        for owner_hash in owner_hashes:
            await self._owner.erase(order, owner_hash, partial(self._hold_on, order))
        return bool(owner_hashes)

    async def _register_pending(self, project_id: str) -> None:
        """Register the names in memories that are not indexed yet. If a writer dies before it
        indexes its memory, nobody else has registered whom the memory names."""
        for mark in await self._outbox.dirty(0):
            named, owner_hash = split_slot(mark.slot)
            if named == project_id and (pending := await self._outbox.pending(mark.slot)):
                found = await self._memories.read(project_id, pending)
                scopes = [memory.scope for memory in found.values()]
                await self._owners.register(project_id, {owner_hash: scopes})
