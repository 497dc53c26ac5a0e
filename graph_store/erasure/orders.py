"""Orders of erasures while they run, and their receipts for good."""

from __future__ import annotations

from dataclasses import asdict

import orjson

from graph_store.format import keys
from graph_store.format.keys import OwnerKeys
from graph_store.redis.connection import Connection
from graph_store.redis.scripts import inline
from memory.domain.erasures import Counts, Order, ReceiptFields, Sealed
from memory.domain.ids import owner_slot

_UNDERTAKE = inline("""#!lua
-- KEYS: orders, ARGV: field, order, subject of those to join or ''
for _, text in ipairs(redis.call('HVALS', KEYS[1])) do
  if cjson.decode(text).subject == ARGV[3] then return text end
end
redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
return redis.call('HGET', KEYS[1], ARGV[1])""")


class RedisErasures:
    """Erasures by their orders, and what each has removed so far."""

    def __init__(self, redis: Connection) -> None:
        self._redis = redis

    async def undertake(self, order: Order, join: bool) -> Order:
        subject = order.subject if join else ""
        call = _UNDERTAKE.call([keys.ERASURES], _field(order), _packed(order), subject)
        return _order(await self._redis.one(*call))

    async def orders(self) -> list[Order]:
        return [*map(_order, await self._redis.one("HVALS", keys.ERASURES))]

    async def order(self, project_id: str, erasure_id: str) -> Order | None:
        text = await self._redis.one("HGET", keys.ERASURES, f"{project_id}:{erasure_id}")
        return None if text is None else _order(text)

    async def abandon(self, order: Order) -> None:
        await self._redis.one("HDEL", keys.ERASURES, _field(order))

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
        await self._redis.run(*(("DEL", tally) for tally in await self._tallies(order)))
        await self._redis.run(("HDEL", keys.ERASURES, _field(order)), ("DEL", touched))
        return stands.receipt

    async def sealed(self, project_id: str, erasure_id: str) -> Sealed | None:
        text = await self._redis.one("GET", keys.receipt(project_id, erasure_id))
        if text is None:
            return None
        stored = orjson.loads(text)
        return Sealed(stored["receipt"], stored["tag"], tuple(stored["touched"]))

    async def _tallies(self, order: Order) -> list[str]:
        return [
            OwnerKeys(owner_slot(order.project_id, owner_hash)).tally(order.id)
            for owner_hash in await self.touched(order)
        ]


def _field(order: Order) -> str:
    return f"{order.project_id}:{order.id}"


def _packed(thing: Order | Sealed) -> str:
    """As JSON. The format's word for an owner hash is `tag`."""
    fields = {
        "tag" if name == "owner_hash" else name: value for name, value in asdict(thing).items()
    }
    return orjson.dumps(fields).decode()


def _order(text: str) -> Order:
    fields = orjson.loads(text)
    fields["owner_hash"] = fields.pop("tag")
    return Order(**fields)
