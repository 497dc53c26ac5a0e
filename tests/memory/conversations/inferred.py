"""Conversations that a language model reads, and what comes of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis

from config import Settings
from graph_store import open_graph_store
from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.conversation import Conversation, Said
from memory.domain.jobs import Job
from memory.domain.memory import Memory, NewMemory, Scope
from memory.domain.results import Added
from memory.query.views import NOW, View
from memory.service.build import MemoryService
from tests.memory.failing import Failing, FailingRecord
from tests.memory.scripted import ScriptedModel, facts
from tests.recording_meter import RecordingMeter
from tests.redis_server import RedisServer
from tests.service import OpenService, started_on
from tests.word_embedder import WordEmbedder
from vector_store import open_vector_store

DEFAULT = Caller(DEFAULT_PROJECT)
ALICE = Scope(user_id="alice")
WORDS = "psst, zanzibar: I moved to Bergen and took up the cello"
MARCH = 1_772_323_200_000_000
"""2026-03-01, a Sunday."""


ALWAYS = View(superseded=True, expired=True)


def conversation(*said: str, scope: Scope = ALICE, **fields: Any) -> Conversation:
    messages = tuple(Said("user", each) for each in said or (WORDS,))
    return Conversation(messages=messages, scope=scope, **fields)


async def ended(service: MemoryService, job: Job, caller: Caller = DEFAULT) -> Job:
    """The job once a worker has carried it out."""
    async with asyncio.timeout(20):
        while not job.state.ended:
            await service.care.work()
            await service.care.worked()
            await asyncio.sleep(0.01)
            job = await service.jobs.get(caller, job.id)
    return job


async def remembered(service: MemoryService, said: Conversation) -> Job:
    return await ended(service, await service.jobs.remember(DEFAULT, said))


async def stored(service: MemoryService, content: str, **fields: Any) -> Memory:
    draft = NewMemory(content=content, **{"scope": ALICE, **fields})
    (answer,) = await service.memories.add(DEFAULT, [draft])
    assert isinstance(answer, Added), answer
    return answer.memory


async def memories(
    service: MemoryService, scope: Scope = ALICE, view: View = ALWAYS
) -> list[Memory]:
    page = await service.memories.page(DEFAULT, scope, 1_000, None, newest=False, view=view)
    return [*page.memories]


async def contents(service: MemoryService, view: View = NOW) -> set[str]:
    return {each.content for each in await memories(service, view=view)}


def everything(redis_server: RedisServer) -> str:
    """All that Redis holds, as text."""
    with redis.Redis(port=redis_server.port, decode_responses=True) as client:
        readers = {
            "string": client.get, "hash": client.hgetall, "set": client.smembers,
            "zset": lambda key: client.zrange(key, 0, -1), "stream": client.xrange,
        }  # fmt: skip
        return "\n".join(f"{key} {readers[client.type(key)](key)}" for key in client.scan_iter())


def quicken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers wait for little: tests have few jobs, and look at them often."""
    for name, seconds in {
        "LEASE_S": 0.2, "FIRST_WAIT_S": 0.01, "LONGEST_WAIT_S": 0.05, "OUTAGE_S": 0.01,
        "_SHORTLY_S": 0.01,
    }.items():  # fmt: skip
        monkeypatch.setattr(f"memory.jobs.workers.{name}", seconds)


def with_six_attempts(settings: Settings) -> Settings:
    return settings.model_copy(update={"llm": settings.llm.model_copy(update={"attempts": 6})})


def model_of_two_facts() -> ScriptedModel:
    return ScriptedModel(facts("Alice lives in Bergen", "Alice plays the cello"))


@asynccontextmanager
async def reading(
    settings: Settings,
    redis_url: str,
    embedder: WordEmbedder,
    model: ScriptedModel,
    meter: RecordingMeter,
) -> AsyncIterator[OpenService]:
    """A service that has a model, on stores that can be made to fail."""
    graph: Any = FailingRecord(open_graph_store(settings, redis_url))
    vectors: Any = Failing(open_vector_store(settings))
    service = await started_on(graph, vectors, settings, embedder, meter, model)
    yield service
    await service.care.close()
