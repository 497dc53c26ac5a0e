"""Makes the points by which the vector store finds versions of memories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from memory.domain.batched import batched
from memory.domain.memory import Memory
from memory.domain.metadata_tokens import metadata_tokens
from memory.domain.stemming import stems
from memory.ports.models import Embedder, Vectors
from memory.ports.vector_store import Point

# Memories that are indexed together, and texts that are embedded together. Other work waits for one
# such batch at most.
BATCH = 256


class Points:
    """Makes points. It embeds the contents of which the caller has no vector yet."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    async def of(self, memories: Sequence[Memory], rows: Mapping[str, Vectors]) -> list[Point]:
        """A point for each memory, in order. `rows` holds vectors of shape (dimensions,) by
        content."""
        lacking = list(
            dict.fromkeys(memory.content for memory in memories if memory.content not in rows)
        )
        for contents in batched(lacking, BATCH):
            fresh = await self._embedder.embed(contents)
            rows = {**rows, **dict(zip(contents, fresh, strict=True))}
        return [
            Point(
                memory,
                rows[memory.content],
                stems(memory.content),
                metadata_tokens(memory.metadata, memory.categories),
            )
            for memory in memories
        ]
