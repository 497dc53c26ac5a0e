"""Conversations that a language model reads, and what comes of them."""

from __future__ import annotations

import asyncio
from typing import Any

import redis

from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.conversation import Conversation, Said
from memory.domain.jobs import Job
from memory.domain.memory import Memory, NewMemory, Scope
from memory.domain.results import Added
from memory.query.views import NOW, View
from memory.service.build import MemoryService
from tests.redis_server import RedisServer

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
