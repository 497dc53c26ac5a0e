"""What Mem0's clients ask first: whether the key is good, and whose it is."""

from __future__ import annotations

from fastapi import APIRouter

from deployments.api.mem0.schemas.responses import PingOut
from deployments.api.routes.dependencies import Who
from deployments.api.routes.routing import new_router
from deployments.api.schemas.serialize import Json

# There is one, of which every project is a part.
ORGANISATION = "mem0g"


def routes() -> APIRouter:
    router = new_router("mem0")

    @router.get("/v1/ping", response_model=PingOut)
    async def ping(who: Who) -> Json:
        """The key's project."""
        out: PingOut = {
            "status": "ok",
            "org_id": ORGANISATION,
            "project_id": who.project,
            "user_email": None,
        }
        return Json(out)

    return router
