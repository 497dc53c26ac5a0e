"""Jobs as the record keeps them and hands them out.

Each job goes to one worker at a time. The jobs of an owner are carried out one after the other, in
the order in which they were asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from memory.domain.jobs import Assignment, Ending


@dataclass(frozen=True, slots=True)
class Call:
    """An entry of the queue: it says that work of an owner waits.

    `at` is when the call was first made, in milliseconds by Redis's clock. A call without a job is
    about all jobs of the owner. Many calls that are put off become one such call.
    """

    entry: str
    slot: str
    job_id: str
    at: int

    def of_any(self) -> Call:
        return replace(self, job_id="", at=0)


@dataclass(frozen=True, slots=True)
class Turn:
    """What a worker gets when it asks for an owner's work: the oldest job, or none.

    If there is none, `wait_s` says after how many seconds there may be one. It is None if nothing
    waits. If `missing`, the job of the call was not there at `now`, in milliseconds.
    """

    job: Assignment | None
    wait_s: float | None = None
    missing: bool = False
    now: int = 0


class JobRecord(Protocol):
    """Jobs that have ended are kept for seven days. Jobs that have not ended are kept until they
    end."""

    async def note(self, project_id: str, job: Assignment) -> Assignment:
        """Keep a job, and answer it. A waiting job is handed out from now on. If a job of the same
        id is there already, it stays and is answered. Raises Overloaded if too many of the owner's
        jobs wait."""
        ...

    async def read(self, project_id: str, job_ids: Sequence[str]) -> dict[str, Assignment]:
        """The jobs that are there, by id, without request and plan. Listed jobs have none
        either."""
        ...

    async def page(self, project_id: str, offset: int, limit: int) -> tuple[int, list[Assignment]]:
        """How many jobs the project has, and some of them, newest first."""
        ...

    async def of_owner(self, slot: str) -> list[Assignment]:
        """All jobs of an owner, newest first."""
        ...

    async def forget(self, project_id: str, jobs: Sequence[Assignment]) -> None:
        """Remove jobs with everything that they hold, even while they are carried out."""
        ...

    async def take(self, call: Call, holder: str, lease_s: float) -> Turn:
        """The owner's oldest job. Its `attempts` include this one. Nobody else gets a job of this
        owner until the lease lapses."""
        ...

    async def hold(self, call: Call, holder: str, lease_s: float) -> bool:
        """Make the lease last longer. False if the lease has lapsed."""
        ...

    async def plan(
        self, job: Assignment, holder: str, plan: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """Keep what is to be done. The first plan stays and is answered. None if the job is gone,
        or if another worker has it."""
        ...

    async def put_off(
        self, job: Assignment, holder: str, seconds: float, error: str, counts: bool
    ) -> bool:
        """Hand the job out again after so many seconds at the earliest. If it `counts`, this was
        one of the job's attempts. False if the job is gone, or if another worker has it."""
        ...

    async def end(
        self, job: Assignment, holder: str, ending: Ending, error: str | None = None
    ) -> int | None:
        """End a job: FAILED if there is an error, SUCCEEDED otherwise. The caller's text that the
        job kept is removed. Returns when the job ended, in microseconds by Redis's clock. None if
        the job has ended before or is gone, or if another worker has it."""
        ...


class JobCalls(Protocol):
    """The queue of calls to workers."""

    async def due(self, limit: int, patience_s: float) -> list[Call]:
        """New calls, calls that were put off until now, and calls whose worker gave no sign of life
        for `patience_s`."""
        ...

    async def waiting(self) -> int:
        """About how many calls of all projects are not dismissed."""
        ...

    async def dismiss(self, call: Call) -> None:
        """Take a call out of the queue: nothing is left to do about it."""
        ...

    async def put_off(self, call: Call, seconds: float) -> None: ...
