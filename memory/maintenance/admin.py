"""What administrators ask for: upkeep of the stores, which runs as tasks."""

from __future__ import annotations

from memory.context.projects import Projects
from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.errors import Forbidden, NotFound
from memory.domain.tasks import Kind, Task
from memory.maintenance.task_runner import TaskRunner
from memory.ports.maintenance import TaskRecord
from memory.ports.projects import ProjectRecord


class Maintenance:
    """Implements memory.service.api.Maintenance."""

    def __init__(
        self,
        projects: Projects,
        project_record: ProjectRecord,
        tasks: TaskRecord,
        runner: TaskRunner,
    ) -> None:
        self._projects, self._project_record = projects, project_record
        self._tasks, self._runner = tasks, runner

    async def verify(self, caller: Caller, project_id: str | None, dry_run: bool = False) -> Task:
        return await self._begin(caller, Kind.VERIFY, project_id, dry_run)

    async def rebuild(self, caller: Caller, project_id: str | None) -> Task:
        return await self._begin(caller, Kind.REBUILD, project_id)

    async def compact(self, caller: Caller, project_id: str | None) -> Task:
        return await self._begin(caller, Kind.COMPACT, project_id)

    async def erase_project(self, caller: Caller, project_id: str) -> Task:
        return await self._begin(caller, Kind.ERASE_PROJECT, project_id)

    async def task(self, caller: Caller, task_id: str) -> Task:
        _may(caller)
        task = await self._tasks.read(task_id)
        if task is None:
            raise NotFound(f"no task {task_id[:60]!r}")
        return task

    async def tasks(self, caller: Caller) -> list[Task]:
        _may(caller)
        return await self._tasks.all()

    async def _begin(
        self, caller: Caller, kind: Kind, project_id: str | None, dry_run: bool = False
    ) -> Task:
        """A task of this kind, under way. Raises NotFound if there is no such project."""
        _may(caller)
        if project_id == DEFAULT_PROJECT:
            await self._projects.fresh(project_id)  # it always exists, but is made at its first use
        elif project_id is not None and not await self._project_record.epochs([project_id]):
            raise NotFound(f"no project {project_id[:60]!r}")
        return await self._runner.start(kind, project_id, dry_run)


def _may(caller: Caller) -> None:
    """Raises Forbidden if the caller is bound to a user."""
    if caller.user_id is not None:
        raise Forbidden("this key is for one user_id and administers nothing")
