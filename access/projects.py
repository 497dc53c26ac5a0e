"""Projects: namespaces of memories, each with a secret that hashes its owners."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from access.model import Member, Pass, ProjectDetails, ProjectRecord
from access.repeats import Repeats
from graph_store.format import keys
from graph_store.projects import preferences
from graph_store.redis.connection import Connection
from graph_store.redis.replies import flat, mapping
from graph_store.redis.scripts import inline
from memory.domain import clock
from memory.domain.caller import DEFAULT_PROJECT
from memory.domain.errors import Conflict, InvalidInput, NotFound

_FIELDS = ("name", "created_at")
_MEMBER = "member:"
_NO_MEMBER = "they are no member of this project"
_MOST_MEMBERS = 1_000

# The first memory call makes the default project's record, without a name
# (graph_store/projects/projects.py).
_MAKE = inline("""#!lua
for index = 1, #ARGV, 2 do redis.call('HSETNX', KEYS[1], ARGV[index], ARGV[index + 1]) end
return redis.call('HMGET', KEYS[1], 'name', 'created_at')""")

_CHANGE = inline("""#!lua
-- Only of a project that is there: a late call must not bring an erased one back.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV))
return 1""")


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
        rows = await self._redis.run(
            *(("HMGET", keys.project(project_id), *_FIELDS) for project_id in ids)
        )
        found = [
            ProjectRecord(project_id, name, int(created_at))
            for project_id, (name, created_at) in zip(ids, rows, strict=True)
            if created_at is not None
        ]
        return [default, *sorted(found, key=lambda project: (project.created_at, project.id))]

    async def get(self, project_id: str) -> ProjectRecord:
        """Raises NotFound."""
        name, created_at = await self._redis.one("HMGET", keys.project(project_id), *_FIELDS)
        if created_at is not None:
            return ProjectRecord(project_id, name, int(created_at))
        if project_id == DEFAULT_PROJECT:
            return await self._make(project_id, DEFAULT_PROJECT)
        raise missing(project_id)

    async def details(self, project_id: str) -> ProjectDetails:
        """Raises NotFound."""
        project = await self.get(project_id)
        fields = mapping(await self._redis.one("HGETALL", keys.project(project_id)))
        members = [
            Member(name.removeprefix(_MEMBER), role)
            for name, role in sorted(fields.items())
            if name.startswith(_MEMBER)
        ]
        return ProjectDetails(
            project,
            int(fields.get("updated_at", project.created_at)),
            preferences.unpack([fields.get(name) for name in preferences.FIELDS]),
            members,
        )

    async def change(
        self, project_id: str, changes: Mapping[str, Any], name: str | None = None
    ) -> None:
        """Set preferences by their names, the others stay; and the project's own name, if one is
        given. Raises NotFound."""
        named = {} if name is None else {"name": name}
        await self._change(project_id, named | preferences.pack(changes))

    async def add_member(self, project_id: str, member: Member) -> None:
        """Raises NotFound, and Conflict if they are listed already."""
        members = (await self.details(project_id)).members
        if any(listed.email == member.email for listed in members):
            raise Conflict("they are a member already")
        if len(members) >= _MOST_MEMBERS:
            raise InvalidInput(f"a project lists at most {_MOST_MEMBERS} members")
        await self._change(project_id, {f"{_MEMBER}{member.email}": member.role})

    async def change_member(self, project_id: str, member: Member) -> None:
        """Raises NotFound."""
        members = (await self.details(project_id)).members
        if all(listed.email != member.email for listed in members):
            raise NotFound(_NO_MEMBER)
        await self._change(project_id, {f"{_MEMBER}{member.email}": member.role})

    async def remove_member(self, project_id: str, email: str) -> None:
        """Raises NotFound."""
        await self.get(project_id)
        if not await self._redis.one("HDEL", keys.project(project_id), f"{_MEMBER}{email}"):
            raise NotFound(_NO_MEMBER)

    async def _change(self, project_id: str, fields: Mapping[str, str]) -> None:
        await self.get(project_id)
        stamped = {"updated_at": str(clock.now()), **fields}
        if not await self._redis.one(*_CHANGE.call([keys.project(project_id)], *flat(stamped))):
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
            *_MAKE.call([keys.project(project_id)], *flat(fields))
        )
        return ProjectRecord(project_id, name, int(created_at))


def require_seen(visitor: Pass, project_id: str) -> None:
    """Raises NotFound if the caller is not told that there is such a project."""
    if not visitor.sees(project_id):
        raise missing(project_id)


def missing(project_id: str) -> NotFound:
    return NotFound(f"no project {project_id[:60]!r}")
