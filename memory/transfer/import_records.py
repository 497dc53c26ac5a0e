"""Puts records back: what another service, or this one earlier, had written out."""

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

# Records that are put back, embedded and indexed at a time: fewer if they have more versions than
# MOST_VERSIONS together.
SLICE = 64
MOST_VERSIONS = 256

Outcomes = dict[int, Brought | Refused]
Placed = tuple[Project, Record]


class ImportRecords:
    """Part of memory.service.api.Transfer."""

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
        for index, record in enumerate(records):
            try:
                placed[index] = project, adopted(project, target, record)
            except Mem0gError as error:
                answers[index] = Refused.of(error)
        answers |= await self._bring(placed)
        outcomes = [answers[index] for index in range(len(records))]
        if NOT_REACHED not in outcomes:  # what was not reached is to be sent again
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
        self._projects.forget()  # one of them may be a project's record
        return outcomes

    async def restore_records(
        self, caller: Caller, records: Sequence[tuple[str, Record]]
    ) -> list[Brought | Refused]:
        placed: dict[int, Placed] = {}
        answers: Outcomes = {}
        # Not as cached: its entry may have come in the call before, to another replica.
        named = dict.fromkeys(project_id for project_id, _ in records)
        projects = {project_id: await self._projects.fresh(project_id) for project_id in named}
        for index, (project_id, record) in enumerate(records):
            try:
                project = projects[project_id]
                placed[index] = project, kept(project, record)
            except Mem0gError as error:
                answers[index] = Refused.of(error)
        answers |= await self._bring(placed)
        return [answers[index] for index in range(len(records))]

    async def _bring(self, placed: Mapping[int, Placed]) -> Outcomes:
        """One answer each. The deadline may end it: then the rest is to be sent again."""
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
            for index, (project, record) in part.items():
                slot = project.slot(_tag(record))
                projects[slot] = project
                owners.setdefault(slot, {})[index] = record
            for outcomes in await asyncio.gather(
                *(self._bring_to(projects[slot], slot, each) for slot, each in owners.items())
            ):
                answers |= outcomes
        return answers

    async def _bring_to(self, project: Project, slot: str, records: dict[int, Record]) -> Outcomes:
        """Records of one owner and kind, in order."""
        answers = await self._unfit(project, slot, records)
        fit = {index: each for index, each in records.items() if index not in answers}
        if not fit:
            return answers
        now = (await self._memories.instant([slot])).now
        landings = await self._archive.restore(slot, now, [*fit.values()])
        landed = dict(zip(fit, landings, strict=True))
        standing = await self._standing(
            slot, [fit[index] for index, each in landed.items() if each is Landing.STANDS]
        )
        for index, landing in landed.items():
            answers[index] = _outcome(fit[index], landing, standing)
        fresh = [fit[index] for index, each in landed.items() if each is Landing.RESTORED]
        await self._index_them(project, slot, fresh, standing)
        return answers

    async def _unfit(self, project: Project, slot: str, records: Mapping[int, Record]) -> Outcomes:
        """Refusals of what the service could not have recorded."""
        now = (await self._memories.instant([slot])).now
        links = [each.versions[-1] for each in records.values() if isinstance(each, EdgeRecord)]
        ends = {
            end
            for edge in links
            if edge.relation == SUPERSEDES
            for end in (edge.source, edge.target)
        }
        memories = await self._memories.read(project.id, sorted(ends))
        answers: Outcomes = {}
        for index, record in records.items():
            try:
                check(record, now)
                if isinstance(record, EdgeRecord) and record.versions[-1].relation == SUPERSEDES:
                    edge = record.versions[-1]
                    check_succession(edge, memories.get(edge.source), memories.get(edge.target))
            except Mem0gError as error:
                answers[index] = Refused.of(error)
        return answers

    async def _standing(self, slot: str, records: Sequence[Record]) -> dict[str, Record]:
        """What stands of the same ids, by id."""
        memories = [each.id for each in records if isinstance(each, MemoryRecord)]
        edges = [each for each in records if isinstance(each, EdgeRecord)]
        found: list[Record] = []
        if memories:
            found += await self._archive.memory_records(slot, memories)
        if edges:
            ids = [each.id for each in edges]
            found += await self._archive.edge_records(slot, edges[0].owner, ids)
        return {each.id: each for each in found}

    async def _index_them(
        self, project: Project, slot: str, fresh: Sequence[Record], standing: Mapping[str, Record]
    ) -> None:
        """What was restored can be found by now, and what an earlier attempt had restored."""
        versions = [
            PutMemory(version)
            for record in fresh
            if isinstance(record, MemoryRecord)
            for version in record.versions
        ]
        if versions:
            await self._index.apply(project, slot, versions, {})
        ids = [each.id for each in standing.values() if isinstance(each, MemoryRecord)]
        if ids:
            standings = (await self._commits.brief(slot, memory_ids=ids)).standings
            await self._index.bring(project, slot, sorted(self._replay.lagging(slot, standings)))


def _keepable(outcome: Brought | Refused) -> Mapping[str, Any]:
    """Ids, flags and sentences of ours: a refusal quotes nothing of a record."""
    if isinstance(outcome, Refused):
        return asdict(outcome)
    return {"id": outcome.id, "present": outcome.present}


def _told(kept: Mapping[str, Any]) -> list[Brought | Refused]:
    """Outcomes as they were answered before."""
    return [
        Refused(**each) if "code" in each else Brought(**each, replayed=True)
        for each in kept["lines"]
    ]


def _tag(record: Record) -> str:
    owner_hash = owner_hash_of(record.id, "mem" if isinstance(record, MemoryRecord) else "rel")
    assert owner_hash is not None
    return owner_hash


def _slices(placed: Mapping[int, Placed]) -> Iterator[dict[int, Placed]]:
    """In order, memories and edges apart: an edge's ends must be there before it is looked at."""
    part: dict[int, Placed] = {}
    kind: type[Record] | None = None
    versions = 0
    for index, (project, record) in placed.items():
        versions += len(record.versions)
        full = len(part) == SLICE or versions > MOST_VERSIONS
        if part and (type(record) is not kind or full):
            yield part
            part, versions = {}, len(record.versions)
        kind = type(record)
        part[index] = project, record
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
