"""The owner's event log: written with the change itself and in its order, ids and no text."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest
import redis

from graph_store.format.keys import OwnerKeys
from memory.domain.caller import DEFAULT_PROJECT, Caller, Once
from memory.domain.clock import AT_COMMIT
from memory.domain.errors import VersionMismatch
from memory.domain.idempotency import Answer, Operation
from memory.domain.ids import mint
from memory.domain.memory import (
    SUPERSEDES,
    Correction,
    Edge,
    Memory,
    NewEdge,
    NewMemory,
    Scope,
    VersionEvent,
)
from memory.domain.results import Added
from memory.domain.transaction import (
    EraseMemory,
    Expect,
    PutEdge,
    PutMemory,
    RetractEdge,
    Transaction,
)
from memory.service.build import MemoryService
from tests.graph_store.ground import Ground
from tests.redis_server import RedisServer

ALICE = Scope(user_id="alice")
DEFAULT = Caller(DEFAULT_PROJECT)
Entry = tuple[str, Mapping[str, str]]


def log(server: RedisServer, slot: str) -> list[Entry]:
    with redis.Redis(port=server.port, decode_responses=True) as client:
        entries: list[Entry] = client.xrange(OwnerKeys(slot).key("ev"))
        return entries


def about(event: str, memory: Memory, version: int) -> dict[str, str]:
    return {"e": event, "m": memory.id, "v": str(version)}


def between(event: str, edge: Edge) -> dict[str, str]:
    return {"e": event, "r": edge.id, "m": edge.source, "o": edge.target}


async def test_each_kind_of_change_is_an_event_of_its_commit(
    ground: Ground, server: RedisServer
) -> None:
    a, b = await ground.memory("a"), await ground.memory("b")
    second = replace(a, version=2, event=VersionEvent.UPDATE, recorded_at=AT_COMMIT)
    updated = await ground.commit(PutMemory(second, previous=a), Expect(b))
    edge = await ground.edge(a, b)
    longer = replace(edge, metadata={"k": 1}, recorded_at=AT_COMMIT)
    amended = await ground.commit(PutEdge(longer, previous=edge))
    assert amended is not None
    retracted = await ground.commit(RetractEdge(longer.stamped(amended)))
    erased = await ground.commit(EraseMemory(b))
    assert log(server, ground.slot) == [
        (f"{a.recorded_at}-0", about("ADD", a, 1)),
        (f"{b.recorded_at}-0", about("ADD", b, 1)),
        (f"{updated}-0", about("UPDATE", a, 2)),
        (f"{edge.recorded_at}-0", between("RELATE", edge)),
        (f"{amended}-0", between("AMEND", edge)),
        (f"{retracted}-0", between("RETRACT", edge)),
        (f"{erased}-0", about("DELETE", b, 1)),
    ]


async def test_a_succession_is_two_events_and_no_edge(ground: Ground, server: RedisServer) -> None:
    old = await ground.memory("old")
    new = Memory(id=mint("mem", ground.owner_hash), content="new", scope=ground.scope)
    ended = replace(
        old, version=2, event=VersionEvent.SUPERSEDE, valid_to=AT_COMMIT, recorded_at=AT_COMMIT
    )
    edge = Edge(
        id=mint("rel", ground.owner_hash), source=new.id, target=old.id, relation=SUPERSEDES
    )
    at = await ground.commit(PutMemory(new), PutMemory(ended, previous=old), PutEdge(edge))
    assert log(server, ground.slot)[1:] == [
        (f"{at}-0", about("SUPERSEDE", old, 2)),
        (f"{at}-1", about("ADD", new, 1)),
    ]


async def test_erasing_a_memory_is_one_event_whatever_goes_with_it(
    ground: Ground, server: RedisServer
) -> None:
    a, b = await ground.memory("a"), await ground.memory("b")
    await ground.edge(a, b)
    await ground.edge(b, a)
    before = log(server, ground.slot)
    at = await ground.commit(EraseMemory(a))
    assert log(server, ground.slot) == [*before, (f"{at}-0", about("DELETE", a, 1))]


async def test_what_is_not_committed_is_no_event(ground: Ground, server: RedisServer) -> None:
    """A lost race, a commit sent again, and one that only keeps an answer."""
    a = await ground.memory("a")
    second = replace(a, version=2, recorded_at=AT_COMMIT)
    transaction = Transaction(ground.slot, 0, [PutMemory(second, previous=a)])
    kept = Transaction(ground.slot, 0, [Expect(a)]).once(Operation("op", "digest"), Answer(a.id))
    assert None not in await ground.graph.commits.commit([kept])
    await ground.graph.commits.commit([transaction])
    before = log(server, ground.slot)
    await ground.graph.commits.commit(
        [transaction, replace(transaction, operation="another"), kept]
    )
    assert log(server, ground.slot) == before
    assert len(before) == 2


async def test_ids_grow_whoever_writes(ground: Ground, server: RedisServer) -> None:
    await asyncio.gather(*(ground.memory(str(n)) for n in range(50)))
    ids = [tuple(map(int, each.split("-"))) for each, _ in log(server, ground.slot)]
    assert ids == sorted(set(ids))
    assert len(ids) == 50


async def test_the_log_forgets_what_is_old(ground: Ground, server: RedisServer) -> None:
    key = OwnerKeys(ground.slot).key("ev")
    with redis.Redis(port=server.port) as client:
        pipeline = client.pipeline(transaction=False)
        for n in range(1, 12_001):
            pipeline.xadd(key, {"e": "ADD"}, id=f"{n}-0")
        pipeline.execute()
    last = await ground.memory("a")
    entries = log(server, ground.slot)
    assert 10_000 <= len(entries) <= 10_500
    assert entries[-1] == (f"{last.recorded_at}-0", about("ADD", last, 1))


@pytest.fixture
def redis_server(server: RedisServer) -> RedisServer:
    """The service's, too, is single or a cluster."""
    server.flush()
    return server


