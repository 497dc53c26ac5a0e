"""Memories by their ids, as a read may see them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from memory.context.known_memories import KnownMemories, missing, slot_of, starts
from memory.domain.errors import NotFound
from memory.domain.ids import mint
from memory.domain.memory import Memory
from memory.ports.memories import Instant
from memory.query.views import NOW, Snapshot, View
from tests.memory.given import ALICE, BOB, PROJECT, memory

THERE, ENDED = memory(), memory(valid_to=20)


class Shelf:
    """Knows two memories since the instant 10."""

    async def read(
        self, project_id: str, memory_ids: list[str], known_at: int | None = None
    ) -> dict[str, Memory]:
        known = {each.id: each for each in (THERE, ENDED)}
        return {each: known[each] for each in memory_ids if each in known and known_at != 5}

    async def instant(self, slots: list[str]) -> Instant:
        return Instant(50, bounded=False)


def known() -> KnownMemories:
    shelf: Any = Shelf()
    return KnownMemories(shelf)


async def test_malformed_missing_and_foreign_ids_are_not_found_in_the_same_words() -> None:
    bound = replace(PROJECT, user_id="alice")
    foreign = mint("mem", PROJECT.owner_hash(BOB.owner))
    for memory_id in ("nonsense", mint("mem", PROJECT.owner_hash(ALICE.owner)), foreign):
        with pytest.raises(NotFound) as refused:
            await known().get(bound, memory_id)
        assert refused.value.message == missing(memory_id).message
    assert await known().get(bound, THERE.id) == THERE
    with pytest.raises(NotFound):
        await known().get(PROJECT, THERE.id, known_at=5)


def test_a_slot_is_of_the_memorys_owner() -> None:
    assert slot_of(PROJECT, THERE.id) == PROJECT.slot(PROJECT.owner_hash(ALICE.owner))
    with pytest.raises(NotFound):
        slot_of(replace(PROJECT, user_id="bob"), THERE.id)


def test_a_long_id_is_not_told_whole() -> None:
    assert len(missing("x" * 5_000).message) < 100


async def test_only_what_the_snapshot_shows_is_shown() -> None:
    ids = [THERE.id, ENDED.id, "mem_none"]
    assert await known().shown(PROJECT, ids, Snapshot(50)) == {THERE.id: THERE}
    assert len(await known().shown(PROJECT, ids, Snapshot(15))) == 2
    assert await known().shown(PROJECT, ids, Snapshot(15, known_at=5)) == {}


async def test_a_view_is_pinned_at_its_own_instant_or_at_the_stores_now() -> None:
    assert await known().pin("slot", NOW) == Snapshot(50)
    assert await known().pin("slot", View(as_of=7, expired=True)) == Snapshot(7, expired=True)


def test_a_read_that_names_an_instant_does_not_set_out_from_what_is_not_there() -> None:
    held = {THERE.id: THERE, ENDED.id: ENDED}
    assert starts(THERE.id, held, Snapshot(50), NOW)
    assert not starts(ENDED.id, held, Snapshot(50), NOW)
    for memory_id, view in ((ENDED.id, View(as_of=50)), ("mem_none", NOW)):
        with pytest.raises(NotFound):
            starts(memory_id, held, Snapshot(50), view)
