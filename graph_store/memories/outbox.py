"""The outbox: which memories the index may lag behind, and which owners have any."""

from __future__ import annotations

from collections.abc import Mapping

from graph_store.format import keys
from graph_store.format.keys import OwnerKeys
from graph_store.memories.clock import now_call
from graph_store.redis.connection import Command, Connection
from graph_store.redis.replies import flat, pairs
from graph_store.redis.scripts import inline, script
from memory.domain.clock import SECOND
from memory.ports.commits import Dirty

_SETTLE = script("memories/settle")
_CLEAN = inline("""#!lua
-- KEYS: marks, ARGV: slot, the mark as it was read.
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if score and tonumber(score) == tonumber(ARGV[2]) then
  return redis.call('ZREM', KEYS[1], ARGV[1])
end
return 0""")


class RedisOutbox:
    """A commit marks the owner dirty and puts its memories in the outbox; whoever brings the index
    up to date settles them."""

    def __init__(self, redis: Connection) -> None:
        self._redis = redis

    async def dirty(self, older_than: float) -> list[Dirty]:
        now, _ = await self._redis.one(*now_call(OwnerKeys("dirty")))
        until = int(now) - int(older_than * SECOND)
        answers = await self._redis.run(
            *(("ZRANGE", key, "-inf", until, "BYSCORE", "WITHSCORES") for key in keys.DIRTY)
        )
        return [Dirty(slot, score) for rows in answers for slot, score in pairs(rows)]

    async def clean(self, dirty: Dirty) -> None:
        await self._redis.one(*_CLEAN.call([keys.dirty(dirty.slot)], dirty.slot, dirty.mark))

    async def pending(self, slot: str) -> list[str]:
        return list(await self._redis.one("HKEYS", OwnerKeys(slot).outbox))

    async def settle(self, tokens: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
        return await self._moved(tokens, clear=True)

    async def moved(self, tokens: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
        return await self._moved(tokens, clear=False)

    async def _moved(
        self, tokens: Mapping[str, Mapping[str, str]], clear: bool
    ) -> dict[str, list[str]]:
        commands: list[Command] = []
        for slot, expected in tokens.items():
            owner = OwnerKeys(slot)
            commands.append(_SETTLE.call([owner.outbox], int(clear), owner.prefix, *flat(expected)))
        return dict(zip(tokens, await self._redis.run(*commands), strict=True))
