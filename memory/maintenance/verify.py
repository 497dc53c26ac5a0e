"""Compares record and index, owner by owner, and mends what differs.

A write in flight is no difference. A memory that seems to differ is looked at again. It counts if
its record did not change around that look, and if it is not in the outbox.
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
from memory.maintenance.task_runner import TaskProgress
from memory.ports.commits import Outbox
from memory.ports.maintenance import Consistency
from memory.ports.memories import MemoryReader
from memory.ports.projects import Owners, ProjectRecord
from memory.ports.vector_store import Indexed, VectorStore

# Ids of each kind that a report gives.
_EXAMPLES = 20
_OWNERS_AT_ONCE = 4
_LOOKS_AT_ONCE = 8
_OWNERS_A_PART = 1000
# The kinds of differences, in the order of a report.
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

# When each version was retracted, microseconds, by its number.
Versions = dict[int, int | None]
# Kind and memory id.
Difference = tuple[str, str]


@dataclass(slots=True)
class Findings:
    """What was found of each kind: how many, and the ids of the first. `mend` says whether it is to
    be mended."""

    mend: bool
    found: dict[str, list[str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, name: str) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        examples = self.found.setdefault(kind, [])
        if len(examples) < _EXAMPLES and name not in examples:
            examples.append(name)

    def report(self) -> dict[str, Any]:
        """The findings as JSON, by kind."""
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
    """Compares record and index. `project_of` reads a project as it stands in the record."""

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

    async def verify(self, project_id: str | None, progress: TaskProgress) -> None:
        """Compare all owners and tenants of one project, or of all, and mend what differs unless
        the task is a dry run. The findings are in the task's report."""
        findings = Findings(mend=not progress.task.dry_run)
        slots = [slot async for slot in self._owners.slots(project_id)]
        tenants = await self._vectors.tenants(project_id)
        progress.total = len(slots) + len(tenants)
        gate = asyncio.Semaphore(_OWNERS_AT_ONCE)

        async def verify_owner(slot: str) -> None:
            async with gate:
                await self._owner(slot, findings)
                progress.done += 1
                progress.report["differences"] = findings.report()

        for part in batched(slots, _OWNERS_A_PART):
            await asyncio.gather(*map(verify_owner, part))
        known = set(slots)
        for tenant in tenants:
            await self._tenant(tenant, known, findings)
            progress.done += 1
        progress.report["differences"] = findings.report()

    async def _owner(self, slot: str, findings: Findings) -> None:
        """Verify an owner's record by itself, and then against the index."""
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
        """Compare one owner's record with one generation of the index. `deep` searches for each
        point."""
        project_id, owner_hash = split_slot(slot)
        project = await self._project_of(project_id)
        tenant, prefix = project.tenant(owner_hash, generation), owner_prefix(owner_hash)
        indexed = await self._indexed(tenant, prefix, deep)
        memory_ids = await self._owners.memory_ids(slot)
        suspects = sorted(indexed.keys() - set(memory_ids))
        for part in batched(memory_ids, BATCH):
            histories = await self._memories.histories(project_id, part)
            suspects += [
                memory_id
                for memory_id in part
                if _differences(memory_id, histories.get(memory_id, []), indexed.get(memory_id, []))
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
        """Look again at memories that seem to differ. Count those that still do, and mend them."""
        tenant = project.tenant(split_slot(slot)[1], generation)
        for part in batched(suspects, BATCH):
            differing = await self._look(project, slot, tenant, part)
            if (await self._project_of(project.id)).epoch != project.epoch:
                return  # the index moves, and the move compares it itself
            for kind, memory_id in differing:
                findings.add(kind, memory_id)
            if findings.mend and differing:
                unknown = {memory_id for kind, memory_id in differing if kind == "unknown_points"}
                if unknown:
                    await self._vectors.erase(tenant, sorted(unknown))
                ids = sorted({memory_id for _, memory_id in differing})
                await self._index.bring(project, slot, ids, mend=True)

    async def _look(
        self, project: Project, slot: str, tenant: str, memory_ids: Sequence[str]
    ) -> list[Difference]:
        """The differences of these memories, without those that a write in flight may explain."""
        # The order matters: the index has what is in the record and, after that, not in the outbox.
        before = await self._memories.histories(project.id, memory_ids)
        pending = set(await self._outbox.pending(slot))
        gate = asyncio.Semaphore(_LOOKS_AT_ONCE)

        async def look(memory_id: str) -> list[Indexed]:
            async with gate:
                return (await self._indexed(tenant, memory_id, deep=True)).get(memory_id, [])

        indexed = await asyncio.gather(*map(look, memory_ids))
        after = await self._memories.histories(project.id, memory_ids)
        return [
            difference
            for memory_id, points in zip(memory_ids, indexed, strict=True)
            if memory_id not in pending and before.get(memory_id) == after.get(memory_id)
            for difference in _differences(memory_id, before.get(memory_id, []), points)
        ]

    async def _tenant(self, tenant: str, known: Collection[str], findings: Findings) -> None:
        """Find points of owners, and tenants of projects, that the record does not know."""
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
        """The project as it stands; None if there is none."""
        epochs = await self._project_record.epochs([project_id])
        return await self._project_of(project_id) if epochs else None

    async def _indexed(
        self,
        tenant: str,
        prefix: str,
        deep: bool,
        beside: Collection[str] = (),
        of: Project | None = None,
    ) -> Mapping[str, list[Indexed]]:
        """The points of a tenant, by memory id. If there is a project `of`, its owners whose slots
        are in `beside` are left out."""
        found: dict[str, list[Indexed]] = {}
        async for point in surveyed(self._vectors, tenant, prefix, deep):
            owner_hash = owner_hash_of(point.memory_id)
            if owner_hash is not None and (of is None or of.slot(owner_hash) not in beside):
                found.setdefault(point.memory_id, []).append(point)
        return found


def _differences(
    memory_id: str, history: Sequence[Memory], points: Sequence[Indexed]
) -> list[Difference]:
    """How a memory's points differ from its history, at most once a version."""
    record: Versions = {memory.version: memory.retracted_at for memory in history}
    indexed = {point.version: point for point in points}
    kinds = []
    for version in record.keys() | indexed.keys():
        if version not in indexed:
            kinds.append("missing_points")
        elif version not in record:
            kinds.append("unknown_points")
        elif indexed[version].retracted_at != record[version]:
            kinds.append("wrong_retractions")
        elif not indexed[version].findable:
            kinds.append("unfindable_points")
    return [(kind, memory_id) for kind in kinds]


def _generation(project: Project, tenant: str) -> int | None:
    """The generation in use that the tenant belongs to; None if it belongs to none of them."""
    generations = (number for number in project.writes if tenant in project.tenants(number))
    return next(generations, None)
