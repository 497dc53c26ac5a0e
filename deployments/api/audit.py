"""The route of the audit trail."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query

from access import Access
from deployments.api.access_bodies import AuditOut, AuditParameters
from deployments.api.answers import Json
from deployments.api.who import Visitor


def routes(access: Access) -> APIRouter:
    router = APIRouter(prefix="/v1/admin", tags=["access"])

    @router.get("/audit", response_model=AuditOut)
    async def audit(query: Annotated[AuditParameters, Query()], visitor: Visitor) -> Json:
        """Calls that needed the scope admin, refused ones too, newest first: all of them for the
        admin key, for another those with keys of its project."""
        project = None if visitor.everywhere else visitor.caller.project
        entries = await access.audit.read(query.limit, project)
        return Json({"entries": [*map(asdict, entries)]})

    return router
