"""Owners: which there are, by what their memories name, and how much they have."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from graph_store.format import keys
from graph_store.format.keys import OwnerKeys
from graph_store.redis.connection import Command, Connection
from graph_store.redis.replies import names
from memory.domain.batched import batched
from memory.domain.ids import owner_slot, split_slot
from memory.domain.memory import Scope

_OWNERS_A_CALL = 500
_MEMORIES_A_SCAN = 1000


class RedisOwners:
    """Owners of a project, and the memory ids of one."""

    def __init__(self, redis: Connection) -> None:
        self._redis = redis

    async def slots(self, project_id: str | None = None) -> AsyncIterator[str]:
        seen: set[str] = set()
        async for key in self._redis.scan(keys.listings(project_id)):
            slot = keys.slot_of(key)
            if slot and slot not in seen:
                seen.add(slot)
                yield slot

    async def naming(self, project_id: str, field: str, value: str) -> list[str]:
        return sorted(await self._redis.one("SMEMBERS", keys.named(project_id, field, value)))

    async def register(self, project_id: str, scopes: Mapping[str, Sequence[Scope]]) -> None:
        registered = {
            (owner_hash, field, value)
            for owner_hash, given in scopes.items()
            for scope in given
            for field, value in list(scope.given().items())[1:]
        }
        if registered:
            commands: list[Command] = []
            for owner_hash, field, value in sorted(registered):
                owner = OwnerKeys(owner_slot(project_id, owner_hash))
                commands.append(("SADD", owner.names, f"{field}:{value}"))
                commands.append(("SADD", keys.named(project_id, field, value), owner_hash))
            await self._redis.run(*commands)

    async def names_of(self, slot: str) -> set[tuple[str, str]]:
        rows = await self._redis.one("SMEMBERS", OwnerKeys(slot).names)
        return {(field, value) for field, _, value in (row.partition(":") for row in rows)}

    async def unregister(self, slot: str, names: set[tuple[str, str]]) -> None:
        if not names:
            return
        project_id, owner_hash = split_slot(slot)
        await self._redis.run(
            *(
                ("SREM", keys.named(project_id, field, value), owner_hash)
                for field, value in sorted(names)
            )
        )
        # Afterwards, so that a crash leaves what is still to be done.
        rows = [f"{field}:{value}" for field, value in sorted(names)]
        await self._redis.one("SREM", OwnerKeys(slot).names, *rows)

    async def sizes(self, slots: Sequence[str]) -> list[int]:
        counts: list[int] = []
        for part in batched(slots, _OWNERS_A_CALL):
            counts += await self._redis.run(*(("ZCARD", OwnerKeys(slot).listing) for slot in part))
        return counts

    async def memory_ids(self, slot: str) -> list[str]:
        # By scanning: ranks would shift if something is erased meanwhile.
        found: dict[str, None] = {}
        listing, cursor = OwnerKeys(slot).listing, 0
        while True:
            cursor, rows = await self._redis.one(
                "ZSCAN", listing, cursor, "COUNT", _MEMORIES_A_SCAN
            )
            found |= dict.fromkeys(names(rows))
            if not int(cursor):
                return list(found)
