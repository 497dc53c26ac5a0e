"""Calls of workers to owners with jobs that wait: one stream in Redis, and those put off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from redis.exceptions import ResponseError

from graph_store.format import keys
from graph_store.redis.connection import Connection
from graph_store.redis.replies import mapping
from graph_store.redis.scripts import inline, script
from memory.ports.job_queue import Call

# One consumer for all: who is at a job is told by the owner's lease, and an entry goes to whoever
# asks once it has been idle for too long.
_GROUP = _CONSUMER = "workers"

_DUE = script("jobs/due")
_PUT_OFF = inline("""#!lua
-- KEYS: queue, those put off. ARGV: group, entry, milliseconds, the call.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[2], 'LT', now + ARGV[3], ARGV[4])
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])""")
_HEARD = inline("""#!lua
-- KEYS: queue. ARGV: group, consumer, entry. It has been idle for no time.
return redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[3], 'JUSTID')""")


class RedisCalls:
    """The queue of calls."""

    def __init__(self, redis: Connection) -> None:
        self._redis = redis

    async def due(self, limit: int, patience_s: float) -> list[Call]:
        await self._redis.one(*_DUE.call([keys.WORK, keys.LATER], limit))
        try:
            return await self._read(limit, patience_s)
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
        try:
            await self._redis.one("XGROUP", "CREATE", keys.WORK, _GROUP, "0", "MKSTREAM")
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
        return await self._read(limit, patience_s)

    async def waiting(self) -> int:
        counts = await self._redis.run(("XLEN", keys.WORK), ("ZCARD", keys.LATER))
        return sum(map(int, counts))

    async def dismiss(self, call: Call) -> None:
        await self._redis.run(
            ("XACK", keys.WORK, _GROUP, call.entry), ("XDEL", keys.WORK, call.entry)
        )

    async def put_off(self, call: Call, seconds: float) -> None:
        text = orjson.dumps([call.slot, call.job_id, call.at]).decode()
        wait = round(seconds * 1000)
        await self._redis.one(
            *_PUT_OFF.call([keys.WORK, keys.LATER], _GROUP, call.entry, wait, text)
        )

    async def heard_of(self, call: Call) -> None:
        """The call's worker is at it still."""
        await self._redis.one(*_HEARD.call([keys.WORK], _GROUP, _CONSUMER, call.entry))

    async def _read(self, limit: int, patience_s: float) -> list[Call]:
        _, left, *_ = await self._redis.one(
            *("XAUTOCLAIM", keys.WORK, _GROUP, _CONSUMER, round(patience_s * 1000), "0-0"),
            *("COUNT", limit),
        )
        fresh = []
        if len(left) < limit:
            read = await self._redis.one(
                *("XREADGROUP", "GROUP", _GROUP, _CONSUMER, "COUNT", limit - len(left)),
                *("STREAMS", keys.WORK, ">"),
            )
            fresh = _entries(read)
        return [_call(entry, fields) for entry, fields in (*left, *fresh) if fields]


def _entries(read: Any) -> list[Any]:
    """Of one stream, whatever the protocol version makes of the reply."""
    if not read:
        return []
    return list(read[keys.WORK][0] if isinstance(read, Mapping) else read[0][1])


def _call(entry: str, fields: Any) -> Call:
    named = mapping(fields)
    return Call(entry, named["s"], named["j"], int(named.get("t") or entry.partition("-")[0]))
