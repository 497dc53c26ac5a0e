"""Projects: namespaces of memories, each with a secret that hashes its owners."""

from __future__ import annotations

import secrets

from access.model import Pass, ProjectRecord
from access.repeats import Repeats
from graph_store import keys
from graph_store.connection import Connection
from graph_store.replies import flat
from memory import clock
from memory.caller import DEFAULT_PROJECT
from memory.errors import NotFound

_FIELDS = ("name", "created_at")

# The first memory call makes the default project's record, without a name (redis_graph.py).
_MAKE = """#!lua
for index = 1, #ARGV, 2 do redis.call('HSETNX', KEYS[1], ARGV[index], ARGV[index + 1]) end
return redis.call('HMGET', KEYS[1], 'name', 'created_at')"""


class Projects:
    """`buckets` is what a new project gets (config: vector_store.buckets)."""

    def __init__(self, redis: Connection, repeats: Repeats, buckets: int) -> None:
        self._redis, self._repeats, self._buckets = redis, repeats, buckets

    async def create(self, caller: Pass, name: str) -> tuple[ProjectRecord, bool]:
        """The new project, and whether an earlier attempt had made it already."""
        attempt = await self._repeats.begin(caller)
        project_id = f"proj_{attempt.seed[:16].hex()}"
        if attempt.answer is not None:
            return ProjectRecord(project_id, name, int(attempt.answer)), True
        made = await self._make(project_id, name)
        await self._repeats.end(attempt, str(made.created_at))
        return made, False

    async def all(self) -> list[ProjectRecord]:
        """The default project, which is always there, then the others in order of creation."""
        default = await self.get(DEFAULT_PROJECT)
        ids = sorted(set(await self._redis.one("SMEMBERS", keys.PROJECTS)) - {DEFAULT_PROJECT})
        if not ids:
            return [default]
        rows = await self._redis.run(*(("HMGET", keys.project(each), *_FIELDS) for each in ids))
        found = [
            ProjectRecord(project_id, name, int(created_at))
            for project_id, (name, created_at) in zip(ids, rows, strict=True)
            if created_at is not None
        ]
        return [default, *sorted(found, key=lambda each: (each.created_at, each.id))]

    async def get(self, project_id: str) -> ProjectRecord:
        """Raises NotFound."""
        name, created_at = await self._redis.one("HMGET", keys.project(project_id), *_FIELDS)
        if created_at is not None:
            return ProjectRecord(project_id, name, int(created_at))
        if project_id == DEFAULT_PROJECT:
            return await self._make(project_id, DEFAULT_PROJECT)
        raise missing(project_id)

    async def _make(self, project_id: str, name: str) -> ProjectRecord:
        fields: dict[str, str | int] = {
            "secret": secrets.token_hex(32),
            "generation": 1,
            "buckets": self._buckets,
            "name": name,
            "created_at": clock.now(),
        }
        await self._redis.one("SADD", keys.PROJECTS, project_id)
        name, created_at = await self._redis.one(
            "EVAL", _MAKE, 1, keys.project(project_id), *flat(fields)
        )
        return ProjectRecord(project_id, name, int(created_at))


def missing(project_id: str) -> NotFound:
    return NotFound(f"no project {project_id[:60]!r}")
