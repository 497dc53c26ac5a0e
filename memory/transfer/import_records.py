"""Puts records back that another service, or this one earlier, wrote out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from memory.context.idempotency import Idempotency
from memory.context.projects import Projects
from memory.domain.caller import Caller
from memory.domain.errors import Conflict, InvalidInput, Mem0gError, Refused
from memory.domain.ids import Project, owner_hash_of
from memory.domain.memory import SUPERSEDES, Scope
from memory.domain.records import EdgeRecord, Entry, Landing, MemoryRecord, Record
from memory.domain.transaction import PutMemory
from memory.domain.transfer import Brought
from memory.index.outbox import Index
from memory.ports.archive import Archive, Entries
from memory.ports.commits import Commits
from memory.ports.memories import MemoryReader
from memory.ports.vector_store import VectorStore
from memory.transfer.remap import adopted, check, check_succession, kept, only_owner, same
from memory.write.replay import NOT_REACHED, Replay, late

# Records that are put back, embedded and indexed at a time. They are fewer if they have more
# versions than MOST_VERSIONS together.
SLICE = 64
MOST_VERSIONS = 256

# Answers by the position of the record in the request.
Outcomes = dict[int, Brought | Refused]
# A record and the project that it belongs in.
Placed = tuple[Project, Record]


class ImportRecords:
    """Part of memory.service.api.Transfer: `import_records` and what restores."""

    def __init__(
        self,
        projects: Projects,
        idempotency: Idempotency,
        replay: Replay,
        commits: Commits,
        memories: MemoryReader,
        archive: Archive,
        entries: Entries,
        index: Index,
        vectors: VectorStore,
        deadline_s: float,
    ) -> None:
        self._projects, self._idempotency, self._replay = projects, idempotency, replay
        self._commits, self._memories = commits, memories
        self._archive, self._entries = archive, entries
        self._index, self._vectors, self._deadline_s = index, vectors, deadline_s

    async def import_records(
        self, caller: Caller, scope: Scope | None, records: Sequence[Record]
    ) -> list[Brought | Refused]:
        project = await self._projects.of(caller)
        target = None if scope is None else only_owner(project.narrow(scope))
        operation = await self._idempotency.operation(project, caller)
        if operation is not None and operation.kept is not None:
            return _told(operation.kept)
        placed: dict[int, Placed] = {}
        answers: Outcomes = {}
        for position, record in enumerate(records):
            try:
                placed[position] = project, adopted(project, target, record)
            except Mem0gError as error:
                answers[position] = Refused.of(error)
        answers |= await self._bring(placed)
        outcomes = [answers[position] for position in range(len(records))]
        if NOT_REACHED not in outcomes:  # records that were not reached are to be sent again
            kept = await self._idempotency.keep(
                project, operation, {"lines": [*map(_keepable, outcomes)]}
            )
            if kept is not None:
                return _told(kept)
        return outcomes

    async def restore_entries(
        self, caller: Caller, entries: Sequence[Entry]
    ) -> list[Brought | Refused]:
        outcomes: list[Brought | Refused] = []
        for entry in entries:
            try:
                new = await self._entries.restore(entry)
                outcomes.append(Brought(entry.key, present=not new))
            except (Conflict, InvalidInput) as error:
                outcomes.append(Refused.of(error))
        self._projects.forget()  # an entry may be a project's own record
        return outcomes

    async def restore_records(
        self, caller: Caller, records: Sequence[tuple[str, Record]]
    ) -> list[Brought | Refused]:
        placed: dict[int, Placed] = {}
        answers: Outcomes = {}
        # Not the cached projects: their entries may have just come to another replica.
        named = dict.fromkeys(project_id for project_id, _ in records)
        projects = {project_id: await self._projects.fresh(project_id) for project_id in named}
        for position, (project_id, record) in enumerate(records):
            try:
                project = projects[project_id]
                placed[position] = project, kept(project, record)
            except Mem0gError as error:
                answers[position] = Refused.of(error)
        answers |= await self._bring(placed)
        return [answers[position] for position in range(len(records))]

    async def _bring(self, placed: Mapping[int, Placed]) -> Outcomes:
        """Put records back; returns one answer a record. If the deadline is near, the answer to
        the rest is NOT_REACHED: they are to be sent again."""
        answers: Outcomes = {}
        if placed:
            await self._vectors.check()
        began = time.monotonic()
        for part in _slices(placed):
            if late(began, self._deadline_s):
                answers |= dict.fromkeys(part, NOT_REACHED)
                continue
            owners: dict[str, dict[int, Record]] = {}
            projects: dict[str, Project] = {}
            for position, (project, record) in part.items():
                slot = project.slot(_owner_hash(record))
                projects[slot] = project
                owners.setdefault(slot, {})[position] = record
            for outcomes in await asyncio.gather(
                *(self._bring_to(projects[slot], slot, owned) for slot, owned in owners.items())
            ):
                answers |= outcomes
        return answers

    async def _bring_to(self, project: Project, slot: str, records: dict[int, Record]) -> Outcomes:
        """Put back records of one owner and kind, in order."""
        answers = await self._unfit(project, slot, records)
        fit = {position: record for position, record in records.items() if position not in answers}
        if not fit:
            return answers
        now = (await self._memories.instant([slot])).now
        landings = await self._archive.restore(slot, now, [*fit.values()])
        landed = dict(zip(fit, landings, strict=True))
        standing = await self._standing(
            slot,
            [fit[position] for position, landing in landed.items() if landing is Landing.STANDS],
        )
        for position, landing in landed.items():
            answers[position] = _outcome(fit[position], landing, standing)
        fresh = [
            fit[position] for position, landing in landed.items() if landing is Landing.RESTORED
        ]
        await self._index_them(project, slot, fresh, standing)
        return answers

    async def _unfit(self, project: Project, slot: str, records: Mapping[int, Record]) -> Outcomes:
        """The refusals of records that the service could not have made."""
        now = (await self._memories.instant([slot])).now
        edges = [
            record.versions[-1] for record in records.values() if isinstance(record, EdgeRecord)
        ]
        ends = {
            end
            for edge in edges
            if edge.relation == SUPERSEDES
            for end in (edge.source, edge.target)
        }
        memories = await self._memories.read(project.id, sorted(ends))
        answers: Outcomes = {}
        for position, record in records.items():
            try:
                check(record, now)
                if isinstance(record, EdgeRecord) and record.versions[-1].relation == SUPERSEDES:
                    edge = record.versions[-1]
                    check_succession(edge, memories.get(edge.source), memories.get(edge.target))
            except Mem0gError as error:
                answers[position] = Refused.of(error)
        return answers

    async def _standing(self, slot: str, records: Sequence[Record]) -> dict[str, Record]:
        """The records that stand here already under the same ids, by id."""
        memories = [record.id for record in records if isinstance(record, MemoryRecord)]
        edges = [record for record in records if isinstance(record, EdgeRecord)]
        found: list[Record] = []
        if memories:
            found += await self._archive.memory_records(slot, memories)
        if edges:
            ids = [record.id for record in edges]
            found += await self._archive.edge_records(slot, edges[0].owner, ids)
        return {record.id: record for record in found}

    async def _index_them(
        self, project: Project, slot: str, fresh: Sequence[Record], standing: Mapping[str, Record]
    ) -> None:
        """Index what was restored, now and by an earlier attempt. It can be found afterwards."""
        versions = [
            PutMemory(version)
            for record in fresh
            if isinstance(record, MemoryRecord)
            for version in record.versions
        ]
        if versions:
            await self._index.apply(project, slot, versions, {})
        ids = [record.id for record in standing.values() if isinstance(record, MemoryRecord)]
        if ids:
            standings = (await self._commits.brief(slot, memory_ids=ids)).standings
            await self._index.bring(project, slot, sorted(self._replay.lagging(slot, standings)))


def _keepable(outcome: Brought | Refused) -> Mapping[str, Any]:
    """An outcome as JSON that may be kept: ids, flags and sentences of ours. A refusal quotes
    nothing of a record."""
    if isinstance(outcome, Refused):
        return asdict(outcome)
    return {"id": outcome.id, "present": outcome.present}


def _told(kept: Mapping[str, Any]) -> list[Brought | Refused]:
    """The outcomes as they were answered before."""
    return [
        Refused(**line) if "code" in line else Brought(**line, replayed=True)
        for line in kept["lines"]
    ]


def _owner_hash(record: Record) -> str:
    owner_hash = owner_hash_of(record.id, "mem" if isinstance(record, MemoryRecord) else "rel")
    assert owner_hash is not None
    return owner_hash


def _slices(placed: Mapping[int, Placed]) -> Iterator[dict[int, Placed]]:
    """The records in order, in parts that hold either memories or edges. The ends of an edge must
    stand in the record before the edge is checked."""
    part: dict[int, Placed] = {}
    kind: type[Record] | None = None
    versions = 0
    for position, (project, record) in placed.items():
        versions += len(record.versions)
        full = len(part) == SLICE or versions > MOST_VERSIONS
        if part and (type(record) is not kind or full):
            yield part
            part, versions = {}, len(record.versions)
        kind = type(record)
        part[position] = project, record
    if part:
        yield part


def _outcome(record: Record, landing: Landing, standing: Mapping[str, Record]) -> Brought | Refused:
    match landing:
        case Landing.RESTORED:
            return Brought(record.id, present=False)
        case Landing.STANDS:
            stands = standing.get(record.id)
            if stands is not None and same(stands, record):
                return Brought(record.id, present=True)
            return Refused.of(Conflict("a record of this id stands here with another history"))
        case Landing.SUPERSEDED:
            return Refused.of(Conflict("its target is superseded by another memory here"))
        case Landing.LACKS if isinstance(record, MemoryRecord):
            what = "what it supersedes"
        case _:
            what = "a memory that it joins"
    return Refused.of(Conflict(f"{what} is not here yet; send that first, then this again"))
