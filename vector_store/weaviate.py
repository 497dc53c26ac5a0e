"""The vector store in Weaviate: one collection with its tenants, and one object a version."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

from weaviate import WeaviateAsyncClient
from weaviate.classes.query import BM25Operator, Filter, MetadataQuery
from weaviate.exceptions import UnexpectedStatusCodeError, WeaviateBaseError

from config.settings import WeaviateSettings
from memory.domain.batched import batched
from memory.domain.errors import StartupRefused, StoreUnavailable
from memory.domain.ids import project_of_tenant
from memory.ports.metrics import SILENT, Meter
from memory.ports.models import ModelCard, Vectors
from memory.ports.vector_store import Hit, Indexed, Listed, Named, Point, Retraction
from memory.query.views import Where
from vector_store import weaviate_lists as lists
from vector_store.weaviate_connection import WeaviateConnection, status
from vector_store.weaviate_schema import accept, definition
from vector_store.weaviate_survey import Object, finds_itself, indexed, page
from vector_store.weaviate_where import conditions
from vector_store.weaviate_writes import (
    MOST_MATCHES,
    Tenant,
    Write,
    close_interval,
    delete,
    listed,
    put,
    put_batch,
)

T = TypeVar("T")

# Points that are written one by one.
_FEW = 4
# Points that one batch writes, and memories that one deletion names.
_BATCH = 100
# Retractions, and searches of a survey, that are under way at a time.
_PATCHES = 8
_SEARCHES = 8


class TenantMissing(Exception):
    """Nothing was ever written to the tenant, or it was dropped."""


class WeaviateVectorStore:
    """Implements memory.ports.vector_store.VectorStore, which holds the contract."""

    def __init__(self, settings: WeaviateSettings, meter: Meter = SILENT) -> None:
        self._settings = settings
        self._connection = WeaviateConnection(settings, meter)
        self._tenants: set[str] = set()

    async def open(self, card: ModelCard) -> None:
        """Also makes the collection anew if it was dropped."""
        self._card = card
        name = self._settings.collection

        async def ensure(client: WeaviateAsyncClient) -> None:
            if not await client.collections.exists(name):
                try:
                    await client.collections.create(
                        name, **definition(card, self._settings.replication_factor)
                    )
                except UnexpectedStatusCodeError as error:
                    if status(error) != 422:  # another replica made it first
                        raise
            config = await client.collections.use(name).config.get(simple=True)
            accept(name, config.description, card)

        try:
            await self._connection.call(ensure)
        except WeaviateBaseError as error:
            if status(error) in (401, 403):
                raise StartupRefused(
                    "weaviate refuses the key: set MEM0G_WEAVIATE__API_KEY to one that may read "
                    f"and write collection {name}"
                ) from None
            raise _refused(error) from None

    async def upsert(self, tenant: str, points: Sequence[Point]) -> None:
        unique = list({(p.memory.id, p.memory.version): p for p in points}.values())
        if len(unique) <= _FEW:
            await asyncio.gather(*(self._write(tenant, put(point)) for point in unique))
            return
        for batch in batched(unique[:-1], _BATCH):
            await self._write(tenant, put_batch(batch))
        await self._write(tenant, put(unique[-1]))

    async def retract(self, tenant: str, retractions: Sequence[Retraction]) -> None:
        gate = asyncio.Semaphore(_PATCHES)

        async def one(retraction: Retraction) -> None:
            async with gate:
                await self._remove(tenant, close_interval(retraction))

        await asyncio.gather(*(one(retraction) for retraction in retractions))

    async def erase(self, tenant: str, memory_ids: Sequence[str]) -> None:
        named = Filter.by_property("memory_id")
        for batch in batched(memory_ids, _BATCH):
            await self._remove(tenant, delete(named.contains_any(list(batch))))

    async def nearest(self, tenant: str, vector: Vectors, where: Where, limit: int) -> list[Hit]:
        async def search(collection: Tenant) -> list[Hit]:
            answer = await collection.query.near_vector(
                listed(vector),
                filters=conditions(where),
                limit=min(limit, MOST_MATCHES),
                return_metadata=MetadataQuery(distance=True),
                return_properties=["memory_id", "version"],
            )
            return [_hit(each, 1.0 - (each.metadata.distance or 0.0)) for each in answer.objects]

        return await self._search(tenant, where, limit, search)

    async def match(self, tenant: str, terms: Sequence[str], where: Where, limit: int) -> list[Hit]:
        async def search(collection: Tenant) -> list[Hit]:
            answer = await collection.query.bm25(
                " ".join(dict.fromkeys(terms)),
                query_properties=["terms"],
                operator=BM25Operator.or_(minimum_match=1),
                filters=conditions(where),
                limit=min(limit, MOST_MATCHES),
                return_metadata=MetadataQuery(score=True),
                return_properties=["memory_id", "version"],
            )
            return [_hit(each, each.metadata.score or 0.0) for each in answer.objects]

        return await self._search(tenant, where, limit if terms else 0, search)

    async def select(
        self, tenant: str, where: Where, after: Listed | None, limit: int
    ) -> list[Listed]:
        rows = self._rows(tenant, where, after, limit)
        return [lists.listed(row) async for row in rows]

    async def count(self, tenant: str, where: Where) -> int:
        return await self._read(tenant, where, lists.count(conditions(where))) or 0

    async def named(self, tenant: str, field: str, where: Where) -> list[Named]:
        groups = await self._read(tenant, where, lists.named(field, conditions(where))) or []
        if len(groups) < lists.MOST_GROUPS:
            return groups
        found: dict[str, Named] = {}
        async for row in self._rows(tenant, where, None, math.inf, field, "recorded_at"):
            lists.counted(field, row, found)
        return [*found.values()]

    async def survey(
        self,
        tenant: str,
        prefix: str = "",
        after: tuple[str, int] | None = None,
        limit: int = 1000,
        deep: bool = False,
    ) -> list[Indexed]:
        gate = asyncio.Semaphore(_SEARCHES)

        async def findable(found: Object) -> bool:
            async with gate:  # each search has a deadline of its own
                return not deep or await self._call(tenant, finds_itself(found))

        try:
            rows = await self._call(tenant, page(prefix, after, limit, deep))
            states = await asyncio.gather(*map(findable, rows))
        except TenantMissing:
            return []
        return [indexed(*pair) for pair in zip(rows, states, strict=True)]

    async def tenants(self, project_id: str | None = None) -> list[str]:
        names = await self._call(None, lambda collection: collection.tenants.get())
        return sorted(name for name in names if project_id in (None, project_of_tenant(name)))

    async def compact(self, tenant: str) -> bool:
        """Always False: Weaviate's segments keep erased objects until they happen to be merged."""
        return False

    async def recover(self, project_id: str | None = None) -> list[str]:
        self._tenants.clear()
        await self.open(self._card)
        return []

    async def check(self) -> None:
        if self._connection.healthy:
            return

        async def probe(client: WeaviateAsyncClient) -> None:
            await client.collections.use(self._settings.collection).tenants.get_by_names(["none"])

        try:
            await self._connection.call(probe)
        except WeaviateBaseError as error:
            raise _refused(error) from None

    async def drop(self, tenant: str) -> None:
        self._tenants.discard(tenant)
        await self._call(None, lambda collection: collection.tenants.remove([tenant]))

    async def close(self) -> None:
        await self._connection.close()

    async def _search(
        self,
        tenant: str,
        where: Where,
        limit: int,
        search: Callable[[Tenant], Awaitable[list[Hit]]],
    ) -> list[Hit]:
        hits = await self._read(tenant, where, search) if limit > 0 else None
        return sorted(hits or [], key=lambda hit: (-hit.score, hit.memory_id, hit.version))

    async def _rows(
        self, tenant: str, where: Where, after: Listed | None, limit: float, *fields: str
    ) -> AsyncIterator[lists.Row]:
        """At most `limit` rows beyond `after`, in the order of a list."""
        while limit > 0:
            most = int(min(limit, MOST_MATCHES))
            following = lists.page(conditions(where), after, most, *fields)
            rows = await self._read(tenant, where, following) or []
            for row in rows:
                yield row
            if len(rows) < most:
                return
            after, limit = lists.listed(rows[-1]), limit - most

    async def _read(
        self, tenant: str, where: Where, read: Callable[[Tenant], Awaitable[T]]
    ) -> T | None:
        """What `read` returns. None if a clause allows no value, or if there is no such tenant."""
        if not all(values for _, values in where.clauses):
            return None
        try:
            return await self._call(tenant, read)
        except TenantMissing:
            return None

    async def _write(self, tenant: str, write: Write) -> None:
        if tenant in self._tenants:
            try:
                return await self._call(tenant, write)
            except TenantMissing:  # dropped by another replica
                self._tenants.discard(tenant)
        await self._call(None, lambda collection: collection.tenants.create([tenant]))
        self._tenants.add(tenant)
        await self._call(tenant, write)

    async def _remove(self, tenant: str, remove: Write) -> None:
        with contextlib.suppress(TenantMissing):
            await self._call(tenant, remove)

    async def _call(self, tenant: str | None, work: Callable[[Tenant], Awaitable[T]]) -> T:
        """The result of `work`. Raises TenantMissing if there is no such tenant, and
        StoreUnavailable if anything else goes wrong."""
        try:
            return await self._connection.call(
                lambda client: work(
                    client.collections.use(self._settings.collection).with_tenant(tenant)
                )
            )
        except WeaviateBaseError as error:
            if "tenant not found" in str(error).lower():
                raise TenantMissing from None
            raise _refused(error) from None


def _hit(found: Any, score: float) -> Hit:
    return Hit(str(found.properties["memory_id"]), int(found.properties["version"]), score)


def _refused(error: WeaviateBaseError) -> StoreUnavailable:
    """The error to raise. It leaves the server's words out: they may quote what people wrote."""
    code = status(error)
    kind = type(error).__name__ if code is None else f"HTTP {code}"
    return StoreUnavailable(f"weaviate refused a call ({kind})")
