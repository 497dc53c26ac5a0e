"""Points to fill a store with, and what a store must find among them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from memory.domain.memory import Memory, Scope
from memory.domain.stemming import stems
from memory.ports.models import ModelCard, Vectors
from memory.ports.vector_store import Hit, Listed, Point, VectorStore
from memory.query.conditions import meets
from memory.query.views import Snapshot, Where

DIMENSIONS = 8
CARD = ModelCard("test-model", DIMENSIONS)
TENANT = "p1-g1-b0"
EVERYTHING = Where()


def unit(*numbers: float) -> Vectors:
    """A vector of length 1 that begins with these numbers."""
    vector = np.zeros(DIMENSIONS, np.float32)
    vector[: len(numbers)] = numbers
    return vector / np.linalg.norm(vector)


def random_units(count: int, seed: int) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(count, DIMENSIONS)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def point(
    memory_id: str,
    vector: Vectors | None = None,
    text: str = "",
    tokens: Sequence[str] = (),
    scope: Scope | None = None,
    **fields: Any,
) -> Point:
    memory = Memory(
        id=memory_id,
        content=text,
        scope=scope or Scope(user_id="alice"),
        **({"valid_from": 100, "recorded_at": 100} | fields),
    )
    return Point(memory, unit(1) if vector is None else vector, stems(text), tuple(tokens))


def drawn_points(random: np.random.Generator) -> list[Point]:
    """Memories of up to four versions, at so few instants that many boundaries meet."""
    points, vectors = [], iter(random_units(400, seed=4))
    for i in range(100):
        scope = Scope(
            user_id=f"user-{random.integers(3)}",
            agent_id=[None, "agent"][random.integers(2)],
            session_id=f"session-{random.integers(5)}",
        )
        count = int(random.integers(1, 5))
        recorded = sorted(random.choice(range(100, 112), count + 1, replace=False).tolist())
        last_end = [None, None, recorded.pop()][random.integers(3)]
        for version, (start, end) in enumerate(
            zip(recorded[:count], [*recorded[1:count], last_end], strict=True), 1
        ):
            begun = int(random.integers(100, 112))
            points.append(
                point(
                    f"mem_{i:03}",
                    next(vectors),
                    text="tea",
                    tokens=[f"c={random.integers(4)}", f"m:1:k=n:{random.integers(6)}"],
                    scope=scope,
                    version=version,
                    valid_from=begun,
                    valid_to=[None, begun + int(random.integers(1, 6))][random.integers(2)],
                    recorded_at=start,
                    retracted_at=end,
                )
            )
    return points


def drawn_worlds(random: np.random.Generator, count: int) -> list[Snapshot]:
    instants = random.integers(99, 114, (count, 2)).tolist()
    ended = [(False, False), (False, False), (True, False), (False, True), (True, True)]
    return [
        Snapshot(as_of, [None, known_at][i % 3 > 0], *ended[i % 5])
        for i, (as_of, known_at) in enumerate(instants)
    ]


def ids(hits: Sequence[Hit]) -> list[str]:
    return [hit.memory_id for hit in hits]


def versions(hits: Sequence[Hit]) -> list[tuple[str, int]]:
    return [(hit.memory_id, hit.version) for hit in hits]


def listing(points: Iterable[Point]) -> list[Listed]:
    """In the order of a list."""
    rows = [(each.memory.valid_from, each.memory.id, each.memory.version) for each in points]
    return [Listed(*row) for row in sorted(rows, reverse=True)]


async def found(store: VectorStore, where: Where, tenant: str = TENANT) -> set[str]:
    return set(ids(await store.nearest(tenant, unit(1), where, 1000)))


def holds(each: Point, where: Where) -> bool:
    """What a Where means, in plain Python."""
    memory = each.memory
    fields = {"owner": str(memory.scope.owner), "memory_id": memory.id, **memory.scope.given()}
    return (
        all(
            any(token in values for token in each.metadata_tokens)
            if name == "metadata_token"
            else fields.get(name) in values
            for name, values in where.clauses
        )
        and (memory.open or not where.open)
        and (where.snapshot is None or there(memory, where.snapshot))
        and meets(where.condition, memory)
    )


def there(memory: Memory, snapshot: Snapshot) -> bool:
    began, ended = memory.valid_from <= snapshot.as_of, not memory.valid(snapshot.as_of)
    return memory.known(snapshot.known_at) and began and (snapshot.ended or not ended)


def brute_force(points: Sequence[Point], vector: Vectors, where: Where) -> list[Hit]:
    hits = [
        Hit(each.memory.id, each.memory.version, float(each.vector @ vector))
        for each in points
        if holds(each, where)
    ]
    return sorted(hits, key=lambda hit: -hit.score)
