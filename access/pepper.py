"""The server's own secret: it keys every digest by which a credential is found."""

from __future__ import annotations

import hashlib
import secrets

from graph_store.format import keys
from graph_store.redis.connection import Connection


class Pepper:
    """Made once in Redis by whoever comes first, then held in this process."""

    def __init__(self, redis: Connection) -> None:
        self._redis = redis
        self._bytes: bytes | None = None

    async def digest(self, purpose: str, *parts: bytes) -> bytes:
        """32 bytes that only this server can make of the parts, other ones for each purpose."""
        if self._bytes is None:
            _, text = await self._redis.run(
                ("SET", keys.PEPPER, secrets.token_hex(32), "NX"), ("GET", keys.PEPPER)
            )
            self._bytes = bytes.fromhex(text)
        digest = hashlib.blake2b(key=self._bytes, person=purpose.encode(), digest_size=32)
        for part in parts:
            digest.update(len(part).to_bytes(4) + part)
        return digest.digest()
