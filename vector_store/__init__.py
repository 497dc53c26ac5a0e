"""Where memories are found: memory.ports.VectorStore and the backends behind it."""

from __future__ import annotations

from config.settings import Settings
from memory.ports import VectorStore


def open_vector_store(settings: Settings) -> VectorStore:
    """The configured backend, not yet opened; only that one is imported."""
    if settings.vector_store.backend == "weaviate":
        from vector_store.weaviate import WeaviateVectorStore

        return WeaviateVectorStore(settings.weaviate)
    from vector_store.embedded import EmbeddedVectorStore

    return EmbeddedVectorStore(settings.data_dir / "vectors", settings.vector_store.cache_mb)
