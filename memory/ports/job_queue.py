"""Jobs as the record keeps them, and hands them out: each to one worker at a time, those of an
owner one after the other, in the order they were asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from memory.domain.jobs import Progress
from memory.domain.memory import Scope


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job has ended, without any text: (event, memory id) of each outcome, the ids of edges,
    and details in the service's own words."""

    outcomes: tuple[tuple[str, str], ...] = ()
    edges: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment(Progress):
    """A job as it is kept. `request` is what was asked for, `plan` what was decided to do about
    it: JSON, both gone once the job has ended. `bound` is the owner hash of the only user that the
    caller may see."""

    slot: str
    scope: Scope = field(default_factory=Scope)
    bound: str | None = None
    request: Mapping[str, Any] | None = None
    plan: Mapping[str, Any] | None = None
    ending: Ending = Ending()


@dataclass(frozen=True, slots=True)
class Call:
    """Word that an owner has work waiting: an entry of the queue. `at` is when it was first given,
    milliseconds by Redis's clock. One without a job is about whatever the owner has: many calls
    that are put off become one of these."""

    entry: str
    slot: str
    job_id: str
    at: int

    def of_any(self) -> Call:
        return replace(self, job_id="", at=0)


@dataclass(frozen=True, slots=True)
class Turn:
    """What a worker gets that asks for an owner's work: the oldest job, or none. Then `wait_s` is
    how long until there may be one: None where nothing waits. `missing`: the job of the call is
    not there at `now`, milliseconds."""

    job: Assignment | None
    wait_s: float | None = None
    missing: bool = False
    now: int = 0


class JobRecord(Protocol):
    """Part of memory.ports.graph_store.GraphStore. Jobs that have ended are kept for seven days,
    those that
    wait for as long as it takes."""

    async def note_job(self, project_id: str, job: Assignment) -> Assignment:
        """Keep a job: a waiting one is handed out from now on. One of its id that is there already
        stands, and is answered. Raises Overloaded where too many of the owner's wait."""
        ...

    async def jobs_of(self, project_id: str, job_ids: Sequence[str]) -> dict[str, Assignment]:
        """Those of the jobs that are there, by id; like those listed, without request and plan."""
        ...

    async def job_page(
        self, project_id: str, offset: int, limit: int
    ) -> tuple[int, list[Assignment]]:
        """How many jobs the project has, and some of them, newest first."""
        ...

    async def owners_jobs(self, slot: str) -> list[Assignment]:
        """All of an owner, newest first."""
        ...

    async def forget_jobs(self, project_id: str, jobs: Sequence[Assignment]) -> None:
        """Remove jobs of one owner with all they hold, also while they are carried out."""
        ...

    async def calls(self, limit: int, patience_s: float) -> list[Call]:
        """New calls, those that were put off until now, and those whose worker was not heard of
        for so long."""
        ...

    async def take_job(self, call: Call, holder: str, lease_s: float) -> Turn:
        """The owner's oldest job; its attempts count this one. Until the lease lapses nobody else
        gets any of this owner's."""
        ...

    async def hold_job(self, call: Call, holder: str, lease_s: float) -> bool:
        """Put the lapse off; False where it has lapsed."""
        ...

    async def plan_job(
        self, job: Assignment, holder: str, plan: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """Keep what is to be done; the first plan stands, and is answered. None where the job is
        gone or in other hands."""
        ...

    async def put_job_off(
        self, job: Assignment, holder: str, seconds: float, error: str, counts: bool
    ) -> bool:
        """Not before so long; `counts`: as one of its attempts. False where the job is gone or in
        other hands."""
        ...

    async def end_job(
        self, job: Assignment, holder: str, ending: Ending, error: str | None = None
    ) -> int | None:
        """SUCCEEDED, or with an error FAILED. What it kept of the caller's text is removed.
        Returns when, microseconds by Redis's clock; None where the job has ended before, is gone
        or in other hands."""
        ...

    async def jobs_waiting(self) -> int:
        """Of all projects, about: calls that are not dismissed."""
        ...

    async def dismiss(self, call: Call) -> None:
        """Nothing is left to do about it."""
        ...

    async def put_call_off(self, call: Call, seconds: float) -> None: ...
