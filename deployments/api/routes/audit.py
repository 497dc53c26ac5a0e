"""The audit trail: its route, and what it calls each call."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.types import Scope

from access import Access
from deployments.api.middleware.permissions import ADMIN_AREAS, HOLDS_RIGHT
from deployments.api.routes.dependencies import Visitor
from deployments.api.routes.routing import new_router
from deployments.api.schemas.access import AuditOut, AuditParameters
from deployments.api.schemas.serialize import Json

_ID = re.compile(r"(?:key|proj|task)_[0-9a-f]{32}|default")
_LONGEST_METHOD = 16


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


def action_of(scope: Scope) -> str:
    """Method and route, with ids in their places. Whatever else stands in a path is left out: it
    may be a secret that was sent there by mistake."""
    path = getattr(scope.get("route"), "path", None)
    if path is None:
        area = next(area for area in ADMIN_AREAS if scope["path"].startswith(area))
        path = area if scope["path"] == area else f"{area}/…"
    for name, value in scope.get("path_params", {}).items():
        if _ID.fullmatch(value):
            path = path.replace(f"{{{name}}}", value)
    return f"{scope['method'][:_LONGEST_METHOD]} {path}"
