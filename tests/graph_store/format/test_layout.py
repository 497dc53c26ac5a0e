"""Every key that a memory or an edge lives in: a commit, a restore and an erasure agree."""

from __future__ import annotations

from dataclasses import replace

import redis

from memory.domain.clock import AT_COMMIT
from memory.domain.erasures import Order
from memory.domain.feedback import Feedback, Verdict
from memory.domain.ids import mint
from memory.domain.memory import SUPERSEDES, Edge, Memory
from memory.domain.transaction import EraseMemory, PutEdge, PutMemory, RetractEdge
from tests.graph_store.ground import Ground
from tests.redis_server import RedisServer


async def test_erasing_leaves_nothing_but_a_tombstone(ground: Ground, server: RedisServer) -> None:
    canary = "canary-3f1c"
    a = await ground.memory(canary, metadata={"k": canary}, supersedes=())
    b, c = await ground.memory("b"), await ground.memory("c")
    second = replace(a, version=2, recorded_at=AT_COMMIT)
    at = await ground.commit(PutMemory(second, previous=a))
    assert at is not None
    out = await ground.edge(a, b, metadata={"k": canary})
    back = await ground.edge(b, a)
    kept = await ground.edge(b, c)
    assert await ground.commit(RetractEdge(back)) is not None
    assert await ground.commit(EraseMemory(second.stamped(at))) is not None
    assert await ground.graph.memories.history(ground.slot, a.id) == []
    assert set(await ground.graph.edges.read(ground.slot, [out.id, back.id, kept.id])) == {kept.id}
    dump = dump_all(server)
    assert canary not in dump
    mentions = {key for key, value in dump_rows(server).items() if a.id in key + value}
    assert {key.rsplit(":", 1)[-1] for key in mentions} == {"tomb", "ob", "ev"}


def dump_rows(server: RedisServer) -> dict[str, str]:
    rows = {}
    with redis.Redis(port=server.port, decode_responses=True) as client:
        readers = {
            "string": client.get,
            "hash": client.hgetall,
            "zset": lambda key: client.zrange(key, 0, -1),
            "set": client.smembers,
            "stream": client.xrange,
        }
        for key in client.scan_iter():
            rows[key] = str(readers[client.type(key)](key))
    return rows


def dump_all(server: RedisServer) -> str:
    return "\n".join(f"{key} {value}" for key, value in dump_rows(server).items())


async def test_what_is_restored_lives_in_the_same_keys_as_what_was_committed(
    ground: Ground, server: RedisServer
) -> None:
    graph, slot = ground.graph, ground.slot
    a, b = await ground.memory("a", valid_to=4 * 10**15), await ground.memory("b", valid_from=0)
    again = replace(b, content="b, corrected", version=2, recorded_at=AT_COMMIT)
    again = again.stamped(await ground.commit(PutMemory(again, previous=b)) or 0)
    edge = await ground.edge(a, b)
    longer = replace(edge, metadata={"k": 1}, recorded_at=AT_COMMIT)
    await ground.commit(PutEdge(longer, previous=edge))
    retracted = await ground.edge(b, a)
    await ground.commit(RetractEdge(retracted))
    await succeed(ground, a)
    before = versions_of(server)
    ids = await graph.owners.memory_ids(slot)
    memories = await graph.archive.memory_records(slot, ids)
    edge_ids = [key.rpartition(":")[2] for key in before if ":e:" in key]
    edges = await graph.archive.edge_records(slot, ground.scope.owner, edge_ids)
    assert (len(memories), len(edges)) == (3, 3)
    with redis.Redis(port=server.port) as client:
        client.delete(*before)
    memories.sort(key=lambda record: len(record.versions[-1].supersedes))
    landings = await graph.archive.restore(slot, 1, [*memories, *edges])
    assert {landing.value for landing in landings} == {"restored"}
    assert versions_of(server) == before


async def succeed(ground: Ground, last: Memory) -> None:
    new = Memory(
        id=mint("mem", ground.owner_hash), content="new", scope=ground.scope, supersedes=(last.id,)
    )
    edge = Edge(
        id=mint("rel", ground.owner_hash), source=new.id, target=last.id, relation=SUPERSEDES
    )
    ended = replace(last, valid_to=AT_COMMIT, version=2, recorded_at=AT_COMMIT)
    at = await ground.commit(PutMemory(new), PutMemory(ended, previous=last), PutEdge(edge))
    assert at is not None


def versions_of(server: RedisServer) -> dict[str, str]:
    """Keys of memories and edges; not of claims, which this owner's have none of, nor of the log
    and the operations, which tell how it came about."""
    beside = {"clock", "ev", "c"}
    return {
        key: value
        for key, value in dump_rows(server).items()
        if key.startswith("mg:{")
        and key.rpartition("}:")[2] not in beside
        and not key.rpartition("}:")[2].startswith(("op", "rc:"))
    }


async def test_a_commit_and_an_erasure_leave_the_same_of_a_memory(
    ground: Ground, server: RedisServer
) -> None:
    a, b, c = [await ground.memory(name) for name in "abc"]
    for memory in (a, b):
        await ground.edge(memory, c)
        await ground.edge(c, memory)
        await ground.graph.feedback.rate(ground.slot, memory.id, Feedback(Verdict.POSITIVE))
    order = Order("erasure", "p1", "user", "subject", "another owner", None, 0)
    at = await ground.commit(EraseMemory(a))
    gone = await ground.graph.owner_erasure.expunge(ground.slot, order, at or 0, [b], {})
    assert gone == [b.id]

    def left_of(memory: Memory) -> set[str]:
        return {
            key
            for key, value in dump_rows(server).items()
            if memory.id in key + value and not key.rpartition("}:")[2].startswith("op")
        }

    assert left_of(a) == left_of(b)
    assert {key.rpartition(":")[2] for key in left_of(b)} == {"tomb", "ob", "ev"}
