"""The append-only file is written anew."""

from __future__ import annotations

from tests.graph_store.ground import Ground


async def test_the_log_is_written_anew_on_every_node(ground: Ground) -> None:
    assert await ground.graph.compaction.compact() == []
    assert await ground.graph.compaction.compact() == []
