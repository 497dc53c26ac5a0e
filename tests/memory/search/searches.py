"""Memories of one user to be searched for."""

from __future__ import annotations

from collections.abc import Sequence

from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.memory import NewMemory, Scope
from memory.domain.results import Added
from memory.service.build import MemoryService

ALICE = Scope(user_id="alice")
DEFAULT = Caller(DEFAULT_PROJECT)
DAY = 86_400_000_000


async def add(service: MemoryService, drafts: Sequence[NewMemory]) -> list[str]:
    answers = await service.memories.add(DEFAULT, drafts)
    return [answer.memory.id for answer in answers if isinstance(answer, Added)]
