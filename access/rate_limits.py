"""How often a key and its project may call: sliding windows in Redis, so that all replicas count
together."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from limits import RateLimitItem, parse_many
from limits.aio.storage import RedisClusterStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.connection import parse_url
from redis.exceptions import RedisClusterException, RedisError

from access.model import LimitStanding
from config.settings import Limits, RedisSettings
from graph_store.redis.connection import Connection
from memory.domain.errors import StoreUnavailable

_PREFIX = "mg:limits"
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class _Window:
    """One limit of one key or project."""

    item: RateLimitItem
    names: tuple[str, str, str]


class RateLimits:
    """Opens its own connections at the first limit that it counts."""

    def __init__(
        self, url: str, limits: Limits, redis: Connection, settings: RedisSettings
    ) -> None:
        self._url, self._redis, self._settings = url, redis, settings
        self._of_key = {False: _parsed(limits.key_read), True: _parsed(limits.key_write)}
        self._of_project = {
            False: _parsed(limits.project_read),
            True: _parsed(limits.project_write),
        }
        self._limiter: SlidingWindowCounterRateLimiter | None = None
        self._client: Any = None
        self._opening = asyncio.Lock()

    async def count(self, key_id: str, project_id: str, writes: bool) -> LimitStanding | None:
        """Count one call; how the tightest limit stands, None if there is none.

        If a limit refuses, those after it do not count: a key that is over its own limit uses up
        nothing of its project's.
        """
        kind = "write" if writes else "read"
        windows = [
            *(_Window(item, ("key", key_id, kind)) for item in self._of_key[writes]),
            *(_Window(item, ("project", project_id, kind)) for item in self._of_project[writes]),
        ]
        if not windows:
            return None
        limiter = await self._opened()
        for window in windows:
            if not await self._answer(limiter.hit(window.item, *window.names)):
                standing = await self._standing(limiter, window)
                return replace(standing, refusal=f"this {window.names[0]} may send {window.item}")
        standings = await asyncio.gather(*(self._standing(limiter, window) for window in windows))
        return min(standings, key=lambda standing: (standing.remaining, -standing.reset_s))

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def _standing(
        self, limiter: SlidingWindowCounterRateLimiter, window: _Window
    ) -> LimitStanding:
        stats = await self._answer(limiter.get_window_stats(window.item, *window.names))
        # In the millisecond in which a window opens the library says that it ends now.
        reset_s = max(1, math.ceil(stats.reset_time - time.time()))
        return LimitStanding(window.item.amount, stats.remaining, reset_s)

    async def _opened(self) -> SlidingWindowCounterRateLimiter:
        if self._limiter is None:
            async with self._opening:
                if self._limiter is None:
                    self._limiter = await self._open()
        return self._limiter

    async def _open(self) -> SlidingWindowCounterRateLimiter:
        server = await self._redis.server()
        mode = server.get("server_mode", server.get("redis_mode"))
        storage: Any = (_clustered if mode == "cluster" else _single)(self._url, self._settings)
        self._client = storage.bridge.get_connection()
        return SlidingWindowCounterRateLimiter(storage)

    async def _answer(self, work: Awaitable[_Answer]) -> _Answer:
        try:
            async with asyncio.timeout(self._settings.deadline_s):
                return await work
        except (RedisError, RedisClusterException, OSError, TimeoutError) as error:
            name = type(error).__name__
            raise StoreUnavailable(f"Redis does not count the limits: {name}") from None


def _parsed(notation: str) -> Sequence[RateLimitItem]:
    return parse_many(notation) if notation else ()


def _single(url: str, settings: RedisSettings) -> RedisStorage:
    """A pool of our own making: the library's reading of a URL leaves passwords encoded."""
    pool: Any = BlockingConnectionPool.from_url(
        url,
        max_connections=settings.max_connections,
        timeout=settings.deadline_s,
        socket_timeout=settings.deadline_s,
        socket_connect_timeout=settings.deadline_s,
    )
    return RedisStorage(
        "async+redis://", implementation="redispy", key_prefix=_PREFIX, connection_pool=pool
    )


def _clustered(url: str, settings: RedisSettings) -> RedisClusterStorage:
    options: dict[str, Any] = dict(parse_url(url))
    host, port = options.pop("host", "localhost"), options.pop("port", 6379)
    options["ssl"] = options.pop("connection_class", None) is not None
    host = f"[{host}]" if ":" in host else host
    return RedisClusterStorage(
        f"async+redis+cluster://{host}:{port}",
        implementation="redispy",
        key_prefix=_PREFIX,
        max_connections=settings.max_connections,
        socket_timeout=settings.deadline_s,
        socket_connect_timeout=settings.deadline_s,
        **options,
    )
