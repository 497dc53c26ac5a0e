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
from deployments.api.middleware.access_log import Observed
from deployments.api.middleware.admission import Edge
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
from memory.service.api import Memories


def create_app(
    service: Memories,
    settings: Settings,
    sends_request_id: bool = True,
    meter: Meter = SILENT,
    access: Access | None = None,
    feed: EventHub | None = None,
) -> FastAPI:
    """The whole HTTP behaviour; Ray-free, so tests drive it in process. Behind a server that
    writes X-Request-ID itself, as Serve does, `sends_request_id` is off. Without `access` keys
    are where the settings have the record; the app closes it, and the feed, at its end."""
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
        health.routes(service),
        graph.routes(service),  # before memories': graph and path are no ids
        relationships.routes(service),
        memories.routes(service),
        erasures.routes(service),
        transfer.routes(service),
        projects.routes(access),
        keys.routes(access),
        audit.routes(access),
        admin.routes(service, access),
        *mem0.routers(service, access, settings),
    ]
    if feed is not None:
        routers.append(live_feed.routes(feed))
    app.router.routes += gathered(routers)

    def edge(inner: ASGIApp) -> Edge:
        return Edge(inner, settings, access, sends_request_id)

    def observed(inner: ASGIApp) -> Observed:
        return Observed(inner, meter, settings.api.access_log)

    app.add_middleware(edge)
    app.add_middleware(observed)  # the later, the further out
    return app
