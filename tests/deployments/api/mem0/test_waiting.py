"""Jobs are waited for until they end, or until the time for that is up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from deployments.api.mem0.waiting import ended, sound
from memory.domain.caller import Caller
from memory.domain.errors import Unavailable
from memory.domain.jobs import Job, JobKind, JobState

WAITING = Job(id="id", kind=JobKind.ADD)
ME = Caller("default")


class Jobs:
    """Answers these states, the last one again and again."""

    def __init__(self, *states: JobState) -> None:
        self._states = [*states]

    async def get(self, caller: Caller, job_id: str) -> Job:
        state = self._states.pop(0) if len(self._states) > 1 else self._states[0]
        return replace(WAITING, state=state, error="the model is down")


def jobs(*states: JobState) -> Any:
    return cast(Any, Jobs(*states))


async def test_a_job_is_asked_for_until_it_has_ended() -> None:
    states = (JobState.RUNNING, JobState.SUCCEEDED)
    assert (await ended(jobs(*states), ME, WAITING, 5)).state is JobState.SUCCEEDED


async def test_a_job_that_takes_too_long_is_told_as_it_stands() -> None:
    assert (await ended(jobs(JobState.RUNNING), ME, WAITING, 0.01)).state is JobState.PENDING


async def test_a_job_that_failed_is_no_answer() -> None:
    with pytest.raises(Unavailable, match="the model is down"):
        await ended(jobs(JobState.FAILED), ME, WAITING, 5)
    with pytest.raises(Unavailable, match="nothing came of it"):
        sound(replace(WAITING, state=JobState.FAILED))
