"""The record as a whole: read by scanning the keys themselves, so that nothing can be missed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from graph_store import keys
from graph_store.connection import Connection

_SLOT = re.compile(r"mg:\{(.+)\}:ix")


class RedisArchive:
    """See memory.archive.Archive."""

    _redis: Connection

    async def slots(self, project_id: str | None = None) -> AsyncIterator[str]:
        seen: set[str] = set()
        async for key in self._redis.scan(keys.indexes(project_id)):
            match = _SLOT.fullmatch(key)
            if match and match[1] not in seen:
                seen.add(match[1])
                yield match[1]
