"""States of a job."""

from __future__ import annotations

from memory.domain.jobs import JobState


def test_a_job_has_ended_once_it_succeeded_or_failed() -> None:
    ended = {state.value for state in JobState if state.ended}
    assert ended == {"SUCCEEDED", "FAILED"}
    assert {state.value for state in JobState} == ended | {"PENDING", "RUNNING"}
