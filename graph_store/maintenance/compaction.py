"""Makes erasure physical in Redis: its append-only file keeps what was erased until it is written
anew from what stands."""

from __future__ import annotations

import asyncio
from typing import Any

from redis.exceptions import ResponseError

from graph_store.redis.connection import Connection

_POLL_S = 0.1
_WAIT_S = 3600


class RedisCompaction:
    """The append-only files of every Redis node."""

    def __init__(self, redis: Connection) -> None:
        self._redis = redis

    async def compact(self) -> list[str]:
        if await self._rewriting():
            await self._ended()  # begun before what was erased last
        try:
            await self._redis.on_primaries("BGREWRITEAOF")
        except ResponseError as error:
            return [f"Redis does not rewrite its log here ({str(error)[:80]}); its operator must"]
        if not await self._ended():
            return ["Redis has not finished rewriting its log within the hour"]
        states = await self._persistence()
        failed = [state for state in states if state.get("aof_last_bgrewrite_status") != "ok"]
        left = [f"Redis failed to rewrite the log of {len(failed)} nodes"] if failed else []
        if any(state.get("rdb_last_save_time") and state.get("rdb_saves") for state in states):
            left.append("Redis keeps snapshots too; the next one overwrites the last")
        return left

    async def _ended(self) -> bool:
        for _ in range(int(_WAIT_S / _POLL_S)):
            if not await self._rewriting():
                return True
            await asyncio.sleep(_POLL_S)
        return False

    async def _rewriting(self) -> bool:
        return any(
            state.get("aof_rewrite_in_progress") or state.get("aof_rewrite_scheduled")
            for state in await self._persistence()
        )

    async def _persistence(self) -> list[dict[str, Any]]:
        return await self._redis.on_primaries("INFO", "persistence")
