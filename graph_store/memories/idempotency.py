"""The idempotency claims of a project's operations."""

from __future__ import annotations

from dataclasses import replace

from graph_store.format import keys
from graph_store.redis.connection import Connection
from graph_store.redis.kept_answers import KeptAnswers, KeptClaim
from memory.domain.idempotency import Operation


class RedisIdempotency:
    """Each use of a claim puts its end off: a client that goes on sending is answered."""

    def __init__(self, redis: Connection) -> None:
        self._answers = KeptAnswers(redis, renews=True)

    async def claim(self, project_id: str, operation: Operation) -> Operation:
        key = keys.once(project_id, operation.id)
        return _operation(operation, await self._answers.claim(key, _claim(operation)))

    async def keep(self, project_id: str, operation: Operation) -> Operation:
        key = keys.once(project_id, operation.id)
        return _operation(operation, await self._answers.keep(key, _claim(operation)))


def _claim(operation: Operation) -> KeptClaim:
    return KeptClaim(operation.request, operation.nonce, operation.kept)


def _operation(asked: Operation, claim: KeptClaim) -> Operation:
    return replace(asked, request=claim.request, kept=claim.answer, nonce=claim.nonce, job=None)
