"""Records of projects: their secret, which generations their index is in, and their end."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence

from graph_store.format import keys, packing
from graph_store.format.keys import OwnerKeys
from graph_store.projects import preferences
from graph_store.redis.connection import Connection
from graph_store.redis.scripts import inline, script
from memory.domain.errors import NotFound
from memory.domain.ids import Project, owner_slot, split_slot

_KEYS_A_TRIP = 500
# Memories that are asked for their owner: one may be erased meanwhile.
_OWNERS_IDS = 20

_READ = inline("""#!lua
-- KEYS: project. ARGV: a secret, buckets, '1' to make a project that is missing, more fields.
if ARGV[3] == '1' and redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'secret', ARGV[1], 'generation', '1', 'buckets', ARGV[2])
end
return redis.call('HMGET', KEYS[1], 'secret', 'generation', 'buckets', 'writes', 'epoch',
  unpack(ARGV, 4))""")

_POINT = inline("""#!lua
-- KEYS: project. ARGV: expected epoch, generation to read, generations to write.
local epoch = redis.call('HGET', KEYS[1], 'epoch') or '0'
if epoch ~= ARGV[1] or redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'generation', ARGV[2], 'writes', ARGV[3], 'epoch', epoch + 1)
return 1""")

_RENEW = script("projects/renew")


class RedisProjects:
    """Projects by id."""

    def __init__(self, redis: Connection) -> None:
        self._redis = redis

    async def read(self, project_id: str, buckets: int, make: bool = True) -> Project:
        fresh = (secrets.token_hex(32), buckets, int(make))
        call = _READ.call([keys.project(project_id)], *fresh, *preferences.FIELDS)
        secret, generation, fixed_buckets, writes, epoch, *preferred = await self._redis.one(*call)
        if secret is None:
            raise NotFound(f"no project {project_id[:60]!r}")
        return Project(
            project_id,
            bytes.fromhex(secret),
            int(generation),
            int(fixed_buckets),
            writes=tuple(map(int, (writes or generation).split())),
            epoch=int(epoch or 0),
            preferences=preferences.unpack(preferred),
        )

    async def epochs(self, project_ids: Collection[str]) -> dict[str, int]:
        rows = await self._redis.run(
            *(("HMGET", keys.project(project_id), "secret", "epoch") for project_id in project_ids)
        )
        return {
            project_id: int(epoch or 0)
            for project_id, (secret, epoch) in zip(project_ids, rows, strict=True)
            if secret is not None
        }

    async def ids(self) -> list[str]:
        found = {key async for key in self._redis.scan(keys.project("*"))}
        return sorted(key.removeprefix(keys.project("")) for key in found)

    async def point(self, project: Project, read: int, writes: Sequence[int]) -> bool:
        arguments = (project.epoch, read, " ".join(map(str, writes)))
        return bool(await self._redis.one(*_POINT.call([keys.project(project.id)], *arguments)))

    async def leave(self, project_id: str, keep: bool, task_id: str) -> None:
        key = keys.project(project_id)
        if keep:
            await self._redis.one(*_RENEW.call([key], secrets.token_hex(32), task_id))
        else:
            await self._redis.run(("DEL", key), ("SREM", keys.PROJECTS, project_id))
            await self._revoke_all(project_id)

    async def _revoke_all(self, project_id: str) -> None:
        """After the project: a key made later finds it gone, one made earlier is listed by now."""
        listing = keys.api_keys(project_id)
        ids, digests = await self._redis.run(("HKEYS", listing), ("HVALS", listing))
        if ids:
            await self._redis.run(*(("DEL", keys.api_key(digest)) for digest in digests))
            await self._redis.one("HDEL", listing, *ids)

    async def clear(self, project_id: str) -> int:
        removed = 0
        kept: dict[str, bool] = {}
        async for key in self._redis.scan(keys.named(project_id, "*", "*")):
            await self._disown(project_id, key, kept)
        for pattern in keys.everything(project_id):
            batch: list[str] = []
            async for key in self._redis.scan(pattern):
                if not await self._stays(key, kept):
                    batch.append(key)
                if len(batch) == _KEYS_A_TRIP:
                    removed += await self._unlink(batch)
                    batch = []
            removed += await self._unlink(batch)
        for slot, stays in kept.items():
            if not stays:
                await self._redis.one("ZREM", keys.dirty(slot), slot)
        return removed

    async def _unlink(self, names: Sequence[str]) -> int:
        return sum(await self._redis.run(*(("UNLINK", name) for name in names))) if names else 0

    async def _disown(self, project_id: str, key: str, kept: dict[str, bool]) -> None:
        """Takes the owners that are gone out of a set of owner hashes."""
        for owner_hash in await self._redis.one("SMEMBERS", key):
            if not await self._current(owner_slot(project_id, owner_hash), kept):
                await self._redis.one("SREM", key, owner_hash)

    async def _stays(self, key: str, kept: dict[str, bool]) -> bool:
        slot = keys.slot_of(key)
        return slot is not None and await self._current(slot, kept)

    async def _current(self, slot: str, kept: dict[str, bool]) -> bool:
        """An owner of the project as it is now, with another secret than it had, is no remnant."""
        if slot not in kept:
            kept[slot] = await self._is_current(slot)
        return kept[slot]

    async def _is_current(self, slot: str) -> bool:
        project_id, owner_hash = split_slot(slot)
        owner = OwnerKeys(slot)
        secret = await self._redis.one("HGET", keys.project(project_id), "secret")
        ids = await self._redis.one("ZRANGE", owner.listing, 0, _OWNERS_IDS - 1)
        if secret is None or not ids:
            return False
        texts = await self._redis.one("MGET", *map(owner.memory, ids))
        project = Project(project_id, bytes.fromhex(secret))
        return any(
            project.owner_hash(packing.unpack_memory(memory_id, text).scope.owner) == owner_hash
            for memory_id, text in zip(ids, texts, strict=True)
            if text is not None
        )
