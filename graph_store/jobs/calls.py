"""Calls of workers to owners with jobs that wait: one stream in Redis, and those put off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from redis.exceptions import ResponseError

from graph_store.format import keys
from graph_store.redis.connection import Connection
from graph_store.redis.replies import mapping
from memory.ports.job_queue import Call

_GROUP = _CONSUMER = "workers"
"""One consumer for all: who is at a job is told by the owner's lease, and an entry goes to whoever
asks once it has been idle for too long."""

_DUE = """#!lua
-- KEYS: queue, those put off. ARGV: how many. Calls whose time has come go into the queue.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, text in ipairs(redis.call('ZRANGE', KEYS[2], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[1])) do
  local slot, job, at = unpack(cjson.decode(text))
  redis.call('XADD', KEYS[1], '*', 's', slot, 'j', job, 't', at)
  redis.call('ZREM', KEYS[2], text)
end"""

_PUT_CALL_OFF = """#!lua
-- KEYS: queue, those put off. ARGV: group, entry, milliseconds, the call.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[2], 'LT', now + ARGV[3], ARGV[4])
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])"""

_HEARD = """#!lua
-- KEYS: queue. ARGV: group, consumer, entry. It has been idle for no time.
return redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[3], 'JUSTID')"""


class RedisCalls:
    """Part of memory.ports.job_queue.JobRecord."""

    _redis: Connection

    async def calls(self, limit: int, patience_s: float) -> list[Call]:
        await self._redis.one("EVAL", _DUE, 2, keys.WORK, keys.LATER, limit)
        try:
            return await self._calls(limit, patience_s)
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
        try:
            await self._redis.one("XGROUP", "CREATE", keys.WORK, _GROUP, "0", "MKSTREAM")
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
        return await self._calls(limit, patience_s)

    async def _calls(self, limit: int, patience_s: float) -> list[Call]:
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

    async def jobs_waiting(self) -> int:
        counts = await self._redis.run(("XLEN", keys.WORK), ("ZCARD", keys.LATER))
        return sum(map(int, counts))

    async def dismiss(self, call: Call) -> None:
        await self._redis.run(
            ("XACK", keys.WORK, _GROUP, call.entry), ("XDEL", keys.WORK, call.entry)
        )

    async def put_call_off(self, call: Call, seconds: float) -> None:
        text = orjson.dumps([call.slot, call.job_id, call.at]).decode()
        await self._redis.one(
            *("EVAL", _PUT_CALL_OFF, 2, keys.WORK, keys.LATER),
            *(_GROUP, call.entry, round(seconds * 1000), text),
        )

    async def _heard_of(self, call: Call) -> None:
        await self._redis.one("EVAL", _HEARD, 1, keys.WORK, _GROUP, _CONSUMER, call.entry)


def _entries(read: Any) -> list[Any]:
    """Of one stream, whatever the protocol version makes of the reply."""
    if not read:
        return []
    return list(read[keys.WORK][0] if isinstance(read, Mapping) else read[0][1])


def _call(entry: str, fields: Any) -> Call:
    named = mapping(fields)
    return Call(entry, named["s"], named["j"], int(named.get("t") or entry.partition("-")[0]))
