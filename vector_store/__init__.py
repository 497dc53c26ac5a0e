"""The backends of memory.ports.vector_store.VectorStore, which finds memories."""

from __future__ import annotations

from config.settings import Settings
from memory.ports.metrics import SILENT, Meter
from memory.ports.vector_store import VectorStore


def open_vector_store(settings: Settings, meter: Meter = SILENT) -> VectorStore:
    """The configured backend, not opened yet. The other backend is not imported."""
    if settings.vector_store.backend == "weaviate":
        from vector_store.weaviate import WeaviateVectorStore

        return WeaviateVectorStore(settings.weaviate, meter)
    from vector_store.embedded import EmbeddedVectorStore

    folder = settings.data_dir / "vectors"
    return EmbeddedVectorStore(folder, settings.vector_store.cache_mb, meter)
