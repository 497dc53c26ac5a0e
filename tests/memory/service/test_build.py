"""The service is put together over stores that opened, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from config import Settings
from deployments.service_settings import service_settings
from memory.domain.errors import StartupRefused, StoreUnavailable
from memory.service import api
from memory.service.build import MemoryService, open_service
from tests.memory.given import DEFAULT, stored
from tests.word_embedder import WordEmbedder


class Store:
    def __init__(self, name: str, journal: list[str], fails: Exception | None = None) -> None:
        self._name, self._journal, self._fails = name, journal, fails

    async def open(self, card: object) -> None:
        self._journal.append(f"{self._name} opens")
        if self._fails is not None:
            raise self._fails

    async def close(self) -> None:
        self._journal.append(f"{self._name} closes")


@pytest.mark.parametrize(
    ("graph_fails", "vectors_fail", "opened"),
    [
        (StartupRefused("no append-only file"), None, ["graph opens"]),
        (None, StoreUnavailable("down"), ["graph opens", "vectors opens"]),
    ],
)
async def test_stores_are_closed_if_one_does_not_open(
    settings: Settings,
    graph_fails: Exception | None,
    vectors_fail: Exception | None,
    opened: list[str],
) -> None:
    journal: list[str] = []
    graph: Any = Store("graph", journal, graph_fails)
    vectors: Any = Store("vectors", journal, vectors_fail)
    with pytest.raises(type(graph_fails or vectors_fail)):  # type: ignore[arg-type]
        await open_service(graph, vectors, WordEmbedder(), service_settings(settings))
    assert journal == [*opened, "vectors closes", "graph closes"]


async def test_an_embedder_that_is_down_refuses_the_start(settings: Settings) -> None:
    class Down(WordEmbedder):
        async def card(self) -> Any:
            raise StoreUnavailable("no model")

    journal: list[str] = []
    graph: Any = Store("graph", journal)
    vectors: Any = Store("vectors", journal)
    with pytest.raises(StoreUnavailable, match="no model"):
        await open_service(graph, vectors, Down(), service_settings(settings))
    assert journal == ["vectors closes", "graph closes"]


async def test_a_service_has_every_part_and_they_work_on_the_same_stores(
    service: MemoryService,
) -> None:
    assert {name for name in api.PARTS if getattr(service, name, None) is not None} == {*api.PARTS}
    made = await stored(service, "likes tea")
    assert (await service.health.ready())["redis"] == "ok"
    (record,) = (await service.transfer.export(DEFAULT, made.scope)).records
    assert record.id == made.id
