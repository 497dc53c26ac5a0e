"""Single writes to a Weaviate tenant; those that must outlive a kill of the server say why.

A REST write of a new vector reaches the index's log at once, and takes with it what earlier gRPC
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

from memory.vectors import Point, Retraction, Vectors
from vector_store.weaviate_connection import status
from vector_store.weaviate_schema import identity, properties

Tenant: TypeAlias = CollectionAsync[Any, Any]
Write: TypeAlias = Callable[[Tenant], Awaitable[None]]

MOST_MATCHES = 10_000
"""Weaviate's default QUERY_MAXIMUM_RESULTS; also the most that one deletion removes."""


def put(point: Point, barrier: bool = False) -> Write:
    """Insert, or replace what is there already.

    A `barrier` must reach the index even where the same vector stands there: its last bits
    differ each time, because a write of an equal vector is skipped.
    """
    key = identity(point.memory.id, point.memory.version)

    async def write(collection: Tenant) -> None:
        try:
            await collection.data.insert(properties(point), uuid=key, vector=listed(point.vector))
        except UnexpectedStatusCodeError as error:
            if "already exists" not in str(error):
                raise
            vector = _jittered(point.vector) if barrier else point.vector
            await collection.data.replace(key, properties(point), vector=listed(vector))

    return write


def put_batch(points: Sequence[Point]) -> Write:
    async def write(collection: Tenant) -> None:
        result = await collection.data.insert_many(
            [
                DataObject(
                    properties=properties(point),
                    uuid=identity(point.memory.id, point.memory.version),
                    vector=listed(point.vector),
                )
                for point in points
            ]
        )
        for failed in result.errors.values():
            raise WeaviateBatchError(failed.message)

    return write


def delete(matching: FilterReturn) -> Write:
    async def write(collection: Tenant) -> None:
        while True:
            result = await collection.data.delete_many(where=matching)
            if result.failed:
                raise WeaviateDeleteManyError(f"{result.failed} objects were not deleted")
            if result.matches < MOST_MATCHES:
                return

    return write


def close_interval(retraction: Retraction) -> Write:
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


def _jittered(vector: Vectors) -> Vectors:
    noise = np.random.default_rng().normal(scale=1e-6, size=vector.shape)
    return (vector + noise).astype(np.float32)
