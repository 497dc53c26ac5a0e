"""Liveness, readiness, and the way to the API page. No key needed."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import RedirectResponse

from deployments.api.routes.routing import new_router
from deployments.api.schemas import responses
from deployments.api.schemas.serialize import Json
from memory.domain.errors import Mem0gError
from memory.service.api import Health


def routes(dependencies: Health) -> APIRouter:
    router = new_router("health")

    @router.get("/", include_in_schema=False)
    async def home() -> RedirectResponse:
        return RedirectResponse("/docs")

    @router.head("/health", include_in_schema=False)
    @router.get("/health", response_model=responses.HealthOut)
    async def health() -> Json:
        """This process answers."""
        return Json({"status": "ok"})

    @router.get(
        "/ready",
        response_model=responses.ReadyOut,
        responses={503: {"model": responses.ReadyOut, "description": "A dependency is down"}},
    )
    async def ready() -> Json:
        """Each dependency's state; 503 while one is down."""
        try:
            states = {"store": "ok", **await dependencies.ready()}
        except Mem0gError as error:
            states = {"store": error.message}
        up = all(state.startswith("ok") for state in states.values())
        return Json({"ready": up, "dependencies": states}, 200 if up else 503)

    return router
