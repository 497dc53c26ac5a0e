"""API keys in Redis. A secret is never stored: a keyed digest of it finds the record by its first
half and is compared with the second half."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping, Sequence

from access.model import IssuedKey, Key, NewKey, Pass, Right
from access.pepper import Pepper
from access.projects import missing as missing_project
from access.repeats import Repeats
from graph_store.format import keys
from graph_store.redis.connection import Connection
from graph_store.redis.kept_answers import KEPT_S
from graph_store.redis.replies import flat, mapping
from graph_store.redis.scripts import inline
from memory.domain import clock
from memory.domain.caller import DEFAULT_PROJECT
from memory.domain.errors import InvalidInput, NotFound

_ID = re.compile(r"key_[0-9a-f]{32}")
_HALF = 16
# Characters of a secret that its owner may tell it by.
_SHOWN = 9

_MAKE = inline("""#!lua
-- KEYS: record, tombstone. ARGV: fields. Returns the time of creation, and whether the key works.
local revoked = redis.call('GET', KEYS[2])
if revoked then return {revoked, 0} end
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('HSET', KEYS[1], unpack(ARGV)) end
return {redis.call('HGET', KEYS[1], 'created_at'), 1}""")

_REVOKE = inline("""#!lua
-- KEYS: record, tombstone. ARGV: seconds to keep the tombstone.
local created_at = redis.call('HGET', KEYS[1], 'created_at')
if not created_at then return 0 end
redis.call('SET', KEYS[2], created_at, 'EX', ARGV[1])
return redis.call('DEL', KEYS[1])""")


class KeyRing:
    """Keys of every project."""

    def __init__(self, redis: Connection, pepper: Pepper, repeats: Repeats) -> None:
        self._redis, self._pepper, self._repeats = redis, pepper, repeats

    async def create(self, caller: Pass, new: NewKey) -> IssuedKey:
        """A key for a project that is there. If the same request had made one that is revoked by
        now, the answer is that key, which stays revoked.

        Raises InvalidInput, and NotFound if the project ends meanwhile.
        """
        now = clock.now()
        attempt = await self._repeats.begin(caller)
        secret = f"m0-{base64.urlsafe_b64encode(attempt.seed).decode().rstrip('=')}"
        digest = await self._digest(secret)
        key_id, check = _id(digest), digest[_HALF:].hex()
        fields = _fields(secret, new)
        if attempt.answer is not None:
            return IssuedKey(_key(key_id, {**fields, "created_at": attempt.answer}), secret, True)
        _check(new, now)
        # Listed before it works, so that no key works that cannot be found and revoked.
        await self._redis.one("HSET", keys.api_keys(new.project_id), key_id, _half(key_id))
        made = {"check": check, "created_at": str(now), **fields}
        created_at, works = await self._redis.one(*_MAKE.call(_keys_of(key_id), *flat(made)))
        key = _key(key_id, {**fields, "created_at": created_at})
        if not works:
            await self._unlist(key)
        elif await self._ended(new.project_id):  # who ended it may not have seen this key
            await self._withdraw(key)
            raise missing_project(new.project_id)
        await self._repeats.end(attempt, created_at)
        return IssuedKey(key, secret, not works)

    async def find(self, secret: str) -> Key | None:
        """The key with this secret; None if there is none or it was revoked."""
        digest = await self._digest(secret)
        fields = await self._record(_id(digest))
        if not hmac.compare_digest(fields.get("check", ""), digest[_HALF:].hex()):
            return None
        return _key(_id(digest), fields)

    async def get(self, key_id: str) -> Key:
        """Raises NotFound."""
        fields = await self._record(key_id) if _ID.fullmatch(key_id) else {}
        if not fields:
            raise missing(key_id)
        return _key(key_id, fields)

    async def of(self, project_ids: Sequence[str]) -> list[Key]:
        """Keys of the projects, in order of creation."""
        if not project_ids:
            return []
        listings = await self._redis.run(
            *(("HKEYS", keys.api_keys(project_id)) for project_id in project_ids)
        )
        ids = [key_id for listing in listings for key_id in listing]
        if not ids:
            return []
        records = await self._redis.run(*(("HGETALL", _keys_of(key_id)[0]) for key_id in ids))
        found = [
            _key(key_id, fields)
            for key_id, record in zip(ids, records, strict=True)
            if (fields := mapping(record))
        ]
        return sorted(found, key=lambda key: (key.created_at, key.id))

    async def revoke(self, key: Key) -> int:
        """Returns the time, in microseconds. Raises NotFound if another call came first."""
        if not await self._withdraw(key):
            raise missing(key.id)
        return clock.now()

    async def _withdraw(self, key: Key) -> bool:
        """Whether it worked until now."""
        known = await self._redis.one(*_REVOKE.call(_keys_of(key.id), KEPT_S))
        await self._unlist(key)
        return bool(known)

    async def _unlist(self, key: Key) -> None:
        await self._redis.one("HDEL", keys.api_keys(key.project_id), key.id)

    async def _ended(self, project_id: str) -> bool:
        """The default project's record may be missing because nobody has used it yet."""
        return project_id != DEFAULT_PROJECT and not await self._redis.one(
            "EXISTS", keys.project(project_id)
        )

    async def _record(self, key_id: str) -> dict[str, str]:
        return mapping(await self._redis.one("HGETALL", _keys_of(key_id)[0]))

    async def _digest(self, secret: str) -> bytes:
        return await self._pepper.digest("key", secret.encode())


def missing(key_id: str) -> NotFound:
    return NotFound(f"no key {key_id[:60]!r}")


def _check(new: NewKey, now: int) -> None:
    if new.expires_at is not None and new.expires_at <= now:
        raise InvalidInput("expires_at lies in the past")
    if new.user_id is not None and Right.ADMIN in new.rights:
        raise InvalidInput("a key that is bound to a user cannot have the right admin")


def _id(digest: bytes) -> str:
    return f"key_{digest[:_HALF].hex()}"


def _half(key_id: str) -> str:
    return key_id.removeprefix("key_")


def _keys_of(key_id: str) -> tuple[str, str]:
    """In Redis: of the record, and of what is left of it once it is revoked."""
    return keys.api_key(_half(key_id)), keys.revoked(_half(key_id))


def _fields(secret: str, new: NewKey) -> dict[str, str]:
    """What the request says of a key; the rest is its time of creation and half of its digest."""
    fields = {
        "prefix": secret[:_SHOWN],
        "project_id": new.project_id,
        "label": new.label,
        "rights": ",".join(right for right in Right if right in new.rights),
    }
    fields |= {} if new.user_id is None else {"user_id": new.user_id}
    return fields | ({} if new.expires_at is None else {"expires_at": str(new.expires_at)})


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
