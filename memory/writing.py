"""Add, correct, erase: read what stands, commit to the record, bring the index along."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from memory import claims, rules
from memory.errors import Conflict, Mem0gError, Refused
from memory.identity import Project, mint, owner_tag
from memory.model import Added, Correction, Memory, NewMemory
from memory.ports import Briefing, Vectors
from memory.stores import Stores, slot_of
from memory.transaction import EraseMemory, PutMemory, Transaction

Rows = Mapping[str, Vectors]
ATTEMPTS = 100
"""Every lost race means that another writer won it; the deadline ends it long before this."""


class Writing(Stores):
    async def add(self, project: str, drafts: Sequence[NewMemory]) -> list[Added | Refused]:
        place = await self._project(project)
        await self._vectors.check()
        embedding = asyncio.ensure_future(self._rows(draft.content for draft in drafts))
        try:
            groups: dict[str, list[int]] = {}
            for index, draft in enumerate(drafts):
                groups.setdefault(place.slot(place.tag(draft.scope.owner)), []).append(index)
            parts = await asyncio.gather(
                *(
                    self._add_to_owner(place, slot, [drafts[i] for i in indices], embedding)
                    for slot, indices in groups.items()
                )
            )
        finally:
            embedding.cancel()
        answers: dict[int, Added | Refused] = {}
        for indices, part in zip(groups.values(), parts, strict=True):
            answers.update(zip(indices, part, strict=True))
        return [answers[index] for index in range(len(drafts))]

    async def _add_to_owner(
        self,
        project: Project,
        slot: str,
        drafts: Sequence[NewMemory],
        embedding: asyncio.Future[Rows],
    ) -> list[Added | Refused]:
        answers: dict[int, Added | Refused] = {}
        written: list[PutMemory] = []
        todo = list(range(len(drafts)))
        for _ in range(ATTEMPTS):
            briefing = await self._brief(project, slot, [drafts[i] for i in todo])
            planned: dict[int, Transaction] = {}
            present: dict[int, str] = {}
            for index in todo:
                try:
                    holder = rules.holder(drafts[index], briefing)
                    if holder is not None:
                        present[index] = holder
                    else:
                        memory_id = mint("mem", slot.rpartition(".")[2])
                        planned[index] = rules.addition(drafts[index], memory_id, slot, briefing)
                except Mem0gError as error:
                    answers[index] = Refused.of(error)
            answers.update(await self._already_there(project, slot, present))
            rows = await asyncio.shield(embedding)
            times = await self._graph.commit(list(planned.values())) if planned else []
            for (index, transaction), at in zip(planned.items(), times, strict=True):
                if at is not None:
                    stamped = _stamped(transaction, at)
                    answers[index] = Added(stamped[0].memory)
                    written += stamped
            todo = [index for index in todo if index not in answers]
            if not todo:
                break
        for index in todo:
            answers[index] = Refused.of(Conflict("other writers kept changing what this stands on"))
        if written:
            await self._index.apply(project, slot, written, rows)
        return [answers[index] for index in range(len(drafts))]

    async def _brief(self, project: Project, slot: str, drafts: Sequence[NewMemory]) -> Briefing:
        """What these drafts stand on: their contents' claims, and what they supersede."""
        keys = {claims.key_of(draft) for draft in drafts}
        old_ids = [
            old_id
            for old_id in dict.fromkeys(old for draft in drafts for old in draft.supersedes)
            if (tag := owner_tag(old_id)) and project.slot(tag) == slot
        ]
        for memory in (await self._graph.read(project.id, old_ids)).values():
            keys.add(claims.key_of(memory))
        return await self._graph.brief(slot, list(keys), old_ids)

    async def _already_there(
        self, project: Project, slot: str, present: Mapping[int, str]
    ) -> dict[int, Added]:
        """Answers for duplicates. One whose index lags is brought along first: an answer
        promises that the memory can be found."""
        if not present:
            return {}
        briefing = await self._graph.brief(slot, memory_ids=list(set(present.values())))
        standings = briefing.standings
        lagging = [each for each, standing in standings.items() if standing.pending]
        await self._index.bring(project, slot, lagging)
        return {
            index: Added(standings[holder].memory, deduplicated=True)
            for index, holder in present.items()
            if holder in standings
        }

    async def correct(self, project: str, memory_id: str, correction: Correction) -> Memory:
        place = await self._project(project)
        slot = slot_of(place, memory_id)
        await self._vectors.check()
        for _ in range(ATTEMPTS):
            last = await self._known(place, memory_id)
            fresh = rules.corrected(last, correction)
            old_key, new_key = claims.key_of(last), claims.key_of(fresh)
            briefing = await self._graph.brief(slot, list({old_key, new_key}), [memory_id])
            rows = await self._rows([fresh.content])
            held = dict(briefing.claims)
            held[old_key] = claims.released(held[old_key], memory_id)
            held[new_key] = claims.taken(held[new_key], fresh)
            moves = claims.changes(briefing.claims, held)
            write = PutMemory(fresh, previous=last)
            transaction = Transaction(slot, briefing.now, [write], moves)
            (at,) = await self._graph.commit([transaction])
            if at is not None:
                stamped = _stamped(transaction, at)
                standing = briefing.standings.get(memory_id)
                if standing is not None and standing.pending:
                    await self._index.bring(place, slot, [memory_id])
                else:
                    await self._index.apply(place, slot, stamped, rows)
                return stamped[0].memory
        raise Conflict("other writers kept changing this memory")

    async def erase(self, project: str, memory_id: str) -> None:
        place = await self._project(project)
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
                return
        raise Conflict("other writers kept changing this memory")

    async def _rows(self, contents: Iterable[str]) -> Rows:
        """Vectors by content."""
        texts = list(dict.fromkeys(contents))
        return dict(zip(texts, await self._embedder.embed(texts), strict=True))


def _stamped(transaction: Transaction, at: int) -> list[PutMemory]:
    """The memory versions a commit wrote, the added or corrected one first."""
    return [
        replace(write, memory=write.memory.stamped(at))
        for write in transaction.writes
        if isinstance(write, PutMemory)
    ]
