"""The route of the audit trail."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query

from access import Access
from deployments.api.middleware.permissions import HOLDS_RIGHT
from deployments.api.routes.dependencies import Visitor
from deployments.api.routes.routing import new_router
from deployments.api.schemas.access import AuditOut, AuditParameters
from deployments.api.schemas.serialize import Json


def routes(access: Access) -> APIRouter:
    router = new_router("access", prefix="/v1/admin", dependencies=[HOLDS_RIGHT])

    @router.get("/audit", response_model=AuditOut)
    async def audit(query: Annotated[AuditParameters, Query()], visitor: Visitor) -> Json:
        """Calls with the right admin, newest first: all of them for the admin key, for another
        those with keys of its project."""
        project = None if visitor.everywhere else visitor.caller.project
        entries = await access.audit.read(query.limit, project)
        return Json({"entries": [*map(asdict, entries)]})

    return router
