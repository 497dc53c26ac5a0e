"""Search: what either arm finds in the index, as the record knew it, scored and cut."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from memory.context.stores import Stores
from memory.domain.batched import parts
from memory.domain.caller import Caller
from memory.domain.ids import Project
from memory.domain.memory import UNSET, Memory
from memory.domain.results import Found
from memory.domain.stemming import stems
from memory.ports.graph_store import Instant
from memory.ports.vector_store import Hit, Vectors
from memory.query.conditions import Within
from memory.query.extent import Extent
from memory.query.views import Query, Snapshot, Where
from memory.search.ranking import PREFERRED_HALF_LIFE_DAYS, Scorer
from memory.search.reranking import pool, reranked

_LONG_READ = 50_000
"""Characters whose stemming would hold up every other call of the process: a thread takes it."""
_MANY_TO_JUDGE = 2_000
"""Memories; the same of whether they are what is asked for."""
_FEWEST_CANDIDATES = 30
_FEWEST_WITH_DECAY = 1_000
"""Decay may lift a memory far over those whose text is nearer."""
MOST_CANDIDATES = 10_000
"""Weaviate's own limit on one query's results (QUERY_MAXIMUM_RESULTS)."""
_IDS_OF_A_VIEW = 1_000

Key = tuple[str, int]
"""A version: memory id and number."""


@dataclass(frozen=True, slots=True)
class _Quest:
    """A search that knows its snapshot: where to look, and how to judge what is there."""

    extent: Extent
    query: Query
    snapshot: Snapshot
    scorer: Scorer
    views: Sequence[Where]
    vector: Vectors
    words: Sequence[str]

    def asked_for(self, known: Mapping[str, Memory]) -> dict[str, Memory]:
        """Those of the memories, as the record knew them, that the search may answer."""
        return {
            each: memory
            for each, memory in known.items()
            if self._shows(memory) and self.extent.covers(memory)
        }

    def _shows(self, memory: Memory) -> bool:
        """The query's reference tells whether a memory has expired, and nothing else of it."""
        reference = self.query.reference
        if reference is None or self.snapshot.expired or memory.superseded_by:
            return self.snapshot.shows(memory)
        return memory.valid_from <= self.snapshot.as_of and (
            memory.valid_to is None or reference < memory.valid_to
        )

    def scored(self, memories: Mapping[str, Memory], cosines: Mapping[str, float]) -> list[Found]:
        return [self._scored(memory, cosines[each]) for each, memory in memories.items()]

    def _scored(self, memory: Memory, cosine: float) -> Found:
        coverage = self.scorer.coverage(memory.content)
        score = self.scorer.score(cosine, coverage, memory.valid_from)
        return Found(memory, score, cosine, coverage)


@dataclass(frozen=True, slots=True)
class _Candidates:
    """What one round finds, and what it says of memories beyond, unless it is `exhausted`: none
    has a higher cosine than `nearest`, and none holds words of the query unless `worded`."""

    cosines: Mapping[Key, float]
    exhausted: bool
    nearest: float
    worded: bool


