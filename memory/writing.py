"""Add, correct, erase: read what stands, commit to the record, bring the index along."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from memory import claims, rules
from memory.caller import Caller
from memory.clock import LATEST
from memory.errors import Conflict, DeadlineExceeded, Mem0gError, Refused
from memory.identity import Project, mint, owner_tag, split_slot
from memory.likeness import Likeness
from memory.model import SUPERSEDES, Correction, Edge, Memory, NewMemory
from memory.ports import Briefing, Reach, Standing, Vectors
from memory.results import Added
from memory.stores import slot_of
from memory.transaction import ClaimKey, EraseMemory, Expect, PutEdge, PutMemory, Transaction, Write
from memory.view import Direction, World

Rows = Mapping[str, Vectors]
ATTEMPTS = 100
"""Every lost race means that another writer won it; the deadline ends it long before this."""
SLICE = 64
"""Drafts of a batch embedded and committed at a time."""
_SHARE_OF_DEADLINE = 0.7
"""After this much of the deadline no further slice is begun, so that the answer still arrives."""


class Writing(Likeness):
    async def add(self, caller: Caller, drafts: Sequence[NewMemory]) -> list[Added | Refused]:
        place = await self._place(caller)
        answers: dict[int, Added | Refused] = {}
        within: dict[int, NewMemory] = {}
        for index, draft in enumerate(drafts):
            try:
                within[index] = replace(draft, scope=place.narrow(draft.scope))
            except Mem0gError as error:
                answers[index] = Refused.of(error)
        if within:
            await self._vectors.check()
        late = Refused.of(DeadlineExceeded("not reached in time; send it again"))
        began = time.monotonic()
        for start in range(0, len(within), SLICE):
            part = list(within)[start : start + SLICE]
            if time.monotonic() - began > self._settings.api.deadline_s * _SHARE_OF_DEADLINE:
                answers |= dict.fromkeys(part, late)
            else:
                added = await self._add_slice(place, [within[index] for index in part])
                answers |= dict(zip(part, added, strict=True))
        return [answers[index] for index in range(len(drafts))]

    async def _add_slice(
        self, project: Project, drafts: Sequence[NewMemory]
    ) -> list[Added | Refused]:
        """Embedding comes first: what a plan stands on is then read just before the commit."""
        rows = await self._rows(draft.content for draft in drafts)
        groups: dict[str, list[int]] = {}
        for index, draft in enumerate(drafts):
            groups.setdefault(project.slot(project.tag(draft.scope.owner)), []).append(index)
        parts = await asyncio.gather(
            *(
                self._add_to_owner(project, slot, [drafts[i] for i in indices], rows)
                for slot, indices in groups.items()
            )
        )
        answers: dict[int, Added | Refused] = {}
        for indices, part in zip(groups.values(), parts, strict=True):
            answers.update(zip(indices, part, strict=True))
        return [answers[index] for index in range(len(drafts))]

    async def _add_to_owner(
        self, project: Project, slot: str, drafts: Sequence[NewMemory], rows: Rows
    ) -> list[Added | Refused]:
        answers: dict[int, Added | Refused] = {}
        written: list[PutMemory] = []
        lagging: set[str] = set()
        for _ in range(ATTEMPTS):
            todo = [index for index in range(len(drafts)) if index not in answers]
            if not todo:
                break
            briefing = await self._brief(project, slot, [drafts[i] for i in todo])
            lagging |= self._lagging(slot, briefing.standings)
            planned: dict[int, Transaction] = {}
            present: dict[int, str] = {}
            taken: set[ClaimKey] = set()
            for index in todo:
                if taken & rules.stands_on(drafts[index], briefing):
                    break  # next round, and the rest with it: a batch is recorded in its order
                try:
                    holder = rules.holder(drafts[index], briefing)
                    if holder is not None:
                        present[index] = holder
                    else:
                        memory_id = mint("mem", split_slot(slot)[1])
                        planned[index] = rules.addition(drafts[index], memory_id, slot, briefing)
                        taken |= {claim.key for claim in planned[index].claims}
                except Mem0gError as error:
                    answers[index] = Refused.of(error)
            answers.update(await self._already_there(project, slot, drafts, present))
            times = await self._graph.commit(list(planned.values())) if planned else []
            for (index, transaction), at in zip(planned.items(), times, strict=True):
                if at is not None:
                    stamped = _stamped(transaction, at)
                    answers[index] = Added(stamped[0].memory)
                    written += stamped
        if written:
            await self._index.apply(project, slot, written, rows)
            ended = {write.memory.id for write in written if write.previous is not None}
            await self._index.bring(project, slot, sorted(lagging & ended))
        await self._tell_similar(project, slot, drafts, answers, rows)
        lost = Refused.of(Conflict("other writers kept changing what this stands on"))
        return [answers.get(index, lost) for index in range(len(drafts))]

    async def _brief(self, project: Project, slot: str, drafts: Sequence[NewMemory]) -> Briefing:
        """What these drafts stand on: their contents' claims, and what they supersede."""
        old_ids = [
            old_id
            for old_id in dict.fromkeys(old for draft in drafts for old in draft.supersedes)
            if (tag := owner_tag(old_id)) and project.slot(tag) == slot
        ]
        keys = {claims.key_of(draft) for draft in drafts}
        while True:
            briefing = await self._graph.brief(slot, list(keys), old_ids)
            needed = {claims.key_of(each.memory) for each in briefing.standings.values()}
            if needed <= keys:
                return briefing
            keys |= needed  # contents that were not known, or were corrected meanwhile

    async def _already_there(
        self, project: Project, slot: str, drafts: Sequence[NewMemory], present: Mapping[int, str]
    ) -> dict[int, Added]:
        """Answers for duplicates. One whose index lags is brought along first: an answer
        promises that the memory can be found."""
        if not present:
            return {}
        briefing = await self._graph.brief(slot, memory_ids=list(set(present.values())))
        standings = briefing.standings
        await self._index.bring(project, slot, sorted(self._lagging(slot, standings)))
        memories = {
            index: standings[each].memory for index, each in present.items() if each in standings
        }
        return {
            index: Added(memory, True, rules.not_stored(drafts[index], memory))
            for index, memory in memories.items()
        }

    async def correct(self, caller: Caller, memory_id: str, correction: Correction) -> Memory:
        place = await self._place(caller)
        slot = slot_of(place, memory_id)
        await self._vectors.check()
        for _ in range(ATTEMPTS):
            last = await self._known(place, memory_id)
            kin = await self._graph.read(
                place.id, [*filter(None, (last.superseded_by,)), *last.supersedes]
            )
            fresh = rules.corrected(last, correction, kin)
            if fresh is None:
                return last
            rows = await self._rows([fresh.content])
            keys = {claims.key_of(last), claims.key_of(fresh)}
            briefing = await self._graph.brief(slot, list(keys), [memory_id])
            moves = claims.changes(briefing.claims, claims.moved(briefing.claims, last, fresh))
            edges = await self._superseding(slot, last, fresh)
            writes: list[Write] = [
                PutMemory(fresh, previous=last),
                *map(Expect, kin.values()),
                *(PutEdge(rules.moved(edge, fresh), previous=edge) for edge in edges),
            ]
            transaction = Transaction(slot, briefing.now, writes, moves)
            (at,) = await self._graph.commit([transaction])
            if at is not None:
                stamped = _stamped(transaction, at)
                await self._index.apply(place, slot, stamped, rows)
                await self._index.bring(
                    place, slot, sorted(self._lagging(slot, briefing.standings))
                )
                return stamped[0].memory
        raise Conflict("other writers kept changing this memory")

    async def _superseding(self, slot: str, memory: Memory, fresh: Memory) -> list[Edge]:
        """The SUPERSEDES edges of a memory, where a correction moves its beginning."""
        if not memory.supersedes or fresh.valid_from == memory.valid_from:
            return []
        world = World(LATEST, superseded=True, expired=True)
        reach = Reach(Direction.OUT, world, len(memory.supersedes), frozenset({SUPERSEDES}))
        found = await self._graph.expand(slot, [memory.id], reach, memories=False)
        ids = [each.edge_id for each in found.adjacent[memory.id]]
        return [*(await self._graph.edges(slot, ids)).values()]

    async def erase(self, caller: Caller, memory_id: str) -> int:
        place = await self._place(caller)
        slot = slot_of(place, memory_id)
        await self._vectors.check()
        for _ in range(ATTEMPTS):
            last = await self._known(place, memory_id)
            key = claims.key_of(last)
            briefing = await self._graph.brief(slot, [key])
            rest = {key: claims.released(briefing.claims[key], memory_id)}
            moves = claims.changes(briefing.claims, rest)
            erasure = Transaction(slot, briefing.now, [EraseMemory(last)], moves)
            (at,) = await self._graph.commit([erasure])
            if at is not None:
                await self._index.erase(place, slot, memory_id)
                return at
        raise Conflict("other writers kept changing this memory")

    async def _rows(self, contents: Iterable[str]) -> Rows:
        """Vectors by content."""
        texts = list(dict.fromkeys(contents))
        return dict(zip(texts, await self._embedder.embed(texts), strict=True))

    def _lagging(self, slot: str, standings: Mapping[str, Standing]) -> set[str]:
        """Memories whose index an earlier write left behind, as far as this process knows."""
        return {
            memory_id
            for memory_id, standing in standings.items()
            if standing.pending and not self._index.applied(slot, standing.memory)
        }


def _stamped(transaction: Transaction, at: int) -> list[PutMemory]:
    """The memory versions a commit wrote, the added or corrected one first."""
    return [
        replace(write, memory=write.memory.stamped(at))
        for write in transaction.writes
        if isinstance(write, PutMemory)
    ]
