"""Export and backup: pages, moments, and whose memories they are."""

from __future__ import annotations

import pytest

from memory.domain.errors import InvalidInput
from memory.domain.memory import UNSET, Correction, NewEdge, Scope
from memory.domain.records import MemoryRecord
from memory.domain.transfer import Mark
from memory.service.build import MemoryService
from tests.memory.transfer.owners import ALICE, BOB, ME, add, exported, town


async def test_a_claim_that_moves_while_it_is_read_is_not_lost(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    moving = await add(service, "lives in Oslo")
    graph, corrections = service.record.archive, iter(("lives in Bergen", "lives in Rome"))
    look = graph._holders

    async def late(*args: object) -> object:
        if content := next(corrections, None):
            await service.memories.correct(ME, moving, Correction(content=content))
        return await look(*args)

    monkeypatch.setattr(graph, "_holders", late)
    (record,) = await exported(service)
    assert record.holds_claim


async def test_small_pages_hold_everything_once(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town(service)
    hub = await add(service, "a hub")
    for number in range(30):
        spoke = await add(service, f"spoke {number}")
        edge, _ = await service.graph.relate(ME, NewEdge(source=hub, target=spoke, relation="R"))
        await service.graph.amend_edge(ME, hub, edge.id, UNSET, {"number": number})
    whole = await exported(service)
    monkeypatch.setattr("memory.transfer.export.MOST_RECORDS", 3)
    monkeypatch.setattr("graph_store.backup.scan._EDGES_A_SCAN", 4)
    assert sorted(await exported(service), key=repr) == sorted(whole, key=repr)
    monkeypatch.setattr("memory.transfer.export.MOST_RECORDS", 500)
    monkeypatch.setattr("memory.transfer.export.MOST_CHARACTERS", 1000)
    assert sorted(await exported(service), key=repr) == sorted(whole, key=repr)
    assert len({each.id for each in whole}) == len(whole) == 34 + 33


async def test_what_is_written_between_two_pages_is_not_in_the_export(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await town(service)
    before = await exported(service)
    monkeypatch.setattr("memory.transfer.export.MOST_RECORDS", 1)
    page = await service.transfer.export(ME, ALICE)
    await service.memories.correct(ME, ids["tea"], Correction(content="drinks coffee"))
    await service.graph.retract_edge(ME, ids["new"], ids["amended"])
    await service.graph.relate(ME, NewEdge(source=ids["tea"], target=ids["old"], relation="LATER"))
    await add(service, "came later", supersedes=(ids["new"],))
    records = [*page.records]
    while page.following:
        page = await service.transfer.export(ME, ALICE, page.following)
        records += page.records
    assert records == before


async def test_an_earlier_moment_can_be_exported(service: MemoryService) -> None:
    ids = await town(service)
    versions = await service.memories.history(ME, ids["old"])
    then = await exported(service, known_at=versions[1].recorded_at)
    assert [(each.id, len(each.versions)) for each in then if isinstance(each, MemoryRecord)] == [
        (ids["old"], 2),
        (ids["new"], 1),
    ]
    assert then[0].versions[-1].retracted_at is None
    assert [each.versions[0].relation for each in then[2:]] == ["SUPERSEDES"]


async def test_an_export_is_of_exactly_one_owner(service: MemoryService) -> None:
    await add(service, "of the agent alone", Scope(agent_id="bot"))
    await add(service, "of a user with the agent", Scope("alice", "bot"))
    (record,) = await exported(service, Scope(agent_id="bot"))
    assert record.versions[0].content == "of the agent alone"
    with pytest.raises(InvalidInput):
        await service.transfer.export(ME, Scope("alice", "bot"))
    page = await service.transfer.export(ME, ALICE)
    with pytest.raises(InvalidInput):
        await service.transfer.export(ME, BOB, Mark(page.project_id + ".0", page.until))
