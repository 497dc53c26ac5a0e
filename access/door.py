"""The door: who is calling, whether they may do this, and how often."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import replace
from hashlib import blake2b
from typing import Protocol

from access.key_ring import KeyRing
from access.model import Demand, Key, LimitStanding, Pass, Right
from access.rate_limits import RateLimits
from memory.domain import clock
from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.errors import Forbidden, Unauthenticated

# What stands for the admin key where others have an id.
ADMIN = "admin"

_ALL = frozenset(Right)
_EVERYWHERE = Pass(Caller(DEFAULT_PROJECT), ADMIN, _ALL, everywhere=True)
_FRESH_S = 0.9
_REMEMBERED = 10_000


class Door(Protocol):
    """What the edge asks of each call, in this order."""

    async def enter(self, credential: str) -> Pass:
        """Who is calling. Raises Unauthenticated for no key or one that is unknown, expired or,
        for a second at most, revoked; StoreUnavailable if that cannot be known."""

    async def count(self, visitor: Pass, demand: Demand) -> LimitStanding | None:
        """Count the call; None if no limit is set. Raises StoreUnavailable."""


class OpenDoor:
    """auth.mode none: everybody may do everything. Needs no Redis."""

    async def enter(self, credential: str) -> Pass:
        return replace(_EVERYWHERE, key_id="none")

    async def count(self, visitor: Pass, demand: Demand) -> LimitStanding | None:
        return None


class KeyDoor:
    """auth.mode api_key. Keys are remembered for less than a second, so that each replica refuses
    a revoked one within a second, and most calls ask Redis for nothing."""

    def __init__(self, admin_key: str, ring: KeyRing, limits: RateLimits) -> None:
        self._salt = secrets.token_bytes(32)
        self._admin = self._digest(admin_key)
        self._ring, self._limits = ring, limits
        self._remembered: dict[bytes, tuple[float, Key]] = {}

    async def enter(self, credential: str) -> Pass:
        if not credential:
            raise Unauthenticated("a key is needed: Authorization: Token …, or X-API-Key")
        digest = self._digest(credential)
        identity = blake2b(credential.encode(), person=b"identity", digest_size=32).digest()
        if hmac.compare_digest(digest, self._admin):
            return replace(_EVERYWHERE, identity=identity)
        key = await self._find(digest, credential)
        if key.expires_at is not None and key.expires_at <= clock.now():
            raise Unauthenticated("this key has expired")
        return Pass(Caller(key.project_id, key.user_id), key.id, key.rights, identity=identity)

    async def count(self, visitor: Pass, demand: Demand) -> LimitStanding | None:
        if visitor.everywhere:
            return None
        return await self._limits.count(visitor.key_id, visitor.caller.project, demand.writes)

    async def _find(self, digest: bytes, credential: str) -> Key:
        now = time.monotonic()
        asked_at, key = self._remembered.get(digest, (0.0, None))
        if key is not None and now - asked_at < _FRESH_S:
            return key
        self._remembered.pop(digest, None)
        key = await self._ring.find(credential)
        if key is None:
            raise Unauthenticated("this key is not known")
        if len(self._remembered) >= _REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[digest] = (now, key)
        return key

    def _digest(self, credential: str) -> bytes:
        return blake2b(credential.encode(), key=self._salt, digest_size=32).digest()


def require(visitor: Pass, demand: Demand) -> None:
    """Raises Forbidden if the key lacks the right."""
    if demand.right not in visitor.rights:
        raise Forbidden(f"this key lacks the right {demand.right}")


def require_everywhere(visitor: Pass, what: str) -> None:
    """Raises Forbidden unless it is the admin key, which alone does this."""
    if not visitor.everywhere:
        raise Forbidden(what)
