"""What every part of the service stands on: the stores, the embedder, and the way to an owner."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from config.settings import Settings
from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.erasures import Order
from memory.domain.errors import IdempotencyMismatch, Mem0gError, NotFound
from memory.domain.idempotency import Operation, operation_of
from memory.domain.ids import NOBODY, Project, owner_hash_of
from memory.domain.memory import Memory, Scope
from memory.index.outbox import Index
from memory.ports.graph_store import GraphStore, Instant
from memory.ports.language_model import LanguageModel
from memory.ports.metrics import SILENT, Meter
from memory.ports.vector_store import Embedder, ModelCard, VectorStore
from memory.query.conditions import Condition
from memory.query.extent import Extent, bounded
from memory.query.views import Snapshot, View

CACHE_LIFE_S = 0.9
"""For so long a replica may act on what a project was: whoever moves its index waits for it."""

_READY_WITHIN_S = 3.0
"""Whoever asks whether all is ready does not wait for a dependency's own deadline."""

ProjectOf = Callable[[str], Awaitable[Project]]
"""Reads a project as it stands in the record."""


class Stores:
    """Base of the service's parts."""

    def __init__(
        self,
        graph: GraphStore,
        vectors: VectorStore,
        embedder: Embedder,
        settings: Settings,
        meter: Meter = SILENT,
        language: LanguageModel | None = None,
    ) -> None:
        self._graph, self._vectors, self._embedder = graph, vectors, embedder
        self._settings, self._meter, self._model = settings, meter, language
        self._index = Index(
            graph, vectors, embedder, self._fresh_project, settings.api.deadline_s, meter
        )
        self._projects: dict[str, tuple[float, Project]] = {}
        self._card: ModelCard | None = None

    async def start(self) -> None:
        """Open the stores. Raises StartupRefused for what will not mend by itself."""
        self._card = await self._embedder.card()
        await self._graph.open(self._card)
        await self._vectors.open(self._card)

    async def close(self) -> None:
        await self._index.settled()
        await self._vectors.close()
        await self._graph.close()

    async def repair(self) -> int:
        """One pass over owners whose index may lag; returns how many memories were re-indexed."""
        return await self._index.repair()

    async def ready(self) -> dict[str, str]:
        names = ("redis", "vector_store", "embedder")
        checks = (self._graph.ping(), self._vectors.check(), self._embedder.card())
        states = await asyncio.gather(*map(_state, checks))
        return dict(zip(names, states, strict=True)) | {"score": self._score_state()}

    def _score_state(self) -> str:
        name = self._card.name if self._card else ""
        if name in self._settings.ranking.calibrations:
            return "ok"
        return f"ok: plain cosine, no calibration is set for {name}"

    async def _place(self, caller: Caller) -> Project:
        """The caller's project, bound to their user where there is one."""
        project = await self._project(caller.project)
        return project if caller.user_id is None else replace(project, user_id=caller.user_id)

    async def _project(self, project_id: str) -> Project:
        read_at, project = self._projects.get(project_id, (-math.inf, None))
        if project is None or time.monotonic() - read_at > CACHE_LIFE_S:
            return await self._fresh_project(project_id)
        return project

    async def _fresh_project(self, project_id: str) -> Project:
        read_at, buckets = time.monotonic(), self._settings.vector_store.buckets
        project = await self._graph.project(project_id, buckets, project_id == DEFAULT_PROJECT)
        self._projects[project_id] = read_at, project
        return project

    async def once(self, place: Project, caller: Caller) -> Operation | None:
        """Claim the operation that the caller's Idempotency-Key stands for; None without a key.

        Where a request is one commit, or one commit an item, give the transactions its items
        (Transaction.once): the commit script keeps their answers. Anything longer calls `keep` at
        its end, and answers `kept` where an earlier send came so far. Raises IdempotencyMismatch
        where the key was given to another request.
        """
        if caller.once is None:
            return None
        wanted = operation_of(place, caller.once)
        operation = await self._graph.claim(place.id, wanted)
        if operation.request != wanted.request:
            raise IdempotencyMismatch("this Idempotency-Key was given to another request")
        return replace(operation, job=wanted.job)

    async def keep(
        self, place: Project, operation: Operation | None, answer: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """Keep an answer, JSON without any text of the caller's, for later sends of its request.
        Where another send was faster: its answer, which stands for this one as well."""
        if operation is None:
            return None
        stands = (await self._graph.keep(place.id, replace(operation, kept=answer))).kept
        return None if stands == answer else stands

    async def _forget_kept(self, order: Order) -> None:
        """Remove what else is kept that names the entity of an erasure, besides memories: parts
        of the service that keep something add to it."""

    async def _extent(self, project: Project, scope: Scope, condition: Condition) -> Extent:
        """What a read of the scope, and of the scopes that the condition names, is about."""
        scope, named = bounded(project, scope, condition)
        if Scope() in named:
            return Extent(project, scope, condition, named, None)
        owners = await asyncio.gather(*(self._owners(project, each) for each in named))
        owner_hashes = list(dict.fromkeys(owner_hash for each in owners for owner_hash in each))
        return Extent(project, scope, condition, named, owner_hashes)

    async def _instant(self, extent: Extent) -> Instant:
        """The instant to pin a read at. Of owners that are not known any may have a memory that
        is valid without being open."""
        if extent.slots:
            return await self._graph.instant(extent.slots)
        instant = await self._graph.instant([extent.project.slot(NOBODY)])
        return replace(instant, bounded=extent.owner_hashes is None)

    async def _owners(self, project: Project, scope: Scope) -> list[str]:
        """Tags of the owners whose memories the scope can name.

        A user's memories have one owner. An agent's, app's or session's lie with the entity
        itself and with every owner that named it beside itself.
        """
        own = project.owner_hash(scope.owner)
        if scope.user_id is not None:
            return [own]
        field, value = next(iter(scope.given().items()))
        named = await self._graph.owners(project.id, field, value)
        return [own, *(owner_hash for owner_hash in named if owner_hash != own)]

    async def _snapshot(self, slot: str, view: View) -> Snapshot:
        """The view, pinned at Redis's now where it names no instant."""
        if view.as_of is not None:
            return view.pinned(view.as_of)
        return view.pinned((await self._graph.instant([slot])).now)

    async def _shown(
        self, project: Project, memory_ids: Iterable[str], snapshot: Snapshot
    ) -> dict[str, Memory]:
        """Those of the memories that a snapshot shows, by id."""
        known = await self._graph.read(project.id, list(memory_ids), snapshot.known_at)
        return {each: memory for each, memory in known.items() if snapshot.shows(memory)}

    async def _known(self, project: Project, memory_id: str, known_at: int | None = None) -> Memory:
        """The version known then, or NotFound: malformed, missing and foreign ids read alike."""
        slot_of(project, memory_id)
        found = await self._graph.read(project.id, [memory_id], known_at)
        if memory_id not in found:
            raise missing(memory_id)
        return found[memory_id]

    def _start(
        self, memory_id: str, known: Mapping[str, Memory], snapshot: Snapshot, view: View
    ) -> bool:
        """Whether a read that sets out from a memory sees it. NotFound where there is none, or
        where the caller named an instant at which it is not there."""
        shown = memory_id in known and snapshot.shows(known[memory_id])
        if not shown and (memory_id not in known or view.explicit):
            raise missing(memory_id)
        return shown


async def _state(check: Awaitable[object]) -> str:
    try:
        async with asyncio.timeout(_READY_WITHIN_S):
            await check
    except TimeoutError:
        return f"no answer in {_READY_WITHIN_S:g} s"
    except Mem0gError as error:
        return error.message
    except Exception as error:
        return type(error).__name__
    return "ok"


def slot_of(project: Project, memory_id: str) -> str:
    """The slot of the memory's owner; raises NotFound where the text is no memory id, or
    names an owner that the project is not bound to."""
    owner_hash = owner_hash_of(memory_id)
    if owner_hash is None or not project.holds(owner_hash):
        raise missing(memory_id)
    return project.slot(owner_hash)


def missing(memory_id: str) -> NotFound:
    return NotFound(f"no memory {memory_id[:60]!r}")
