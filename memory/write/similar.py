"""Texts that say nearly the same. A caller who asks is told of them. They are never merged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace

from memory.domain.errors import Refused, Unavailable
from memory.domain.ids import Project, split_slot
from memory.domain.memory import Memory, NewMemory
from memory.domain.results import Added, Similar
from memory.domain.stemming import normalised
from memory.ports.memories import MemoryReader
from memory.ports.models import Vectors
from memory.ports.vector_store import VectorStore
from memory.query.views import Snapshot, Where
from memory.search.search import MOST_CANDIDATES

log = logging.getLogger(__name__)

_MOST_TOLD = 5
_FEWEST_CANDIDATES = 20


class SimilarTexts:
    """Finds similar texts. Texts are similar if their cosine is at least `least_cosine`."""

    def __init__(self, memories: MemoryReader, vectors: VectorStore, least_cosine: float) -> None:
        self._memories, self._vectors, self._least_cosine = memories, vectors, least_cosine

    async def tell(
        self,
        project: Project,
        slot: str,
        drafts: Mapping[int, NewMemory],
        answers: dict[int, Added | Refused],
        rows: Mapping[str, Vectors],
    ) -> None:
        """Put similar memories into the answers of drafts that asked for them. The drafts are
        stored by now, and are answered as stored. So if a store fails here, `similar` stays
        None."""
        asked = [
            (index, drafts[index], answer)
            for index, answer in answers.items()
            if drafts[index].similar and isinstance(answer, Added)
        ]
        undated = any(draft.valid_from is None for _, draft, _ in asked)
        try:
            now = (await self._memories.instant([slot])).now if undated else 0
            found = await asyncio.gather(
                *(
                    self._similar(
                        project,
                        slot,
                        answer.memory,
                        rows[draft.content],
                        Snapshot(now if draft.valid_from is None else draft.valid_from),
                    )
                    for _, draft, answer in asked
                )
            )
        except Unavailable as error:
            log.info("similar texts are not told: %s", error)
            return
        for (index, _, answer), similar in zip(asked, found, strict=True):
            answers[index] = replace(answer, similar=similar)

    async def _similar(
        self, project: Project, slot: str, memory: Memory, vector: Vectors, snapshot: Snapshot
    ) -> tuple[Similar, ...]:
        """Other memories of the owner that the snapshot shows, the nearest first. Memories with an
        equal text are not told. They must not crowd out the others: the more of them there are, the
        more candidates are looked at. Raises Unavailable if a store does not answer."""
        where = Where(snapshot=snapshot).also("owner", str(memory.scope.owner))
        tenant = project.tenant(split_slot(slot)[1])
        least = self._least_cosine
        text = normalised(memory.content)
        known: dict[str, Memory] = {}
        want = _FEWEST_CANDIDATES
        while True:
            hits = await self._vectors.nearest(tenant, vector, where, want)
            near = [hit for hit in hits if hit.score >= least and hit.memory_id != memory.id]
            fresh = [hit.memory_id for hit in near if hit.memory_id not in known]
            known |= await self._memories.read(project.id, fresh)
            others = [
                Similar(other, hit.score)
                for hit in near
                if (other := known.get(hit.memory_id))
                and other.version == hit.version  # the index may lag behind the record
                and snapshot.shows(other)
                and normalised(other.content) != text
            ]
            exhausted = len(hits) < want or hits[-1].score < least or want >= MOST_CANDIDATES
            if exhausted or len(others) >= _MOST_TOLD:
                return tuple(others[:_MOST_TOLD])
            want *= 2
