"""Jobs as the record keeps them and hands them out: each to one worker at a time, those of an owner
one after the other, in the order in which they were asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from memory.domain.jobs import Assignment, Ending


@dataclass(frozen=True, slots=True)
class Call:
    """Word that an owner has work waiting: an entry of the queue. `at` is when it was first given,
    in milliseconds by Redis's clock. A call without a job is about whatever the owner has: many
    calls that are put off become one of these."""

    entry: str
    slot: str
    job_id: str
    at: int

    def of_any(self) -> Call:
        return replace(self, job_id="", at=0)


@dataclass(frozen=True, slots=True)
class Turn:
    """What a worker gets when it asks for an owner's work: the oldest job, or none.

    If there is none, `wait_s` is how long it takes until there may be one; None if nothing waits.
    `missing`: the job of the call is not there at `now`, milliseconds.
    """

    job: Assignment | None
    wait_s: float | None = None
    missing: bool = False
    now: int = 0


class JobRecord(Protocol):
    """Jobs that have ended are kept for seven days, those that wait for as long as it takes."""

    async def note(self, project_id: str, job: Assignment) -> Assignment:
        """Keep a job; a waiting one is handed out from now on. A job of the same id that is there
        already stands, and is answered. Raises Overloaded if too many of the owner's jobs wait."""
        ...

    async def read(self, project_id: str, job_ids: Sequence[str]) -> dict[str, Assignment]:
        """By id those of the jobs that are there, without request and plan; so are listed ones."""
        ...

    async def page(self, project_id: str, offset: int, limit: int) -> tuple[int, list[Assignment]]:
        """How many jobs the project has, and some of them, newest first."""
        ...

    async def of_owner(self, slot: str) -> list[Assignment]:
        """All jobs of an owner, newest first."""
        ...

    async def forget(self, project_id: str, jobs: Sequence[Assignment]) -> None:
        """Remove jobs with all that they hold, also while they are carried out."""
        ...

    async def take(self, call: Call, holder: str, lease_s: float) -> Turn:
        """The owner's oldest job; its attempts count this one. Nobody else gets any of this owner's
        jobs until the lease lapses."""
        ...

    async def hold(self, call: Call, holder: str, lease_s: float) -> bool:
        """Put the lapse off; False if the lease has lapsed."""
        ...

    async def plan(
        self, job: Assignment, holder: str, plan: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """Keep what is to be done. The first plan stands, and is answered. None if the job is gone
        or in other hands."""
        ...

    async def put_off(
        self, job: Assignment, holder: str, seconds: float, error: str, counts: bool
    ) -> bool:
        """Wait at least so long; `counts`: this was one of the job's attempts. False if the job is
        gone or in other hands."""
        ...

    async def end(
        self, job: Assignment, holder: str, ending: Ending, error: str | None = None
    ) -> int | None:
        """SUCCEEDED, or FAILED with an error. The caller's text that the job kept is removed.
        Returns when, in microseconds by Redis's clock. None if the job has ended before, is gone or
        is in other hands."""
        ...


class JobCalls(Protocol):
    """The queue of calls to workers."""

    async def due(self, limit: int, patience_s: float) -> list[Call]:
        """New calls, calls that were put off until now, and calls whose worker was not heard of
        for `patience_s`."""
        ...

    async def waiting(self) -> int:
        """About how many calls of all projects are not dismissed."""
        ...

    async def dismiss(self, call: Call) -> None:
        """Nothing is left to do about it."""
        ...

    async def put_off(self, call: Call, seconds: float) -> None: ...
