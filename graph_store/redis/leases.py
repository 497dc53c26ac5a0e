"""Who does a thing now: one holder at a time, until it lets go or is not heard of for too long."""

from __future__ import annotations

from graph_store.format import keys
from graph_store.redis.connection import Connection
from graph_store.redis.scripts import inline

_TAKE = inline(
    """#!lua
local held = take_lease(KEYS[1], ARGV[1], ARGV[2])
return held and 1 or 0""",
    "lib/lease",
)
_KEEP = inline("#!lua\nreturn keep_lease(KEYS[1], ARGV[1], ARGV[2]) and 1 or 0", "lib/lease")
_RELEASE = inline("#!lua\nrelease_lease(KEYS[1], ARGV[1])", "lib/lease")


class RedisLeases:
    """Leases by name, such as "repair:<slot>". Whoever has one takes it again."""

    def __init__(self, redis: Connection) -> None:
        self._redis = redis

    async def take(self, name: str, holder: str, seconds: float) -> bool:
        """True for one holder at a time. The lease lapses by itself."""
        call = _TAKE.call([keys.lease(name)], holder, _milliseconds(seconds))
        return bool(int(await self._redis.one(*call)))

    async def keep(self, name: str, holder: str, seconds: float) -> bool:
        """Puts the lapse off. False if the lease has lapsed, or is another's."""
        call = _KEEP.call([keys.lease(name)], holder, _milliseconds(seconds))
        return bool(int(await self._redis.one(*call)))

    async def release(self, name: str, holder: str) -> None:
        """Lets go. Nothing happens if the lease has lapsed: another one may hold it."""
        await self._redis.one(*_RELEASE.call([keys.lease(name)], holder))


def _milliseconds(seconds: float) -> int:
    return max(round(seconds * 1000), 1)
