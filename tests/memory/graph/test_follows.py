"""FOLLOWS: the neighbours of a memory in its session, as a snapshot shows them."""

from __future__ import annotations

import pytest

from memory.domain.memory import Memory, Scope
from memory.graph.follows import Follows, derived
from memory.query.views import Direction, Snapshot
from memory.service.build import MemoryService
from tests.memory.given import DEFAULT, memory, stored

TALK = Scope(user_id="alice", session_id="talk")
LATE = 4 * 10**15


def test_the_later_one_follows_the_earlier_one_whichever_is_asked() -> None:
    earlier, later = memory(created_at=10, valid_from=30), memory(created_at=20, valid_from=5)
    out, back = derived(later, earlier, True), derived(earlier, later, False)
    assert out.derived == back.derived
    assert out.derived is not None
    assert (out.derived.source, out.derived.target) == (later.id, earlier.id)
    assert (out.derived.valid_from, out.derived.created_at) == (30, 20)
    assert (out.other, out.outgoing, back.other, back.outgoing) == (
        earlier.id, True, later.id, False,
    )  # fmt: skip


@pytest.fixture
async def talk(service: MemoryService) -> list[Memory]:
    return [await stored(service, f"said {number}", TALK) for number in range(12)]


async def neighbours(
    service: MemoryService,
    middle: Memory,
    snapshot: Snapshot,
    direction: Direction = Direction.BOTH,
    enabled: bool = True,
    scope: Scope | None = None,
) -> list[str]:
    project = await service.project()
    slot = project.slot(project.owner_hash(TALK.owner))
    follows = Follows(service.record.memories, enabled)
    found = await follows.of(slot, [middle], direction, snapshot, scope)
    return [edge.other for edge in found.get(middle.id, [])]


async def test_neighbours_are_the_nearest_ones_before_and_after(
    service: MemoryService, talk: list[Memory]
) -> None:
    before, middle, after = (said.id for said in talk[4:7])
    now = Snapshot(talk[-1].recorded_at)
    assert await neighbours(service, talk[5], now) == [before, after]
    assert await neighbours(service, talk[5], now, Direction.OUT) == [before]
    assert await neighbours(service, talk[5], now, Direction.IN) == [after]
    assert await neighbours(service, talk[5], now, enabled=False) == []
    await service.memories.erase(DEFAULT, before)
    assert await neighbours(service, talk[5], now) == [talk[3].id, after]
    assert middle not in await neighbours(service, talk[5], now)
    assert await neighbours(service, talk[0], now, Direction.OUT) == []


async def test_any_number_that_a_snapshot_does_not_show_are_passed_by(
    service: MemoryService,
) -> None:
    first = await stored(service, "said first", TALK)
    for number in range(9):
        await stored(service, f"not yet true {number}", TALK, valid_from=LATE)
    last = await stored(service, "said last", TALK)
    now = Snapshot(last.recorded_at)
    assert await neighbours(service, last, now, Direction.OUT) == [first.id]
    assert await neighbours(service, first, now, Direction.IN) == [last.id]
    then = await neighbours(service, last, Snapshot(LATE), Direction.OUT)
    assert then != [first.id]


async def test_other_sessions_and_other_scopes_are_no_neighbours(
    service: MemoryService,
) -> None:
    helped = Scope(user_id="alice", agent_id="helper", session_id="talk")
    first = await stored(service, "said to helper", helped)
    await stored(service, "said elsewhere", Scope(user_id="alice", session_id="other"))
    second = await stored(service, "said to nobody", TALK)
    third = await stored(service, "said to helper too", helped)
    alone = await stored(service, "in no session")
    now = Snapshot(alone.recorded_at)
    assert await neighbours(service, third, now) == [second.id]
    assert await neighbours(service, third, now, scope=helped) == [first.id]
    assert await neighbours(service, alone, now) == []
