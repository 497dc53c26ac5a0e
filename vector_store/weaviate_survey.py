"""Reads all that a Weaviate tenant holds, and asks whether its vector index has all of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from weaviate.classes.query import Filter, FilterReturn, Sort

from memory.ports.vector_store import Indexed
from vector_store.weaviate_schema import OPEN_END
from vector_store.weaviate_writes import Tenant

# An object of Weaviate's client, whose properties are known at run time only.
Object: TypeAlias = Any


def page(
    prefix: str, after: tuple[str, int] | None, limit: int, vectors: bool
) -> Callable[[Tenant], Awaitable[list[Object]]]:
    async def read(collection: Tenant) -> list[Object]:
        answer = await collection.query.fetch_objects(
            filters=_beyond(prefix, after),
            sort=Sort.by_property("memory_id").by_property("version"),
            limit=limit,
            include_vector=vectors,
            return_properties=["memory_id", "version", "retracted_at"],
        )
        return [*answer.objects]

    return read


def finds_itself(found: Object) -> Callable[[Tenant], Awaitable[bool]]:
    """Asks whether the vector index has an object. A kill of the server can leave the object out of
    the vector index, and only there."""

    async def search(collection: Tenant) -> bool:
        vector = found.vector.get("default")
        if not vector:
            return False
        only = Filter.by_id().equal(found.uuid)
        answer = await collection.query.near_vector(
            vector, filters=only, limit=1, return_properties=[]
        )
        return bool(answer.objects)

    return search


def indexed(found: Object, findable: bool) -> Indexed:
    retracted_at = int(found.properties["retracted_at"])
    return Indexed(
        str(found.properties["memory_id"]),
        int(found.properties["version"]),
        None if retracted_at >= OPEN_END else retracted_at,
        findable,
    )


def _beyond(prefix: str, after: tuple[str, int] | None) -> FilterReturn | None:
    memory_id, version = Filter.by_property("memory_id"), Filter.by_property("version")
    clauses: list[FilterReturn] = [memory_id.like(f"{prefix}*")] if prefix else []
    if after is not None:
        same = memory_id.equal(after[0]) & version.greater_than(after[1])
        clauses.append(same | memory_id.greater_than(after[0]))
    return Filter.all_of(clauses) if clauses else None
