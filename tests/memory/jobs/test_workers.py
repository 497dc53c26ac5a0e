"""Workers: jobs end whatever the model and the stores do, and others go on with what one left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from config import Settings
from memory.domain.jobs import JobState
from memory.domain.memory import Scope
from memory.service.build import MemoryService
from tests.memory.conversations.inferred import (
    DEFAULT,
    contents,
    conversation,
    ended,
    everything,
    memories,
    model_of_two_facts,
    quicken,
    reading,
    remembered,
    with_six_attempts,
)
from tests.memory.failpoints import BEFORE, Crash, Fuse, Ground
from tests.memory.scripted import NONSENSE, SILENCE, ScriptedModel, facts
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


async def test_a_conversation_waits_while_nobody_is_there_to_read_it(
    settings: Settings, redis_server: RedisServer, embedder: WordEmbedder, model: ScriptedModel
) -> None:
    ground = Ground(settings, redis_server.url, embedder, model)
    fuse = Fuse("graph.calls.due", BEFORE)
    with suppress(Crash):
        async with ground.service(fuse) as service:
            job = await service.jobs.remember(DEFAULT, conversation())
            await service.care.worked()
    assert job.state is JobState.PENDING
    assert "zanzibar" in everything(redis_server)
    async with ground.service() as service:
        assert (await ended(service, job)).state is JobState.SUCCEEDED
        assert await contents(service) == {"Alice lives in Bergen", "Alice plays the cello"}
    assert "zanzibar" not in everything(redis_server)


async def test_a_worker_that_stops_leaves_its_work_to_others_at_once(
    settings: Settings,
    redis_server: RedisServer,
    embedder: WordEmbedder,
    model: ScriptedModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("memory.jobs.workers.LEASE_S", 3600)
    model.open.clear()
    ground = Ground(settings, redis_server.url, embedder, model)
    async with ground.service() as service:
        job = await service.jobs.remember(DEFAULT, conversation())
        await model.reached.wait()
        await service.care.close()
    model.open.set()
    async with ground.service() as service:
        done = await ended(service, job)
    assert done.state is JobState.SUCCEEDED
    assert done.attempts == 1


async def test_a_model_that_fails_is_asked_again(
    service: MemoryService, model: ScriptedModel
) -> None:
    model.answers[:0] = [SILENCE, {"facts": "none"}, {}, {"facts": ["no object"]}]
    job = await remembered(service, conversation())
    assert job.state is JobState.SUCCEEDED
    assert job.attempts == 4
    assert job.error is None
    assert await contents(service) == {"Alice lives in Bergen", "Alice plays the cello"}


async def test_an_operator_sees_what_becomes_of_jobs(
    service: MemoryService,
    model: ScriptedModel,
    meter: RecordingMeter,
    caplog: pytest.LogCaptureFixture,
) -> None:
    model.answers[:0] = [SILENCE, ZeroDivisionError(), NONSENSE]
    await remembered(service, conversation())
    assert meter.counted("jobs", kind="ADD", outcome="put_off") == 1
    assert meter.counted("jobs", kind="ADD", outcome="retried") == 2
    assert meter.counted("jobs", kind="ADD", outcome="succeeded") == 1
    assert 0 < meter.seen("job_seconds", kind="ADD")[0] < 60
    await service.care.worked()
    await service.care.repair()
    assert meter.stands_at("jobs_waiting") == 0
    model.answers = [SILENCE]
    await service.jobs.remember(DEFAULT, conversation("zanzibar"))
    await service.care.repair()
    assert meter.stands_at("jobs_waiting") == 1
    model.answers = [NONSENSE]
    failed = await remembered(service, conversation("zanzibar"))
    assert meter.counted("jobs", outcome="failed") == 2
    assert f"{failed.id} has failed: the language model's answer has no list" in caplog.text
    assert "zanzibar" not in caplog.text


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (NONSENSE, "the language model's answer has no list of facts"),
        (ZeroDivisionError("zanzibar"), "internal error, see the log"),
    ],
)
async def test_a_model_that_always_fails_fails_the_job_and_nothing_of_it_is_kept(
    service: MemoryService,
    model: ScriptedModel,
    redis_server: RedisServer,
    answer: Any,
    reason: str,
) -> None:
    model.answers = [answer]
    job = await remembered(service, conversation())
    assert (job.state, job.error, job.attempts) == (JobState.FAILED, reason, 6)
    assert job.completed_at
    assert await contents(service) == set()
    assert "zanzibar" not in everything(redis_server)
    model.answers = [facts("Alice lives in Bergen")]
    await remembered(service, conversation("something else"))
    assert await contents(service) == {"Alice lives in Bergen"}


async def test_a_model_that_is_down_for_long_loses_nothing(
    service: MemoryService, model: ScriptedModel, settings: Settings
) -> None:
    model.answers[:0] = [SILENCE] * settings.llm.attempts * 2
    job = await remembered(service, conversation())
    assert (job.state, job.attempts) == (JobState.SUCCEEDED, 1)
    assert await contents(service) == {"Alice lives in Bergen", "Alice plays the cello"}


async def test_a_model_that_is_down_for_too_long_fails_the_job(
    settings: Settings, redis_server: RedisServer, embedder: WordEmbedder
) -> None:
    llm = settings.llm.model_copy(update={"patience_s": 0.1})
    settings = settings.model_copy(update={"llm": llm})
    ground = Ground(settings, redis_server.url, embedder, ScriptedModel(SILENCE))
    async with ground.service() as service:
        job = await remembered(service, conversation())
    assert (job.state, job.error) == (JobState.FAILED, SILENCE.message)
    assert "zanzibar" not in everything(redis_server)


async def test_an_outage_of_a_store_is_no_attempt(
    service: MemoryService, model: ScriptedModel
) -> None:
    store: Any = service.vectors
    job = await service.jobs.remember(DEFAULT, conversation())
    store.broken |= {"upsert", "check"}
    for _ in range(20):
        await service.care.work()
        await service.care.worked()
        await asyncio.sleep(0.02)
    waiting = await service.jobs.get(DEFAULT, job.id)
    assert waiting.state is JobState.PENDING
    assert waiting.error
    store.broken.clear()
    assert (await ended(service, job)).state is JobState.SUCCEEDED
    assert len(model.asked) == 1
    assert await contents(service) == {"Alice lives in Bergen", "Alice plays the cello"}


async def test_a_job_that_kills_its_workers_is_given_up(
    settings: Settings, redis_server: RedisServer, embedder: WordEmbedder, model: ScriptedModel
) -> None:
    ground = Ground(settings, redis_server.url, embedder, model)
    async with ground.service(Fuse("graph.calls.due")) as service:
        with suppress(Crash):
            job = await service.jobs.remember(DEFAULT, conversation())
    for _ in range(settings.llm.attempts):
        with suppress(Crash):
            async with ground.service(Fuse("graph.jobs.plan")) as service:
                async with asyncio.timeout(5):
                    while not service.record.fuse.blown:  # type: ignore[attr-defined]
                        await service.care.work()
                        await asyncio.sleep(0.02)
    async with ground.service() as service:
        job = await ended(service, job)
    assert (job.state, job.error) == (JobState.FAILED, "every worker that took it up has died")
    assert "zanzibar" not in everything(redis_server)


async def test_conversations_of_one_user_are_read_in_their_order(
    service: MemoryService, model: ScriptedModel
) -> None:
    model.answers = [SILENCE, facts("first"), facts("second"), facts("third")]
    jobs = [await service.jobs.remember(DEFAULT, conversation(f"message {n}")) for n in range(3)]
    done = [await ended(service, each) for each in jobs]
    told = [outcome.memory.content for job in done for outcome in job.outcomes if outcome.memory]
    assert told == ["first", "second", "third"]
    assert ["message 0" in text for _, text, _ in model.asked] == [True, True, False, False]


async def test_several_replicas_share_the_work(
    settings: Settings, redis_server: RedisServer, embedder: WordEmbedder
) -> None:
    model = ScriptedModel(facts("a fact"))
    ground = Ground(settings, redis_server.url, embedder, model)
    async with ground.service() as one, ground.service() as other:
        scopes = [Scope(user_id=f"user-{number}") for number in range(20)]
        jobs = [await one.jobs.remember(DEFAULT, conversation(scope=each)) for each in scopes]
        await asyncio.gather(*(ended(each, jobs[-1]) for each in (one, other)))
        for job in jobs:
            assert (await ended(other, job)).state is JobState.SUCCEEDED
        assert len(model.asked) == len(jobs)
        for scope in scopes:
            assert [each.content for each in await memories(one, scope)] == ["a fact"]


async def test_a_users_many_conversations_do_not_hold_up_anothers(
    service: MemoryService, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The calls of all hers come first, and find her first conversation still under way: one round
    of a worker is enough to get past them."""
    monkeypatch.setattr("memory.jobs.workers.LEASE_S", 30.0)
    model.open.clear()
    first = await service.jobs.remember(DEFAULT, conversation())
    await model.reached.wait()
    monkeypatch.setattr(service.jobs._remember, "_begin_work", lambda: None)
    hers = [await service.jobs.remember(DEFAULT, conversation(f"tea {n}")) for n in range(30)]
    await service.jobs.remember(DEFAULT, conversation(scope=Scope(user_id="bob")))
    await service.care.work()
    async with asyncio.timeout(5):
        while len(model.asked) < 2:
            model.reached.clear()
            await model.reached.wait()
    model.open.set()
    monkeypatch.setattr("memory.jobs.workers.LEASE_S", 0.2)
    for job in (first, *hers):
        assert (await ended(service, job)).state is JobState.SUCCEEDED
