"""Orders of erasures while they run, and the receipt that is left."""

from __future__ import annotations

from dataclasses import replace

from memory.domain.erasures import Counts, Order
from tests.graph_store.ground import Ground


def an_order(ground: Ground, order_id: str, subject: str = "alice") -> Order:
    return Order(order_id, "p1", "user", subject, ground.owner_hash, None, 17)


async def test_an_order_stands_until_it_is_sealed(ground: Ground) -> None:
    erasures = ground.graph.erasures
    order = an_order(ground, "one")
    assert await erasures.undertake(order, join=False) == order
    later = replace(order, requested_at=18)
    assert await erasures.undertake(later, join=False) == order
    assert await erasures.orders() == [order]
    assert await erasures.order("p1", "one") == order
    assert await erasures.order("p2", "one") is None
    await erasures.abandon(order)
    assert await erasures.orders() == []


async def test_a_second_order_of_an_entity_joins_the_first_if_it_may(ground: Ground) -> None:
    erasures = ground.graph.erasures
    first = await erasures.undertake(an_order(ground, "one"), join=True)
    assert await erasures.undertake(an_order(ground, "two"), join=True) == first
    assert (await erasures.undertake(an_order(ground, "three"), join=False)).id == "three"
    assert (await erasures.undertake(an_order(ground, "four", "bob"), join=True)).id == "four"


async def test_counts_of_all_owners_touched_are_summed(ground: Ground) -> None:
    graph, order = ground.graph, an_order(ground, "one")
    await graph.erasures.undertake(order, join=False)
    assert await graph.erasures.tallied(order) == Counts()
    for owner_hash, points in ((ground.owner_hash, 2), ("0" * 15, 3)):
        await graph.erasures.touch(order, owner_hash)
        await graph.owner_erasure.count_points(ground.project.slot(owner_hash), order, points)
    assert await graph.erasures.touched(order) == sorted([ground.owner_hash, "0" * 15])
    assert await graph.erasures.tallied(order) == Counts(index_points=5)


async def test_the_first_receipt_stands_and_nothing_of_the_order_is_left(ground: Ground) -> None:
    graph, order = ground.graph, an_order(ground, "one")
    await graph.erasures.undertake(order, join=False)
    await graph.erasures.touch(order, ground.owner_hash)
    await graph.owner_erasure.count_points(ground.slot, order, 2)
    assert await graph.erasures.seal(order, {"memories": 1}) == {"memories": 1}
    assert await graph.erasures.seal(order, {"memories": 2}) == {"memories": 1}
    sealed = await graph.erasures.sealed("p1", "one")
    assert sealed is not None
    assert (sealed.receipt, sealed.owner_hash) == ({"memories": 1}, ground.owner_hash)
    assert sealed.touched == (ground.owner_hash,)
    assert await graph.erasures.orders() == await graph.erasures.touched(order) == []
    assert await graph.erasures.sealed("p2", "one") is None
