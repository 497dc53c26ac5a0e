"""A conversation as it stands: a memory of every message that somebody said."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from memory.conversations.verbatim import packed, unpacked
from memory.conversations.verbatim import stored as as_it_stands
from memory.domain.conversation import Conversation, Said
from memory.domain.errors import Immutable, InvalidInput, Refused
from memory.domain.jobs import Ending, JobKind, JobState
from memory.domain.memory import Scope
from memory.domain.results import Added
from memory.query.views import View
from memory.service.build import MemoryService
from tests.memory.conversations.said import ALICE, DEFAULT, MARCH, events, memories, said
from tests.memory.given import memory


@pytest.mark.parametrize("infer", [True, False])
async def test_every_message_but_a_systems_is_stored_as_it_stands(
    service: MemoryService, infer: bool
) -> None:
    scope = Scope(user_id="alice", agent_id="guide", session_id="s1")
    messages = (
        Said("system", "Be kind."),
        Said("user", "  I like\ntea ", "Alice"),
        Said("assistant", "Noted."),
        Said("user", " "),
    )
    conversation = Conversation(
        messages=messages,
        scope=scope,
        infer=infer,
        metadata={"src": "chat"},
        said_at=MARCH,
        valid_to=MARCH * 2,
        immutable=True,
    )
    job = await service.jobs.remember(DEFAULT, conversation)
    assert (job.kind, job.state) == (JobKind.ADD, JobState.SUCCEEDED)
    tea, noted = (each.memory for each in job.outcomes)
    assert events(job) == ["ADD", "ADD"]
    assert tea is not None
    assert noted is not None
    assert (tea.content, tea.role, tea.actor_id) == ("  I like\ntea ", "user", "Alice")
    assert (noted.content, noted.role, noted.actor_id) == ("Noted.", "assistant", None)
    for each in (tea, noted):
        assert (each.scope, each.metadata, each.immutable) == (scope, {"src": "chat"}, True)
        assert (each.valid_from, each.valid_to) == (MARCH, MARCH * 2)
    kept = await service.jobs.get(DEFAULT, job.id)
    assert replace(kept, outcomes=(), relations=()) == replace(job, outcomes=())
    assert [each.memory for each in kept.outcomes] == [tea, noted]


async def test_what_was_said_before_is_stored_again_only_without_infer(
    service: MemoryService,
) -> None:
    await service.jobs.remember(DEFAULT, said("I like tea"))
    again = await service.jobs.remember(DEFAULT, said("I like TEA."))
    assert events(again) == ["NONE"]
    verbatim = await service.jobs.remember(DEFAULT, said("I like tea", infer=False))
    assert events(verbatim) == ["ADD"]
    assert await memories(service) == ["I like tea", "I like tea"]


async def test_the_job_says_what_of_the_request_had_no_effect(service: MemoryService) -> None:
    asked = said("tea", instructions="x", categories=(("a", ""),), graph=True, unused=("timezone",))
    job = await service.jobs.remember(DEFAULT, asked)
    assert job.details == {
        "inference": "none: no language model is configured",
        "not_applied": ["custom_instructions", "custom_categories", "enable_graph", "timezone"],
    }
    job = await service.jobs.remember(DEFAULT, said("tea", infer=False))
    assert job.details == {"inference": "none: infer is false", "not_applied": []}


async def test_a_message_replaces_what_it_is_said_to_replace(service: MemoryService) -> None:
    (oslo,) = (await service.jobs.remember(DEFAULT, said("I live in Oslo"))).outcomes
    job = await service.jobs.remember(DEFAULT, said("I live in Moss", supersedes=(oslo.memory_id,)))
    assert events(job) == ["UPDATE"]
    assert await memories(service, view=View()) == ["I live in Moss"]
    with pytest.raises(InvalidInput, match="one message"):
        await service.jobs.remember(DEFAULT, said("a", "b", supersedes=(oslo.memory_id,)))
    kept = await service.jobs.remember(DEFAULT, said("my name is Alice", immutable=True))
    with pytest.raises(Immutable):
        await service.jobs.remember(DEFAULT, said("no", supersedes=(kept.outcomes[0].memory_id,)))


async def test_a_conversation_without_a_word_is_remembered_as_nothing(
    service: MemoryService,
) -> None:
    conversation = Conversation(messages=(Said("system", "Be kind."),), scope=ALICE)
    job = await service.jobs.remember(DEFAULT, conversation)
    assert (job.state, job.outcomes) == (JobState.SUCCEEDED, [])


def test_a_conversation_that_waits_is_read_as_it_was_packed() -> None:
    conversation = Conversation(
        messages=(Said("user", "I like tea", "Alice"), Said("assistant", "Noted.")),
        scope=Scope(user_id="alice", session_id="s1"),
        metadata={"src": {"deep": [1]}},
        said_at=MARCH,
        categories=(("home", "where"), ("work", "")),
        supersedes=("mem_1",),
        unused=("timezone",),
        graph=True,
    )
    for each in (conversation, replace(conversation, categories=None)):
        assert unpacked(json.loads(json.dumps(packed(each)))) == each


async def test_what_is_refused_is_told_beside_what_was_stored() -> None:
    """Unless nothing else was asked for: then it is raised."""
    refused = Refused("immutable", "no")

    class Adds:
        def __init__(self, *answers: Added | Refused) -> None:
            self._answers = answers

        async def add(self, caller: object, drafts: object) -> list[Added | Refused]:
            return [*self._answers]

    async def outcome(*answers: Added | Refused) -> Ending:
        adds: Any = Adds(*answers)
        ending, memories = await as_it_stands(adds, DEFAULT, [], {})
        assert [*memories] == [memory_id for _, memory_id in ending.outcomes]
        return ending

    new, there = memory(), memory()
    ending = await outcome(Added(new), refused, Added(there, deduplicated=True))
    assert ending.outcomes == (("ADD", new.id), ("NONE", there.id))
    assert ending.details == {"refused": [{"message": 1, "code": "immutable", "reason": "no"}]}
    with pytest.raises(Immutable):
        await outcome(refused)
    assert (await outcome()).outcomes == ()
