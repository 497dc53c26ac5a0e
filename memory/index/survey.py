"""Reads a survey of the index, page after page."""

from __future__ import annotations

from collections.abc import AsyncIterator

from memory.ports.vector_store import Indexed, VectorStore

# Versions on a page of a survey.
SURVEYED = 1000


async def surveyed(
    vectors: VectorStore, tenant: str, prefix: str = "", deep: bool = False
) -> AsyncIterator[Indexed]:
    """All versions of a survey (VectorStore.survey), read page after page."""
    after: tuple[str, int] | None = None
    while page := await vectors.survey(tenant, prefix, after, SURVEYED, deep):
        for indexed in page:
            yield indexed
        if len(page) < SURVEYED:
            return
        after = page[-1].memory_id, page[-1].version
