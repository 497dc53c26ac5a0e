"""Saved reports: the newest first, and of each project the last ones."""

from __future__ import annotations

import pytest

from graph_store.projects import reports
from memory.domain import clock
from memory.domain.reports import Report, Saved
from tests.graph_store.ground import Ground


def a_report(report_id: str, ago: int = 0, bound: str | None = None) -> Report:
    return Report(
        id=report_id, filters={"user_id": "alice"}, schema={"type": "object"},
        instructions="be brief", known_at=clock.now() - ago, bound=bound,
    )  # fmt: skip


async def test_a_report_comes_back_as_it_was_saved(ground: Ground) -> None:
    part = ground.graph.reports
    report = a_report("r1", bound="f" * 15)
    await part.save("p1", report)
    assert await part.read("p1", "r1") == report
    assert await part.read("p2", "r1") is None
    assert await part.all("p1") == [Saved("r1", report.filters, report.bound)]


async def test_the_oldest_make_room(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "_MOST", 2)
    part = ground.graph.reports
    for number in range(4):
        await part.save("p1", a_report(f"r{number}", ago=10 - number))
    assert [saved.id for saved in await part.all("p1")] == ["r3", "r2"]
    assert await part.read("p1", "r0") is None
    assert await part.read("p1", "r3") is not None


async def test_dropped_reports_are_gone_at_once(ground: Ground) -> None:
    part = ground.graph.reports
    for number in range(3):
        await part.save("p1", a_report(f"r{number}", ago=10 - number))
    await part.drop("p1", ["r0", "r2"])
    await part.drop("p1", [])
    assert [saved.id for saved in await part.all("p1")] == ["r1"]
    assert await part.read("p1", "r0") is None
