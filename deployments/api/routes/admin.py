"""Routes of upkeep. A key with the right admin has its own project kept up, the admin key all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from typing_extensions import TypedDict

from access import Access
from access.door import require_everywhere
from access.model import Pass
from access.projects import require_seen
from deployments.api.middleware.permissions import HOLDS_RIGHT
from deployments.api.routes.dependencies import Visitor
from deployments.api.routes.projects import ADMIN_KEY_ONLY
from deployments.api.routes.routing import new_router
from deployments.api.schemas.access import ProjectId
from deployments.api.schemas.fields import Body
from deployments.api.schemas.serialize import Json, replayed
from memory.domain.clock import format_instant
from memory.domain.errors import NotFound
from memory.domain.tasks import Kind, State, Task
from memory.service.api import Maintenance


class UpkeepIn(Body):
    """Which project; none is all that the caller administers."""

    project_id: ProjectId | None = None


class VerifyIn(UpkeepIn):
    dry_run: bool = Field(default=False, description="report what differs and leave it")


class TaskOut(TypedDict):
    """`done` of `total` steps; the report has counts and ids, never text."""

    id: Annotated[str, Field(examples=["task_5a552b1c6d9f1a100d5c7c1e6a0e8f0b"])]
    kind: Kind
    project_id: str | None
    state: State
    done: int
    total: int
    report: Mapping[str, Any]
    error: str | None
    started_at: str
    updated_at: str


class TasksOut(TypedDict):
    tasks: list[TaskOut]


def routes(maintenance: Maintenance, access: Access) -> APIRouter:
    router = new_router("upkeep", dependencies=[HOLDS_RIGHT])

    @router.post("/v1/admin/verify", status_code=202, response_model=TaskOut)
    async def verify(visitor: Visitor, body: VerifyIn | None = None) -> Json:
        """Compare record and index, and mend what differs."""
        asked = body or VerifyIn()
        project_id = _named(visitor, asked.project_id)
        work = partial(maintenance.verify, visitor.caller, project_id, asked.dry_run)
        return await _begun(visitor, work)

    @router.post("/v1/admin/rebuild", status_code=202, response_model=TaskOut)
    async def rebuild(visitor: Visitor, body: UpkeepIn | None = None) -> Json:
        """Make the index again from the record, beside the one in use."""
        project_id = _named(visitor, (body or UpkeepIn()).project_id)
        return await _begun(visitor, partial(maintenance.rebuild, visitor.caller, project_id))

    @router.post("/v1/admin/compact", status_code=202, response_model=TaskOut)
    async def compact(visitor: Visitor, body: UpkeepIn | None = None) -> Json:
        """Overwrite what was erased in the files of both stores."""
        project_id = _named(visitor, (body or UpkeepIn()).project_id)
        return await _begun(visitor, partial(maintenance.compact, visitor.caller, project_id))

    @router.get("/v1/admin/tasks", response_model=TasksOut)
    async def tasks(visitor: Visitor) -> Json:
        """Tasks of the last week, newest first."""
        found = await maintenance.tasks(visitor.caller)
        return Json({"tasks": [task_out(task) for task in found if _sees(visitor, task)]})

    @router.get("/v1/admin/tasks/{task_id}", response_model=TaskOut)
    async def task(task_id: str, visitor: Visitor) -> Json:
        """How far a task has come."""
        found = await maintenance.task(visitor.caller, task_id)
        if not _sees(visitor, found):
            raise NotFound(f"no task {task_id[:60]!r}")
        return Json(task_out(found))

    @router.delete("/v1/projects/{project_id}", status_code=202, response_model=TaskOut)
    async def erase_project(project_id: str, visitor: Visitor) -> Json:
        """Erase a project with all that it holds, and revoke its keys; of the default one only
        its contents."""
        require_everywhere(visitor, ADMIN_KEY_ONLY)

        async def erase() -> Task:
            await access.projects.get(project_id)
            return await maintenance.erase_project(visitor.caller, project_id)

        return await _begun(visitor, erase)

    async def _begun(visitor: Pass, begin: Callable[[], Awaitable[Task]]) -> Json:
        async def work() -> TaskOut:
            return task_out(await begin())

        task, known = await access.repeats.once(visitor, work)
        return Json(task, 202, {"Location": f"/v1/admin/tasks/{task['id']}", **replayed(known)})

    return router


def task_out(task: Task) -> TaskOut:
    return {
        "id": task.id,
        "kind": task.kind,
        "project_id": task.project,
        "state": task.state,
        "done": task.done,
        "total": task.total,
        "report": {"dry_run": True, **task.report} if task.dry_run else task.report,
        "error": task.error,
        "started_at": format_instant(task.started_at),
        "updated_at": format_instant(task.updated_at),
    }


def _named(visitor: Pass, project_id: str | None) -> str | None:
    """The project to keep up; None is all. Raises NotFound for one that the caller does not see."""
    if project_id is not None:
        require_seen(visitor, project_id)
    return project_id if visitor.everywhere else visitor.caller.project


def _sees(visitor: Pass, task: Task) -> bool:
    return visitor.everywhere or task.project == visitor.caller.project
