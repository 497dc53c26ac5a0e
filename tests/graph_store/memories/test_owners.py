"""Owners are found by what their memories name."""

from __future__ import annotations

from graph_store.redis_graph import RedisGraph
from memory.domain.memory import Scope
from tests.graph_store.ground import Ground


async def test_owners_are_found_by_what_their_memories_name(graph: RedisGraph) -> None:
    project = await graph.projects.read("p1", 1)
    scopes = [Scope(user_id="alice", agent_id="bot"), Scope(user_id="bob", agent_id="bot")]
    owner_hashes = [project.owner_hash(scope.owner) for scope in scopes]
    await graph.owners.register(
        "p1", {owner_hash: [scope] for owner_hash, scope in zip(owner_hashes, scopes, strict=True)}
    )
    assert await graph.owners.naming("p1", "agent_id", "bot") == sorted(owner_hashes)
    assert await graph.owners.naming("p1", "agent_id", "other") == []
    assert await graph.owners.naming("p2", "agent_id", "bot") == []


async def test_an_owner_that_is_unregistered_is_found_by_that_name_no_more(
    ground: Ground,
) -> None:
    owners = ground.graph.owners
    scope = Scope(user_id="alice", agent_id="bot", session_id="a:b")
    await owners.register("p1", {ground.owner_hash: [scope]})
    names = {("agent_id", "bot"), ("session_id", "a:b")}
    assert await owners.names_of(ground.slot) == names
    await owners.unregister(ground.slot, {("agent_id", "bot")})
    assert await owners.names_of(ground.slot) == {("session_id", "a:b")}
    assert await owners.naming("p1", "agent_id", "bot") == []
    assert await owners.naming("p1", "session_id", "a:b") == [ground.owner_hash]
    await owners.unregister(ground.slot, set())


async def test_owners_with_memories_are_told_each_once(ground: Ground) -> None:
    owners = ground.graph.owners
    first, second = await ground.memory("a"), await ground.memory("b")
    assert [slot async for slot in owners.slots()] == [ground.slot]
    assert [slot async for slot in owners.slots("p1")] == [ground.slot]
    assert [slot async for slot in owners.slots("p")] == []
    assert await owners.sizes([ground.slot, "p1.none"]) == [2, 0]
    assert set(await owners.memory_ids(ground.slot)) == {first.id, second.id}
