"""Routes of projects. The admin key makes and ends them; a key with the right admin sees its
own."""

from __future__ import annotations

from fastapi import APIRouter

from access import Access
from access.door import require_everywhere
from access.projects import require_seen
from deployments.api.middleware.permissions import HOLDS_RIGHT
from deployments.api.routes.dependencies import Visitor
from deployments.api.routes.routing import new_router
from deployments.api.schemas.access import ProjectIn, ProjectOut, ProjectsOut, project_out
from deployments.api.schemas.serialize import Json, replayed

ADMIN_KEY_ONLY = "only the admin key makes and deletes projects"


def routes(access: Access) -> APIRouter:
    router = new_router("access", prefix="/v1/projects", dependencies=[HOLDS_RIGHT])

    @router.post("", status_code=201, response_model=ProjectOut)
    async def create(body: ProjectIn, visitor: Visitor) -> Json:
        """Make a project: a namespace of memories that no other project's keys reach."""
        require_everywhere(visitor, ADMIN_KEY_ONLY)
        made, known = await access.projects.create(visitor, body.name)
        return Json(project_out(made), 201, replayed(known))

    @router.get("", response_model=ProjectsOut)
    async def page(visitor: Visitor) -> Json:
        """Every project that the caller administers: the default one, then by age."""
        if visitor.everywhere:
            found = await access.projects.all()
        else:
            found = [await access.projects.get(visitor.caller.project)]
        return Json({"projects": [*map(project_out, found)]})

    @router.get("/{project_id}", response_model=ProjectOut)
    async def get(project_id: str, visitor: Visitor) -> Json:
        """One project."""
        require_seen(visitor, project_id)
        return Json(project_out(await access.projects.get(project_id)))

    return router
