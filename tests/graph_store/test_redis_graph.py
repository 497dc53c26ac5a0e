"""The graph store's contract, on a single server and on a cluster."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
import redis

from graph_store.redis_graph import RedisGraph
from memory.domain.clock import AT_COMMIT
from memory.domain.errors import StartupRefused, StoreUnavailable
from memory.domain.ids import mint, owner_hash_of
from memory.domain.memory import Edge, Memory, Owner, Scope
from memory.domain.transaction import (
    DedupClaim,
    DedupKey,
    EraseMemory,
    PutEdge,
    PutMemory,
    RetractEdge,
    Transaction,
    holding,
)
from memory.ports.graph_store import Reach
from memory.ports.vector_store import ModelCard
from memory.query.views import Direction, Snapshot
from tests.graph_store.ground import CARD, Ground
from tests.redis_server import RedisServer


async def test_a_transaction_stands_or_falls_as_one(ground: Ground) -> None:
    a = await ground.memory("a")
    b = Memory(id=mint("mem", ground.owner_hash), content="b", scope=ground.scope)
    stale = replace(a, recorded_at=a.recorded_at - 1)
    second = replace(a, content="a2", version=2, recorded_at=AT_COMMIT)
    assert await ground.commit(PutMemory(b), PutMemory(second, previous=stale)) is None
    assert await ground.graph.memories.read("p1", [a.id, b.id]) == {a.id: a}
    assert await ground.graph.memories.page([ground.slot], None, 10, None, True) != []
    at = await ground.commit(PutMemory(b), PutMemory(second, previous=a))
    assert at is not None
    assert await ground.graph.memories.read("p1", [a.id, b.id]) == {
        a.id: second.stamped(at),
        b.id: b.stamped(at),
    }
    first, last = await ground.graph.memories.history(ground.slot, a.id)
    assert (first, last) == (replace(a, retracted_at=at), second.stamped(at))


async def test_a_repeated_send_commits_once(ground: Ground) -> None:
    memory = Memory(id=mint("mem", ground.owner_hash), content="a", scope=ground.scope)
    transaction = Transaction(ground.slot, 0, [PutMemory(memory)])
    (first,) = await ground.graph.commits.commit([transaction])
    (second,) = await ground.graph.commits.commit([transaction])
    assert first == second
    assert len(await ground.graph.memories.page([ground.slot], None, 10, None, True)) == 1


async def test_record_times_of_an_owner_only_grow(ground: Ground) -> None:
    times = [(await ground.memory(str(n))).recorded_at for n in range(50)]
    assert times == sorted(set(times))
    assert (await ground.graph.memories.instant([ground.slot])).now >= times[-1]


async def test_claims_are_compared_and_set(ground: Ground) -> None:
    key = DedupKey("content", "abc")
    memory = Memory(
        id=mint("mem", ground.owner_hash), content="a", scope=ground.scope, valid_to=10**15
    )
    other = replace(memory, id=mint("mem", ground.owner_hash))
    mine = DedupClaim(key, (), (holding(memory),))
    at = await ground.commit(PutMemory(memory), claims=(mine,))
    assert at is not None
    assert await ground.commit(PutMemory(other), claims=(mine,)) is None
    briefing = await ground.graph.commits.brief(ground.slot, [key], [memory.id, other.id])
    assert briefing.claims[key] == (holding(memory.stamped(at)),)
    assert set(briefing.standings) == {memory.id}
    assert briefing.standings[memory.id].pending
    assert briefing.now >= at


async def test_the_outbox_clears_only_what_still_stands(ground: Ground) -> None:
    a = await ground.memory("a")
    b = await ground.memory("b")
    assert set(await ground.graph.outbox.pending(ground.slot)) == {a.id, b.id}
    assert await ground.graph.outbox.settle({ground.slot: {a.id: "1", b.id: "2"}}) == {
        ground.slot: [b.id]
    }
    assert await ground.graph.outbox.pending(ground.slot) == [b.id]
    await ground.commit(EraseMemory(b))
    assert await ground.graph.outbox.settle({ground.slot: {b.id: "1"}}) == {ground.slot: [b.id]}
    assert await ground.graph.outbox.settle({ground.slot: {b.id: "erased"}}) == {ground.slot: []}
    assert await ground.graph.outbox.pending(ground.slot) == []


async def test_dirty_owners_are_found_and_cleaned_unless_written_again(ground: Ground) -> None:
    await ground.memory("a")
    assert await ground.graph.outbox.dirty(60) == []
    (mark,) = await ground.graph.outbox.dirty(-60)
    assert mark.slot == ground.slot
    await ground.memory("b")
    await ground.graph.outbox.clean(mark)
    (mark,) = await ground.graph.outbox.dirty(-60)
    await ground.graph.outbox.clean(mark)
    assert await ground.graph.outbox.dirty(-60) == []


async def test_edges_need_both_memories(ground: Ground) -> None:
    a, b = await ground.memory("a"), await ground.memory("b")
    await ground.commit(EraseMemory(b))
    edge = Edge(id=mint("rel", ground.owner_hash), source=a.id, target=b.id, relation="R")
    assert await ground.commit(PutEdge(edge)) is None


async def test_adjacency_shows_what_is_valid_at_an_instant(ground: Ground) -> None:
    a = await ground.memory("a", valid_from=-(10**16) + 1)
    b = await ground.memory("b", valid_from=-(10**16) + 1)
    past = await ground.edge(a, b, valid_from=1000, valid_to=2000)
    ancient = await ground.edge(a, b, valid_from=-(10**15), valid_to=1500)
    open_edge = await ground.edge(b, a)
    now = (await ground.graph.memories.instant([ground.slot])).now

    async def seen(node: Memory, direction: Direction, at: int) -> list[str]:
        found = await ground.graph.edges.expand(
            ground.slot, [node.id], Reach(direction, Snapshot(at), 10)
        )
        return [each.edge_id for each in found.adjacent[node.id]]

    assert await seen(a, Direction.OUT, 1200) == [past.id, ancient.id]
    assert await seen(a, Direction.OUT, 1999) == [past.id]
    assert await seen(a, Direction.OUT, 2000) == []
    assert await seen(b, Direction.IN, 1200) == [past.id, ancient.id]
    assert await seen(a, Direction.BOTH, now) == [open_edge.id]
    assert await seen(a, Direction.OUT, now) == []
    edges = await ground.graph.edges.read(ground.slot, [past.id, open_edge.id, "rel_none"])
    assert edges == {past.id: past, open_edge.id: open_edge}


async def test_amending_and_retracting_an_edge(ground: Ground) -> None:
    a, b = await ground.memory("a"), await ground.memory("b")
    first = await ground.edge(a, b)
    second = replace(first, metadata={"k": 1}, recorded_at=AT_COMMIT)
    at = await ground.commit(PutEdge(second, previous=first))
    assert at is not None
    assert await ground.commit(PutEdge(second, previous=first)) is None
    second = second.stamped(at)
    assert await ground.graph.edges.read(ground.slot, [first.id]) == {first.id: second}
    gone = await ground.commit(RetractEdge(second))
    assert (await ground.graph.edges.read(ground.slot, [first.id]))[first.id].retracted_at == gone
    now = (await ground.graph.memories.instant([ground.slot])).now
    found = await ground.graph.edges.expand(
        ground.slot, [a.id], Reach(Direction.BOTH, Snapshot(now), 10)
    )
    assert found.adjacent[a.id] == []


async def test_hubs_are_cut_and_relations_are_searched_for(ground: Ground) -> None:
    hub = await ground.memory("hub")
    spokes = [await ground.memory(f"spoke {n}") for n in range(30)]
    rare = Edge(
        id=mint("rel", ground.owner_hash), source=hub.id, target=spokes[0].id, relation="RARE"
    )
    await ground.commit(PutEdge(rare))
    for spoke in spokes:
        await ground.edge(hub, spoke)
    now = (await ground.graph.memories.instant([ground.slot])).now
    found = await ground.graph.edges.expand(
        ground.slot, [hub.id], Reach(Direction.OUT, Snapshot(now), 5)
    )
    assert [each.other for each in found.adjacent[hub.id]] == [m.id for m in spokes[:-6:-1]]
    assert found.cut
    reach = Reach(Direction.OUT, Snapshot(now), 5, frozenset({"RARE"}))
    found = await ground.graph.edges.expand(ground.slot, [hub.id], reach)
    assert [each.edge_id for each in found.adjacent[hub.id]] == [rare.id]
    assert not found.cut


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


async def test_pages_by_session_and_cursor(ground: Ground) -> None:
    memories = [await ground.memory(str(n)) for n in range(5)]
    ground.scope = Scope(user_id="alice", session_id="s2")
    other = await ground.memory("other")
    page = await ground.graph.memories.page([ground.slot], "s1", 3, None, True)
    assert [each.memory_id for each in page] == [m.id for m in memories[:1:-1]]
    page = await ground.graph.memories.page([ground.slot], "s1", 3, page[-1], True)
    assert [each.memory_id for each in page] == [m.id for m in memories[1::-1]]
    page = await ground.graph.memories.page([ground.slot], None, 2, None, False)
    page = await ground.graph.memories.page([ground.slot], None, 9, page[-1], False)
    assert [each.memory_id for each in page] == [*(m.id for m in memories[2:]), other.id]


async def test_owners_are_found_by_what_their_memories_name(graph: RedisGraph) -> None:
    project = await graph.projects.read("p1", 1)
    scopes = [Scope(user_id="alice", agent_id="bot"), Scope(user_id="bob", agent_id="bot")]
    tags = [project.owner_hash(scope.owner) for scope in scopes]
    await graph.owners.register(
        "p1", {tag: [scope] for tag, scope in zip(tags, scopes, strict=True)}
    )
    assert await graph.owners.naming("p1", "agent_id", "bot") == sorted(tags)
    assert await graph.owners.naming("p1", "agent_id", "other") == []
    assert await graph.owners.naming("p2", "agent_id", "bot") == []


async def test_a_project_keeps_its_secret_and_ids_lead_back(graph: RedisGraph) -> None:
    project = await graph.projects.read("p1", 4)
    assert await graph.projects.read("p1", 8) == project
    other = await graph.projects.read("p2", 4)
    assert other.secret != project.secret
    tag = project.owner_hash(Owner("user", "alice"))
    assert owner_hash_of(mint("mem", tag)) == tag
    assert owner_hash_of(mint("rel", tag)) is None
    assert other.owner_hash(Owner("user", "alice")) != tag
    assert project.tenant(tag) in project.tenants()


async def test_another_model_or_newer_data_refuses_to_start(
    graph: RedisGraph, server: RedisServer
) -> None:
    with pytest.raises(StartupRefused, match="test/model"):
        await graph.open(ModelCard("other/model", 8))
    with pytest.raises(StartupRefused, match="dimensions"):
        await graph.open(ModelCard("test/model", 9))
    with redis.Redis(port=server.port) as client:
        for other in ("99", "1"):
            client.hset("mg:meta", "format", other)
            with pytest.raises(StartupRefused, match=f"format {other}"):
                await graph.open(CARD)


async def test_a_server_that_could_lose_memories_is_refused(
    graph: RedisGraph, server: RedisServer
) -> None:
    with redis.Redis(port=server.port) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        with pytest.raises(StartupRefused, match="noeviction"):
            await graph.open(CARD)
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("appendonly", "no")
        with pytest.raises(StartupRefused, match="appendonly"):
            await graph.open(CARD)
        client.config_set("appendonly", "yes")
        wait_for_rewrite(client)
    await graph.open(CARD)


def wait_for_rewrite(client: redis.Redis) -> None:
    """Until it ends, the log that was switched on does not hold what was written."""
    while client.info("persistence")["aof_rewrite_in_progress"]:
        time.sleep(0.02)


async def test_a_dead_server_is_unavailable_and_comes_back(
    graph: RedisGraph, server: RedisServer
) -> None:
    ground = Ground(graph, await graph.projects.read("p1", 1))
    memory = await ground.memory("kept")
    server.kill()
    with pytest.raises(StoreUnavailable):
        await graph.ping()
    with pytest.raises(StoreUnavailable):
        await ground.memory("lost")
    server.start()
    assert await graph.memories.read("p1", [memory.id]) == {memory.id: memory}
