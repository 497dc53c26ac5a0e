"""Claims an operation for a caller's Idempotency-Key, and keeps the answer of the operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from memory.domain.caller import Caller
from memory.domain.errors import IdempotencyMismatch
from memory.domain.idempotency import Operation, operation_of
from memory.domain.ids import Project
from memory.ports.commits import IdempotencyClaims


class Idempotency:
    """Makes a request happen once.

    If a request is one commit, or one commit for each item, each of its transactions is an item of
    the operation (Transaction.once). The commit script keeps the answers of these. A longer request
    calls `keep` at its end. If an earlier send of it came so far, it answers what is kept.
    """

    def __init__(self, claims: IdempotencyClaims) -> None:
        self._claims = claims

    async def operation(self, project: Project, caller: Caller) -> Operation | None:
        """Claim the operation that the caller's Idempotency-Key stands for. None if there is no
        key. Raises IdempotencyMismatch if the key was given to another request."""
        if caller.once is None:
            return None
        wanted = operation_of(project, caller.once)
        operation = await self._claims.claim(project.id, wanted)
        if operation.request != wanted.request:
            raise IdempotencyMismatch("this Idempotency-Key was given to another request")
        return replace(operation, job=wanted.job)

    async def keep(
        self, project: Project, operation: Operation | None, answer: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """Keep an answer for later sends of its request. The answer is JSON without any text of the
        caller. If another send was faster, its answer is returned: it counts for this send as well.
        None if the given answer is kept, or if there is no operation."""
        if operation is None:
            return None
        kept = await self._claims.keep(project.id, replace(operation, kept=answer))
        return None if kept.kept == answer else kept.kept
