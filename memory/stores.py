"""What every part of the service stands on: the stores, the embedder, and the way to an owner."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace

from config.settings import Settings
from memory.caller import Caller
from memory.errors import NotFound
from memory.identity import Project, owner_tag
from memory.indexing import Index
from memory.model import Memory, Scope
from memory.ports import Embedder, GraphStore, ModelCard, VectorStore
from memory.view import View, World


class Stores:
    """Base of the service's parts."""

    def __init__(
        self, graph: GraphStore, vectors: VectorStore, embedder: Embedder, settings: Settings
    ) -> None:
        self._graph, self._vectors, self._embedder = graph, vectors, embedder
        self._settings = settings
        self._index = Index(graph, vectors, embedder)
        self._projects: dict[str, Project] = {}
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
        return await self._index.repair(self._project)

    async def ready(self) -> dict[str, str]:
        names = ("redis", "vector_store", "embedder")
        checks = (self._graph.ping(), self._vectors.check(), self._embedder.card())
        outcomes = await asyncio.gather(*checks, return_exceptions=True)
        states = {
            name: getattr(outcome, "message", str(outcome))
            if isinstance(outcome, Exception)
            else "ok"
            for name, outcome in zip(names, outcomes, strict=True)
        }
        return states | {"score": self._score_state()}

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
        if project_id not in self._projects:
            buckets = self._settings.vector_store.buckets
            self._projects[project_id] = await self._graph.project(project_id, buckets)
        return self._projects[project_id]

    async def _owners(self, project: Project, scope: Scope) -> list[str]:
        """Tags of the owners whose memories the scope can name.

        A user's memories have one owner. An agent's, app's or session's lie with the entity
        itself and with every owner that named it beside itself.
        """
        own = project.tag(scope.owner)
        if scope.user_id is not None:
            return [own]
        field, value = next(iter(scope.given().items()))
        named = await self._graph.owners(project.id, field, value)
        return [own, *(tag for tag in named if tag != own)]

    async def _world(self, slot: str, view: View) -> World:
        """The view, pinned at Redis's now where it names no instant."""
        if view.as_of is not None:
            return view.pinned(view.as_of)
        return view.pinned((await self._graph.instant([slot])).now)

    async def _shown(
        self, project: Project, memory_ids: Iterable[str], world: World
    ) -> dict[str, Memory]:
        """Those of the memories that a world shows, by id."""
        known = await self._graph.read(project.id, list(memory_ids), world.known_at)
        return {each: memory for each, memory in known.items() if world.shows(memory)}

    async def _known(self, project: Project, memory_id: str, known_at: int | None = None) -> Memory:
        """The version known then, or NotFound: malformed, missing and foreign ids read alike."""
        slot_of(project, memory_id)
        found = await self._graph.read(project.id, [memory_id], known_at)
        if memory_id not in found:
            raise missing(memory_id)
        return found[memory_id]

    def _start(self, memory_id: str, known: Mapping[str, Memory], world: World, view: View) -> bool:
        """Whether a read that sets out from a memory sees it. NotFound where there is none, or
        where the caller named an instant at which it is not there."""
        shown = memory_id in known and world.shows(known[memory_id])
        if not shown and (memory_id not in known or view.explicit):
            raise missing(memory_id)
        return shown


def slot_of(project: Project, memory_id: str) -> str:
    """The slot of the memory's owner; raises NotFound where the text is no memory id, or
    names an owner that the project is not bound to."""
    tag = owner_tag(memory_id)
    if tag is None or not project.holds(tag):
        raise missing(memory_id)
    return project.slot(tag)


def missing(memory_id: str) -> NotFound:
    return NotFound(f"no memory {memory_id[:60]!r}")
