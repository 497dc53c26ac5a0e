"""A memory service for tests, with the stores that it stands on in reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from config import Settings
from deployments.service_settings import service_settings
from graph_store import open_graph_store
from memory.domain.caller import DEFAULT_PROJECT
from memory.domain.ids import Project
from memory.ports.graph_store import GraphStore
from memory.ports.metrics import SILENT, Meter
from memory.ports.models import Embedder, LanguageModel
from memory.ports.vector_store import VectorStore
from memory.service.build import MemoryService, open_service
from tests.word_embedder import WordEmbedder
from vector_store import open_vector_store


@dataclass
class OpenService:
    """Has all that a MemoryService has, and its stores: `record` is the graph store."""

    service: MemoryService
    record: GraphStore
    vectors: VectorStore
    embedder: Embedder

    def __getattr__(self, name: str) -> Any:
        return getattr(self.service, name)

    def forget_projects(self) -> None:
        """Read every project anew, as another process would."""
        self.service.transfer._import_records._projects.forget()

    async def project(self, project_id: str = DEFAULT_PROJECT) -> Project:
        return await self.record.projects.read(project_id, 1)


class LateService:
    """A service whose parts can be handed out before it is started: an application is made before
    its event loop runs."""

    def __init__(self) -> None:
        self.service: OpenService | None = None

    def __getattr__(self, part: str) -> Any:
        return _LatePart(self, part)


class _LatePart:
    def __init__(self, late: LateService, part: str) -> None:
        self._late, self._part = late, part

    def __getattr__(self, method: str) -> Any:
        async def call(*args: Any, **named: Any) -> Any:
            return await getattr(getattr(self._late.service, self._part), method)(*args, **named)

        return call


async def started(
    settings: Settings,
    redis_url: str,
    embedder: Embedder | None = None,
    meter: Meter = SILENT,
    model: LanguageModel | None = None,
) -> OpenService:
    """A service on stores of its own; `care.close` closes it."""
    stores = open_graph_store(settings, redis_url, meter), open_vector_store(settings, meter)
    return await started_on(*stores, settings, embedder, meter, model)


async def started_on(
    record: GraphStore,
    vectors: VectorStore,
    settings: Settings,
    embedder: Embedder | None = None,
    meter: Meter = SILENT,
    model: LanguageModel | None = None,
) -> OpenService:
    """A service on these stores."""
    embedder = embedder or WordEmbedder()
    service = await open_service(
        record, vectors, embedder, service_settings(settings), meter, model
    )
    return OpenService(service, record, vectors, embedder)
