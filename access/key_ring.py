"""API keys in Redis. A secret is never stored: a keyed digest of it finds the record by its first
half and is compared with the second half."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from access.model import IssuedKey, Key, NewKey, Pass, Right
from access.pepper import Pepper
from access.repeats import Repeats
from graph_store.connection import Connection
from memory import clock
from memory.errors import InvalidInput, NotFound

_ID = re.compile(r"key_[0-9a-f]{32}")
_HALF = 16
_SHOWN = 9
"""Characters of a secret that its owner may tell it by."""

_MAKE = """#!lua
for index = 1, #ARGV, 2 do redis.call('HSETNX', KEYS[1], ARGV[index], ARGV[index + 1]) end
return redis.call('HGET', KEYS[1], 'created_at')"""


class KeyRing:
    """Keys of every project."""

    def __init__(self, redis: Connection, pepper: Pepper, repeats: Repeats) -> None:
        self._redis, self._pepper, self._repeats = redis, pepper, repeats

    async def create(self, caller: Pass, new: NewKey) -> IssuedKey:
        """A key for a project that is there. Raises InvalidInput."""
        now = clock.now()
        attempt = await self._repeats.begin(caller)
        secret = f"m0-{base64.urlsafe_b64encode(attempt.seed).decode().rstrip('=')}"
        digest = await self._digest(secret)
        if attempt.answer is not None:
            return IssuedKey(_key(_id(digest), json.loads(attempt.answer)), secret, True)
        _check(new, now)
        fields = {
            "prefix": secret[:_SHOWN],
            "project_id": new.project_id,
            "label": new.label,
            "rights": ",".join(right for right in Right if right in new.rights),
            "created_at": str(now),
        }
        fields |= {} if new.user_id is None else {"user_id": new.user_id}
        fields |= {} if new.expires_at is None else {"expires_at": str(new.expires_at)}
        flat = [text for pair in fields.items() for text in pair]
        key_id, check = _id(digest), digest[_HALF:].hex()
        # Listed before it works, so that no key works that cannot be found and revoked.
        await self._redis.one("HSET", _listing(new.project_id), key_id, digest[:_HALF].hex())
        fields["created_at"] = await self._redis.one(
            "EVAL", _MAKE, 1, _record(key_id), "check", check, *flat
        )
        await self._repeats.end(attempt, json.dumps(fields))
        return IssuedKey(_key(key_id, fields), secret, False)

    async def find(self, secret: str) -> Key | None:
        """The key with this secret; None where there is none or it was revoked."""
        digest = await self._digest(secret)
        fields = await self._fields(_id(digest))
        if not hmac.compare_digest(fields.get("check", ""), digest[_HALF:].hex()):
            return None
        return _key(_id(digest), fields)

    async def get(self, key_id: str) -> Key:
        """Raises NotFound."""
        fields = await self._fields(key_id) if _ID.fullmatch(key_id) else {}
        if not fields:
            raise missing(key_id)
        return _key(key_id, fields)

    async def of(self, project_ids: Sequence[str]) -> list[Key]:
        """Keys of the projects, in order of creation."""
        if not project_ids:
            return []
        listings = await self._redis.run(*(("HKEYS", _listing(each)) for each in project_ids))
        ids = [key_id for listing in listings for key_id in listing]
        if not ids:
            return []
        records = await self._redis.run(*(("HGETALL", _record(each)) for each in ids))
        found = [
            _key(key_id, fields)
            for key_id, record in zip(ids, records, strict=True)
            if (fields := _mapping(record))
        ]
        return sorted(found, key=lambda key: (key.created_at, key.id))

    async def revoke(self, key: Key) -> int:
        """Returns the time, in microseconds. Raises NotFound where another call came first."""
        if not await self._redis.one("DEL", _record(key.id)):
            raise missing(key.id)
        await self._redis.one("HDEL", _listing(key.project_id), key.id)
        return clock.now()

    async def revoke_all(self, project_id: str) -> None:
        """Every key of a project."""
        ids = await self._redis.one("HKEYS", _listing(project_id))
        if ids:
            await self._redis.run(*(("DEL", _record(key_id)) for key_id in ids))
            await self._redis.one("HDEL", _listing(project_id), *ids)

    async def _fields(self, key_id: str) -> dict[str, str]:
        return _mapping(await self._redis.one("HGETALL", _record(key_id)))

    async def _digest(self, secret: str) -> bytes:
        return await self._pepper.digest("key", secret.encode())


def missing(key_id: str) -> NotFound:
    return NotFound(f"no key {key_id[:60]!r}")


def _check(new: NewKey, now: int) -> None:
    if new.expires_at is not None and new.expires_at <= now:
        raise InvalidInput("expires_at lies in the past")
    if new.user_id is not None and Right.ADMIN in new.rights:
        raise InvalidInput("a key that is bound to a user cannot have the scope admin")


def _id(digest: bytes) -> str:
    return f"key_{digest[:_HALF].hex()}"


def _record(key_id: str) -> str:
    return f"mg:key:{key_id.removeprefix('key_')}"


def _listing(project_id: str) -> str:
    return f"mg:keys:{project_id}"


def _key(key_id: str, fields: Mapping[str, str]) -> Key:
    expires_at = fields.get("expires_at")
    return Key(
        id=key_id,
        prefix=fields["prefix"],
        project_id=fields["project_id"],
        label=fields["label"],
        user_id=fields.get("user_id"),
        rights=frozenset(map(Right, fields["rights"].split(","))),
        created_at=int(fields["created_at"]),
        expires_at=None if expires_at is None else int(expires_at),
    )


def _mapping(record: Any) -> dict[str, str]:
    """HGETALL, however the protocol version and the pipeline lay it out."""
    if isinstance(record, Mapping):
        return dict(record)
    return dict(zip(record[::2], record[1::2], strict=True))
