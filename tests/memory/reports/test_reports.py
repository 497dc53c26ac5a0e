"""Reports and summaries that a language model writes, and how many reports are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from graph_store.projects import reports
from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.errors import ModelUnavailable, NotFound
from memory.domain.memory import NewMemory, Scope
from memory.service.build import MemoryService

CALLER = Caller(DEFAULT_PROJECT)
ALICE = {"user_id": "alice"}
MOOD = {"properties": {"mood": {"type": "string"}}, "required": ["mood"]}


class Model:
    """Answers what it was made with, and remembers what it was asked."""

    name = "test/model"

    def __init__(self, answer: dict[str, Any] | None) -> None:
        self._answer = answer
        self.asked: list[tuple[str, str, Mapping[str, Any]]] = []

    async def fill(self, instructions: str, text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append((instructions, text, schema))
        if self._answer is None:
            raise ModelUnavailable("no answer")
        return self._answer


def asks(service: MemoryService, model: Model) -> Model:
    """From now on reports are told by this model."""
    service.reports._model = model
    return model


@pytest.fixture
async def stocked(service: MemoryService) -> MemoryService:
    contents = ("Likes tea", "Laughs a lot")
    await service.memories.add(
        CALLER, [NewMemory(content=each, scope=Scope(user_id="alice")) for each in contents]
    )
    return service


async def test_a_model_fills_what_no_list_of_memories_is(stocked: MemoryService) -> None:
    model = asks(stocked, Model({"mood": "merry"}))
    report = await stocked.reports.save(CALLER, ALICE, MOOD, "In one word.")
    assert model.asked == []
    assert await stocked.reports.read(CALLER, report) == {"mood": "merry"}
    ((instructions, text, schema),) = model.asked
    assert "In one word." in instructions
    assert "Likes tea" in text
    assert "Laughs a lot" in text
    assert schema == MOOD


async def test_an_answer_that_does_not_fit_is_none(stocked: MemoryService) -> None:
    asks(stocked, Model({"feeling": "merry"}))
    report = await stocked.reports.save(CALLER, ALICE, MOOD)
    with pytest.raises(ModelUnavailable, match="fit"):
        await stocked.reports.read(CALLER, report)


async def test_the_oldest_reports_make_room(
    stocked: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "_MOST", 2)
    listing = {"type": "array", "items": {"type": "string"}}
    first, *last = [await stocked.reports.save(CALLER, ALICE, listing) for _ in range(3)]
    with pytest.raises(NotFound):
        await stocked.reports.read(CALLER, first)
    for each in last:
        assert sorted(await stocked.reports.read(CALLER, each)) == ["Laughs a lot", "Likes tea"]
    kept = await stocked.record.reports.all(DEFAULT_PROJECT)
    assert [(each.id, each.filters) for each in kept] == [(each, ALICE) for each in reversed(last)]


async def test_what_a_bound_user_saved_is_that_users_alone_and_goes_with_them(
    stocked: MemoryService,
) -> None:
    """A schema's names are words of whoever saved it."""
    names = {"id": {"type": "string"}, "cormorant": {"type": "string"}}
    schema = {"type": "array", "items": {"type": "object", "properties": names}}
    alice, mallory = replace(CALLER, user_id="alice"), replace(CALLER, user_id="mallory")
    everything: dict[str, list[str]] = {"AND": []}
    saved = await stocked.reports.save(alice, everything, schema)
    assert len(await stocked.reports.read(alice, saved)) == 2
    assert len(await stocked.reports.read(alice, None, everything)) == 2
    for asked in ((saved, None), (None, everything)):
        with pytest.raises(NotFound):
            await stocked.reports.read(mallory, *asked)
    erasure = await stocked.erasures.erase(CALLER, Scope(user_id="alice"))
    assert erasure.receipt is not None
    assert await stocked.record.reports.all(DEFAULT_PROJECT) == []
