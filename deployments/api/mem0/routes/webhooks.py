"""Routes of webhooks, which are not to be had here: whoever wants to know of changes reads the
live feed."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from access.projects import require_seen
from deployments.api.routes.dependencies import Visitor
from deployments.api.routes.routing import new_router
from deployments.api.schemas.serialize import Json
from memory.domain.errors import InvalidInput, NotFound
from memory.service.api import Memories

_NONE_HERE = "this server calls no webhooks; GET /v1/events/stream tells of every change as it is"


class WebhookOut(BaseModel):
    """Never answered: there are none."""

    webhook_id: str


def routes(_: Memories) -> APIRouter:
    router = new_router("mem0", prefix="/api/v1/webhooks")

    @router.get("/projects/{project_id}", response_model=list[WebhookOut])
    async def page(project_id: str, visitor: Visitor) -> Json:
        """No webhooks."""
        require_seen(visitor, project_id)
        return Json([])

    @router.post("/projects/{project_id}")
    async def create(project_id: str, visitor: Visitor) -> Json:
        """Refused, so that nobody waits for a call that never comes."""
        require_seen(visitor, project_id)
        raise InvalidInput(_NONE_HERE)

    @router.put("/{webhook_id}")
    @router.delete("/{webhook_id}")
    async def change(webhook_id: str) -> Json:
        """There is none to change."""
        raise NotFound(f"no webhook {webhook_id[:60]!r}: {_NONE_HERE}")

    return router
