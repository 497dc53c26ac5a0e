"""Keeps the vector store in step with the record: at once for a write, later for what a crash left.

The outbox in Redis names each memory whose index may lag. Applying is state transfer: it reads the
record as it stands, and an entry is settled only while the record is still that version, so order
and repetition do no harm.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from memory import filters
from memory.errors import Unavailable
from memory.identity import Project, split_slot
from memory.lexicon import stems
from memory.model import Memory
from memory.ports import Embedder, GraphStore, Point, Retraction, Vectors, VectorStore
from memory.transaction import ERASED, PutMemory

log = logging.getLogger(__name__)

SETTLED_AFTER_S = 15.0
"""A request in flight settles its own entries; younger marks are left to it."""
_LEASE_S = 60
_SETTLE_EVERY_S = 0.02


class Index:
    """Applies records to the vector store and settles the outbox."""

    def __init__(self, graph: GraphStore, vectors: VectorStore, embedder: Embedder) -> None:
        self._graph, self._vectors, self._embedder = graph, vectors, embedder
        self._unsettled: dict[str, tuple[Project, dict[str, str]]] = {}
        self._settling: asyncio.Task[None] | None = None

    async def apply(
        self, project: Project, slot: str, written: Sequence[PutMemory], rows: Mapping[str, Vectors]
    ) -> None:
        """Index versions just committed in a slot; `rows` holds vectors by content, as far as
        the caller has them."""
        tenant = project.tenant(split_slot(slot)[1])
        memories = [write.memory for write in written]
        retractions = [
            Retraction(each.previous.id, each.previous.version, each.memory.recorded_at)
            for each in written
            if each.previous is not None
        ]
        points = await self._points(memories, rows)
        await asyncio.gather(
            self._vectors.upsert(tenant, points), self._register(project, slot, memories)
        )
        if retractions:
            await self._vectors.retract(tenant, retractions)
        self._settle(project, slot, {each.id: str(each.version) for each in memories})

    async def erase(self, project: Project, slot: str, memory_id: str) -> None:
        await self._vectors.erase(project.tenant(split_slot(slot)[1]), [memory_id])
        self._settle(project, slot, {memory_id: ERASED})

    def _settle(self, project: Project, slot: str, tokens: Mapping[str, str]) -> None:
        """Behind the answer, many at once: what was written can be found already, and where this
        is cut short, repair finds the entry and has nothing to mend."""
        _, unsettled = self._unsettled.setdefault(slot, (project, {}))
        unsettled.update(tokens)
        if self._settling is None or self._settling.done():
            self._settling = asyncio.create_task(self._settle_all())

    async def _settle_all(self) -> None:
        while self._unsettled:
            await asyncio.sleep(_SETTLE_EVERY_S)
            waiting, self._unsettled = self._unsettled, {}
            try:
                moved = await self._graph.settle(
                    {slot: each for slot, (_, each) in waiting.items()}
                )
                for slot, memory_ids in moved.items():
                    await self.bring(waiting[slot][0], slot, memory_ids)
            except Unavailable as error:
                log.info("left to repair: %s", error)

    def applied(self, slot: str, memory: Memory) -> bool:
        """True where this process has indexed the version and only the outbox does not say so."""
        _, tokens = self._unsettled.get(slot, (None, {}))
        return tokens.get(memory.id) == str(memory.version)

    async def settled(self) -> None:
        """Return once no settling is under way."""
        if self._settling is not None:
            await self._settling

    async def bring(
        self, project: Project, slot: str, memory_ids: Sequence[str], mend: bool = False
    ) -> None:
        """Bring memories of an owner up to the record, again for as long as it moves meanwhile.
        `mend` also repairs points that a crash of the vector store left unindexed."""
        tenant = project.tenant(split_slot(slot)[1])
        write = self._vectors.restore if mend else self._vectors.upsert
        while memory_ids:
            tokens = {}
            for memory_id in memory_ids:
                versions = await self._graph.history(slot, memory_id)
                if versions:
                    await write(tenant, await self._points(versions, {}))
                    await self._register(project, slot, versions[-1:])
                else:
                    await self._vectors.erase(tenant, [memory_id])
                tokens[memory_id] = str(versions[-1].version) if versions else ERASED
            memory_ids = (await self._graph.settle({slot: tokens}))[slot]

    async def _register(self, project: Project, slot: str, memories: Sequence[Memory]) -> None:
        _, tag = split_slot(slot)
        await self._graph.register(project.id, {tag: [memory.scope for memory in memories]})

    async def repair(self, project_of: Callable[[str], Awaitable[Project]]) -> int:
        """Bring every owner that a crash may have left behind up to its record."""
        done = 0
        for mark in await self._graph.dirty(SETTLED_AFTER_S):
            if not await self._graph.lease(mark.slot, _LEASE_S):
                continue
            try:
                await self._vectors.check()
                project = await project_of(split_slot(mark.slot)[0])
                behind = await self._graph.pending(mark.slot)
                await self.bring(project, mark.slot, behind, mend=True)
                done += len(behind)
                await self._graph.clean(mark)
            except Unavailable as error:
                log.warning("repair waits: %s", error)
                break
            finally:
                await self._graph.release(mark.slot)
        return done

    async def _points(self, memories: Sequence[Memory], rows: Mapping[str, Vectors]) -> list[Point]:
        lacking = list(dict.fromkeys(m.content for m in memories if m.content not in rows))
        if lacking:
            rows = {**rows, **dict(zip(lacking, await self._embedder.embed(lacking), strict=True))}
        return [
            Point(
                memory,
                rows[memory.content],
                stems(memory.content),
                filters.tags(memory.metadata, memory.categories),
            )
            for memory in memories
        ]