async def test_calls_of_the_service_are_told_in_order(
    service: MemoryService, redis_server: RedisServer
) -> None:
    """Refused calls, equal calls and replays are not told."""

    async def add(content: str, key: str, **fields: object) -> Memory:
        caller = replace(DEFAULT, once=Once(key, "digest"))
        (answer,) = await service.memories.add(
            caller, [NewMemory(content=content, scope=ALICE, **fields)]
        )
        assert isinstance(answer, Added)
        return answer.memory

    oslo, tea = await add("lives in oslo", "1"), await add("likes tea", "2")
    await add("Likes tea.", "3")
    bergen = await add("lives in bergen", "4", supersedes=(oslo.id,))
    await add("lives in bergen", "4", supersedes=(oslo.id,))
    correction = Correction(metadata={"cups": 3}, if_version=1)
    await service.memories.correct(DEFAULT, tea.id, correction)
    with pytest.raises(VersionMismatch):
        await service.memories.correct(DEFAULT, tea.id, correction)
    edge, _ = await service.graph.relate(
        DEFAULT, NewEdge(source=tea.id, target=bergen.id, relation="DRUNK_IN")
    )
    await service.graph.amend_edge(DEFAULT, tea.id, edge.id, None, {"k": 1})
    await service.graph.amend_edge(DEFAULT, tea.id, edge.id, None, {"k": 1})
    await service.memories.correct(DEFAULT, bergen.id, Correction(valid_from=bergen.valid_from + 1))
    await service.graph.retract_edge(DEFAULT, tea.id, edge.id)
    at = await service.memories.erase(DEFAULT, bergen.id)
    project = await service.project()
    entries = log(redis_server, project.slot(project.owner_hash(ALICE.owner)))
    assert [fields for _, fields in entries] == [
        about("ADD", oslo, 1),
        about("ADD", tea, 1),
        about("SUPERSEDE", oslo, 2),
        about("ADD", bergen, 1),
        about("UPDATE", tea, 2),
        between("RELATE", edge),
        between("AMEND", edge),
        about("UPDATE", bergen, 2),
        between("RETRACT", edge),
        about("DELETE", bergen, 2),
    ]
    assert entries[0][0] == f"{oslo.recorded_at}-0"
    assert entries[-1][0] == f"{at}-0"
