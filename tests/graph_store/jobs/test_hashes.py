"""A job as the fields of a hash: nothing is lost, and what is missing has a meaning."""

from __future__ import annotations

from graph_store.jobs.hashes import WORDLESS, assignment, fields_of, text_of
from memory.domain.jobs import Assignment, Ending, JobKind, JobState
from memory.domain.memory import Scope

TIMES = {"created_at": "1", "updated_at": "2"}
JOB = Assignment(
    id="job",
    slot="p1.0",
    kind=JobKind.DELETE_ALL,
    state=JobState.FAILED,
    scope=Scope(user_id="alice", session_id="s"),
    bound="f" * 15,
    request={"said": ["é"]},
    ending=Ending((("ADD", "mem_1"),), ("rel_1",), {"why": 1}),
    error="no answer",
    created_at=1,
    updated_at=2,
)


def stored(job: Assignment) -> dict[str, str]:
    flat = fields_of(job)
    return dict(zip(flat[::2], flat[1::2], strict=True)) | TIMES


def test_a_job_comes_back_as_it_was() -> None:
    assert assignment("p1.0", "job", stored(JOB)) == JOB


def test_what_it_has_not_is_left_out() -> None:
    fields = stored(Assignment(id="job", slot="p1.0", kind=JobKind.ADD))
    job = assignment("p1.0", "job", fields)
    assert (job.request, job.plan, job.bound, job.error) == (None, None, None, None)
    assert (job.started_at, job.completed_at, job.attempts) == (None, None, 0)
    later = fields | {"started_at": "3", "attempts": "2", "plan": text_of({"a": 1})}
    job = assignment("p1.0", "job", later)
    assert (job.started_at, job.attempts, job.plan) == (3, 2, {"a": 1})


def test_the_fields_without_words_are_enough_for_a_job_that_tells_nothing_said() -> None:
    fields = {name: text for name, text in stored(JOB).items() if name in WORDLESS}
    job = assignment("p1.0", "job", fields)
    assert (job.request, job.kind, job.ending) == (None, JOB.kind, JOB.ending)
