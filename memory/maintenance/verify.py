"""Compares record and index, owner by owner, and mends what differs.

A write in flight is no difference. What looks like one is looked at again. It counts if the record
stood still around the look and the outbox had nothing to say of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from memory.context.projects import ProjectOf
from memory.domain.batched import batched
from memory.domain.ids import Project, owner_hash_of, owner_prefix, project_of_tenant, split_slot
from memory.domain.memory import Memory
from memory.index.outbox import Index
from memory.index.points import BATCH
from memory.index.survey import surveyed
from memory.maintenance.task_runner import Progress
from memory.ports.commits import Outbox
from memory.ports.maintenance import Consistency
from memory.ports.memories import MemoryReader
from memory.ports.projects import Owners, ProjectRecord
from memory.ports.vector_store import Indexed, VectorStore

_EXAMPLES = 20
_OWNERS_AT_ONCE = 4
_LOOKS_AT_ONCE = 8
_OWNERS_A_PART = 1000
_KINDS = (
    "missing_points",
    "unknown_points",
    "wrong_retractions",
    "unfindable_points",
    "stray_tenants",
    "places_without_record",
    "edges_without_record",
    "edges_without_memory",
    "edges_without_mirror",
    "unmarked_outboxes",
)

# When each version was retracted.
Versions = dict[int, int | None]
# Kind and memory id.
Difference = tuple[str, str]


@dataclass(slots=True)
class Findings:
    """What was found, by kind: how many, and the ids of the first."""

    mend: bool
    found: dict[str, list[str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, name: str) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        examples = self.found.setdefault(kind, [])
        if len(examples) < _EXAMPLES and name not in examples:
            examples.append(name)

    def report(self) -> dict[str, Any]:
        return {
            kind: {
                "found": self.counts[kind],
                "mended": self.counts[kind] if self.mend else 0,
                "examples": self.found[kind],
            }
            for kind in _KINDS
            if kind in self.counts
        }


class Verify:
    """`project_of` reads a project as it stands in the record."""

    def __init__(
        self,
        project_record: ProjectRecord,
        project_of: ProjectOf,
        owners: Owners,
        memories: MemoryReader,
        outbox: Outbox,
        consistency: Consistency,
        vectors: VectorStore,
        index: Index,
    ) -> None:
        self._project_record, self._project_of = project_record, project_of
        self._owners, self._memories, self._outbox = owners, memories, outbox
        self._consistency, self._vectors, self._index = consistency, vectors, index

    async def verify(self, project_id: str | None, progress: Progress) -> None:
        findings = Findings(mend=not progress.task.dry_run)
        slots = [slot async for slot in self._owners.slots(project_id)]
        tenants = await self._vectors.tenants(project_id)
        progress.total = len(slots) + len(tenants)
        gate = asyncio.Semaphore(_OWNERS_AT_ONCE)

        async def one(slot: str) -> None:
            async with gate:
                await self._owner(slot, findings)
                progress.done += 1
                progress.report["differences"] = findings.report()

        for part in batched(slots, _OWNERS_A_PART):
            await asyncio.gather(*map(one, part))
        known = set(slots)
        for tenant in tenants:
            await self._tenant(tenant, known, findings)
            progress.done += 1
        progress.report["differences"] = findings.report()

    async def _owner(self, slot: str, findings: Findings) -> None:
        project_id, _ = split_slot(slot)
        if not await self._project_record.epochs([project_id]):
            return
        memory_ids = await self._owners.memory_ids(slot)
        for part in batched(memory_ids, BATCH):
            for fault in await self._consistency.unsound(slot, part, findings.mend):
                findings.add(fault.kind, fault.id)
        for forgotten in await self._consistency.unmarked([slot], findings.mend):
            findings.add("unmarked_outboxes", forgotten)
        for generation in (await self._project_of(project_id)).writes:
            await self.compare(slot, generation, findings, deep=True)

    async def compare(
        self, slot: str, generation: int, findings: Findings, deep: bool = False
    ) -> None:
        """One owner's record with one generation of the index; `deep` searches for each point."""
        project_id, owner_hash = split_slot(slot)
        project = await self._project_of(project_id)
        tenant, prefix = project.tenant(owner_hash, generation), owner_prefix(owner_hash)
        indexed = await self._indexed(tenant, prefix, deep)
        memory_ids = await self._owners.memory_ids(slot)
        suspects = sorted(indexed.keys() - set(memory_ids))
        for part in batched(memory_ids, BATCH):
            histories = await self._memories.histories(project_id, part)
            suspects += [
                each
                for each in part
                if _differences(each, histories.get(each, []), indexed.get(each, []))
            ]
        await self._settle(project, slot, generation, suspects, findings)

    async def _settle(
        self,
        project: Project,
        slot: str,
        generation: int,
        suspects: Sequence[str],
        findings: Findings,
    ) -> None:
        """Look again at those that seem to differ; count, and mend, what still does."""
        tenant = project.tenant(split_slot(slot)[1], generation)
        for part in batched(suspects, BATCH):
            differing = await self._look(project, slot, tenant, part)
            if (await self._project_of(project.id)).epoch != project.epoch:
                return  # the index moves, and the move looks itself
            for kind, memory_id in differing:
                findings.add(kind, memory_id)
            if findings.mend and differing:
                unknown = {each for kind, each in differing if kind == "unknown_points"}
                if unknown:
                    await self._vectors.erase(tenant, sorted(unknown))
                ids = sorted({memory_id for _, memory_id in differing})
                await self._index.bring(project, slot, ids, mend=True)

    async def _look(
        self, project: Project, slot: str, tenant: str, memory_ids: Sequence[str]
    ) -> list[Difference]:
        # In this order: what is in the record and not in the outbox must be in the index by now.
        before = await self._memories.histories(project.id, memory_ids)
        pending = set(await self._outbox.pending(slot))
        gate = asyncio.Semaphore(_LOOKS_AT_ONCE)

        async def look(memory_id: str) -> list[Indexed]:
            async with gate:
                return (await self._indexed(tenant, memory_id, deep=True)).get(memory_id, [])

        shown = await asyncio.gather(*map(look, memory_ids))
        after = await self._memories.histories(project.id, memory_ids)
        return [
            difference
            for memory_id, points in zip(memory_ids, shown, strict=True)
            if memory_id not in pending and before.get(memory_id) == after.get(memory_id)
            for difference in _differences(memory_id, before.get(memory_id, []), points)
        ]

    async def _tenant(self, tenant: str, known: Collection[str], findings: Findings) -> None:
        """What is there of owners and projects that have nothing in the record."""
        project_id = project_of_tenant(tenant)
        if project_id is None:
            return
        project = await self._current(project_id)
        generation = _generation(project, tenant) if project else None
        if project is None or generation is None:
            findings.add("stray_tenants", tenant)
            if findings.mend:
                await self._vectors.drop(tenant)
            return
        strangers: dict[str, list[str]] = {}
        for memory_id in await self._indexed(tenant, "", deep=False, beside=known, of=project):
            strangers.setdefault(project.slot(owner_hash_of(memory_id) or ""), []).append(memory_id)
        for slot, memory_ids in strangers.items():
            await self._settle(project, slot, generation, memory_ids, findings)

    async def _current(self, project_id: str) -> Project | None:
        there = await self._project_record.epochs([project_id])
        return await self._project_of(project_id) if there else None

    async def _indexed(
        self,
        tenant: str,
        prefix: str,
        deep: bool,
        beside: Collection[str] = (),
        of: Project | None = None,
    ) -> Mapping[str, list[Indexed]]:
        """The points of a tenant by memory id; without those of the owners `beside` of a
        project."""
        found: dict[str, list[Indexed]] = {}
        async for each in surveyed(self._vectors, tenant, prefix, deep):
            owner_hash = owner_hash_of(each.memory_id)
            if owner_hash is not None and (of is None or of.slot(owner_hash) not in beside):
                found.setdefault(each.memory_id, []).append(each)
        return found


def _differences(
    memory_id: str, history: Sequence[Memory], points: Sequence[Indexed]
) -> list[Difference]:
    """One a point."""
    record: Versions = {each.version: each.retracted_at for each in history}
    shown = {each.version: each for each in points}
    kinds = []
    for version in record.keys() | shown.keys():
        if version not in shown:
            kinds.append("missing_points")
        elif version not in record:
            kinds.append("unknown_points")
        elif shown[version].retracted_at != record[version]:
            kinds.append("wrong_retractions")
        elif not shown[version].findable:
            kinds.append("unfindable_points")
    return [(kind, memory_id) for kind in kinds]


def _generation(project: Project, tenant: str) -> int | None:
    """Which of the generations in use the tenant is of."""
    return next((each for each in project.writes if tenant in project.tenants(each)), None)
