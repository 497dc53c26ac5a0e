"""The Store deployment: the memory service beside its stores, behind one handle method."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import ray

if TYPE_CHECKING:
    from memory.service.build import MemoryService

from config.settings import Settings
from deployments.observability import logs
from deployments.observability.metrics import RayMeter
from deployments.preflight import refuse_many_nodes
from deployments.refusal import RefusedToStart, refusals
from deployments.remote import OPERATIONS, READY, RemoteEmbedder, is_finished
from deployments.service_settings import service_settings
from memory.context.background import Background
from memory.domain.errors import (
    DeadlineExceeded,
    InvalidInput,
    Mem0gError,
    Refused,
    StoreUnavailable,
    Unavailable,
)

logger = logging.getLogger("ray.serve")

_RETRY_S = 1.0
_REPAIR_S = 3.0
_WORK_S = 1.0


class Store:
    """Answers the operations of memory.service.api through `call`. If a dependency is down at the
    start, it answers StoreUnavailable and keeps trying. Data that it must not touch fails the
    deployment.
    """

    async def __init__(self, args: dict[str, Any], embedder: Any) -> None:  # type: ignore[misc]  # Serve awaits it
        logs.install()
        self._meter = RayMeter()
        with refusals():
            self._settings = Settings.load(args)
            refuse_many_nodes(self._settings, _nodes())
            self._embedder = RemoteEmbedder(embedder, self._settings.api.deadline_s)
            self._service: MemoryService | None = None
            self._waiting_for = ""
            self._writes = Background()
            await self._start()
        self._care = asyncio.create_task(self._keep())

    async def call(self, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run one operation, named "part.method". An expected refusal comes back as a Refused. A
        caller that goes away does not cut a write short."""
        try:
            if operation not in OPERATIONS:
                raise InvalidInput(f"the store has no operation {operation!r}")
            if self._service is None:
                if operation == READY:
                    return {"store": self._waiting_for}
                raise StoreUnavailable(self._waiting_for)
            part, _, method = operation.partition(".")
            answer = getattr(getattr(self._service, part), method)(*args, **kwargs)
            if is_finished(operation):
                return await self._writes.finish(answer)
            return await answer
        except Mem0gError as error:
            return Refused.of(error)

    async def check_health(self) -> None:
        """Only what a new process would cure, or must refuse: never a dependency that is down."""
        if self._care.done():
            self._care.result()
            raise RuntimeError("the repair loop has ended")

    async def _start(self) -> None:
        # Here, not where the application is built.
        from deployments.models.language_model import open_language_model
        from graph_store import open_graph_store, redis_url
        from memory.service.build import open_service
        from vector_store import open_vector_store

        try:
            self._service = await open_service(
                open_graph_store(self._settings, redis_url(self._settings), self._meter),
                open_vector_store(self._settings, self._meter),
                self._embedder,
                service_settings(self._settings),
                self._meter,
                open_language_model(self._settings.llm, self._meter),
            )
        except (Unavailable, DeadlineExceeded) as error:
            if self._waiting_for != error.message:
                logger.warning("Store waits: %s", error.message)
            self._waiting_for = error.message

    async def _keep(self) -> None:
        """Finish a start that found a dependency down, then repair for ever."""
        while self._service is None:
            await asyncio.sleep(_RETRY_S)
            try:
                with refusals():
                    await self._start()
            except RefusedToStart:
                raise
            except Exception:
                logger.exception("Store does not start")
        care = self._service.care
        await asyncio.gather(
            _often(_REPAIR_S, care.repair, care.resume), _often(_WORK_S, care.work)
        )


async def _often(seconds: float, *cares: Callable[[], Awaitable[object]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        for care in cares:
            try:
                await care()
            except Unavailable as error:
                logger.info("Care waits: %s", error.message)
            except Exception:
                logger.exception("Care failed")


def _nodes() -> int:
    """Nodes of the cluster that could hold a replica."""
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    return sum(node["Alive"] and node["Resources"].get("CPU", 0) > 0 for node in nodes)
