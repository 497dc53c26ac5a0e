"""The embedded store reads a vector from its file once, and remembers only so many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vector_store.vector_cache import VectorCache


class Reads:
    """A file whose row i holds the byte i; `asked` lists what was read from it."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, rowids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        self.asked += rowids
        return ((rowid, bytes([rowid])) for rowid in reversed(rowids))


def test_rows_come_in_order_and_are_read_once() -> None:
    cache, reads = VectorCache(10), Reads()
    assert cache.load("a", [3, 1, 2], reads) == b"\x03\x01\x02"
    assert cache.load("a", [2, 4, 3], reads) == b"\x02\x04\x03"
    assert reads.asked == [3, 1, 2, 4]


def test_tenants_and_forgotten_rows_are_read_anew() -> None:
    cache, reads = VectorCache(10), Reads()
    cache.load("a", [1, 2], reads)
    cache.load("b", [1], reads)
    cache.forget("a", [1, 9])
    cache.forget("c", [1])
    cache.clear("b")
    assert cache.load("a", [1, 2], reads) + cache.load("b", [1], reads) == b"\x01\x02\x01"
    assert reads.asked == [1, 2, 1, 1, 1]


def test_the_tenant_searched_least_recently_makes_room() -> None:
    cache, reads = VectorCache(3), Reads()
    cache.load("a", [1], reads)
    cache.load("b", [2], reads)
    cache.load("a", [1], reads)
    cache.load("c", [3, 4], reads)
    reads.asked.clear()
    cache.load("a", [1], reads)
    cache.load("b", [2], reads)
    assert reads.asked == [2]


def test_of_more_rows_than_fit_all_are_returned_and_the_last_ones_kept() -> None:
    cache, reads = VectorCache(2), Reads()
    assert cache.load("a", [1, 2, 3], reads) == b"\x01\x02\x03"
    assert cache.load("a", [1, 2], reads) == b"\x01\x02"
    assert cache.load("a", [3], reads) == b"\x03"
    assert reads.asked == [1, 2, 3, 3]
