"""What meets filters is erased: one entity whole, anything else memory by memory."""

from __future__ import annotations

from typing import Any

import pytest

from memory.domain.jobs import JobKind, JobState
from memory.domain.memory import Scope
from memory.query.views import View
from memory.service.build import MemoryService
from tests.memory.conversations.said import ALICE, BOB, DEFAULT, MARCH, memories, stored


async def test_one_entity_is_erased_whole_and_leaves_a_receipt(service: MemoryService) -> None:
    old = await stored(service, "I live in Oslo", ALICE)
    await stored(service, "I live in Moss", ALICE, supersedes=(old.id,))
    await stored(service, "skis", BOB)
    job = await service.jobs.forget(DEFAULT, JobKind.DELETE_USER, {"user_id": "alice"})
    assert (job.kind, job.state, job.outcomes) == (JobKind.DELETE_USER, JobState.SUCCEEDED, [])
    assert job.details["erased"] == 2
    receipt = await service.erasures.get(DEFAULT, job.details["erasure_id"])
    assert receipt.signature_valid
    assert receipt.remaining is not None
    assert receipt.remaining.memories == 0
    assert await memories(service) == []
    assert await memories(service, BOB) == ["skis"]


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({"user_id": "alice", "agent_id": "guide"}, {"past", "ahead", "plain", "bob"}),
        ({"AND": [{"user_id": "alice"}, {"metadata": {"kind": "x"}}]}, {"plain", "agent", "bob"}),
        ({"OR": [{"user_id": "bob"}, {"agent_id": "guide"}]}, {"past", "ahead", "plain"}),
        ({"user_id": "*"}, set()),
    ],
)
async def test_what_meets_the_filters_is_forgotten_at_whatever_time_it_was_true(
    service: MemoryService, filters: dict[str, Any], left: set[str]
) -> None:
    await stored(
        service, "past", ALICE, valid_from=MARCH, valid_to=MARCH + 1, metadata={"kind": "x"}
    )
    await stored(service, "ahead", ALICE, valid_from=MARCH * 2, metadata={"kind": "x"})
    await stored(service, "plain", ALICE, metadata={"kind": "y"})
    await stored(service, "agent", Scope(user_id="alice", agent_id="guide"))
    await stored(service, "bob", BOB)
    job = await service.jobs.forget(DEFAULT, JobKind.DELETE_ALL, filters)
    assert (job.state, job.details) == (JobState.SUCCEEDED, {"erased": 5 - len(left)})
    view = View(as_of=MARCH * 2 + 1, superseded=True, expired=True)
    found = {each for scope in (ALICE, BOB) for each in await memories(service, scope, view)}
    assert found == left
