"""Orders of erasures while they run, and their receipts for good."""

from __future__ import annotations

from dataclasses import asdict

import orjson

from graph_store.erasure.owner import tally
from graph_store.format import keys
from graph_store.redis.connection import Connection
from memory.domain.erasures import Counts, Order, ReceiptFields, Sealed
from memory.domain.ids import owner_slot

_UNDERTAKE = """#!lua
-- KEYS: orders, ARGV: field, order, subject of those to join or ''
for _, text in ipairs(redis.call('HVALS', KEYS[1])) do
  if cjson.decode(text).subject == ARGV[3] then return text end
end
redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
return redis.call('HGET', KEYS[1], ARGV[1])"""

_HOLD_ON = """#!lua
-- KEYS: lease, ARGV: holder, seconds; 0 seconds end it
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('EXPIRE', KEYS[1], ARGV[2])"""


class RedisErasureLog:
    """See memory.domain.erasures.ErasureRecord, as far as it is about the erasure itself."""

    _redis: Connection

    async def undertake(self, order: Order, join: bool) -> Order:
        text = _packed(order)
        subject = order.subject if join else ""
        return _order(
            await self._redis.one(
                "EVAL", _UNDERTAKE, 1, keys.ERASURES, _field(order), text, subject
            )
        )

    async def orders(self) -> list[Order]:
        return [*map(_order, await self._redis.one("HVALS", keys.ERASURES))]

    async def order(self, project_id: str, erasure_id: str) -> Order | None:
        text = await self._redis.one("HGET", keys.ERASURES, f"{project_id}:{erasure_id}")
        return None if text is None else _order(text)

    async def abandon(self, order: Order) -> None:
        await self._redis.one("HDEL", keys.ERASURES, _field(order))

    async def hold(self, order: Order, holder: str, seconds: int) -> bool:
        lease = keys.erasing(order.project_id, order.subject)
        value = _lease(order, holder)
        if await self._redis.one("SET", lease, value, "NX", "EX", seconds) is not None:
            return True
        # An answer may have been lost, and the command sent again.
        return await self.hold_on(order, holder, seconds)

    async def hold_on(self, order: Order, holder: str, seconds: int) -> bool:
        lease = keys.erasing(order.project_id, order.subject)
        value = _lease(order, holder)
        return bool(int(await self._redis.one("EVAL", _HOLD_ON, 1, lease, value, seconds)))

    async def let_go(self, order: Order, holder: str) -> None:
        await self.hold_on(order, holder, 0)

    async def touch(self, order: Order, owner_hash: str) -> None:
        await self._redis.one("SADD", keys.touched(order.project_id, order.id), owner_hash)

    async def touched(self, order: Order) -> list[str]:
        return sorted(await self._redis.one("SMEMBERS", keys.touched(order.project_id, order.id)))

    async def tallied(self, order: Order) -> Counts:
        names = [*asdict(Counts())]
        rows = await self._redis.run(
            *(("HMGET", key, *names) for key in await self._tallies(order))
        )
        sums = (sum(int(count or 0) for count in column) for column in zip(*rows, strict=True))
        return Counts(*sums)

    async def seal(self, order: Order, receipt: ReceiptFields) -> ReceiptFields:
        sealed = Sealed(receipt, order.owner_hash, tuple(await self.touched(order)))
        key = keys.receipt(order.project_id, order.id)
        await self._redis.one("SET", key, _packed(sealed), "NX")
        stands = await self.sealed(order.project_id, order.id)
        assert stands is not None
        touched = keys.touched(order.project_id, order.id)
        await self._redis.run(*(("DEL", each) for each in await self._tallies(order)))
        await self._redis.run(("HDEL", keys.ERASURES, _field(order)), ("DEL", touched))
        return stands.receipt

    async def sealed(self, project_id: str, erasure_id: str) -> Sealed | None:
        text = await self._redis.one("GET", keys.receipt(project_id, erasure_id))
        if text is None:
            return None
        stored = orjson.loads(text)
        return Sealed(stored["receipt"], stored["tag"], tuple(stored["touched"]))

    async def _tallies(self, order: Order) -> list[str]:
        slots = [
            owner_slot(order.project_id, owner_hash) for owner_hash in await self.touched(order)
        ]
        return [tally(slot, order.id) for slot in slots]


def _field(order: Order) -> str:
    return f"{order.project_id}:{order.id}"


def _lease(order: Order, holder: str) -> str:
    """The same entity may be in two orders, each with an Idempotency-Key of its own."""
    return f"{holder}:{order.id}"


def _packed(thing: Order | Sealed) -> str:
    """As JSON. The format's word for an owner hash is `tag`."""
    fields = asdict(thing)
    fields["tag"] = fields.pop("owner_hash")
    return orjson.dumps(fields).decode()


def _order(text: str) -> Order:
    fields = orjson.loads(text)
    fields["owner_hash"] = fields.pop("tag")
    return Order(**fields)
