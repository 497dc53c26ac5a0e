"""What belongs to no owner and has to outlive the server: projects, keys, the pepper, receipts.
Read and written whole, so that this needs to know nothing of their fields but the secrets."""

from __future__ import annotations

from typing import Any, cast

from graph_store.format import keys
from graph_store.format.layout import ENTRIES, entry_type
from graph_store.memories.owners import RedisOwners
from graph_store.redis.connection import Command, Connection
from graph_store.redis.replies import flat, mapping
from graph_store.redis.scripts import script
from memory.domain.batched import batched
from memory.domain.errors import Conflict, InvalidInput
from memory.domain.records import Entry

_READS = {"string": "GET", "hash": "HGETALL", "set": "SMEMBERS"}
_PROJECT_FIELDS = {"secret", "generation", "buckets"}
_A_TRIP = 200
_PROJECT = script("backup/restore_project")


class RedisEntries:
    """Reads the entries, and puts them back."""

    def __init__(self, redis: Connection, owners: RedisOwners) -> None:
        self._redis, self._owners = redis, owners

    async def all(self) -> list[Entry]:
        names = sorted({key async for key in self._redis.scan(ENTRIES) if entry_type(key)})
        found = []
        for part in batched(names, _A_TRIP):
            values = await self._redis.run(*((_READS[entry_type(key) or ""], key) for key in part))
            found += [
                Entry(key, kind, _plain(kind, value))
                for key, value in zip(part, values, strict=True)
                if (kind := entry_type(key)) and value
            ]
        return found

    async def restore(self, entry: Entry) -> bool:
        if entry.kind != entry_type(entry.key) or not entry.value or not _is(entry):
            raise InvalidInput(f"no entry of a backup: {entry.key[:80]!r}")
        current = await self._redis.one(_READS[entry.kind], entry.key)
        if current and _covers(_plain(entry.kind, current), entry.value):
            return False
        if await self._in_use(entry):
            raise Conflict(f"{entry.key} stands here with another secret, and is in use")
        await self._redis.one(*_write(entry))
        return True

    async def _in_use(self, entry: Entry) -> bool:
        """Ids and digests are made with these secrets: what was made with another one would
        never be found again."""
        if entry.key == keys.PEPPER:
            made = await self._redis.one("EXISTS", keys.PEPPER)
            return bool(made) and await self._any(keys.api_key("*"))
        project_id = entry.key.removeprefix(keys.project(""))
        if project_id == entry.key:
            return False
        secret = await self._redis.one("HGET", entry.key, "secret")
        if secret in (None, _fields(entry)["secret"]):
            return False
        async for _ in self._owners.slots(project_id):
            return True
        return False

    async def _any(self, pattern: str) -> bool:
        async for _ in self._redis.scan(pattern):
            return True
        return False


def _is(entry: Entry) -> bool:
    """Whether the value is of its kind, and a project's of ours."""
    shape = {"hash": dict, "set": list, "string": str}[entry.kind]
    if not isinstance(entry.value, shape):
        return False
    return not entry.key.startswith(keys.project("")) or _fields(entry).keys() >= _PROJECT_FIELDS


def _fields(entry: Entry) -> dict[str, str]:
    return cast(dict[str, str], entry.value)


def _covers(current: object, value: object) -> bool:
    """Whether nothing of the value is lacking or another one."""
    if isinstance(current, dict) and isinstance(value, dict):
        return value.items() <= current.items()
    if isinstance(current, list) and isinstance(value, list):
        return set(value) <= set(current)
    return current == value


def _plain(kind: str, value: Any) -> str | dict[str, str] | list[str]:
    if kind == "hash":
        return dict(sorted(mapping(value).items()))
    return sorted(value) if kind == "set" else str(value)


def _write(entry: Entry) -> Command:
    match entry.value:
        case dict() as fields:
            if entry.key.startswith(keys.project("")):
                return _PROJECT.call([entry.key], fields["secret"], *flat(fields))
            return ("HSET", entry.key, *flat(fields))
        case list() as members:
            return ("SADD", entry.key, *members)
        case text:
            return ("SET", entry.key, text)
