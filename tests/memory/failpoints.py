"""Crashes of a service at every call it makes of its stores, and services that come after them."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast, get_type_hints

from config import Settings
from graph_store import open_graph_store
from memory.ports.graph_store import GraphStore
from memory.ports.models import Embedder, LanguageModel
from memory.ports.vector_store import VectorStore
from tests.service import OpenService, started_on
from vector_store import open_vector_store

BEFORE, HALFWAY, AFTER = "before", "halfway through", "after"
# Writes of several things that need not all be there: their last argument lists them.
SEVERAL = {"graph.commits.commit", "vectors.upsert", "vectors.retract", "vectors.erase"}

READS = (
    *("graph.commits.brief", "graph.memories.read", "graph.memories.history"),
    *("graph.memories.histories", "graph.memories.page", "graph.memories.instant"),
    *("graph.memories.superseded", "graph.owners.naming", "graph.edges.expand"),
    *("graph.edges.read", "graph.projects.epochs", "graph.outbox.pending", "graph.outbox.dirty"),
    *("graph.outbox.moved", "vectors.check", "vectors.nearest", "vectors.match"),
    *("vectors.select", "vectors.count", "vectors.named"),
    *("embedder.embed", "embedder.card"),
)


def is_call(name: str) -> bool:
    """Whether a port has such a call, by the name that a fuse gives it."""
    first, *parts, method = name.split(".")
    port: Any = {"graph": GraphStore, "vectors": VectorStore, "embedder": Embedder}[first]
    for part in parts:
        port = get_type_hints(port)[part]
    return inspect.iscoroutinefunction(getattr(port, method, None))


class Crash(BaseException):
    """The process ends here. No `except` of the service may take it for an error of a store."""


@dataclass
class Fuse:
    """Counts the calls of all stores of one service, and ends it at one of them: before the call
    took effect, after the first half of what it was given did, or after all of it did and only
    the answer was lost. `at` is the number of the call or its name; without it the fuse only
    counts."""

    at: int | str | None = None
    moment: str = BEFORE
    armed: bool = False
    blown: bool = False
    calls: list[tuple[str, bool]] = field(default_factory=list)
    """Names, and whether the call could be cut in half."""

    def points(self) -> list[Fuse]:
        """Every crash there could have been among the calls counted. One at a read leaves what
        one after the write before it leaves."""
        return [
            Fuse(index, moment)
            for index, (name, divisible) in enumerate(self.calls)
            for moment in (BEFORE, HALFWAY, AFTER)
            if name not in READS and (divisible or moment != HALFWAY)
        ]

    async def call(self, name: str, method: Callable[..., Awaitable[Any]], args: Any) -> Any:
        if self.blown:
            raise Crash
        if not self.armed:
            return await method(*args)
        half = _half(args) if name in SEVERAL else None
        self.calls.append((name, half is not None))
        if self.at not in (name, len(self.calls) - 1):
            return await method(*args)
        self.blown = True
        if self.moment == AFTER:
            await method(*args)
        elif self.moment == HALFWAY and half is not None:
            await method(*half)
        raise Crash

    def __str__(self) -> str:
        return f"a crash {self.moment} call {self.at}, {self.calls[-1][0]}"


def _half(args: Sequence[Any]) -> Sequence[Any] | None:
    *others, several = args
    return [*others, several[: len(several) // 2]] if len(several) > 1 else None


class _Fused:
    """A store whose every call goes through the fuse."""

    def __init__(self, name: str, inner: object, fuse: Fuse) -> None:
        self._name, self._inner, self._fuse = name, inner, fuse

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        async def call(*args: Any, **named: Any) -> Any:
            async def run(*these: Any) -> Any:
                return await method(*these, **named)

            return await self._fuse.call(f"{self._name}.{name}", run, args)

        return call


class _FusedRecord:
    """A graph store of which every part goes through the fuse."""

    def __init__(self, inner: object, fuse: Fuse) -> None:
        self._inner, self.fuse = inner, fuse

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if callable(found):
            return getattr(_Fused("graph", self._inner, self.fuse), name)
        part = self.__dict__[name] = _Fused(f"graph.{name}", found, self.fuse)
        return part


@dataclass(frozen=True)
class Ground:
    """Stores that outlive the services on them."""

    settings: Settings
    redis_url: str
    embedder: Embedder
    language: LanguageModel | None = None

    @asynccontextmanager
    async def service(self, fuse: Fuse | None = None) -> AsyncIterator[OpenService]:
        """A service with connections of its own. Of one that crashed nothing runs on, and its
        connections and files are closed as the end of a process closes them."""
        fuse = fuse or Fuse()
        graph = open_graph_store(self.settings, self.redis_url)
        vectors = open_vector_store(self.settings)
        service = await started_on(
            cast(GraphStore, _FusedRecord(graph, fuse)),
            cast(VectorStore, _Fused("vectors", vectors, fuse)),
            self.settings,
            cast(Embedder, _Fused("embedder", self.embedder, fuse)),
            model=self.language,
        )
        fuse.armed = True
        try:
            yield service
            await service.care.settled()
        finally:
            fuse.blown = True
            with suppress(Crash):
                await service.care.settled()
            await vectors.close()
            await graph.close()
