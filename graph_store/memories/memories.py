"""Reads memories: by id, as histories, and page by page."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence

from graph_store.format import keys, packing
from graph_store.format.keys import OwnerKeys
from graph_store.memories import versions
from graph_store.memories.clock import now_call
from graph_store.memories.listing import ListingRead
from graph_store.redis.connection import Connection
from graph_store.redis.replies import pairs
from memory.domain.memory import Memory
from memory.ports.memories import Cursor, Instant
from memory.query.views import Snapshot

_OWNERS_AT_ONCE = 8


class RedisMemories:
    """Memories of one owner or of several."""

    def __init__(self, redis: Connection) -> None:
        self._redis = redis

    async def read(
        self, project_id: str, memory_ids: Sequence[str], known_at: int | None = None
    ) -> dict[str, Memory]:
        groups = _by_owner(project_id, memory_ids)
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
            ("ZRANGE", owner.earlier_memories(memory_id), 0, -1),
            *versions.memory_commands(owner, [memory_id]),
        )
        last = versions.take_memories([memory_id], iter(answers))
        if not last:
            return []
        return [packing.unpack_memory(memory_id, text) for text in earlier] + [*last.values()]

    async def histories(
        self, project_id: str, memory_ids: Collection[str]
    ) -> dict[str, list[Memory]]:
        gate = asyncio.Semaphore(_OWNERS_AT_ONCE)

        async def read(owner: OwnerKeys, ids: list[str]) -> dict[str, tuple[Memory, ...]]:
            async with gate:
                return await versions.whole_memories(self._redis, owner, ids)

        groups = _by_owner(project_id, memory_ids)
        found = await asyncio.gather(*(read(owner, ids) for owner, ids in groups.items()))
        return {memory_id: [*memories] for whole in found for memory_id, memories in whole.items()}

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
        # One more: the memory at `after` itself is read again.
        reads = [
            ListingRead(OwnerKeys(slot), session_id, limit + 1, start, newest, snapshots)
            for slot in slots
        ]
        while waiting := [read for read in reads if not read.done]:
            answers = await self._redis.run(*(read.command() for read in waiting))
            for read, answer in zip(waiting, answers, strict=True):
                read.take(answer)
        cursors = sorted((cursor for read in reads for cursor in read.found), reverse=newest)
        if after is not None:
            cursors = [
                cursor for cursor in cursors if (cursor < after if newest else cursor > after)
            ]
        return cursors[:limit]

    async def session_neighbours(
        self, slot: str, places: Sequence[tuple[str, Cursor]], later: bool, limit: int
    ) -> list[list[Cursor]]:
        owner = OwnerKeys(slot)
        tail = ("+inf", "BYSCORE") if later else ("-inf", "BYSCORE", "REV")
        answers = await self._redis.run(
            *(
                ("ZRANGE", owner.session(session_id), f"({cursor.created_at}", *tail,
                 "LIMIT", 0, limit, "WITHSCORES")
                for session_id, cursor in places
            )
        )  # fmt: skip
        return [
            [Cursor(int(float(created_at)), memory_id) for memory_id, created_at in pairs(rows)]
            for rows in answers
        ]

    async def instant(self, slots: Sequence[str]) -> Instant:
        answers = await self._redis.run(*(now_call(OwnerKeys(slot)) for slot in slots))
        return Instant(max(int(now) for now, _ in answers), any(count for _, count in answers))

    async def superseded(self, slots: Sequence[str]) -> list[str]:
        answers = await self._redis.run(*(("HKEYS", OwnerKeys(slot).successors) for slot in slots))
        return [memory_id for ids in answers for memory_id in ids]


def _by_owner(project_id: str, memory_ids: Iterable[str]) -> dict[OwnerKeys, list[str]]:
    """Each id once, by the owner that it tells."""
    groups: dict[OwnerKeys, list[str]] = {}
    for memory_id in dict.fromkeys(memory_ids):
        groups.setdefault(keys.of(project_id, memory_id), []).append(memory_id)
    return groups
