"""Erases every memory that names an entity, in batches that may be cut short anywhere, and signs
a receipt for it."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from functools import cached_property
from uuid import uuid4

from memory.domain.caller import Caller
from memory.domain.erasures import Erasure, Order, ReceiptFields
from memory.domain.errors import Conflict, Forbidden, InvalidInput, NotFound, Unavailable
from memory.domain.ids import Project, split_slot
from memory.domain.memory import NAMES_OF_SCOPES, Memory, Owner, Scope
from memory.erasure.inspect import Inspecting
from memory.erasure.receipts import names, receipt_of, subject_of
from memory.ports.graph_store import Cursor
from memory.write.replay import ATTEMPTS

log = logging.getLogger(__name__)

_ROUNDS = 20
"""So often owners are asked for that began to name an agent, app or session meanwhile."""
_LEASE_S = 30
_AT_ONCE = 4
"""So many erasures repair takes up in a process."""
_TURN_S = 0.2
_SHARE_OF_DEADLINE = 0.5


class Erasing(Inspecting):
    @cached_property
    def _erasures(self) -> dict[str, asyncio.Task[ReceiptFields]]:
        """Those that this process carries out, by id."""
        return {}

    @cached_property
    def _holder(self) -> str:
        """This process, as a holder of leases."""
        return uuid4().hex

    async def close(self) -> None:
        while self._erasures:  # a call under way may swallow a cancellation: ask again
            for task in self._erasures.values():
                task.cancel()
            await asyncio.wait([*self._erasures.values()], timeout=1)
        await super().close()

    async def repair(self) -> int:
        """Besides the index: go on with erasures that a crash left unfinished."""
        orders = await self._graph.orders()
        projects = await self._graph.epochs({order.project_id for order in orders})
        for order in orders:
            if order.project_id not in projects:
                await self._graph.abandon(order)
            elif len(self._erasures) < _AT_ONCE and await self._graph.hold(
                order, self._holder, _LEASE_S
            ):  # what another process holds is left to it, instead of asking again and again
                self._pursue(order)
        return await super().repair()

    async def erase_entity(self, caller: Caller, scope: Scope, known: bool = False) -> Erasure:
        place = await self._place(caller)
        entity = scope.entity
        if entity is None:
            raise InvalidInput(f"name one entity to erase: one of {NAMES_OF_SCOPES}")
        if place.user_id is not None and entity != Owner("user", place.user_id):
            raise Forbidden("this key may erase no one but its own user")
        operation = await self.once(place, caller)
        subject = subject_of(place, entity)
        erasure_id = f"era_{operation.nonce if operation else uuid4().hex}"
        if operation and (sealed := await self._graph.sealed(place.id, erasure_id)):
            return Erasure(erasure_id, sealed.receipt, replayed=True)
        await self._vectors.check()
        if known and not await self._known_entity(place, entity, subject):
            raise NotFound(f"no memory names the {entity.kind} {entity.value[:60]!r}")
        owner_hash = place.owner_hash(entity)
        now = (await self._graph.instant([place.slot(owner_hash)])).now
        value = None if entity.kind == "user" else entity.value
        order = Order(erasure_id, place.id, entity.kind, subject, owner_hash, value, now)
        order = await self._graph.undertake(order, join=operation is None)
        task = self._pursue(order)
        await asyncio.wait({task}, timeout=self._settings.api.deadline_s * _SHARE_OF_DEADLINE)
        return Erasure(order.id, task.result() if task.done() else None)

    async def _known_entity(self, place: Project, entity: Owner, subject: str) -> bool:
        """Whether a memory names it, or an erasure of it is under way."""
        if any(order.subject == subject for order in await self._graph.orders()):
            return True
        scope = Scope(**{f"{entity.kind}_id": entity.value})
        for owner_hash in await self._owners(place, scope):
            after = None
            while page := await self._listed_next(place, place.slot(owner_hash), after):
                memories, after = page
                if any(scope.covers(each.scope) for each in memories):
                    return True
        return False

    def _pursue(self, order: Order) -> asyncio.Task[ReceiptFields]:
        """Carry an order out, in a task that no caller's end cuts short."""
        if order.id not in self._erasures:
            task = asyncio.create_task(self._carry_out(order))
            self._erasures[order.id] = task
            task.add_done_callback(lambda done: self._ended(order, done))
        return self._erasures[order.id]

    def _ended(self, order: Order, task: asyncio.Task[ReceiptFields]) -> None:
        del self._erasures[order.id]
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, Unavailable | Conflict):
            log.info("the erasure %s is left to repair: %s", order.id, error)
        else:
            log.error("the erasure %s failed", order.id, exc_info=error)

    async def _carry_out(self, order: Order) -> ReceiptFields:
        while not await self._graph.hold(order, self._holder, _LEASE_S):
            if sealed := await self._graph.sealed(order.project_id, order.id):
                return sealed.receipt
            await asyncio.sleep(_TURN_S)
        try:
            if sealed := await self._graph.sealed(order.project_id, order.id):
                return await self._graph.seal(order, sealed.receipt)
            for step in (self._erase_own, self._erase_elsewhere):
                for _ in range(_ROUNDS):
                    if not await step(order):
                        break
            await self._efface(order)
            await self._forget_kept(order)
            place = await self._project(order.project_id)
            now = (await self._graph.instant([place.slot(order.owner_hash)])).now
            await self._hold_on(order)
            receipt = receipt_of(place, order, await self._graph.tallied(order), now)
            return await self._graph.seal(order, receipt)
        finally:
            await self._graph.let_go(order, self._holder)

    async def _hold_on(self, order: Order) -> None:
        """Raises Unavailable where another process may have taken the erasure over: what this one
        would still erase might not be counted."""
        if not await self._graph.hold_on(order, self._holder, _LEASE_S):
            raise Unavailable("the erasure was held up and goes on elsewhere; ask again")

    async def _erase_own(self, order: Order) -> bool:
        """What the entity owns itself; whether more of it came meanwhile."""
        return await self._erase_of(order, order.owner_hash)

    async def _efface(self, order: Order) -> None:
        """Whatever the stores still hold of the entity as an owner."""
        await self._hold_on(order)
        place = await self._fresh_project(order.project_id)
        slot = place.slot(order.owner_hash)
        strays = await self._indexed(place, order.owner_hash)
        standing = await self._graph.read(place.id, [*strays])
        left = {each: count for each, count in strays.items() if each not in standing}
        if left:
            await self._index.bring(place, slot, [*left])
            await self._graph.count_points(slot, order, sum(left.values()))
        await self._graph.efface(slot, order)

    async def _erase_elsewhere(self, order: Order) -> bool:
        """What other owners have that names an agent, app or session; whether there was any."""
        if order.value is None:
            return False
        field = f"{order.kind}_id"
        await self._register_pending(order.project_id)
        owner_hashes = await self._graph.owners(order.project_id, field, order.value)
        for owner_hash in owner_hashes:
            await self._erase_of(order, owner_hash)
        return bool(owner_hashes)

    async def _erase_of(self, order: Order, owner_hash: str) -> bool:
        """An owner's memories that name the entity, and the names that no other one of theirs
        bears. What is written meanwhile comes last in the listing; whether more came after it."""
        place = await self._project(order.project_id)
        slot = place.slot(owner_hash)
        await self._hold_on(order)
        await self._graph.touch(order, owner_hash)
        borne = await self._forget_jobs(order, place, slot)
        await self._forget_erased(place, slot)
        registered = await self._graph.names_of(slot)
        if order.value is not None:
            registered.add((f"{order.kind}_id", order.value))
        points = await self._indexed(place, owner_hash)
        after: Cursor | None = None
        while page := await self._listed_next(place, slot, after):
            memories, after = page
            named = []
            for each in memories:
                if names(place, order.kind, order.subject, each.scope):
                    named.append(each)
                else:
                    borne.update(list(each.scope.given().items())[1:])
            await self._expunge(order, slot, named, points)
        await self._graph.unregister(slot, registered - borne)
        # Who wrote between the listing and this has registered before it.
        found = False
        while page := await self._listed_next(place, slot, after):
            memories, after = page
            await self._graph.register(place.id, {owner_hash: [each.scope for each in memories]})
            found |= any(names(place, order.kind, order.subject, each.scope) for each in memories)
        return found

    async def _forget_jobs(self, order: Order, place: Project, slot: str) -> set[tuple[str, str]]:
        """Before the memories, so that no job brings back what is erased after it. Answers the
        names that the owner's other jobs bear."""
        jobs = await self._graph.owners_jobs(slot)
        gone = [each for each in jobs if names(place, order.kind, order.subject, each.scope)]
        await self._graph.forget_jobs(place.id, gone)
        left = [each.scope.given() for each in jobs if each not in gone]
        return {name for given in left for name in list(given.items())[1:]}

    async def _expunge(
        self, order: Order, slot: str, memories: list[Memory], points: Counter[str]
    ) -> None:
        """Each of these, however it is corrected meanwhile, from both stores."""
        waiting = {each.id: each for each in memories}
        for _ in range(ATTEMPTS):
            if not waiting:
                return
            place = await self._fresh_project(order.project_id)
            await self._hold_on(order)
            now = (await self._graph.instant([slot])).now
            gone = await self._graph.expunge(slot, order, now, [*waiting.values()], points)
            await self._index.bring(place, slot, gone)
            moved = [each for each in waiting if each not in gone]
            waiting = await self._graph.read(place.id, moved) if moved else {}
        raise Conflict("other writers kept changing what is to be erased")

    async def _forget_erased(self, place: Project, slot: str) -> None:
        """Memories that were erased from the record, but perhaps not from the index."""
        pending = await self._graph.pending(slot)
        standing = await self._graph.read(place.id, pending)
        await self._index.bring(place, slot, [each for each in pending if each not in standing])

    async def _register_pending(self, project_id: str) -> None:
        """A writer that ended before its memory was indexed has not said whom it names."""
        for mark in await self._graph.dirty(0):
            named, owner_hash = split_slot(mark.slot)
            if named == project_id and (pending := await self._graph.pending(mark.slot)):
                found = await self._graph.read(project_id, pending)
                scopes = [each.scope for each in found.values()]
                await self._graph.register(project_id, {owner_hash: scopes})
