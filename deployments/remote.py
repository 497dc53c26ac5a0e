"""The service and the Embedder over Ray handles: one way to call, with a deadline and errors of
our own.

An operation of the service is named "part.method", such as "memories.add" (memory.service.api).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, cast

import grpc  # type: ignore[import-untyped]
import numpy as np
from ray.exceptions import RayActorError, RaySystemError, RayTaskError, TaskCancelledError
from ray.serve.exceptions import (
    BackPressureError,
    DeploymentUnavailableError,
    ReplicaUnavailableError,
)

from memory.domain.errors import (
    DeadlineExceeded,
    InvalidInput,
    Mem0gError,
    Overloaded,
    Refused,
    StoreUnavailable,
)
from memory.ports.models import ModelCard, Vectors
from memory.service.api import PARTS, Service

# Texts are sent in calls of this size: the handle's messages end at 256 MiB (serve_config.yaml),
# and a row of 1,024 dimensions comes back for as few bytes as a text may have.
TEXT_BYTES_A_CALL = 8 * 2**20

TEXTS_A_CALL = 4096

_GONE = (
    RayActorError,
    RaySystemError,
    DeploymentUnavailableError,
    ReplicaUnavailableError,
    TaskCancelledError,
)


class Response(Protocol):
    """What of ray.serve's DeploymentResponse is used."""

    def __await__(self) -> Any: ...

    def cancel(self) -> Any: ...


class HandleMethod(Protocol):
    def remote(self, *args: Any) -> Response: ...


async def ask(method: HandleMethod, deadline_s: float, whom: str, *args: Any) -> Any:
    """Call over a handle. Expected outcomes that came back as Refused are raised; a full queue is
    Overloaded, a missing or dying replica StoreUnavailable, a late answer DeadlineExceeded."""
    response = method.remote(*args)
    try:
        async with asyncio.timeout(deadline_s):
            reply = await response
    except TimeoutError:
        response.cancel()  # the by-reference transport does not cancel by itself
        raise DeadlineExceeded(f"no answer from the {whom} in {deadline_s:g} s") from None
    except BackPressureError as error:
        wait = math.ceil(error.retry_after_s or 1)
        raise Overloaded(f"the {whom}'s queue is full", retry_after=wait) from None
    except RayTaskError as error:
        if isinstance(error.cause, Mem0gError):
            raise error.cause from None
        raise
    except asyncio.CancelledError:
        response.cancel()
        if (task := asyncio.current_task()) and task.cancelling():
            raise
        raise StoreUnavailable(f"the {whom} is stopping", retry_after=1) from None
    except grpc.RpcError as error:
        if error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED:
            raise InvalidInput("the answer is too large; ask for less with a lower limit") from None
        raise StoreUnavailable(f"the {whom} is restarting", retry_after=1) from error
    except _GONE as error:
        raise StoreUnavailable(f"the {whom} is restarting", retry_after=1) from error
    if isinstance(reply, Refused):
        raise reply.error()
    return reply


# What may be called over the Store's handle: the methods of the parts' protocols, and nothing else.
OPERATIONS: Mapping[str, Callable[..., Any]] = {
    f"{part}.{name}": method
    for part, protocol in PARTS.items()
    for name, method in vars(protocol).items()
    if not name.startswith("_")
}

# The Store answers this one even while a store is waited for.
READY = "health.ready"


def is_finished(operation: str) -> bool:
    """Whether it is carried to its end once it was begun: memory.service.api marks such writes."""
    return getattr(OPERATIONS[operation], "finished", False)


class _RemotePart:
    """A part of the service: each method of its protocol is a call of the Store's one method."""

    def __init__(self, part: str, call: HandleMethod, deadline_s: float) -> None:
        self._part, self._call, self._deadline_s = part, call, deadline_s

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        if name.startswith("_"):  # a copy asks for these before it has a part
            raise AttributeError(name)
        operation = f"{self._part}.{name}"
        if operation not in OPERATIONS:
            raise AttributeError(operation)

        async def method(*args: Any, **kwargs: Any) -> Any:
            return await ask(self._call, self._deadline_s, "store", operation, args, kwargs)

        self.__dict__[name] = method
        return method


class _RemoteService:
    """All parts of the service behind one handle method."""

    def __init__(self, call: HandleMethod, deadline_s: float) -> None:
        for part in PARTS:
            setattr(self, part, _RemotePart(part, call, deadline_s))


def remote_service(store: Any, deadline_s: float) -> Service:
    """The service behind a handle of the Store."""
    return cast(Service, _RemoteService(store.call, deadline_s))


class RemoteEmbedder:
    """memory.ports.models.Embedder behind a handle of the Embedder."""

    def __init__(self, embedder: Any, deadline_s: float) -> None:
        self._embed: HandleMethod = embedder.embed
        self._card: HandleMethod = embedder.card
        self._deadline_s = deadline_s

    async def embed(self, texts: Sequence[str]) -> Vectors:
        batches = [
            await ask(self._embed, self._deadline_s, "embedder", batch) for batch in _batches(texts)
        ]
        return cast(Vectors, batches[0] if len(batches) == 1 else np.concatenate(batches))

    async def card(self) -> ModelCard:
        return cast(ModelCard, await ask(self._card, self._deadline_s, "embedder"))


def _batches(texts: Sequence[str]) -> list[list[str]]:
    """Texts in order, cut so that neither a call nor its answer outgrows a message."""
    batches: list[list[str]] = [[]]
    size = 0
    for text in texts:
        weight = len(text.encode())
        if batches[-1] and (size + weight > TEXT_BYTES_A_CALL or len(batches[-1]) == TEXTS_A_CALL):
            batches.append([])
            size = 0
        batches[-1].append(text)
        size += weight
    return batches
