"""The HTTP application over a memory service, wherever that service runs."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp

from config.settings import Settings
from deployments.api import errors, graph, health, memories, relationships
from deployments.api.edge import Edge
from deployments.api.schemas import ErrorOut
from memory.memories import Memories

_REFUSALS: dict[int | str, str] = {
    400: "Bad input; nothing was changed",
    401: "No key, or an unknown one",
    403: "The key may not do this",
    404: "No such memory or relationship",
    409: "The world stands otherwise",
    413: "The body is too large",
    429: "More requests than the key may send; see Retry-After",
    503: "A store is down or the service is full; see Retry-After",
    504: "No answer within the deadline",
    "default": "Any other refusal",
}


def create_app(service: Memories, settings: Settings, sends_request_id: bool = True) -> FastAPI:
    """The whole HTTP behaviour; Ray-free, so tests drive it in process. Behind a server that
    writes X-Request-ID itself, as Serve does, `sends_request_id` is off."""
    app = FastAPI(
        title="Mem0g",
        version="0.1.0",
        description="A memory service for AI agents with a temporal graph.",
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # Ray counts requests
        responses={
            status: {"description": text, "model": ErrorOut} for status, text in _REFUSALS.items()
        },
    )
    errors.install(app)
    app.include_router(health.routes(service))
    app.include_router(graph.routes(service))  # before memories': graph and path are no ids
    app.include_router(relationships.routes(service))
    app.include_router(memories.routes(service))

    def edge(inner: ASGIApp) -> Edge:
        return Edge(inner, settings, sends_request_id)

    app.add_middleware(edge)
    return app
