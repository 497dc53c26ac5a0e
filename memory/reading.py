"""Get, history, list and search. Every read is pinned at one instant, Redis's now."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping, Sequence

from memory import filters
from memory.errors import InvalidInput
from memory.identity import owner_tag
from memory.lexicon import stems
from memory.model import Found, Memory, Page, Query, Scope, Where
from memory.ports import Cursor, Hit, Vectors
from memory.ranking import Scorer
from memory.stores import Stores, missing, slot_of

_LONG_READ = 50_000
"""Characters whose stemming would hold up every other call of the process: a thread takes it."""
_PLACES_A_TRIP = 200
_FEWEST_CANDIDATES = 30
_MOST_CANDIDATES = 10_000
"""Weaviate's own limit on one query's results (QUERY_MAXIMUM_RESULTS)."""


class Reading(Stores):
    async def get(self, project: str, memory_id: str) -> Memory:
        return await self._known(await self._project(project), memory_id)

    async def history(self, project: str, memory_id: str) -> list[Memory]:
        place = await self._project(project)
        versions = await self._graph.history(slot_of(place, memory_id), memory_id)
        if not versions:
            raise missing(memory_id)
        return versions

    async def page(
        self, project: str, scope: Scope, limit: int, cursor: str | None, newest: bool
    ) -> Page:
        place = await self._project(project)
        after = None if cursor is None else _parse_cursor(cursor)
        slots = [place.slot(tag) for tag in await self._owners(place, scope)]
        now = (await self._graph.instant(slots)).now
        visible: list[Memory] = []
        while len(visible) <= limit:
            want = max(limit + 1 - len(visible), _PLACES_A_TRIP)
            places = await self._graph.page(slots, scope.session_id, want, after, newest)
            found = await self._graph.read(place.id, [each.memory_id for each in places])
            known = (found.get(each.memory_id) for each in places)
            visible += [m for m in known if m and scope.covers(m.scope) and m.valid(now)]
            if len(places) < want:
                break
            after = places[-1]
        more = len(visible) > limit
        shown = visible[:limit]
        return Page(shown, _cursor(shown[-1]) if more else None)

    async def search(self, project: str, query: Query) -> list[Found]:
        place = await self._project(project)
        embedding = asyncio.ensure_future(self._embedder.embed([query.text]))
        try:
            tags = await self._owners(place, query.scope)
            slots = [place.slot(tag) for tag in tags]
            instant = await self._graph.instant(slots)
            vector = (await embedding)[0]
        finally:
            embedding.cancel()
        where = query.where
        if query.scope.user_id is not None:
            where = where.also("owner", str(query.scope.owner))
        for field, value in query.scope.given().items():
            where = where.also(field, value)
        views = [Where(where.clauses, open=True)]
        if instant.bounded:
            views.append(Where(where.clauses, valid_at=instant.now))
        tenants = sorted({place.tenant(tag) for tag in tags})
        settings = self._settings.ranking
        words = stems(query.text)
        name = self._card.name if self._card else ""
        scorer = Scorer(frozenset(words), settings.lexical_weight, settings.calibrations.get(name))
        want = max(_FEWEST_CANDIDATES, 2 * query.limit)
        while True:
            cosines, exhausted = await self._candidates(tenants, views, vector, words, want)
            known = await self._graph.read(place.id, [memory_id for memory_id, _ in cosines])
            visible = {
                each: memory
                for each, memory in known.items()
                if query.scope.covers(memory.scope)
                and memory.valid(instant.now)
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

    async def _current(
        self,
        memories: Mapping[str, Memory],
        cosines: Mapping[tuple[str, int], float],
        vector: Vectors,
    ) -> dict[str, float]:
        """Cosines of the memories as they are known now. Where the index still has an older
        version only, the text of the record is embedded: a memory that is being corrected is
        neither missed nor judged by what it said before."""
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
        Found(memory, scorer.score(cosines[each], memory.content))
        for each, memory in memories.items()
    ]


def _key(hit: Hit) -> tuple[str, int]:
    return hit.memory_id, hit.version


def _cursor(memory: Memory) -> str:
    return (
        base64.urlsafe_b64encode(f"{memory.created_at}.{memory.id}".encode()).decode().rstrip("=")
    )


def _parse_cursor(text: str) -> Cursor:
    try:
        padded = text.encode() + b"=" * (-len(text) % 4)
        created_at, _, memory_id = base64.urlsafe_b64decode(padded).decode().partition(".")
        if owner_tag(memory_id) is None:
            raise ValueError(memory_id)
        return Cursor(int(created_at), memory_id)
    except (ValueError, binascii.Error):
        raise InvalidInput("cursor is not one that this service gave out") from None
