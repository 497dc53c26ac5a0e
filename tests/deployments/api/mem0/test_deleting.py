"""Which memories a delete is for: what is given and nothing besides; and what takes the right
admin."""

from __future__ import annotations

from typing import Any, cast

import pytest
from pydantic import ValidationError

from access.model import Pass, Right
from deployments.api.mem0.deleting import (
    EVERYBODY,
    DeleteParameters,
    deleted,
    forgotten,
    json_object,
)
from memory.domain.caller import Caller
from memory.domain.errors import Forbidden, InvalidInput, ScopeRequired
from memory.domain.jobs import Job, JobKind, JobState


def wanted(**given: Any) -> Any:
    return DeleteParameters(**given).wanted()


def test_what_is_given_has_to_hold() -> None:
    assert wanted(user_id="alice") == {"user_id": "alice"}
    assert wanted(session_id="s") == wanted(run_id="s") == {"run_id": "s"}
    both = wanted(user_id="alice", filters='{"agent_id": "guide"}', metadata="{'n': 1}")
    assert both == {"AND": [{"user_id": "alice"}, {"agent_id": "guide"}, {"metadata": {"n": 1}}]}
    assert wanted(user_id="*", agent_id="*", app_id="*", run_id="*") == EVERYBODY


def test_nothing_is_erased_if_nothing_is_given() -> None:
    for given in ({}, {"filters": "{}"}):
        with pytest.raises(ScopeRequired):
            wanted(**given)


def test_what_would_narrow_a_list_is_not_overlooked() -> None:
    with pytest.raises(ValidationError, match="goes into filters"):
        DeleteParameters(user_id="alice", categories="food")  # type: ignore[call-arg]


@pytest.mark.parametrize("text", ["[1]", "{", "{'a': {1}}", "1", "(" * 5_000])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="filters is no JSON object"):
        json_object(text, "filters")


class Jobs:
    """Keeps what it is asked to forget."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    async def forget(self, caller: Caller, kind: JobKind, filters: Any) -> Job:
        self.asked.append(filters)
        return Job(id="id", kind=kind, state=JobState.SUCCEEDED)


async def test_a_whole_project_takes_the_right_admin() -> None:
    jobs = Jobs()
    writer = Pass(Caller("default"), "key_1", frozenset({Right.WRITE}))
    admin = Pass(Caller("default"), "key_2", frozenset({Right.WRITE, Right.ADMIN}))
    with pytest.raises(Forbidden):
        await forgotten(cast(Any, jobs), writer, EVERYBODY)
    assert jobs.asked == []
    await forgotten(cast(Any, jobs), writer, {"user_id": "alice"})
    job = await forgotten(cast(Any, jobs), admin, EVERYBODY)
    assert jobs.asked == [{"user_id": "alice"}, EVERYBODY]
    assert deleted(job, "all gone") == "all gone"
