"""Feedback on memories: a hash of the owner, of which owner.lua takes what an erased one had."""

from __future__ import annotations

from dataclasses import asdict

import orjson

from graph_store.format.keys import OwnerKeys
from graph_store.redis.connection import Connection
from memory.domain.feedback import Feedback, Verdict

_RATE = """#!lua
-- KEYS: memory, feedback of the owner. ARGV: memory id, its feedback ('': none).
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if ARGV[2] == '' then redis.call('HDEL', KEYS[2], ARGV[1])
else redis.call('HSET', KEYS[2], ARGV[1], ARGV[2]) end
return 1"""


class RedisRatings:
    """See memory.domain.feedback.RatingRecord."""

    _redis: Connection

    async def rate(self, slot: str, memory_id: str, feedback: Feedback | None) -> bool:
        owner = OwnerKeys(slot)
        text = orjson.dumps(asdict(feedback)).decode() if feedback else ""
        places = (owner.memory(memory_id), owner.key("fb"))
        return bool(await self._redis.one("EVAL", _RATE, 2, *places, memory_id, text))

    async def feedback(self, slot: str, memory_id: str) -> Feedback | None:
        text = await self._redis.one("HGET", OwnerKeys(slot).key("fb"), memory_id)
        if text is None:
            return None
        kept = orjson.loads(text)
        return Feedback(Verdict(kept["verdict"]), kept["reason"])
