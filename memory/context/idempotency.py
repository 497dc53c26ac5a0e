"""Claims an operation for a caller's Idempotency-Key, and keeps what it was answered."""

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
    """A request of one commit, or of one commit an item, gives its transactions items of the
    operation (Transaction.once): the commit script keeps their answers. Anything longer calls
    `keep` at its end, and answers what is kept if an earlier send came so far."""

    def __init__(self, claims: IdempotencyClaims) -> None:
        self._claims = claims

    async def operation(self, project: Project, caller: Caller) -> Operation | None:
        """Claim the operation that the caller's Idempotency-Key stands for; None without a key.
        Raises IdempotencyMismatch if the key was given to another request."""
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
        """Keep an answer, JSON without any text of the caller's, for later sends of its request.
        If another send was faster, its answer, which stands for this one as well."""
        if operation is None:
            return None
        kept = await self._claims.keep(project.id, replace(operation, kept=answer))
        return None if kept.kept == answer else kept.kept
