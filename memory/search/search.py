"""Search: what both arms find in the index, as the record knew it, scored and cut."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from memory.context.extents import Extents
from memory.context.projects import Projects
from memory.domain.caller import Caller
from memory.domain.ids import Project
from memory.domain.memory import UNSET, Memory
from memory.domain.results import Found
from memory.domain.stemming import stems
from memory.ports.memories import MemoryReader
from memory.ports.metrics import Meter
from memory.ports.models import Embedder, Vectors
from memory.ports.vector_store import VectorStore
from memory.query.extent import Extent
from memory.query.views import Query, Snapshot, Where
from memory.search.candidates import Candidates, Key, candidates, views_of
from memory.search.ranking import PREFERRED_HALF_LIFE_DAYS, Ranking, Scorer
from memory.search.reranking import pool, reranked

# Characters. A thread stems more than this: it would hold up every other call of the process.
_LONG_READ = 50_000
# Memories. A thread judges whether more than this are asked for, for the same reason.
_MANY_TO_JUDGE = 2_000
_FEWEST_CANDIDATES = 30
# Decay may lift a memory far above memories whose text is nearer.
_FEWEST_WITH_DECAY = 1_000
# Weaviate's own limit on one query's results (QUERY_MAXIMUM_RESULTS).
MOST_CANDIDATES = 10_000


@dataclass(frozen=True, slots=True)
class _Quest:
    """A search with its snapshot: where to look, and how to judge what is there."""

    extent: Extent
    query: Query
    snapshot: Snapshot
    scorer: Scorer
    views: Sequence[Where]
    vector: Vectors
    words: Sequence[str]

    def asked_for(self, known: Mapping[str, Memory]) -> dict[str, Memory]:
        """The memories that the search may answer. `known` are as the record knew them."""
        return {
            memory_id: memory
            for memory_id, memory in known.items()
            if self._shows(memory) and self.extent.covers(memory)
        }

    def _shows(self, memory: Memory) -> bool:
        """Whether the search shows a memory. If the query has a reference, that instant tells
        whether the memory has expired, and nothing else."""
        reference = self.query.reference
        if reference is None or self.snapshot.expired or memory.superseded_by:
            return self.snapshot.shows(memory)
        return memory.valid_from <= self.snapshot.as_of and (
            memory.valid_to is None or reference < memory.valid_to
        )

    def scored(self, memories: Mapping[str, Memory], cosines: Mapping[str, float]) -> list[Found]:
        return [self._scored(memory, cosines[memory.id]) for memory in memories.values()]

    def _scored(self, memory: Memory, cosine: float) -> Found:
        coverage = self.scorer.coverage(memory.content)
        score = self.scorer.score(cosine, coverage, memory.valid_from)
        return Found(memory, score, cosine, coverage)


class Search:
    """Implements memory.service.api.Search. `ranking` holds the weights for the model of the
    embedder."""

    def __init__(
        self,
        projects: Projects,
        extents: Extents,
        memories: MemoryReader,
        vectors: VectorStore,
        embedder: Embedder,
        ranking: Ranking,
        meter: Meter,
    ) -> None:
        self._projects, self._extents, self._memories = projects, extents, memories
        self._vectors, self._embedder = vectors, embedder
        self._ranking, self._meter = ranking, meter

    async def find(self, caller: Caller, query: Query) -> list[Found]:
        project = await self._projects.of(caller)
        embedding = asyncio.ensure_future(self._embedder.embed([query.text]))
        try:
            extent = await self._extents.of(project, query.scope, query.condition)
            instant = await self._extents.instant(extent)
            snapshot = query.view.pinned(instant.now)
            apart = snapshot.superseded != snapshot.expired and extent.owner_hashes is not None
            superseded = await self._memories.superseded(extent.slots) if apart else []
            vector = (await embedding)[0]
        finally:
            embedding.cancel()
        words = stems(query.text)
        quest = _Quest(
            extent=extent,
            query=_for_a_second_look(query) if query.rerank else query,
            snapshot=snapshot,
            scorer=self._scorer(project, query, words, snapshot),
            views=views_of(extent, query, snapshot, instant, superseded),
            vector=vector,
            words=words,
        )
        hidden = len(superseded) if snapshot.expired else 0
        found = _in_order(await self._sweep(quest, hidden))
        if query.rerank:
            best = pool(query.limit)
            again = await reranked(self._embedder, quest.scorer, vector, found[:best])
            found = _in_order([*again, *found[best:]])
        return [hit for hit in found if hit.score >= query.threshold][: query.limit]

    def _scorer(
        self, project: Project, query: Query, words: Sequence[str], snapshot: Snapshot
    ) -> Scorer:
        ranking = self._ranking
        half_life = ranking.half_life_days
        if query.half_life_days is not UNSET:
            half_life = query.half_life_days
        elif half_life is None and project.preferences.decay:
            half_life = PREFERRED_HALF_LIFE_DAYS
        return Scorer(
            frozenset(words),
            ranking.lexical_weight,
            ranking.calibration,
            half_life,
            snapshot.as_of if query.reference is None else query.reference,
            query.scale,
        )

    async def _sweep(self, quest: _Quest, hidden: int) -> list[Found]:
        """Everything that the search asks for among enough candidates, in no order. It takes more
        candidates in each round, as long as a memory beyond them could belong to the answer. Up to
        `hidden` memories of the views are not shown."""
        decays = quest.scorer.half_life_days is not None
        fewest = _FEWEST_WITH_DECAY if decays else _FEWEST_CANDIDATES
        want = min(max(fewest, 2 * quest.query.limit) + hidden, MOST_CANDIDATES)
        found: list[Found] = []
        read: set[str] = set()
        while True:
            offered = await candidates(
                self._vectors, quest.extent.tenants, quest.views, quest.vector, quest.words, want
            )
            fresh = dict.fromkeys(
                memory_id for memory_id, _ in offered.cosines if memory_id not in read
            )
            read.update(fresh)
            found += await self._judged(quest, list(fresh), offered.cosines)
            if want >= MOST_CANDIDATES or _done(quest, found, offered):
                self._meter.observe("search_candidates", len(read))
                return found
            want = MOST_CANDIDATES if decays else min(2 * want, MOST_CANDIDATES)

    async def _judged(
        self, quest: _Quest, memory_ids: Sequence[str], cosines: Mapping[Key, float]
    ) -> list[Found]:
        """The memories that the search asks for, scored by the text that was known."""
        project_id, known_at = quest.extent.project.id, quest.snapshot.known_at
        known = await self._memories.read(project_id, memory_ids, known_at)
        visible = (
            await asyncio.to_thread(quest.asked_for, known)
            if len(known) > _MANY_TO_JUDGE
            else quest.asked_for(known)
        )
        current = await self._current(visible, cosines, quest.vector)
        if sum(len(memory.content) for memory in visible.values()) > _LONG_READ:
            return await asyncio.to_thread(quest.scored, visible, current)
        return quest.scored(visible, current)

    async def _current(
        self, memories: Mapping[str, Memory], cosines: Mapping[Key, float], vector: Vectors
    ) -> dict[str, float]:
        """Cosines of the memories as they were known. If the index has only another version of a
        memory, the text in the record is embedded. So a memory that is being corrected is neither
        missed nor judged by what it said before."""
        behind = [
            memory for memory in memories.values() if (memory.id, memory.version) not in cosines
        ]
        fresh = {}
        if behind:
            rows = await self._embedder.embed([memory.content for memory in behind])
            fresh = {
                memory.id: float(row @ vector) for memory, row in zip(behind, rows, strict=True)
            }
        return {
            memory.id: fresh[memory.id]
            if memory.id in fresh
            else cosines[memory.id, memory.version]
            for memory in memories.values()
        }


def _for_a_second_look(query: Query) -> Query:
    """The query that finds enough for a second look, whatever the scores are at the first."""
    return replace(query, limit=max(query.limit, pool(query.limit)), threshold=0.0)


def _in_order(found: Iterable[Found]) -> list[Found]:
    return sorted(found, key=lambda hit: (-hit.score, hit.memory.id))


def _done(quest: _Quest, found: Sequence[Found], offered: Candidates) -> bool:
    """Whether no memory beyond the candidates can belong to the answer.

    The arms answer best first, so without decay it is enough to have found `limit` memories. Decay
    does not follow the order of the arms. So even the freshest memory beyond the candidates must
    not score higher than the last memory of the answer.
    """
    limit = quest.query.limit
    if offered.exhausted:
        return True
    if quest.scorer.half_life_days is None:
        return len(found) >= min(limit, len(offered.cosines))
    freshest = quest.scorer.relevance(offered.nearest, coverage=float(offered.worded))
    best = heapq.nlargest(limit, (hit.score for hit in found))
    return freshest < quest.query.threshold or (len(best) == limit and freshest <= best[-1])
