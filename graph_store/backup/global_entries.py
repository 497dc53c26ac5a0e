"""What belongs to no owner and has to outlive the server: projects, keys, the pepper, receipts.
Read and written whole, so that this needs to know nothing of their fields but the secrets."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any, Protocol, cast

from graph_store.format import keys
from graph_store.redis.connection import Command, Connection
from graph_store.redis.replies import flat, mapping
from memory.domain.batched import batched
from memory.domain.errors import Conflict, InvalidInput
from memory.domain.records import Entry

_PATTERN = "mg:[pke]*"
_KINDS = {
    re.compile(keys.project(".+")): "hash",
    re.compile(keys.PROJECTS): "set",
    re.compile(keys.api_key("[0-9a-f]+")): "hash",
    re.compile(keys.api_keys(".+")): "hash",
    re.compile(keys.PEPPER): "string",
    re.compile(r"mg:erasure:.+"): "string",
}
_READS = {"string": "GET", "hash": "HGETALL", "set": "SMEMBERS"}
_PROJECT_FIELDS = {"secret", "generation", "buckets"}
_A_TRIP = 200

_PROJECT = """#!lua
-- One that stands keeps where its index is, and is completed. Another one without memories is
-- written over, in an epoch of its own, so that nobody goes on with the secret it had.
local secret = redis.call('HGET', KEYS[1], 'secret')
if secret ~= ARGV[1] then
  local epoch = redis.call('HGET', KEYS[1], 'epoch')
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], unpack(ARGV, 2))
  if epoch then redis.call('HINCRBY', KEYS[1], 'epoch', epoch + 1) end
  return 1
end
for index = 2, #ARGV, 2 do redis.call('HSETNX', KEYS[1], ARGV[index], ARGV[index + 1]) end
return 0"""


class _Slots(Protocol):
    def slots(self, project_id: str | None = None) -> AsyncIterator[str]: ...


class RedisEntries:
    """Part of memory.domain.records.Archive."""

    _redis: Connection

    async def entries(self) -> list[Entry]:
        names = sorted({key async for key in self._redis.scan(_PATTERN) if _kind(key)})
        found = []
        for part in batched(names, _A_TRIP):
            values = await self._redis.run(*((_READS[_kind(key) or ""], key) for key in part))
            found += [
                Entry(key, kind, _plain(kind, value))
                for key, value in zip(part, values, strict=True)
                if (kind := _kind(key)) and value
            ]
        return found

    async def restore_entry(self, entry: Entry) -> bool:
        if entry.kind != _kind(entry.key) or not entry.value or not _is(entry):
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
        async for _ in cast(_Slots, self).slots(project_id):
            return True
        return False

    async def _any(self, pattern: str) -> bool:
        async for _ in self._redis.scan(pattern):
            return True
        return False


def _kind(key: str) -> str | None:
    return next((kind for form, kind in _KINDS.items() if form.fullmatch(key)), None)


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
                return ("EVAL", _PROJECT, 1, entry.key, fields["secret"], *flat(fields))
            return ("HSET", entry.key, *flat(fields))
        case list() as members:
            return ("SADD", entry.key, *members)
        case text:
            return ("SET", entry.key, text)