class Searching(Stores):
    async def _search(self, caller: Caller, query: Query) -> list[Found]:
        place = await self._place(caller)
        embedding = asyncio.ensure_future(self._embedder.embed([query.text]))
        try:
            extent = await self._extent(place, query.scope, query.condition)
            instant = await self._instant(extent)
            snapshot = query.view.pinned(instant.now)
            apart = snapshot.superseded != snapshot.expired and extent.owner_hashes is not None
            superseded = await self._graph.superseded(extent.slots) if apart else []
            vector = (await embedding)[0]
        finally:
            embedding.cancel()
        words = stems(query.text)
        quest = _Quest(
            extent=extent,
            query=_looked_at_again(query) if query.rerank else query,
            snapshot=snapshot,
            scorer=self._scorer(place, query, words, snapshot),
            views=_views(extent, query, snapshot, instant, superseded),
            vector=vector,
            words=words,
        )
        hidden = len(superseded) if snapshot.expired else 0
        found = _in_order(await self._sweep(quest, hidden))
        if query.rerank:
            best = pool(query.limit)
            again = await reranked(self._embedder, quest.scorer, vector, found[:best])
            found = _in_order([*again, *found[best:]])
        return [each for each in found if each.score >= query.threshold][: query.limit]

    def _scorer(
        self, project: Project, query: Query, words: Sequence[str], snapshot: Snapshot
    ) -> Scorer:
        settings = self._settings.ranking
        half_life = (
            settings.half_life_days if query.half_life_days is UNSET else query.half_life_days
        )
        if query.half_life_days is UNSET and half_life is None and project.preferences.decay:
            half_life = PREFERRED_HALF_LIFE_DAYS
        return Scorer(
            frozenset(words),
            settings.lexical_weight,
            settings.calibrations.get(self._card.name if self._card else ""),
            half_life,
            snapshot.as_of if query.reference is None else query.reference,
            query.scale,
        )

    async def _sweep(self, quest: _Quest, hidden: int) -> list[Found]:
        """Everything that the search asks for among enough candidates, in no order: more of them,
        round by round, for as long as something beyond them could belong to the answer. Of what
        the views hold, up to `hidden` memories are not shown."""
        decays = quest.scorer.half_life_days is not None
        fewest = _FEWEST_WITH_DECAY if decays else _FEWEST_CANDIDATES
        want = min(max(fewest, 2 * quest.query.limit) + hidden, MOST_CANDIDATES)
        found: list[Found] = []
        read: set[str] = set()
        while True:
            candidates = await self._candidates(quest, want)
            fresh = dict.fromkeys(each for each, _ in candidates.cosines if each not in read)
            read.update(fresh)
            found += await self._judged(quest, list(fresh), candidates.cosines)
            if want >= MOST_CANDIDATES or _done(quest, found, candidates):
                self._meter.observe("search_candidates", len(read))
                return found
            want = MOST_CANDIDATES if decays else min(2 * want, MOST_CANDIDATES)

    async def _judged(
        self, quest: _Quest, memory_ids: Sequence[str], cosines: Mapping[Key, float]
    ) -> list[Found]:
        """Those of the memories that the search asks for, scored by the text that was known."""
        known = await self._graph.read(quest.extent.project.id, memory_ids, quest.snapshot.known_at)
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
        """Cosines of the memories as they were known. Where the index has another version only,
        the text of the record is embedded: a memory that is being corrected is neither missed
        nor judged by what it said before."""
        behind = [each for each in memories.values() if (each.id, each.version) not in cosines]
        fresh = {}
        if behind:
            rows = await self._embedder.embed([each.content for each in behind])
            fresh = {each.id: float(row @ vector) for each, row in zip(behind, rows, strict=True)}
        return {
            each.id: fresh[each.id] if each.id in fresh else cosines[each.id, each.version]
            for each in memories.values()
        }

    async def _candidates(self, quest: _Quest, limit: int) -> _Candidates:
        """What either arm finds, at most `limit` in each view; each with its cosine."""
        calls = [(tenant, view) for tenant in quest.extent.tenants for view in quest.views]
        vector, words = quest.vector, quest.words
        dense, lexical = await asyncio.gather(
            asyncio.gather(*(self._vectors.nearest(t, vector, w, limit) for t, w in calls)),
            asyncio.gather(*(self._vectors.match(t, words, w, limit) for t, w in calls if words)),
        )
        cosines = {_key(hit): hit.score for hits in dense for hit in hits}
        lacking = [
            list({hit.memory_id for hit in hits if _key(hit) not in cosines}) for hits in lexical
        ]
        extra = await asyncio.gather(
            *(
                self._vectors.nearest(t, vector, w.also("memory_id", *ids), 2 * len(ids))
                for (t, w), ids in zip(calls, lacking, strict=False)
                if ids
            )
        )
        cosines.update({_key(hit): hit.score for hits in extra for hit in hits})
        # An arm that answers less than it was asked for has no more.
        lowest = [hits[-1].score for hits in dense if len(hits) >= limit]
        worded = any(len(hits) >= limit for hits in lexical)
        return _Candidates(cosines, not (lowest or worded), max(lowest, default=-1.0), worded)


def _views(
    extent: Extent, query: Query, snapshot: Snapshot, instant: Instant, superseded: Sequence[str]
) -> Sequence[Where]:
    """Where to look in the index, which tells what has ended, but not what has a successor: where
    only that is asked for, it is named, `superseded`, and looked for beside the plain snapshot; of
    owners that are not known nobody can name it, so that it is looked for among all."""
    where = extent.where()
    whole = replace(where, snapshot=snapshot)
    if snapshot.expired or (snapshot.superseded and extent.owner_hashes is None):
        return [whole]
    plain = replace(where, snapshot=replace(snapshot, superseded=False))
    views = [plain]
    if not query.view.explicit:
        views = [replace(where, open=True), *([plain] if instant.bounded else [])]
    if snapshot.superseded:
        views += [whole.also("memory_id", *part) for part in parts(superseded, _IDS_OF_A_VIEW)]
    if query.reference is not None and query.reference < snapshot.as_of:
        since = Within("valid_to", query.reference + 1, snapshot.as_of + 1)
        views.append(replace(where.narrowed(since), snapshot=replace(snapshot, expired=True)))
    return views


def _looked_at_again(query: Query) -> Query:
    """What finds enough for a second look, whatever the score was at the first."""
    return replace(query, limit=max(query.limit, pool(query.limit)), threshold=0.0)


def _in_order(found: Iterable[Found]) -> list[Found]:
    return sorted(found, key=lambda each: (-each.score, each.memory.id))


def _done(quest: _Quest, found: Sequence[Found], candidates: _Candidates) -> bool:
    """Whether nothing beyond the candidates could belong to the answer. Without decay it is enough
    to have enough: the arms answer best first. Decay is not in their order, so that what is beyond
    must be worth less at its freshest than the last of the answer as it stands."""
    limit = quest.query.limit
    if candidates.exhausted:
        return True
    if quest.scorer.half_life_days is None:
        return len(found) >= min(limit, len(candidates.cosines))
    freshest = quest.scorer.relevance(candidates.nearest, coverage=float(candidates.worded))
    best = heapq.nlargest(limit, (each.score for each in found))
    return freshest < quest.query.threshold or (len(best) == limit and freshest <= best[-1])


def _key(hit: Hit) -> Key:
    return hit.memory_id, hit.version
