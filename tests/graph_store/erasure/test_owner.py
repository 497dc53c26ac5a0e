"""What an erasure removes of one owner, and what it counts."""

from __future__ import annotations

from dataclasses import replace

import pytest
import redis

from graph_store.format.keys import OwnerKeys
from memory.domain import dedup
from memory.domain.clock import AT_COMMIT
from memory.domain.erasures import Belongings, Counts, Order
from memory.domain.idempotency import Answer, Operation
from memory.domain.ids import mint
from memory.domain.memory import Memory
from memory.domain.transaction import DedupClaim, PutMemory, RetractEdge, Transaction, holding
from tests.graph_store.ground import Ground
from tests.redis_server import RedisServer


@pytest.fixture
async def order(ground: Ground) -> Order:
    """The entity is the owner itself."""
    order = Order("erasure", "p1", "user", "subject", ground.owner_hash, None, 0)
    await ground.graph.erasures.touch(order, ground.owner_hash)
    return order


async def claimed(ground: Ground, content: str) -> Memory:
    memory = Memory(id=mint("mem", ground.owner_hash), content=content, scope=ground.scope)
    claim = DedupClaim(dedup.key_of(memory), (), (holding(memory),))
    at = await ground.commit(PutMemory(memory), claims=(claim,))
    assert at is not None
    return memory.stamped(at)


async def test_a_memory_goes_with_its_versions_edges_and_claims_which_are_counted(
    ground: Ground, order: Order
) -> None:
    erasure = ground.graph.owner_erasure
    a, b = await claimed(ground, "a"), await claimed(ground, "b")
    second = replace(a, version=2, recorded_at=AT_COMMIT)
    second = second.stamped(await ground.commit(PutMemory(second, previous=a)) or 0)
    out, back = await ground.edge(a, b), await ground.edge(b, a)
    await ground.commit(RetractEdge(back))
    belongings = await erasure.belongings(ground.slot, [second])
    assert belongings == Belongings(2, frozenset({out.id, back.id}), frozenset({(a.id, "")}))
    assert await erasure.expunge(ground.slot, order, 1, [second], {a.id: 3}) == [a.id]
    counts = await ground.graph.erasures.tallied(order)
    assert counts == Counts(memories=1, versions=2, edges=2, claims=1, index_points=3)
    assert await ground.graph.memories.history(ground.slot, a.id) == []
    assert await ground.graph.edges.read(ground.slot, [out.id, back.id]) == {}
    assert await claimed(ground, "a")
    nothing = Belongings(1, frozenset(), frozenset({(b.id, "")}))
    assert await erasure.belongings(ground.slot, [b]) == nothing


async def test_a_memory_that_was_corrected_meanwhile_stays(ground: Ground, order: Order) -> None:
    erasure = ground.graph.owner_erasure
    a = await ground.memory("a")
    second = replace(a, version=2, recorded_at=AT_COMMIT)
    second = second.stamped(await ground.commit(PutMemory(second, previous=a)) or 0)
    assert await erasure.expunge(ground.slot, order, 1, [a], {}) == []
    assert (await ground.graph.memories.read("p1", [a.id]))[a.id] == second
    assert await erasure.expunge(ground.slot, order, 1, [second], {}) == [a.id]
    assert await erasure.expunge(ground.slot, order, 1, [second], {}) == []
    assert (await ground.graph.erasures.tallied(order)).memories == 1


async def test_of_a_content_that_two_hold_the_other_keeps_its_claim(
    ground: Ground, order: Order, server: RedisServer
) -> None:
    a = await ground.memory("same")
    b = replace(a, id=mint("mem", ground.owner_hash), recorded_at=AT_COMMIT)
    key = dedup.key_of(a)
    claim = DedupClaim(key, (), (holding(a), holding(b)))
    await ground.commit(PutMemory(b), claims=(claim,))
    await ground.graph.owner_erasure.expunge(ground.slot, order, 1, [a], {})
    briefing = await ground.graph.commits.brief(ground.slot, [key])
    assert briefing.claims[key] == (holding(b),)
    with redis.Redis(port=server.port) as client:
        assert client.hlen(OwnerKeys(ground.slot).content_claims) == 1


async def test_another_owners_log_tells_of_the_memory_and_the_entitys_own_is_effaced(
    ground: Ground, order: Order, server: RedisServer
) -> None:
    erasure = ground.graph.owner_erasure
    a, b = await ground.memory("a"), await ground.memory("b")
    other = replace(order, owner_hash="another")
    await erasure.expunge(ground.slot, other, 1, [a], {})
    await erasure.expunge(ground.slot, order, 1, [b], {})
    with redis.Redis(port=server.port, decode_responses=True) as client:
        entries = [fields for _, fields in client.xrange(OwnerKeys(ground.slot).events)]
    assert [(fields["e"], fields["m"]) for fields in entries] == [
        ("ADD", a.id), ("ADD", b.id), ("DELETE", a.id),
    ]  # fmt: skip
    assert await erasure.events_kept(ground.slot) == 3
    await erasure.efface(ground.slot, order)
    await erasure.efface(ground.slot, order)
    assert await erasure.events_kept(ground.slot) == 0
    assert (await ground.graph.erasures.tallied(order)).events == 3
    with redis.Redis(port=server.port, decode_responses=True) as client:
        ((_, fields),) = client.xrange(OwnerKeys(ground.slot).events)
    assert fields == {"e": "ERASE", "m": "", "v": "0"}


async def test_an_operation_is_known_afterwards_without_its_answer(
    ground: Ground, order: Order
) -> None:
    memory = Memory(id=mint("mem", ground.owner_hash), content="a", scope=ground.scope)
    transaction = Transaction(ground.slot, 0, [PutMemory(memory)])
    transaction = transaction.once(Operation("op", "digest"), Answer(memory.id))
    (commit,) = await ground.graph.commits.commit([transaction])
    assert commit is not None
    memory = memory.stamped(commit.at)
    await ground.graph.owner_erasure.expunge(ground.slot, order, 1, [memory], {})
    await ground.graph.owner_erasure.efface(ground.slot, order)
    (again,) = await ground.graph.commits.commit([transaction])
    assert again is not None
    assert again.answer == Answer("")
    assert await ground.graph.memories.read("p1", [memory.id]) == {}


async def test_nothing_is_written_for_an_owner_that_never_was(ground: Ground, order: Order) -> None:
    slot = ground.project.slot("0" * 15)
    await ground.graph.owner_erasure.efface(slot, order)
    assert await ground.graph.owner_erasure.events_kept(slot) == 0
