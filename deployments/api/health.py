"""Liveness, readiness, and the way to the API page. No key needed."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import RedirectResponse

from deployments.api import schemas
from deployments.api.answers import Json
from deployments.api.routing import new_router
from memory.errors import Mem0gError
from memory.memories import Memories


def routes(memories: Memories) -> APIRouter:
    router = new_router("health")

    @router.get("/", include_in_schema=False)
    async def home() -> RedirectResponse:
        return RedirectResponse("/docs")

    @router.head("/health", include_in_schema=False)
    @router.get("/health", response_model=schemas.HealthOut)
    async def health() -> Json:
        """This process answers."""
        return Json({"status": "ok"})

    @router.get(
        "/ready",
        response_model=schemas.ReadyOut,
        responses={503: {"model": schemas.ReadyOut, "description": "A dependency is down"}},
    )
    async def ready() -> Json:
        """Each dependency's state; 503 while one is down."""
        try:
            states = {"store": "ok", **await memories.ready()}
        except Mem0gError as error:
            states = {"store": error.message}
        up = all(state.startswith("ok") for state in states.values())
        return Json({"ready": up, "dependencies": states}, 200 if up else 503)

    return router
