"""The GraphStore contract on Redis or Valkey, 7 or later, single or cluster."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

from graph_store.erasure.orders import RedisErasureLog
from graph_store.erasure.owner import RedisErasing
from graph_store.format import keys, packing
from graph_store.format.keys import OwnerKeys
from graph_store.jobs.jobs import RedisJobs
from graph_store.maintenance.compacting import RedisCompacting
from graph_store.maintenance.consistency import RedisSoundness
from graph_store.maintenance.generations import RedisGenerations
from graph_store.maintenance.tasks import RedisTasks
from graph_store.memories import versions
from graph_store.memories.edges import AdjacencyRead
from graph_store.memories.feedback import RedisRatings
from graph_store.memories.idempotency import RedisOperations
from graph_store.memories.listing import PlacesRead
from graph_store.projects import preferences
from graph_store.projects.reports import RedisReports
from graph_store.redis.connection import Command, Connection
from graph_store.redis.replies import flat, pairs
from graph_store.redis.startup_checks import assert_durable, assert_format
from memory.domain.errors import NotFound, StoreUnavailable
from memory.domain.ids import Project, owner_slot
from memory.domain.memory import Edge, Memory, Scope
from memory.domain.transaction import Briefing, DedupKey, Holding, Standing
from memory.ports.commits import Dirty
from memory.ports.edges import Expansion, Reach
from memory.ports.memories import Cursor, Instant
from memory.ports.models import ModelCard
from memory.query.views import Snapshot

_NOW = """#!lua flags=no-writes
-- KEYS: clock, bounded memories. Redis's time, but never before the owner's last record time,
-- and how many memories could be valid then or later without being open.
local time = redis.call('TIME')
local now = time[1] .. string.format('%06d', time[2])
local last = redis.call('GET', KEYS[1])
if last and now < last then now = last end
return {now, redis.call('ZCOUNT', KEYS[2], '(' .. now, '+inf')}"""

_SETTLE = """#!lua
-- KEYS[1] outbox, ARGV: '1' to clear what stands, prefix of memory keys, first and last character
-- of a version, then pairs
local moved = {}
for index = 5, #ARGV, 2 do
  local memory, token = ARGV[index], ARGV[index + 1]
  local found = redis.call('GETRANGE', ARGV[2] .. memory, ARGV[3], ARGV[4])
  local stands = found == '' and 'erased' or string.format('%d', tonumber(found))
  if stands ~= token then table.insert(moved, memory)
  elseif ARGV[1] == '1' then redis.call('HDEL', KEYS[1], memory) end
end
return moved"""

_CLEAN = """#!lua
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if score and tonumber(score) == tonumber(ARGV[2]) then
  return redis.call('ZREM', KEYS[1], ARGV[1])
