"""A survey of the index, page after page."""

from __future__ import annotations

from typing import Any

import pytest

from memory.index.survey import surveyed
from memory.ports.vector_store import Indexed

ROWS = [Indexed(f"mem_{number // 2}", number % 2 + 1, None, True) for number in range(6)]


class Index:
    def __init__(self) -> None:
        self.pages = 0

    async def survey(
        self, tenant: str, prefix: str, after: tuple[str, int] | None, limit: int, deep: bool
    ) -> list[Indexed]:
        assert (tenant, deep) == ("tenant", True)
        self.pages += 1
        beyond = [row for row in ROWS if after is None or (row.memory_id, row.version) > after]
        return [row for row in beyond if row.memory_id.startswith(prefix)][:limit]


@pytest.mark.parametrize(("size", "pages"), [(1, 7), (2, 4), (4, 2), (6, 2), (7, 1)])
async def test_every_version_comes_once_whatever_the_size_of_a_page(
    monkeypatch: pytest.MonkeyPatch, size: int, pages: int
) -> None:
    monkeypatch.setattr("memory.index.survey.SURVEYED", size)
    index: Any = Index()
    assert [row async for row in surveyed(index, "tenant", deep=True)] == ROWS
    assert index.pages == pages


async def test_only_what_has_the_prefix_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memory.index.survey.SURVEYED", 1)
    index: Any = Index()
    assert [row async for row in surveyed(index, "tenant", "mem_1", deep=True)] == ROWS[2:4]
