"""Correct and erase: read what stands, commit to the record, bring the index along."""

from __future__ import annotations

from functools import partial

from memory.context.stores import slot_of
from memory.domain import dedup, validity
from memory.domain.caller import Caller
from memory.domain.clock import LATEST
from memory.domain.errors import Conflict
from memory.domain.idempotency import Answer, Commit, Operation
from memory.domain.ids import Project
from memory.domain.memory import SUPERSEDES, Correction, Edge, Memory
from memory.domain.transaction import EraseMemory, Expect, PutEdge, PutMemory, Transaction, Write
from memory.ports.graph_store import Reach
from memory.query.views import Direction, Snapshot
from memory.write.add import Adding, stamps
from memory.write.replay import ATTEMPTS


class Writing(Adding):
    async def correct(self, caller: Caller, memory_id: str, correction: Correction) -> Memory:
        place = await self._place(caller)
        slot = slot_of(place, memory_id)
        operation = await self.once(place, caller)
        return await self._once(
            slot,
            operation,
            partial(self._correct, place, slot, memory_id, correction, operation),
            partial(self._repeated_memory, place, slot),
        )

    async def _correct(
        self,
        place: Project,
        slot: str,
        memory_id: str,
        correction: Correction,
        operation: Operation | None,
    ) -> Memory | Commit:
        await self._vectors.check()
        answer = Answer(memory_id)
        for _ in range(ATTEMPTS):
            last = await self._known(place, memory_id)
            kin = await self._graph.read(
                place.id, [*filter(None, (last.superseded_by,)), *last.supersedes]
            )
            fresh = validity.corrected(last, correction, kin)
            if fresh is None:
                if operation is None:
                    await self._caught_up(place, slot, [memory_id])
                    return last
                if commit := await self._note(slot, operation, last, answer):
                    return commit
                continue
            rows = await self._rows([fresh.content])
            keys = {dedup.key_of(last), dedup.key_of(fresh)}
            briefing = await self._graph.brief(slot, list(keys), [memory_id])
            moves = dedup.changes(briefing.claims, dedup.moved(briefing.claims, last, fresh))
            edges = await self._superseding(slot, last, fresh)
            writes: list[Write] = [
                PutMemory(fresh, previous=last),
                *map(Expect, kin.values()),
                *(PutEdge(validity.moved(edge, fresh), previous=edge) for edge in edges),
            ]
            transaction = Transaction(slot, briefing.now, writes, moves).once(operation, answer)
            (commit,) = await self._graph.commit([transaction])
            if commit is None:
                continue
            if commit.answer is not None:
                return commit
            stamped = stamps(transaction, commit.at)
            await self._index.apply(place, slot, stamped, rows)
            await self._index.bring(place, slot, sorted(self._lagging(slot, briefing.standings)))
            return stamped[0].memory
        raise Conflict("other writers kept changing this memory")

    async def _superseding(self, slot: str, memory: Memory, fresh: Memory) -> list[Edge]:
        """The SUPERSEDES edges of a memory, where a correction moves its beginning."""
        if not memory.supersedes or fresh.valid_from == memory.valid_from:
            return []
        snapshot = Snapshot(LATEST, superseded=True, expired=True)
        reach = Reach(Direction.OUT, snapshot, len(memory.supersedes), frozenset({SUPERSEDES}))
        found = await self._graph.expand(slot, [memory.id], reach, memories=False)
        ids = [each.edge_id for each in found.adjacent[memory.id]]
        return [*(await self._graph.edges(slot, ids)).values()]

    async def erase(self, caller: Caller, memory_id: str) -> int:
        place = await self._place(caller)
        slot = slot_of(place, memory_id)
        operation = await self.once(place, caller)
        return await self._once(
            slot,
            operation,
            partial(self._erase, place, slot, memory_id, operation),
            partial(self._repeated_erase, place, slot, memory_id),
        )

    async def _erase(
        self, place: Project, slot: str, memory_id: str, operation: Operation | None
    ) -> int | Commit:
        await self._vectors.check()
        for _ in range(ATTEMPTS):
            last = await self._known(place, memory_id)
            key = dedup.key_of(last)
            briefing = await self._graph.brief(slot, [key])
            rest = {key: dedup.released(briefing.claims[key], memory_id)}
            moves = dedup.changes(briefing.claims, rest)
            erasure = Transaction(slot, briefing.now, [EraseMemory(last)], moves)
            (commit,) = await self._graph.commit([erasure.once(operation, Answer(memory_id))])
            if commit is None:
                continue
            if commit.answer is not None:
                return commit
            await self._index.erase(place, slot, memory_id)
            return commit.at
        raise Conflict("other writers kept changing this memory")

    async def _repeated_erase(
        self, place: Project, slot: str, memory_id: str, commit: Commit
    ) -> int:
        """An erasure is answered once the index, too, has forgotten the memory."""
        if memory_id in await self._graph.pending(slot):
            await self._index.erase(place, slot, memory_id)
        return commit.at
