"""Records as they stood at an earlier moment."""

from __future__ import annotations

from memory.domain.memory import Edge, Owner
from memory.domain.records import EdgeRecord, MemoryRecord
from tests.memory.given import memory


def test_a_memory_is_what_was_recorded_by_then_and_not_yet_retracted() -> None:
    first = memory("one", recorded_at=10, retracted_at=20)
    second = memory("two", id=first.id, recorded_at=20, version=2)
    record = MemoryRecord((first, second), holds_claim=True)
    assert record.id == first.id
    assert record.until(9) is None
    then = record.until(19)
    assert then is not None
    ((known,), holds) = then.versions, then.holds_claim
    assert (known.content, known.retracted_at, holds) == ("one", None, True)
    assert record.until(20) == record


def test_an_edge_that_was_retracted_stands_until_then() -> None:
    edge = Edge(
        id="rel_1", source="a", target="b", relation="KNOWS", recorded_at=10, retracted_at=30
    )
    record = EdgeRecord(Owner("user", "alice"), (edge,))
    assert record.until(9) is None
    then = record.until(29)
    assert then is not None
    assert [each.retracted_at for each in then.versions] == [None]
    assert record.until(30) == record
