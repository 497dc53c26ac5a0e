"""Lists: whose memories they hold, and where a page of long ones ends."""

from __future__ import annotations

import pytest

from memory.domain.memory import Scope
from memory.read.listings import Listing
from memory.service.build import MemoryService
from tests.memory.given import ALICE, DEFAULT, PROJECT, stored


@pytest.mark.parametrize(
    ("scope", "narrow"),
    [
        (ALICE, False),
        (Scope(user_id="alice", session_id="s"), True),
        (Scope(agent_id="helper"), True),
    ],
)
def test_only_a_users_own_list_is_all_that_its_owner_has(scope: Scope, narrow: bool) -> None:
    assert Listing(PROJECT, [], scope, None, newest=True).narrow is narrow


async def test_long_memories_end_a_page_early_and_its_cursor_leads_on(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memory.read.listings.MOST_CHARACTERS", 1_000)
    for number in range(4):
        await stored(service, f"{number} " + "word " * 150)
    page = await service.memories.page(DEFAULT, ALICE, 10, None, False)
    assert len(page.memories) == 2
    rest = await service.memories.page(DEFAULT, ALICE, 10, page.next_cursor, False)
    assert [memory.content[0] for memory in [*page.memories, *rest.memories]] == [*"0123"]


async def test_a_list_of_few_among_many_is_filled_from_several_trips(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memory.read.listings._POSITIONS_A_TRIP", 2)
    named = Scope(user_id="alice", agent_id="helper")
    wanted = [(await stored(service, f"with helper {number}", named)).id for number in range(3)]
    for number in range(8):
        await stored(service, f"alone {number}")
    page = await service.memories.page(DEFAULT, named, 3, None, True)
    assert [memory.id for memory in page.memories] == wanted[::-1]
    assert page.next_cursor is None
