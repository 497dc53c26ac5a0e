"""Whether the service can work, and what is wrong where it cannot."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from memory.domain.errors import StoreUnavailable
from memory.ports.models import ModelCard
from memory.service.health import Health

CARD = ModelCard("test/words", 64)


class Dependency:
    """Redis, the vector store and the embedder at once: each may fail, or be slow."""

    def __init__(self, **states: Exception | float) -> None:
        self._states = states

    async def _answer(self, name: str) -> None:
        state = self._states.get(name)
        if isinstance(state, Exception):
            raise state
        await asyncio.sleep(state or 0)

    async def ping(self) -> None:
        await self._answer("redis")

    async def check(self) -> None:
        await self._answer("vector_store")

    async def card(self) -> ModelCard:
        await self._answer("embedder")
        return CARD


async def ready(calibrated: bool = True, **states: Exception | float) -> dict[str, str]:
    dependency: Any = Dependency(**states)
    return await Health(dependency, dependency, dependency, CARD, calibrated).ready()


async def test_all_is_well() -> None:
    assert await ready() == dict.fromkeys(("redis", "vector_store", "embedder", "score"), "ok")


async def test_scores_without_a_calibration_are_said_to_be_plain() -> None:
    score = (await ready(calibrated=False))["score"]
    assert score.startswith("ok")
    assert "test/words" in score


async def test_each_dependency_says_what_is_wrong_with_it_alone() -> None:
    """What no error of ours says may name an address: its kind is told, and nothing of its text."""
    states = await ready(
        redis=StoreUnavailable("Redis does not answer"), embedder=OSError("at 10.1.2.3")
    )
    assert states == {
        "redis": "Redis does not answer", "vector_store": "ok", "embedder": "OSError",
        "score": "ok",
    }  # fmt: skip


async def test_nobody_waits_long_for_a_dependency(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memory.service.health._READY_WITHIN_S", 0.05)
    async with asyncio.timeout(5):
        states = await ready(vector_store=60.0)
    assert states["vector_store"] == "no answer in 0.05 s"
    assert states["redis"] == "ok"
