"""What the index offers a search: where to look in it, and what both arms find there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from memory.domain.batched import batched
from memory.ports.memories import Instant
from memory.ports.models import Vectors
from memory.ports.vector_store import Hit, VectorStore
from memory.query.conditions import Within
from memory.query.extent import Extent
from memory.query.views import Query, Snapshot, Where

# Superseded memories that are named in one view.
_IDS_OF_A_VIEW = 1_000

# A version: memory id and number.
Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Cosines by version, and what one round says of memories that were not found.

    If the index is `exhausted`, there are none. Otherwise none of them has a higher cosine than
    `nearest`. None of them holds words of the query, unless `worded` is set.
    """

    cosines: Mapping[Key, float]
    exhausted: bool
    nearest: float
    worded: bool


async def candidates(
    vectors: VectorStore,
    tenants: Sequence[str],
    views: Sequence[Where],
    vector: Vectors,
    words: Sequence[str],
    limit: int,
) -> Candidates:
    """What both arms find: from each arm at most `limit` versions in each tenant and view. Each
    version has its cosine to `vector`, of shape (dimensions,)."""
    calls = [(tenant, view) for tenant in tenants for view in views]
    dense, lexical = await asyncio.gather(
        asyncio.gather(*(vectors.nearest(tenant, vector, view, limit) for tenant, view in calls)),
        asyncio.gather(
            *(vectors.match(tenant, words, view, limit) for tenant, view in calls if words)
        ),
    )
    cosines = {_key(hit): hit.score for hits in dense for hit in hits}
    lacking = [
        list({hit.memory_id for hit in hits if _key(hit) not in cosines}) for hits in lexical
    ]
    extra = await asyncio.gather(
        *(
            vectors.nearest(tenant, vector, view.also("memory_id", *ids), 2 * len(ids))
            for (tenant, view), ids in zip(calls, lacking, strict=False)
            if ids
        )
    )
    cosines.update({_key(hit): hit.score for hits in extra for hit in hits})
    # An arm has no more if it answers less than it was asked for.
    lowest = [hits[-1].score for hits in dense if len(hits) >= limit]
    worded = any(len(hits) >= limit for hits in lexical)
    return Candidates(cosines, not (lowest or worded), max(lowest, default=-1.0), worded)


def views_of(
    extent: Extent, query: Query, snapshot: Snapshot, instant: Instant, superseded: Sequence[str]
) -> Sequence[Where]:
    """Where to look in the index. The index tells what has ended, but not what has a successor.

    If the query asks for ended memories with a successor, but not for the others, `superseded`
    names these memories. They are looked for in views of their own, besides the plain snapshot. If
    the owners are not known, nobody can name them. So they are looked for among all that has ended.
    """
    where = extent.where()
    whole = replace(where, snapshot=snapshot)
    if snapshot.expired or (snapshot.superseded and extent.owner_hashes is None):
        return [whole]
    plain = replace(where, snapshot=replace(snapshot, superseded=False))
    views = [plain]
    if not query.view.explicit:
        views = [replace(where, open=True), *([plain] if instant.bounded else [])]
    if snapshot.superseded:
        views += [whole.also("memory_id", *ids) for ids in batched(superseded, _IDS_OF_A_VIEW)]
    if query.reference is not None and query.reference < snapshot.as_of:
        since = Within("valid_to", query.reference + 1, snapshot.as_of + 1)
        views.append(replace(where.narrowed(since), snapshot=replace(snapshot, expired=True)))
    return views


def _key(hit: Hit) -> Key:
    return hit.memory_id, hit.version
