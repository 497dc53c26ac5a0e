"""Search: what either arm finds in the index, as the record knew it, scored and cut."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from memory import filters
from memory.lexicon import stems
from memory.model import UNSET, Memory
from memory.ports import Hit, Vectors
from memory.ranking import Scorer
from memory.results import Found
from memory.stores import Stores
from memory.view import Query, Where, World

_LONG_READ = 50_000
"""Characters whose stemming would hold up every other call of the process: a thread takes it."""
_FEWEST_CANDIDATES = 30
_FEWEST_WITH_DECAY = 300
"""Decay may lift a memory far over those whose text is nearer."""
_MOST_CANDIDATES = 10_000
"""Weaviate's own limit on one query's results (QUERY_MAXIMUM_RESULTS)."""


class Searching(Stores):
    async def search(self, project: str, query: Query) -> list[Found]:
        place = await self._project(project)
        embedding = asyncio.ensure_future(self._embedder.embed([query.text]))
        try:
            tags = await self._owners(place, query.scope)
            instant = await self._graph.instant([place.slot(tag) for tag in tags])
            vector = (await embedding)[0]
        finally:
            embedding.cancel()
        world = query.view.pinned(instant.now)
        where = query.where
        if query.scope.user_id is not None:
            where = where.also("owner", str(query.scope.owner))
        for field, value in query.scope.given().items():
            where = where.also(field, value)
        if query.view.explicit or world.ended:
            views = [Where(where.clauses, world=world)]
        else:
            views = [Where(where.clauses, open=True)]
            if instant.bounded:
                views.append(Where(where.clauses, world=world))
        tenants = sorted({place.tenant(tag) for tag in tags})
        words = stems(query.text)
        scorer = self._scorer(query, words, world)
        fewest = _FEWEST_CANDIDATES if scorer.half_life_days is None else _FEWEST_WITH_DECAY
        want = max(fewest, 2 * query.limit)
        while True:
            cosines, exhausted = await self._candidates(tenants, views, vector, words, want)
            known = await self._graph.read(place.id, [each for each, _ in cosines], world.known_at)
            visible = {
                each: memory
                for each, memory in known.items()
                if query.scope.covers(memory.scope)
                and world.shows(memory)
                and filters.satisfied(query.where, memory)
            }
            enough = len(visible) >= min(query.limit, len(cosines)) or want >= _MOST_CANDIDATES
            if exhausted or enough:
                break
            want = min(2 * want, _MOST_CANDIDATES)
        current = await self._current(visible, cosines, vector)
        if sum(len(memory.content) for memory in visible.values()) > _LONG_READ:
            found = await asyncio.to_thread(_scored, scorer, visible, current)
        else:
            found = _scored(scorer, visible, current)
        found.sort(key=lambda each: (-each.score, each.memory.id))
        return [each for each in found if each.score >= query.threshold][: query.limit]

    def _scorer(self, query: Query, words: Sequence[str], world: World) -> Scorer:
        settings = self._settings.ranking
        asked = query.half_life_days
        return Scorer(
            frozenset(words),
            settings.lexical_weight,
            settings.calibrations.get(self._card.name if self._card else ""),
            settings.half_life_days if asked is UNSET else asked,
            world.as_of,
        )

    async def _current(
        self,
        memories: Mapping[str, Memory],
        cosines: Mapping[tuple[str, int], float],
        vector: Vectors,
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

    async def _candidates(
        self,
        tenants: Sequence[str],
        views: Sequence[Where],
        vector: Vectors,
        words: Sequence[str],
        limit: int,
    ) -> tuple[Mapping[tuple[str, int], float], bool]:
        """Cosines of what either arm finds, and whether there is no more to find."""
        calls = [(tenant, view) for tenant in tenants for view in views]
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
        return cosines, all(len(hits) < limit for hits in (*dense, *lexical))


def _scored(
    scorer: Scorer, memories: Mapping[str, Memory], cosines: Mapping[str, float]
) -> list[Found]:
    return [
        Found(memory, scorer.score(cosines[each], memory.content, memory.valid_from))
        for each, memory in memories.items()
    ]


def _key(hit: Hit) -> tuple[str, int]:
    return hit.memory_id, hit.version