end
return 0"""

_PROJECT = """#!lua
if ARGV[3] == '1' and redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'secret', ARGV[1], 'generation', '1', 'buckets', ARGV[2])
end
return redis.call('HMGET', KEYS[1], 'secret', 'generation', 'buckets', 'writes', 'epoch',
  unpack(ARGV, 4))"""


class RedisGraph(
    RedisOperations,
    RedisSoundness,
    RedisGenerations,
    RedisCompacting,
    RedisTasks,
    RedisErasing,
    RedisErasureLog,
    RedisRatings,
    RedisReports,
    RedisJobs,
):
    """See memory.ports.graph_store.GraphStore."""

    def __init__(self, connection: Connection) -> None:
        self._redis = connection

    async def open(self, card: ModelCard) -> None:
        assert_durable(await self._redis.server())
        await assert_format(self._redis, card)

    async def project(self, project_id: str, buckets: int, make: bool = True) -> Project:
        fresh = (secrets.token_hex(32), buckets, int(make))
        secret, generation, fixed_buckets, writes, epoch, *preferred = await self._redis.one(
            "EVAL", _PROJECT, 1, keys.project(project_id), *fresh, *preferences.FIELDS
        )
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

    async def brief(
        self, slot: str, claims: Sequence[DedupKey] = (), memory_ids: Sequence[str] = ()
    ) -> Briefing:
        owner = OwnerKeys(slot)
        commands: list[Command] = [("HGET", owner.claim(claim), claim.field) for claim in claims]
        if memory_ids:
            commands += [
                *versions.memory_commands(owner, memory_ids),
                ("HMGET", owner.key("ob"), *memory_ids),
            ]
        # The clock comes last, so that it is not behind anything that was read.
        *answers, (now, _) = await self._redis.run(*commands, _now(owner))
        held: dict[DedupKey, tuple[Holding, ...]] = {
            claim: packing.unpack_holdings(text)
            for claim, text in zip(claims, answers, strict=False)
        }
        standings = {}
        if memory_ids:
            memories = versions.take_memories(memory_ids, iter(answers[-3:-1]))
            pending = dict(zip(memory_ids, answers[-1], strict=True))
            standings = {
                memory_id: Standing(memory, pending[memory_id] is not None)
                for memory_id, memory in memories.items()
            }
        return Briefing(int(now), held, standings)

    async def read(
        self, project_id: str, memory_ids: Sequence[str], known_at: int | None = None
    ) -> dict[str, Memory]:
        groups: dict[OwnerKeys, list[str]] = {}
        for memory_id in dict.fromkeys(memory_ids):
            groups.setdefault(keys.of(project_id, memory_id), []).append(memory_id)
        if not groups:
            return {}
        commands = [
            command
            for owner, ids in groups.items()
            for command in versions.memory_commands(owner, ids, known_at)
        ]
        answers = iter(await self._redis.run(*commands))
        found: dict[str, Memory] = {}
        for ids in groups.values():
            found.update(versions.take_memories(ids, answers, known_at))
        return found

    async def history(self, slot: str, memory_id: str) -> list[Memory]:
        owner = OwnerKeys(slot)
        earlier, *answers = await self._redis.run(
            ("ZRANGE", owner.key("mv", memory_id), 0, -1),
            *versions.memory_commands(owner, [memory_id]),
        )
        last = versions.take_memories([memory_id], iter(answers))
        if not last:
            return []
        return [packing.unpack_memory(memory_id, each) for each in earlier] + [*last.values()]

    async def page(
        self,
        slots: Sequence[str],
        session_id: str | None,
        limit: int,
        after: Cursor | None,
        newest: bool,
        snapshots: Sequence[Snapshot] = (),
    ) -> list[Cursor]:
        start = str(after.created_at) if after else ("+inf" if newest else "-inf")
        # One more: where `after` itself is, it is read again.
        reads = [
            PlacesRead(OwnerKeys(slot), session_id, limit + 1, start, newest, snapshots)
            for slot in slots
        ]
        while waiting := [each for each in reads if not each.done]:
            answers = await self._redis.run(*(each.command() for each in waiting))
            for each, answer in zip(waiting, answers, strict=True):
                each.take(answer)
        places = sorted((place for each in reads for place in each.found), reverse=newest)
        if after is not None:
            places = [each for each in places if (each < after if newest else each > after)]
        return places[:limit]

    async def session_neighbours(
        self, slot: str, places: Sequence[tuple[str, Cursor]], later: bool, limit: int
    ) -> list[list[Cursor]]:
        owner = OwnerKeys(slot)
        tail = ("+inf", "BYSCORE") if later else ("-inf", "BYSCORE", "REV")
        answers = await self._redis.run(
            *(
                ("ZRANGE", owner.session(session_id), f"({place.created_at}", *tail,
                 "LIMIT", 0, limit, "WITHSCORES")
                for session_id, place in places
            )
        )  # fmt: skip
        return [[Cursor(int(float(at)), each) for each, at in pairs(rows)] for rows in answers]

    async def instant(self, slots: Sequence[str]) -> Instant:
        answers = await self._redis.run(*(_now(OwnerKeys(slot)) for slot in slots))
        return Instant(max(int(now) for now, _ in answers), any(count for _, count in answers))

    async def owners(self, project_id: str, field: str, value: str) -> list[str]:
        return sorted(await self._redis.one("SMEMBERS", keys.named(project_id, field, value)))

    async def superseded(self, slots: Sequence[str]) -> list[str]:
        answers = await self._redis.run(*(("HKEYS", OwnerKeys(slot).key("sb")) for slot in slots))
        return [memory_id for ids in answers for memory_id in ids]

    async def register(self, project_id: str, scopes: Mapping[str, Sequence[Scope]]) -> None:
        names = {
            (owner_hash, field, value)
            for owner_hash, given in scopes.items()
            for scope in given
            for field, value in list(scope.given().items())[1:]
        }
        if names:
            commands: list[Command] = []
            for owner_hash, field, value in sorted(names):
                owner = OwnerKeys(owner_slot(project_id, owner_hash))
                commands.append(("SADD", owner.key("by"), f"{field}:{value}"))
                commands.append(("SADD", keys.named(project_id, field, value), owner_hash))
            await self._redis.run(*commands)

    async def expand(
        self, slot: str, memory_ids: Sequence[str], reach: Reach, memories: bool = True
    ) -> Expansion:
        owner, known_at = OwnerKeys(slot), reach.snapshot.known_at
        edges = AdjacencyRead(owner, memory_ids, reach)
        first = versions.memory_commands(owner, memory_ids, known_at) if memories else []
        *answers, adjacent = await self._redis.run(*first, edges.command())
        nodes = versions.take_memories(memory_ids, iter(answers), known_at) if memories else {}
        edges.take(adjacent)
        while not edges.done:
            edges.take(await self._redis.one(*edges.command()))
        return Expansion(nodes, edges.found, edges.cut)

    async def edges(
        self, slot: str, edge_ids: Sequence[str], known_at: int | None = None
    ) -> dict[str, Edge]:
        if not edge_ids:
            return {}
        commands = versions.edge_commands(OwnerKeys(slot), edge_ids, known_at)
        return versions.take_edges(edge_ids, iter(await self._redis.run(*commands)), known_at)

    async def dirty(self, older_than: float) -> list[Dirty]:
        now, _ = await self._redis.one(*_now(OwnerKeys("dirty")))
        until = int(now) - int(older_than * 1_000_000)
        answers = await self._redis.run(
            *(("ZRANGE", key, "-inf", until, "BYSCORE", "WITHSCORES") for key in keys.DIRTY)
        )
        return [Dirty(slot, score) for rows in answers for slot, score in pairs(rows)]

    async def clean(self, dirty: Dirty) -> None:
        await self._redis.one("EVAL", _CLEAN, 1, keys.dirty(dirty.slot), dirty.slot, dirty.mark)

    async def lease(self, slot: str, seconds: int) -> bool:
        key = OwnerKeys(slot).key("lease")
        return await self._redis.one("SET", key, "1", "NX", "EX", seconds) is not None

    async def release(self, slot: str) -> None:
        await self._redis.one("DEL", OwnerKeys(slot).key("lease"))

    async def pending(self, slot: str) -> list[str]:
        return list(await self._redis.one("HKEYS", OwnerKeys(slot).key("ob")))

    async def settle(self, tokens: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
        return await self._moved(tokens, clear=True)

    async def unmoved(self, tokens: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
        return await self._moved(tokens, clear=False)

    async def _moved(
        self, tokens: Mapping[str, Mapping[str, str]], clear: bool
    ) -> dict[str, list[str]]:
        version = (packing.HEAD - 8, packing.HEAD - 1)
        commands: list[Command] = []
        for slot, expected in tokens.items():
            owner = OwnerKeys(slot)
            asked: Command = (int(clear), owner.key("m", ""), *version, *flat(expected))
            commands.append(("EVAL", _SETTLE, 1, owner.key("ob"), *asked))
        return dict(zip(tokens, await self._redis.run(*commands), strict=True))

    async def ping(self) -> None:
        if not await self._redis.one("PING"):
            raise StoreUnavailable("Redis does not answer a PING")

    async def close(self) -> None:
        await self._redis.close()


def _now(owner: OwnerKeys) -> Command:
    return ("EVAL", _NOW, 2, owner.key("clock"), owner.key("bd"))
