"""Conversations without a language model, what is forgotten by filters, and the jobs of both."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from memory.domain.caller import DEFAULT_PROJECT, Caller, Once
from memory.domain.conversation import Conversation, Said
from memory.domain.errors import (
    Forbidden,
    IdempotencyMismatch,
    Immutable,
    InvalidInput,
    NotFound,
    ScopeRequired,
    StoreUnavailable,
)
from memory.domain.jobs import Job, JobKind, JobState
from memory.domain.memory import Memory, NewMemory, Scope
from memory.domain.results import Added
from memory.query.views import View
from memory.service.service import MemoryService

DEFAULT = Caller(DEFAULT_PROJECT)
ALICE, BOB = Scope(user_id="alice"), Scope(user_id="bob")
BOUND = Caller(DEFAULT_PROJECT, user_id="alice")
MARCH = 1_772_323_200_000_000
ALWAYS = View(superseded=True, expired=True)


def said(*texts: str, scope: Scope = ALICE, **fields: Any) -> Conversation:
    return Conversation(messages=tuple(Said("user", each) for each in texts), scope=scope, **fields)


async def stored(service: MemoryService, content: str, scope: Scope, **fields: Any) -> Memory:
    (answer,) = await service.memories.add(
        DEFAULT, [NewMemory(content=content, scope=scope, **fields)]
    )
    assert isinstance(answer, Added), answer
    return answer.memory


async def memories(service: MemoryService, scope: Scope = ALICE, view: View = ALWAYS) -> list[str]:
    page = await service.memories.page(DEFAULT, scope, 1_000, None, newest=False, view=view)
    return [each.content for each in page.memories]


def events(job: Job) -> list[str]:
    return [each.event for each in job.outcomes]


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


async def test_a_request_sent_again_has_the_same_job(service: MemoryService) -> None:
    once = replace(DEFAULT, once=Once("key", "digest"))
    jobs = [await service.jobs.remember(once, said("tea", "cake", infer=False)) for _ in range(3)]
    assert len({each.id for each in jobs}) == 1
    assert len({tuple(events(each)) for each in jobs}) == 1
    assert await memories(service) == ["tea", "cake"]
    assert (await service.jobs.page(DEFAULT, 0, 10)).count == 1
    with pytest.raises(IdempotencyMismatch):
        await service.jobs.remember(replace(DEFAULT, once=Once("key", "another")), said("milk"))
    forgotten = [
        await service.jobs.forget(
            replace(DEFAULT, once=Once("gone", "digest")), JobKind.DELETE_ALL, {"user_id": "alice"}
        )
        for _ in range(2)
    ]
    assert forgotten[0].id == forgotten[1].id
    assert forgotten[1].details["erased"] == 2


async def test_jobs_are_listed_newest_first_with_what_their_memories_are_now(
    service: MemoryService,
) -> None:
    jobs = [await service.jobs.remember(DEFAULT, said(text)) for text in ("one", "two", "three")]
    page = await service.jobs.page(DEFAULT, 1, 5)
    assert page.count == 3
    assert [each.id for each in page.jobs] == [jobs[1].id, jobs[0].id]
    await service.memories.erase(DEFAULT, jobs[0].outcomes[0].memory_id)
    (outcome,) = (await service.jobs.get(DEFAULT, jobs[0].id)).outcomes
    assert (outcome.event, outcome.memory) == ("ADD", None)


@pytest.mark.parametrize("job_id", ["", "x", "0" * 36, f"{'9' * 8}-1111-8111-9111-{'1' * 12}"])
async def test_there_is_no_job_of_an_id_that_was_never_given_out(
    service: MemoryService, job_id: str
) -> None:
    with pytest.raises(NotFound):
        await service.jobs.get(DEFAULT, job_id)


async def test_a_key_for_one_user_sees_the_jobs_of_that_user(service: MemoryService) -> None:
    own = await service.jobs.remember(BOUND, said("tea", scope=Scope(agent_id="guide")))
    assert own.outcomes[0].memory is not None
    assert own.outcomes[0].memory.scope == Scope(user_id="alice", agent_id="guide")
    gone = await service.jobs.forget(DEFAULT, JobKind.DELETE_ALL, {"user_id": "bob"})
    others = await service.jobs.remember(DEFAULT, said("skis", scope=BOB))
    with pytest.raises(Forbidden):
        await service.jobs.remember(BOUND, said("x", scope=BOB))
    for job in (others, gone):
        with pytest.raises(NotFound):
            await service.jobs.get(BOUND, job.id)
    asked = await service.jobs.forget(BOUND, JobKind.DELETE_ALL, {"agent_id": "guide"})
    assert (asked.state, asked.details) == (JobState.SUCCEEDED, {"erased": 1})
    page = await service.jobs.page(BOUND, 0, 10)
    assert (page.count, [each.id for each in page.jobs]) == (2, [asked.id, own.id])
    assert (await service.jobs.page(DEFAULT, 0, 10)).count == 4


# Forgetting


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


@pytest.mark.parametrize(
    "filters", [{}, {"categories": ["x"]}, {"NOT": {"user_id": "alice"}}, {"user_id": {"ne": "x"}}]
)
async def test_filters_that_name_nobody_forget_nothing(
    service: MemoryService, filters: dict[str, Any]
) -> None:
    await stored(service, "tea", ALICE)
    with pytest.raises(ScopeRequired):
        await service.jobs.forget(DEFAULT, JobKind.DELETE_ALL, filters)
    assert await memories(service) == ["tea"]
    assert (await service.jobs.page(DEFAULT, 0, 10)).count == 0


async def test_a_key_for_one_user_forgets_no_one_elses(service: MemoryService) -> None:
    await stored(service, "skis", BOB)
    with pytest.raises(Forbidden):
        await service.jobs.forget(BOUND, JobKind.DELETE_ALL, {"user_id": "bob"})
    await stored(service, "tea", ALICE)
    await service.jobs.forget(BOUND, JobKind.DELETE_ALL, {"user_id": "*"})
    assert (await memories(service), await memories(service, BOB)) == ([], ["skis"])


async def test_who_is_unknown_is_forgotten_at_once(service: MemoryService) -> None:
    job = await service.jobs.forget(DEFAULT, JobKind.DELETE_ALL, {"user_id": "nobody"})
    assert (job.state, job.details["erased"]) == (JobState.SUCCEEDED, 0)


async def test_what_takes_longer_goes_on_behind_the_answer(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memory.jobs.forget._SHARE_OF_DEADLINE", 0.001)
    monkeypatch.setattr("memory.jobs.workers.OUTAGE_S", 0.01)
    monkeypatch.setattr("memory.jobs.workers._SHORTLY_S", 0.01)
    await stored(service, "tea", ALICE)
    vectors: Any = service.vectors
    inner = vectors.check

    async def down() -> None:
        raise StoreUnavailable("the vector store is down")

    monkeypatch.setattr(vectors, "check", down)
    job = await service.jobs.forget(DEFAULT, JobKind.DELETE_ALL, {"user_id": "alice"})
    assert not job.state.ended
    await service.care.worked()
    assert (await service.jobs.get(DEFAULT, job.id)).error == "the vector store is down"
    monkeypatch.setattr(vectors, "check", inner)
    async with asyncio.timeout(10):
        while not job.state.ended:
            await service.care.work()
            await service.care.worked()
            job = await service.jobs.get(DEFAULT, job.id)
            await asyncio.sleep(0.01)
    assert job.state is JobState.SUCCEEDED
    assert await memories(service) == []


async def test_a_job_that_stored_nothing_goes_with_the_session_it_names(
    service: MemoryService,
) -> None:
    scope = Scope(user_id="alice", session_id="s9")
    messages = (Said("system", "Be kind."),)
    job = await service.jobs.remember(DEFAULT, Conversation(messages=messages, scope=scope))
    assert (await service.jobs.get(DEFAULT, job.id)).state is JobState.SUCCEEDED
    await service.erasures.erase(DEFAULT, Scope(session_id="s9"))
    with pytest.raises(NotFound):
        await service.jobs.get(DEFAULT, job.id)
