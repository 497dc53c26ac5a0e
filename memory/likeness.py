"""Texts that say nearly the same: told to who asks, never merged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from memory.errors import Refused
from memory.identity import Project, split_slot
from memory.lexicon import normalised
from memory.model import Memory, NewMemory
from memory.ports import Vectors
from memory.results import Added, Similar
from memory.stores import Stores
from memory.view import Where, World

_MOST_TOLD = 5
_CANDIDATES = 20


class Likeness(Stores):
    async def _tell_similar(
        self,
        project: Project,
        slot: str,
        drafts: Sequence[NewMemory],
        answers: dict[int, Added | Refused],
        rows: Mapping[str, Vectors],
    ) -> None:
        """Put what is similar into the answers of drafts that asked for it."""
        for index, draft in enumerate(drafts):
            answer = answers.get(index)
            if draft.similar and isinstance(answer, Added):
                begin = draft.valid_from
                if begin is None:
                    begin = (await self._graph.instant([slot])).now
                vector = rows[draft.content]
                found = await self._similar(project, slot, answer.memory, vector, World(begin))
                answers[index] = replace(answer, similar=found)

    async def _similar(
        self, project: Project, slot: str, memory: Memory, vector: Vectors, world: World
    ) -> tuple[Similar, ...]:
        """Other memories of the owner that the world shows, best first."""
        where = Where(world=world).also("owner", str(memory.scope.owner))
        tenant = project.tenant(split_slot(slot)[1])
        hits = await self._vectors.nearest(tenant, vector, where, _CANDIDATES)
        near = {
            hit.memory_id: hit.score
            for hit in hits
            if hit.score >= self._settings.ranking.similar_cosine and hit.memory_id != memory.id
        }
        known = await self._graph.read(project.id, list(near))
        text = normalised(memory.content)
        others = [
            Similar(known[each], cosine)
            for each, cosine in near.items()
            if each in known and normalised(known[each].content) != text
        ]
        return tuple(others[:_MOST_TOLD])
