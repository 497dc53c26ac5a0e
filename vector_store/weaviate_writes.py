"""Single writes to a Weaviate tenant, made so that they outlive a kill of the server.

A REST write of a new vector reaches the index's log at once. It takes along what earlier gRPC
batches of the tenant left in memory.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from weaviate.classes.data import DataObject
from weaviate.classes.query import FilterReturn
from weaviate.collections import CollectionAsync
from weaviate.exceptions import (
    UnexpectedStatusCodeError,
    WeaviateBatchError,
    WeaviateDeleteManyError,
)

from memory.ports.models import Vectors
from memory.ports.vector_store import Point, Retraction
from vector_store.weaviate_connection import status
from vector_store.weaviate_schema import identity, properties

Tenant: TypeAlias = CollectionAsync[Any, Any]
Write: TypeAlias = Callable[[Tenant], Awaitable[None]]

# Weaviate's default QUERY_MAXIMUM_RESULTS. It is also the most that one deletion removes.
MOST_MATCHES = 10_000


def put(point: Point) -> Write:
    """Inserts a point, or replaces it by a vector whose last bits differ.

    Weaviate skips an equal vector. A point that a killed server had stored and not yet indexed
    would then never be found.
    """
    key = identity(point.memory.id, point.memory.version)

    async def write(collection: Tenant) -> None:
        try:
            await collection.data.insert(properties(point), uuid=key, vector=listed(point.vector))
        except UnexpectedStatusCodeError as error:
            if "already exists" not in str(error):
                raise
            await collection.data.replace(key, properties(point), vector=_jittered(point.vector))

    return write


def put_batch(points: Sequence[Point]) -> Write:
    """Does the same for many points. The next `put` to the tenant makes them durable."""
    keys = [identity(point.memory.id, point.memory.version) for point in points]

    async def write(collection: Tenant) -> None:
        found = await collection.query.fetch_objects_by_ids(
            keys, limit=len(keys), return_properties=[]
        )
        there = {each.uuid for each in found.objects}
        result = await collection.data.insert_many(
            [
                DataObject(
                    properties=properties(point),
                    uuid=key,
                    vector=(_jittered if key in there else listed)(point.vector),
                )
                for key, point in zip(keys, points, strict=True)
            ]
        )
        for failed in result.errors.values():
            raise WeaviateBatchError(failed.message)

    return write


def delete(matching: FilterReturn) -> Write:
    """Deletes every object that matches."""

    async def write(collection: Tenant) -> None:
        while True:
            result = await collection.data.delete_many(where=matching)
            if result.failed:
                raise WeaviateDeleteManyError(f"{result.failed} objects were not deleted")
            if result.matches < MOST_MATCHES:
                return

    return write


def close_interval(retraction: Retraction) -> Write:
    """Ends the record interval of a point. A missing point is skipped."""

    async def write(collection: Tenant) -> None:
        try:
            await collection.data.update(
                identity(retraction.memory_id, retraction.version),
                {"open": False, "retracted_at": retraction.retracted_at},
            )
        except UnexpectedStatusCodeError as error:
            if status(error) != 404:
                raise

    return write


def listed(vector: Vectors) -> list[float]:
    values: list[float] = vector.tolist()
    return values


def _jittered(vector: Vectors) -> list[float]:
    noise = np.random.default_rng().normal(scale=1e-6, size=vector.shape)
    return listed((vector + noise).astype(np.float32))
