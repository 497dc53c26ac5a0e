"""What administrators may ask of the service, wherever it runs: upkeep, as tasks."""

from __future__ import annotations

from typing import Protocol

from memory.domain.caller import Caller
from memory.domain.tasks import Task


class Administration(Protocol):
    """Calls answer the task at once; where one of its kind and project runs already, that one.

    `project_id` None is all projects. Callers have been found to administer what they name; one
    that is bound to a user never does, and raises Forbidden.
    """

    async def verify(self, caller: Caller, project_id: str | None, dry_run: bool = False) -> Task:
        """Compare record and index, and mend what differs unless it is a `dry_run`."""
        ...

    async def rebuild(self, caller: Caller, project_id: str | None) -> Task:
        """Index everything again from the record, beside what is there."""
        ...

    async def compact(self, caller: Caller, project_id: str | None) -> Task:
        """Make erasure physical: overwrite what was erased in the files of both stores."""
        ...

    async def erase_project(self, caller: Caller, project_id: str) -> Task:
        """Erase a project; of the default one its contents only. Raises NotFound."""
        ...

    async def task(self, caller: Caller, task_id: str) -> Task:
        """Raises NotFound, also a week after it began."""
        ...

    async def tasks(self, caller: Caller) -> list[Task]:
        """Those of the last week, newest first."""
        ...
