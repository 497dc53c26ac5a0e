"""Tasks in Redis: a hash each, with who took it last, and a lease beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from graph_store.format import keys
from graph_store.redis.connection import Connection
from graph_store.redis.replies import flat, mapping
from graph_store.redis.scripts import inline, script
from memory.domain.tasks import Kind, State, Task

_KEPT_S = 7 * 24 * 3600

_WRITE = inline("""#!lua
-- KEYS: task. ARGV: seconds to keep it, fields. Returns Redis's now.
local time = redis.call('TIME')
local now = time[1] .. string.format('%06d', time[2])
redis.call('HSET', KEYS[1], 'started_at', now, 'updated_at', now, unpack(ARGV, 2))
redis.call('EXPIRE', KEYS[1], ARGV[1])
return now""")
_TAKE = script("lib/lease", "maintenance/take_task")
_TELL = script("lib/lease", "maintenance/tell_task")
_STAND_IN = inline("""#!lua
-- KEYS: running tasks. ARGV: what it is, the id that is gone, the new one.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1""")
_RELEASE = inline("""#!lua
-- KEYS: running tasks. ARGV: what it is, the id that has ended.
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HDEL', KEYS[1], ARGV[1]) end""")


class RedisTasks:
    """Tasks of upkeep, kept for seven days."""

    def __init__(self, redis: Connection) -> None:
        self._redis = redis

    async def begin(self, task: Task) -> Task:
        # The task first and its claim afterwards: a claim never names one that was not written.
        key, what = keys.task(task.id), _what(task)
        now = await self._redis.one(*_WRITE.call([key], _KEPT_S, *_flat(task)))
        while not await self._redis.one("HSETNX", keys.RUNNING, what, task.id):
            other_id = await self._redis.one("HGET", keys.RUNNING, what) or ""
            other = await self.read(other_id)
            if other is not None and other.state is State.RUNNING:
                await self._redis.one("DEL", key)
                return other
            if await self._redis.one(*_STAND_IN.call([keys.RUNNING], what, other_id, task.id)):
                break
        await self._redis.one("ZADD", keys.TASKS, now, task.id)
        begun = await self.read(task.id)
        return begun or task

    async def take(self, task_id: str, holder: str, seconds: int) -> bool:
        call = _TAKE.call([keys.task(task_id), keys.task_lease(task_id)], holder, seconds * 1000)
        return bool(await self._redis.one(*call))

    async def tell(self, task: Task, holder: str, seconds: int) -> bool:
        names = [keys.task(task.id), keys.task_lease(task.id)]
        call = _TELL.call(names, holder, seconds * 1000, _KEPT_S, *_flat(task))
        held = await self._redis.one(*call)
        if held and task.state is not State.RUNNING:
            await self._redis.one(*_RELEASE.call([keys.RUNNING], _what(task), task.id))
        return bool(held)

    async def read(self, task_id: str) -> Task | None:
        return next(iter(await self._read([task_id])), None)

    async def all(self) -> list[Task]:
        ids = await self._redis.one("ZRANGE", keys.TASKS, 0, -1, "REV")
        found = await self._read(ids)
        gone = {*ids} - {task.id for task in found}
        if gone:
            await self._redis.one("ZREM", keys.TASKS, *gone)
        return found

    async def running(self) -> list[Task]:
        found = await self._read(await self._redis.one("HVALS", keys.RUNNING))
        return [task for task in found if task.state is State.RUNNING]

    async def _read(self, ids: Sequence[str]) -> list[Task]:
        if not ids:
            return []
        rows = await self._redis.run(*(("HGETALL", keys.task(task_id)) for task_id in ids))
        return [_task(task_id, mapping(row)) for task_id, row in zip(ids, rows, strict=True) if row]


def _what(task: Task) -> str:
    return f"{task.kind}:{task.project or ''}"


def _flat(task: Task) -> list[str | int]:
    fields = {
        "kind": task.kind.value,
        "project": task.project or "",
        "dry_run": int(task.dry_run),
        "state": task.state.value,
        "done": task.done,
        "total": task.total,
        "report": orjson.dumps(task.report).decode(),
        "error": task.error or "",
    }
    return flat(fields)


def _task(task_id: str, fields: Mapping[str, Any]) -> Task:
    return Task(
        task_id,
        Kind(fields["kind"]),
        fields["project"] or None,
        fields["dry_run"] == "1",
        State(fields["state"]),
        int(fields["done"]),
        int(fields["total"]),
        orjson.loads(fields["report"]),
        fields["error"] or None,
        int(fields["started_at"]),
        int(fields["updated_at"]),
    )
