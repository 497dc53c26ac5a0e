"""Conversations that a language model reads: applied once, whatever dies on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
import redis

from config import Settings
from memory.domain.caller import DEFAULT_PROJECT, Caller, Once
from memory.domain.conversation import Said
from memory.domain.errors import NotFound
from memory.domain.jobs import Job, JobState
from memory.domain.memory import NewMemory, Scope
from memory.domain.results import Added
from memory.query.views import ANY_EDGE, View, Walk
from memory.service.build import MemoryService
from tests.memory.conversations.inferred import (
    ALICE,
    DEFAULT,
    MARCH,
    WORDS,
    contents,
    conversation,
    ended,
    everything,
    memories,
    model_of_two_facts,
    quicken,
    reading,
    remembered,
    stored,
    with_six_attempts,
)
from tests.memory.failpoints import Crash, Fuse, Ground
from tests.memory.scripted import SILENCE, ScriptedModel, facts
from tests.recording_meter import RecordingMeter
from tests.redis_server import RedisServer
from tests.word_embedder import WordEmbedder


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quicken(monkeypatch)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return with_six_attempts(settings)


@pytest.fixture
def model() -> ScriptedModel:
    return model_of_two_facts()


@pytest.fixture
def meter() -> RecordingMeter:
    return RecordingMeter()


@pytest.fixture
async def service(
    settings: Settings,
    redis_server: RedisServer,
    embedder: WordEmbedder,
    model: ScriptedModel,
    meter: RecordingMeter,
) -> AsyncIterator[MemoryService]:
    async with reading(settings, redis_server.url, embedder, model, meter) as service:
        yield service


def worded(number: int) -> dict[str, Any]:
    """The same facts; no model words them twice alike."""
    relation = {
        "source": "Alice", "source_in": "F1", "relationship": "plays", "target": "cello",
        "target_in": "F2",
    }  # fmt: skip
    return facts(
        {"text": f"Alice lives in Bergen, {number}", "decision": "UPDATE", "target": 1},
        f"Alice plays the cello, {number}",
        {"text": "", "decision": "DELETE", "target": 2},
    ) | {"relations": [relation]}


async def attempt(service: MemoryService, scope: Scope, caller: Caller) -> Job:
    job = await service.jobs.remember(caller, conversation(scope=scope, graph=True))
    await service.care.worked()
    return job


async def test_a_waiting_conversation_is_applied_once_wherever_its_worker_dies(
    settings: Settings,
    redis_server: RedisServer,
    embedder: WordEmbedder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ground = Ground(settings, redis_server.url, embedder, ScriptedModel(*map(worded, range(500))))
    scopes = [Scope(user_id=f"user-{number}", agent_id="guide") for number in range(80)]
    whole = Fuse()
    async with ground.service() as service:
        for scope in scopes:
            await stored(service, "moved to Oslo, took the cello", scope=scope)
            await stored(service, "moved house", scope=scope)
    async with ground.service(whole) as service:
        await ended(service, await attempt(service, scopes.pop(), DEFAULT))
    assert {"graph.jobs.plan", "graph.commits.commit", "graph.jobs.end"} <= {
        name for name, _ in whole.calls
    }
    deaths: list[tuple[Fuse, Scope, Job]] = []
    with monkeypatch.context() as patient:
        # None takes over what another one left.
        patient.setattr("memory.jobs.workers.LEASE_S", 3600)
        for fuse in whole.points():
            scope = scopes.pop()
            once = replace(DEFAULT, once=Once(f"key of {scope.user_id}", "digest"))
            accepted: Job | None = None
            with suppress(Crash):
                async with ground.service(fuse) as service:
                    accepted = await attempt(service, scope, once)
            if accepted is None:  # who was not answered sends it again
                async with ground.service() as service:
                    accepted = await attempt(service, scope, once)
            deaths.append((fuse, scope, accepted))
    assert len(deaths) > 20
    lapse(redis_server)
    async with ground.service() as service:
        for fuse, scope, job in deaths:
            await applied_once(service, scope, await ended(service, job), str(fuse))
    assert "zanzibar" not in everything(redis_server)


def lapse(redis_server: RedisServer) -> None:
    """The leases of workers that died."""
    with redis.Redis(port=redis_server.port, decode_responses=True) as client:
        for key in client.scan_iter("mg:{*}:jl"):
            client.delete(key)


async def applied_once(service: MemoryService, scope: Scope, job: Job, after: str) -> None:
    assert job.state is JobState.SUCCEEDED, (after, job.error)
    assert [each.event for each in job.outcomes] == ["UPDATE", "ADD", "DELETE"], after
    told = [each.memory.content for each in job.outcomes[:2] if each.memory]
    (number,) = {int(each.rpartition(" ")[2]) for each in told}
    fresh = {f"Alice lives in Bergen, {number}", f"Alice plays the cello, {number}"}
    now = [each.content for each in await memories(service, scope, View())]
    ever = [each.content for each in await memories(service, scope)]
    assert sorted(now) == sorted(fresh), after
    assert sorted(ever) == sorted({*fresh, "moved house", "moved to Oslo, took the cello"}), after
    plays = Walk(relations=frozenset({"plays"}))
    found = await service.graph.relationships(DEFAULT, job.outcomes[1].memory_id, plays)
    assert [each.id for each in found.edges] == [each.edge_id for each in job.relations], after
    assert len(found.edges) == 1, after


# Erased meanwhile


async def test_erasing_a_user_forgets_what_waits(
    service: MemoryService, model: ScriptedModel, redis_server: RedisServer
) -> None:
    model.answers = [SILENCE]
    job = await service.jobs.remember(DEFAULT, conversation())
    await service.care.worked()
    other = Scope(user_id="bob", agent_id="guide")
    kept = await service.jobs.remember(DEFAULT, conversation("bob's own", scope=other))
    await service.erasures.erase(DEFAULT, ALICE)
    model.answers = [facts("Bob skis")]
    await ended(service, kept)
    with pytest.raises(NotFound):
        await service.jobs.get(DEFAULT, job.id)
    assert [each.id for each in (await service.jobs.page(DEFAULT, 0, 10)).jobs] == [kept.id]
    assert await memories(service) == []
    assert "zanzibar" not in everything(redis_server)


@pytest.mark.parametrize("scope", [ALICE, Scope(user_id="alice", agent_id="guide")])
@pytest.mark.parametrize("step", ["fill", "plan", "commit", "upsert", "end"])
async def test_a_job_under_way_brings_nothing_back(
    service: MemoryService,
    model: ScriptedModel,
    redis_server: RedisServer,
    scope: Scope,
    step: str,
) -> None:
    store: Any = {
        "fill": model,
        "plan": service.record.jobs,
        "commit": service.record.commits,
        "upsert": service.vectors,
        "end": service.record.jobs,
    }[step]
    inner, reached, erased = getattr(store, step), asyncio.Event(), asyncio.Event()

    async def held(*args: Any, **named: Any) -> Any:
        reached.set()
        await erased.wait()
        return await inner(*args, **named)

    setattr(store, step, held)
    await service.jobs.remember(DEFAULT, conversation(scope=scope, graph=True))
    await reached.wait()
    setattr(store, step, inner)
    named = Scope(agent_id="guide") if scope.agent_id else ALICE
    await service.erasures.erase(DEFAULT, named)
    erased.set()
    await service.care.worked()
    await service.care.settled()
    await service.care.repair()
    assert await memories(service) == []
    assert (await service.jobs.page(DEFAULT, 0, 10)).count == 0
    left = everything(redis_server)
    assert "zanzibar" not in left
    assert "cello" not in left


async def test_erasing_an_agent_forgets_what_waits_with_its_name_and_no_more(
    service: MemoryService, model: ScriptedModel, redis_server: RedisServer
) -> None:
    model.answers = [SILENCE]
    jobs = {
        agent: await service.jobs.remember(
            DEFAULT, conversation(f"{agent} said", scope=Scope(user_id="alice", agent_id=agent))
        )
        for agent in ("guide", "cook")
    }
    await service.care.worked()
    await service.erasures.erase(DEFAULT, Scope(agent_id="guide"))
    assert "guide said" not in everything(redis_server)
    await service.erasures.erase(DEFAULT, Scope(agent_id="cook"))
    assert "cook said" not in everything(redis_server)
    for job in jobs.values():
        with pytest.raises(NotFound):
            await service.jobs.get(DEFAULT, job.id)


async def test_erasing_a_project_forgets_what_waits(
    service: MemoryService, model: ScriptedModel, redis_server: RedisServer
) -> None:
    model.answers = [SILENCE]
    await service.jobs.remember(DEFAULT, conversation())
    await service.care.worked()
    await service.record.projects.leave(DEFAULT_PROJECT, True, "task")
    await service.record.projects.clear(DEFAULT_PROJECT)
    assert "zanzibar" not in everything(redis_server)
    service.forget_projects()
    assert (await service.jobs.page(DEFAULT, 0, 10)).count == 0


# What is decided


async def test_what_is_replaced_or_ends_stays_in_the_past(
    service: MemoryService, model: ScriptedModel
) -> None:
    oslo = await stored(
        service, "moved to Oslo, likes the cello", valid_from=MARCH - 10**13, metadata={"src": "x"}
    )
    model.answers = [
        facts(
            {"text": "Alice lives in Bergen", "decision": "UPDATE", "target": 1,
             "valid_from": "2026-02-01"},
        )
    ]  # fmt: skip
    job = await remembered(service, conversation(said_at=MARCH, metadata={"via": "chat"}))
    (outcome,) = job.outcomes
    assert outcome.event == "UPDATE"
    assert outcome.memory is not None
    assert outcome.memory.supersedes == (oslo.id,)
    assert outcome.memory.valid_from == MARCH - 28 * 86_400_000_000
    assert outcome.memory.metadata == {"src": "x", "via": "chat"}
    assert await contents(service) == {"Alice lives in Bergen"}
    model.answers = [facts({"text": "", "decision": "DELETE", "target": "1"})]
    job = await remembered(service, conversation("I left Bergen", said_at=MARCH + 10**12))
    assert [(each.event, each.memory_id) for each in job.outcomes] == [
        ("DELETE", outcome.memory_id)
    ]
    assert await contents(service) == set()
    then = View(as_of=MARCH)
    assert await contents(service, then) == {"Alice lives in Bergen"}
    assert await contents(service, View(as_of=MARCH - 10**12 * 5)) == {oslo.content}


async def test_what_is_immutable_is_neither_replaced_nor_ended(
    service: MemoryService, model: ScriptedModel
) -> None:
    for decision, events in (("UPDATE", ["ADD"]), ("DELETE", ["DELETE"])):
        scope = Scope(user_id=decision)
        kept = await stored(service, "moved to Oslo", immutable=True, scope=scope)
        model.answers = [facts({"text": "Bergen", "decision": decision, "target": 1})]
        job = await remembered(service, conversation(scope=scope))
        assert [each.event for each in job.outcomes] == events
        assert kept.content in {each.content for each in await memories(service, scope, View())}


async def test_what_is_known_already_is_not_stored_again(
    service: MemoryService, model: ScriptedModel
) -> None:
    known = await stored(service, "I moved to Bergen")
    model.answers = [
        facts({"text": "moved", "decision": "NONE", "target": 1}, "i moved to BERGEN.")
    ]
    job = await remembered(service, conversation())
    assert [(each.event, each.memory_id) for each in job.outcomes] == [("NONE", known.id)]
    assert len(await memories(service)) == 1


async def test_an_answer_that_makes_little_sense_loses_nothing(
    service: MemoryService, model: ScriptedModel
) -> None:
    model.answers = [
        facts(
            {"text": "a", "decision": "UPDATE", "target": 7},
            {"text": "b", "decision": "add", "valid_from": "last week"},
            {"text": "c", "decision": "WHATEVER", "categories": "food"},
            {"text": "d\x00\ud800", "categories": ["FOOD", "murder"], "attributed_to": 5},
            {"text": "e", "decision": "DELETE", "target": None},
            {"text": " ", "decision": "ADD"},
            {"text": 5, "decision": "ADD"},
            {"text": "f", "valid_from": "9999-01-01"},
        )
    ]
    job = await remembered(service, conversation())
    assert job.state is JobState.SUCCEEDED, job.error
    found = {each.content: each.categories for each in await memories(service, view=View())}
    assert found == {"a": (), "b": (), "c": (), "d": ("food",), "f": ()}


async def test_the_model_is_told_what_it_needs_to_know(
    service: MemoryService, model: ScriptedModel
) -> None:
    await stored(service, "moved to Oslo", valid_from=MARCH - 10**13)
    messages = (
        Said("system", "be kind"),
        Said("user", "I moved to Bergen", "Alice"),
        Said("assistant", "How nice"),
    )
    scope = Scope(user_id="alice", session_id="s1")
    model.answers = [
        facts(
            {"text": "Alice lives in Bergen", "attributed_to": "Alice", "categories": ["home"]},
            {"text": "The assistant is glad", "attributed_to": "assistant"},
        )
    ]
    said = conversation(scope=scope, said_at=MARCH)
    asked = replace(
        said,
        messages=messages,
        instructions="names in full",
        excludes="money",
        categories=(("home", "where people live"), ("work", "")),
    )
    job = await remembered(service, asked)
    ((instructions, text, schema),) = model.asked
    assert "Sunday, 2026-03-01" in instructions
    assert "names in full" in instructions
    assert "money" in instructions
    assert "home (where people live), work" in instructions
    assert "1. moved to Oslo (since 2025-11-" in text
    assert text.endswith("Alice: I moved to Bergen\nassistant: How nice")
    assert "be kind" not in text
    (fact, _) = (each["properties"] for each in schema["properties"]["facts"]["items"]["anyOf"])
    assert fact["categories"]["items"]["enum"] == ["home", "work"]
    assert fact["attributed_to"]["enum"] == ["Alice", "assistant"]
    one, other = (each.memory for each in job.outcomes)
    assert one is not None
    assert other is not None
    assert (one.role, one.actor_id, one.categories) == ("user", "Alice", ("home",))
    assert (one.scope, one.valid_from) == (scope, MARCH)
    assert (other.role, other.actor_id) == ("assistant", None)


async def test_relationships_become_edges_between_what_tells_of_them(
    service: MemoryService, model: ScriptedModel
) -> None:
    known = await stored(service, "Bergen has moved")

    def relation(source: str, label: str, target: str, *ends: str) -> dict[str, str]:
        names = {"source": source, "relationship": label, "target": target}
        return names | dict(zip(("source_in", "target_in"), ends, strict=True))

    model.answers = [
        facts("Alice lives in a house", "The house is red")
        | {
            "relations": [
                relation("Alice", "lives in", "house", "F1", "F2"),
                relation("house", "живёт в", "Bergen", "F2", "m1"),
                relation("house", "SUPERSEDES", "Bergen", "F2", "M1"),
                relation("Alice", "is", "Alice", "F1", "F1"),
                relation("Alice", "knows", "Bob", "F1", "F9"),
            ]
        }
    ]
    job = await remembered(service, conversation(graph=True))
    told = [(each.source, each.relationship, each.target) for each in job.relations]
    assert told == [
        ("Alice", "lives_in", "house"),
        ("house", "related_to", "Bergen"),
        ("house", "supersedes", "Bergen"),
    ]
    house = job.outcomes[1].memory_id
    found = await service.graph.relationships(DEFAULT, house, ANY_EDGE)
    assert {each.source for each in found.edges} | {each.target for each in found.edges} == {
        job.outcomes[0].memory_id, house, known.id,
    }  # fmt: skip
    await service.memories.erase(DEFAULT, house)
    assert (await service.jobs.get(DEFAULT, job.id)).relations == []


async def test_a_conversation_that_waits_when_the_model_is_taken_away_is_stored_as_it_stands(
    settings: Settings, redis_server: RedisServer, embedder: WordEmbedder
) -> None:
    ground = Ground(settings, redis_server.url, embedder, ScriptedModel(SILENCE))
    async with ground.service() as service:
        job = await service.jobs.remember(DEFAULT, conversation("I like tea"))
        await service.care.worked()
    async with replace(ground, language=None).service() as service:
        job = await ended(service, job)
        assert await contents(service) == {"I like tea"}
    assert job.details["inference"].startswith("none")


async def test_a_message_that_says_what_it_replaces_needs_no_model(
    service: MemoryService, model: ScriptedModel
) -> None:
    oslo = await stored(service, "I live in Oslo")
    job = await service.jobs.remember(
        DEFAULT, conversation("I live in Moss", supersedes=(oslo.id,))
    )
    assert job.state is JobState.SUCCEEDED
    assert job.details["inference"].startswith("none")
    assert model.asked == []
    assert await contents(service) == {"I live in Moss"}


async def test_a_request_sent_again_after_its_user_was_erased_says_nothing_again(
    service: MemoryService, model: ScriptedModel
) -> None:
    caller = replace(DEFAULT, once=Once("a key", "digest"))
    job = await ended(service, await service.jobs.remember(caller, conversation()))
    assert (await service.jobs.remember(caller, conversation())).id == job.id
    await service.erasures.erase(DEFAULT, ALICE)
    with pytest.raises(NotFound):
        await service.jobs.remember(caller, conversation())
    await service.care.work()
    await service.care.worked()
    assert len(model.asked) == 1


async def test_an_agents_conversation_leaves_what_users_told_the_agent(
    service: MemoryService, model: ScriptedModel
) -> None:
    """They are other owners' memories: shown to the model, a decision on one would fail the job."""
    agent, both = Scope(agent_id="guide"), Scope(user_id="alice", agent_id="guide")
    hers, own = [
        (
            await service.memories.add(
                DEFAULT, [NewMemory(content=f"{WORDS} {number}", scope=scope)]
            )
        )[0]
        for number, scope in enumerate((both, agent))
    ]
    assert isinstance(hers, Added)
    assert isinstance(own, Added)
    model.answers = [facts({"text": "Moved to Oslo", "decision": "UPDATE", "target": 1})]
    job = await remembered(service, conversation(scope=agent))
    assert (job.state, [each.event for each in job.outcomes]) == (JobState.SUCCEEDED, ["UPDATE"])
    assert job.outcomes[0].memory is not None
    assert job.outcomes[0].memory.supersedes == (own.memory.id,)
    assert hers.memory.content not in model.asked[0][1]


async def test_a_number_of_thousands_of_digits_is_no_number(
    service: MemoryService, model: ScriptedModel
) -> None:
    model.answers = [facts({"text": "Likes tea", "decision": "UPDATE", "target": "1" * 5_000})]
    job = await remembered(service, conversation())
    assert (job.state, [each.event for each in job.outcomes]) == (JobState.SUCCEEDED, ["ADD"])
