"""Exactly once: a request with an Idempotency-Key, and what it was answered, without any text."""

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
    commit that keeps the answer. Versions do not change, so that names one.

    `present`: nothing was written, it was there already and stood for the request; `not_stored`
    names what the caller gave and it does not hold.
    """

    id: str
    present: bool = False
    not_stored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Commit:
    """The record time of a transaction. `answer` is set where its operation had been committed
    before: nothing was written then, and this is what was answered."""

    at: int
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """A request that carries an Idempotency-Key. `request` is its digest; `kept` what an operation
    that is no single commit was answered (memory.context.stores' Stores.keep), None before it was.
    `nonce`
    is of this claim alone: what outlives the claim is named by it, so that the key, used again
    after a day, means something new. `job`: see memory.domain.caller's Once."""

    id: str
    request: str
    kept: Mapping[str, Any] | None = None
    nonce: str = ""
    job: str | None = None

    def item(self, index: int) -> str:
        """The id of one of its commits: an item of a batch, in the order that was sent."""
        return f"{self.id}.{index}"


def operation_of(project: Project, once: Once) -> Operation:
    """A key means an operation of this project, and of the user it is bound to, and no other. The
    nonce counts where nobody has claimed it yet."""
    user = project.user_id or ""
    text = f"{len(user)}:{user}{once.key}".encode()
    digest = hashlib.blake2b(text, key=project.secret, digest_size=16, person=b"once")
    return Operation(digest.hexdigest(), once.request, nonce=secrets.token_hex(16), job=once.job)
