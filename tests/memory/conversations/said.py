"""Conversations without a language model, and what is remembered of them."""

from __future__ import annotations

from typing import Any

from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.conversation import Conversation, Said
from memory.domain.jobs import Job
from memory.domain.memory import Memory, NewMemory, Scope
from memory.domain.results import Added
from memory.query.views import View
from memory.service.build import MemoryService

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
