"""Keeps the vector store in step with the record: at once for a write, later for what a crash left.

The outbox in Redis names each memory whose index may lag. Applying is state transfer: it reads the
record as it stands, and an entry is settled only while the record is still that version, so order
and repetition do no harm. It is not settled either where the project's epoch is another than the
writer knew: a move to another generation may have passed its owner by. An epoch that still stands
after the commit says that a move begins later, and will read that commit.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from memory.domain.batched import parts
from memory.domain.errors import Unavailable
from memory.domain.ids import Project, owner_hash_of, split_slot
from memory.domain.memory import Memory, Scope
from memory.domain.metadata_tokens import metadata_tokens
from memory.domain.stemming import stems
from memory.domain.transaction import ERASED, PutMemory
from memory.ports.graph_store import GraphStore
from memory.ports.metrics import SILENT, Meter
from memory.ports.vector_store import Embedder, Point, Retraction, Vectors, VectorStore

log = logging.getLogger(__name__)

DEADLINES_TO_SETTLE = 1.0
"""A request in flight settles its own entries: marks younger than a deadline are left to it."""
BATCH = 256
"""Memories brought along together, whoever owns them, and texts embedded as one batch: others wait
for no more than that."""
_LEASE_S = 60
_SETTLE_EVERY_S = 0.02

Tokens = dict[str, str]
"""By memory id the version that the index shows now, or ERASED."""


class Index:
    """Applies records to the vector store and settles the outbox. `project_of` reads a project
    as it stands in Redis."""

    def __init__(
        self,
        graph: GraphStore,
        vectors: VectorStore,
        embedder: Embedder,
        project_of: Callable[[str], Awaitable[Project]],
        deadline_s: float,
        meter: Meter = SILENT,
    ) -> None:
        self._graph, self._vectors, self._embedder = graph, vectors, embedder
        self._project_of, self._deadline_s, self._meter = project_of, deadline_s, meter
        self._unsettled: dict[str, tuple[Project, Tokens]] = {}
        self._settling: asyncio.Task[None] | None = None

    async def apply(
        self, project: Project, slot: str, written: Sequence[PutMemory], rows: Mapping[str, Vectors]
    ) -> None:
        """Index versions just committed in a slot; `rows` holds vectors by content, as far as
        the caller has them."""
        tenants = project.written(split_slot(slot)[1])
        memories = [write.memory for write in written]
        retractions = [
            Retraction(each.previous.id, each.previous.version, each.memory.recorded_at)
            for each in written
            if each.previous is not None
        ]
        points = await self._points(memories, rows)
        await asyncio.gather(
            *(self._vectors.upsert(tenant, points) for tenant in tenants),
            self._register(project, memories),
        )
        if retractions:
            await asyncio.gather(*(self._vectors.retract(each, retractions) for each in tenants))
        self._settle(project, slot, {each.id: str(each.version) for each in memories})

    async def erase(self, project: Project, slot: str, memory_id: str) -> None:
        """Repair does it once more, and settles it: a slow writer of an earlier version may yet
        come, and end before it finds out."""
        for tenant in project.written(split_slot(slot)[1]):
            await self._vectors.erase(tenant, [memory_id])

    def _settle(self, project: Project, slot: str, tokens: Mapping[str, str]) -> None:
        """Behind the answer, many at once: what was written can be found already, and where this
        is cut short, repair finds the entry and has nothing to mend."""
        known, unsettled = self._unsettled.setdefault(slot, (project, {}))
        if known.epoch > project.epoch:
            known = project  # the older one of them is the one to doubt
        unsettled.update(tokens)
        self._unsettled[slot] = known, unsettled
        if self._settling is None or self._settling.done():
            self._settling = asyncio.create_task(self._settle_all())

    async def _settle_all(self) -> None:
        while self._unsettled:
            await asyncio.sleep(_SETTLE_EVERY_S)
            waiting, self._unsettled = self._unsettled, {}
            try:
                for slot, memory_ids in (await self._cleared(waiting)).items():
                    project = await self._project_of(waiting[slot][0].id)
                    await self.bring(project, slot, memory_ids)
            except Unavailable as error:
                log.info("left to repair: %s", error)

    async def _cleared(
        self, waiting: Mapping[str, tuple[Project, Mapping[str, str]]]
    ) -> dict[str, list[str]]:
        """Clear what stands as it was applied; by slot the ids to bring along again."""
        epochs = await self._graph.epochs({project.id for project, _ in waiting.values()})
        again: dict[str, list[str]] = {}
        standing: dict[str, Mapping[str, str]] = {}
        for slot, (project, tokens) in waiting.items():
            if project.id not in epochs:
                continue  # erased as a whole, outbox and all
            if epochs[project.id] == project.epoch:
                standing[slot] = tokens
            else:
                again[slot] = list(tokens)
        if standing:
            again |= {
                slot: ids for slot, ids in (await self._graph.settle(standing)).items() if ids
            }
        return again

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
        `mend`, when no writer can be on its way, also settles what is erased."""
        for part in parts(memory_ids, BATCH):
            waiting = list(part)
            while waiting:
                tokens = await self._transfer(project, waiting, project.writes)
                again = await self._cleared(
                    {
                        each: (project, shown if mend else _standing(shown))
                        for each, shown in tokens.items()
                    }
                )
                waiting = again.get(slot, [])
                if waiting:
                    project = await self._project_of(project.id)

    async def copy(self, project: Project, memory_ids: Sequence[str], generation: int) -> None:
        """Write memories of any owners to one generation as the record has them, and leave the
        outbox to whoever writes to all of them."""
        waiting = list(memory_ids)
        while waiting:
            tokens = await self._transfer(project, waiting, (generation,))
            moved = await self._graph.unmoved(tokens)
            waiting = [memory_id for ids in moved.values() for memory_id in ids]

    async def _transfer(
        self, project: Project, memory_ids: Sequence[str], generations: Iterable[int]
    ) -> dict[str, Tokens]:
        """Write every version of these memories, erase those that are gone. By slot what the
        index then shows."""
        histories = await self._graph.histories(project.id, memory_ids)
        versions = [each for history in histories.values() for each in history]
        points = await self._points(versions, {})
        writes, erasures = dict[str, list[Point]](), dict[str, list[str]]()
        for generation in generations:
            for point in points:
                tenant = project.tenant(_tag(point.memory.id), generation)
                writes.setdefault(tenant, []).append(point)
            for memory_id in memory_ids:
                if memory_id not in histories:
                    tenant = project.tenant(_tag(memory_id), generation)
                    erasures.setdefault(tenant, []).append(memory_id)
        await asyncio.gather(
            *(self._vectors.upsert(*each) for each in writes.items()),
            *(self._vectors.erase(*each) for each in erasures.items()),
            self._register(project, [history[-1] for history in histories.values()]),
        )
        tokens: dict[str, Tokens] = {}
        for memory_id in memory_ids:
            history = histories.get(memory_id)
            shown = str(history[-1].version) if history else ERASED
            tokens.setdefault(project.slot(_tag(memory_id)), {})[memory_id] = shown
        return tokens

    async def _register(self, project: Project, memories: Sequence[Memory]) -> None:
        scopes: dict[str, list[Scope]] = {}
        for memory in memories:
            scopes.setdefault(_tag(memory.id), []).append(memory.scope)
        await self._graph.register(project.id, scopes)

    async def repair(self) -> int:
        """Bring every owner that a crash may have left behind up to its record."""
        done = 0
        marks = await self._graph.dirty(DEADLINES_TO_SETTLE * self._deadline_s)
        oldest = min((float(mark.mark) / 1e6 for mark in marks), default=None)
        self._meter.gauge("outbox_owners", len(marks))
        self._meter.gauge("outbox_oldest_seconds", time.time() - oldest if oldest else 0)
        for mark in marks:
            if not await self._graph.lease(mark.slot, _LEASE_S):
                continue
            try:
                await self._vectors.check()
                project_id, _ = split_slot(mark.slot)
                if await self._graph.epochs([project_id]):
                    behind = await self._graph.pending(mark.slot)
                    await self.bring(
                        await self._project_of(project_id), mark.slot, behind, mend=True
                    )
                    done += len(behind)
                    self._meter.count("memories_repaired", len(behind))
                await self._graph.clean(mark)
            except Unavailable as error:
                log.warning("repair waits: %s", error)
                break
            finally:
                await self._graph.release(mark.slot)
        return done

    async def _points(self, memories: Sequence[Memory], rows: Mapping[str, Vectors]) -> list[Point]:
        lacking = list(dict.fromkeys(m.content for m in memories if m.content not in rows))
        for part in parts(lacking, BATCH):
            rows = {**rows, **dict(zip(part, await self._embedder.embed(part), strict=True))}
        return [
            Point(
                memory,
                rows[memory.content],
                stems(memory.content),
                metadata_tokens(memory.metadata, memory.categories),
            )
            for memory in memories
        ]


def _standing(tokens: Tokens) -> Tokens:
    return {memory_id: shown for memory_id, shown in tokens.items() if shown != ERASED}


def _tag(memory_id: str) -> str:
    owner_hash = owner_hash_of(memory_id)
    if owner_hash is None:
        raise ValueError(f"no memory id: {memory_id[:60]!r}")
    return owner_hash
