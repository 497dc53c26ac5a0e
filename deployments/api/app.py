"""The HTTP application over a memory service, wherever that service runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from access import Access, open_access
from config.settings import Settings
from deployments.api import errors, mem0
from deployments.api.feed import routes as live_feed
from deployments.api.feed.event_hub import EventHub
from deployments.api.middleware.access_log import AccessLog
from deployments.api.middleware.admission import Admission
from deployments.api.routes import (
    admin,
    audit,
    erasures,
    graph,
    health,
    keys,
    memories,
    projects,
    relationships,
)
from deployments.api.routes.routing import gathered
from deployments.api.transfer import routes as transfer
from deployments.version import __version__
from graph_store import redis_url
from memory.ports.metrics import SILENT, Meter
from memory.service.api import Service


def create_app(
    service: Service,
    settings: Settings,
    sends_request_id: bool = True,
    meter: Meter = SILENT,
    access: Access | None = None,
    feed: EventHub | None = None,
) -> FastAPI:
    """The whole HTTP behaviour; Ray-free, so tests drive it in process. Behind a server that
    writes X-Request-ID itself, as Serve does, `sends_request_id` is off. Without `access`,
    keys are in the Redis of the settings. The app closes access and feed at its end."""
    access = access or open_access(settings, redis_url(settings))

    @asynccontextmanager
    async def closing(_: FastAPI) -> AsyncIterator[None]:
        yield
        if feed is not None:
            await feed.close()
        await access.close()

    app = FastAPI(
        lifespan=closing,
        title="Mem0g",
        version=__version__,
        description="A memory service for AI agents with a temporal graph.",
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # Ray counts requests
    )
    errors.install(app)
    routers = [
        health.routes(service.health),
        graph.routes(service.graph),  # before memories': graph and path are no ids
        relationships.routes(service.graph),
        memories.routes(service.memories, service.search),
        erasures.routes(service.erasures),
        transfer.routes(service.transfer),
        projects.routes(access),
        keys.routes(access),
        audit.routes(access),
        admin.routes(service.maintenance, access),
        *mem0.routers(service, access, settings),
    ]
    if feed is not None:
        routers.append(live_feed.routes(feed))
    app.router.routes += gathered(routers)

    def admission(inner: ASGIApp) -> Admission:
        return Admission(inner, settings, access, sends_request_id)

    def access_log(inner: ASGIApp) -> AccessLog:
        return AccessLog(inner, meter, settings.api.access_log)

    app.add_middleware(admission)
    app.add_middleware(access_log)  # the later, the further out
    return app
