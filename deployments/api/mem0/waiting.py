"""Waits for the end of a job, and refuses one that failed."""

from __future__ import annotations

import asyncio

from memory.domain.caller import Caller
from memory.domain.errors import Unavailable
from memory.domain.jobs import Job, JobState
from memory.service.api import Jobs

_PAUSES_S = (0.05, 0.1, 0.2, 0.4)


async def ended(jobs: Jobs, caller: Caller, job: Job, within_s: float) -> Job:
    """The job once it has ended, or as it stands after so many seconds. Raises Unavailable for
    one that failed."""
    begun = asyncio.get_running_loop().time()
    pauses = iter(_PAUSES_S)
    while not job.state.ended:
        await asyncio.sleep(pause := next(pauses, _PAUSES_S[-1]))
        if asyncio.get_running_loop().time() + pause - begun > within_s:
            return job
        job = await jobs.get(caller, job.id)
    return sound(job)


def sound(job: Job) -> Job:
    """The job. Raises Unavailable for one that failed."""
    if job.state is JobState.FAILED:
        raise Unavailable(job.error or "nothing came of it")
    return job
