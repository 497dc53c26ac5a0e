"""Exactly once: a request with an Idempotency-Key, and its answer, without any text."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from memory.domain.caller import Once
from memory.domain.ids import Project


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: the memory or edge of this id, as it was known at the record time of the
    commit that keeps the answer. Versions do not change, so this names one version.

    If `present`, nothing was written: the memory or edge was there already and stood for the
    request. `not_stored` names the fields that the caller gave and it does not hold.
    """

    id: str
    present: bool = False
    not_stored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Commit:
    """The record time of a transaction. `answer` is set if its operation had been committed before.
    Then nothing was written, and `answer` is what was answered the first time."""

    at: int
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """A request that carries an Idempotency-Key.

    `request` is its digest. `kept` is the answer of an operation that is no single commit
    (Idempotency.keep of memory.context.idempotency). It is None before the answer is kept. `nonce`
    belongs to this idempotency claim alone and names what outlives the claim. So the key means
    something new if it is used again after a day. For `job` see Once of memory.domain.caller.
    """

    id: str
    request: str
    kept: Mapping[str, Any] | None = None
    nonce: str = ""
    job: str | None = None

    def item(self, index: int) -> str:
        """The id of one of its commits. `index` is the position of an item in the batch as it was
        sent."""
        return f"{self.id}.{index}"


def operation_of(project: Project, once: Once) -> Operation:
    """The operation that an Idempotency-Key means in this project, for the user that the project is
    bound to. The nonce counts only if nobody has claimed the operation yet."""
    user = project.user_id or ""
    text = f"{len(user)}:{user}{once.key}".encode()
    digest = hashlib.blake2b(text, key=project.secret, digest_size=16, person=b"once")
    return Operation(digest.hexdigest(), once.request, nonce=secrets.token_hex(16), job=once.job)
