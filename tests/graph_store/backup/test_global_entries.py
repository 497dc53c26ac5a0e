"""What belongs to no owner: projects, keys, the pepper, receipts."""

from __future__ import annotations

import pytest

from memory.domain.errors import InvalidInput
from memory.domain.records import Entry
from tests.graph_store.ground import Ground


async def test_entries_are_all_that_belongs_to_no_owner_and_nothing_else(ground: Ground) -> None:
    await ground.memory()
    project = [each for each in await ground.graph.entries.all() if each.key == "mg:project:p1"]
    assert len(project) == 1
    assert await ground.graph.entries.restore(project[0]) is False
    for wrong in (
        Entry("mg:meta", "hash", {"format": "9"}),
        Entry("mg:projects", "hash", {"a": "b"}),
        Entry("mg:pepper", "string", ["a"]),
        Entry("mg:project:p2", "hash", {"name": "no secret"}),
        Entry("mg:{p1.0}:clock", "string", "1"),
    ):
        with pytest.raises(InvalidInput):
            await ground.graph.entries.restore(wrong)
    assert await ground.graph.entries.all() == project
