"""Feedback on memories: a hash of the owner, of which owner.lua takes what an erased one had."""

from __future__ import annotations

from dataclasses import asdict

import orjson

from graph_store.format.keys import OwnerKeys
from graph_store.redis.connection import Connection
from graph_store.redis.scripts import inline
from memory.domain.feedback import Feedback, Verdict

_RATE = inline("""#!lua
-- KEYS: memory, feedback of the owner. ARGV: memory id, its feedback ('': none).
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if ARGV[2] == '' then redis.call('HDEL', KEYS[2], ARGV[1])
else redis.call('HSET', KEYS[2], ARGV[1], ARGV[2]) end
return 1""")


class RedisFeedback:
    """What callers thought of memories."""

    def __init__(self, redis: Connection) -> None:
        self._redis = redis

    async def rate(self, slot: str, memory_id: str, feedback: Feedback | None) -> bool:
        owner = OwnerKeys(slot)
        text = orjson.dumps(asdict(feedback)).decode() if feedback else ""
        call = _RATE.call([owner.memory(memory_id), owner.feedback], memory_id, text)
        return bool(await self._redis.one(*call))

    async def get(self, slot: str, memory_id: str) -> Feedback | None:
        text = await self._redis.one("HGET", OwnerKeys(slot).feedback, memory_id)
        if text is None:
            return None
        kept = orjson.loads(text)
        return Feedback(Verdict(kept["verdict"]), kept["reason"])
