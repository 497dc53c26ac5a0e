"""Import and restore on the service itself: once, in parts, after interruptions, and whose."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis

from config import Settings
from memory.domain.caller import Once
from memory.domain.errors import Conflict, Forbidden, IdempotencyMismatch, Refused, StoreUnavailable
from memory.domain.memory import UNSET, Correction, NewEdge, NewMemory, Scope
from memory.domain.records import MemoryRecord, Record
from memory.domain.transfer import Brought, Mark
from memory.ports.models import Vectors
from memory.query.views import View
from memory.service.build import MemoryService
from tests.memory.transfer.owners import ALICE, BOB, ME, add, exported, town
from tests.redis_server import RedisServer
from tests.service import started
from tests.word_embedder import WordEmbedder


@pytest.fixture(scope="module")
def other_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("other"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def elsewhere(
    settings: Settings, tmp_path: Path, embedder: WordEmbedder, other_process: RedisServer
) -> AsyncIterator[MemoryService]:
    """A service on a server of its own, an empty one."""
    other_process.flush()
    other = settings.model_copy(update={"data_dir": tmp_path / "elsewhere"})
    service = await started(other, other_process.url, embedder)
    yield service
    await service.care.close()


def contents(server: RedisServer) -> dict[str, object]:
    """What a server holds of owners, but for what is of no use elsewhere."""
    found: dict[str, object] = {}
    with redis.Redis(port=server.port, decode_responses=True) as client:
        for key in client.scan_iter("mg:{*"):
            place = key.partition("}:")[2].split(":")
            if place[0] in ("op", "ob", "tomb", "clock") or place == ["ev"]:
                continue
            match client.type(key):
                case "string":
                    found[key] = client.get(key)
                case "hash":
                    found[key] = client.hgetall(key)
                case "set":
                    found[key] = client.smembers(key)
                case "zset":
                    found[key] = client.zrange(key, 0, -1, withscores=True)
                case kind:
                    raise AssertionError((key, kind))
    return found


async def backed_up(service: MemoryService, at: int, slots: list[str]) -> list[tuple[str, Record]]:
    found = []
    pages = await service.transfer.owner_pages(ME, [Mark(slot, at) for slot in slots])
    for page in pages:
        while True:
            found += [(page.project_id, each) for each in page.records]
            if page.following is None:
                break
            (page,) = await service.transfer.owner_pages(ME, [page.following])
    return found


async def restored(
    service: MemoryService, from_service: MemoryService
) -> tuple[int, list[tuple[str, Record]]]:
    """Everything of another service; returns the moment and the records."""
    inventory = await from_service.transfer.inventory(ME)
    records = await backed_up(from_service, inventory.at, [*inventory.slots])
    await service.transfer.restore_entries(ME, inventory.entries)
    outcomes = await service.transfer.restore_records(ME, records)
    assert len(outcomes) == len(records) > 0
    assert all(isinstance(each, Brought) for each in outcomes), outcomes
    return inventory.at, records


async def test_a_backup_taken_while_others_write_is_what_was_known_at_its_moment(
    service: MemoryService, elsewhere: MemoryService
) -> None:
    owners = [Scope(user_id=f"user {number}") for number in range(4)]
    stop, written = asyncio.Event(), asyncio.Semaphore(0)

    async def write(number: int) -> None:
        scope = owners[number % len(owners)]
        last = await add(service, f"writer {number} begins", scope)
        for count in itertools.count():
            if stop.is_set():
                return
            fresh = await add(service, f"writer {number} says {count}", scope, supersedes=(last,))
            edge, _ = await service.graph.relate(
                ME, NewEdge(source=fresh, target=last, relation="AFTER")
            )
            await service.graph.amend_edge(ME, fresh, edge.id, UNSET, {"count": count})
            await service.memories.correct(ME, last, Correction(metadata={"count": count}))
            if count % 2:
                await service.graph.retract_edge(ME, fresh, edge.id)
            last = fresh
            written.release()

    writers = [asyncio.create_task(write(number)) for number in range(8)]
    for _ in range(60):
        await written.acquire()
    at, records = await restored(elsewhere, service)
    for _ in range(20):
        await written.acquire()
    stop.set()
    await asyncio.gather(*writers)
    assert len(records) > 100
    for scope in owners:
        view = View(as_of=at, known_at=at, superseded=True, expired=True)
        then = await service.graph.page(ME, scope, 10_000, view=view)
        now = await elsewhere.graph.page(ME, scope, 10_000, view=replace(view, known_at=None))
        assert then.nodes
        assert [*now.nodes] == [replace(each, retracted_at=None) for each in then.nodes]
        assert {each.id: each for each in now.edges} == {
            each.id: replace(each, retracted_at=None) for each in then.edges
        }
        for memory in then.nodes:
            known = [
                each if (each.retracted_at or at) <= at else replace(each, retracted_at=None)
                for each in await service.memories.history(ME, memory.id)
                if each.recorded_at <= at
            ]
            for each, before in zip(
                await elsewhere.memories.history(ME, memory.id), known, strict=True
            ):
                assert replace(each, superseded_by=None) == replace(before, superseded_by=None)
            assert (await elsewhere.memories.get(ME, memory.id)).superseded_by == (
                await service.memories.get(ME, memory.id, View(known_at=at))
            ).superseded_by


async def test_a_server_that_was_restored_holds_what_the_first_one_does(
    service: MemoryService,
    elsewhere: MemoryService,
    redis_server: RedisServer,
    other_process: RedisServer,
) -> None:
    ids = await town(service)
    later = await add(service, "will move to Rome", valid_from=4 * 10**15, dedup=False)
    await service.memories.correct(ME, ids["new"], Correction(valid_from=3 * 10**15))
    await add(service, "lives in Lima", supersedes=(later,), valid_from=5 * 10**15)
    await add(service, "of the agent alone", Scope(agent_id="bot", session_id="s"))
    erased = await add(service, "a mistake", supersedes=(ids["tea"],))
    await service.memories.erase(ME, erased)
    await restored(elsewhere, service)
    for each in (service, elsewhere):
        await each.care.settled()
    assert contents(other_process) == contents(redis_server)


async def test_what_was_restored_is_written_on_as_it_would_have_been(
    service: MemoryService, elsewhere: MemoryService
) -> None:
    ids = await town(service)
    await restored(elsewhere, service)
    (slot,) = [each async for each in elsewhere.record.owners.slots()]
    memories = [each for each in ids.values() if each.startswith("mem")]
    assert await elsewhere.record.consistency.unsound(slot, memories, mend=False) == []
    refused = await elsewhere.memories.add(
        ME, [NewMemory(content="lives in Rome", scope=ALICE, supersedes=(ids["old"],))]
    )
    assert isinstance(refused[0], Refused)
    assert refused[0].code == "supersede_conflict"
    again = NewMemory(content="Drinks TEA", scope=Scope("alice", "bot"))
    assert (await elsewhere.memories.add(ME, [again]))[0].memory.id == ids["tea"]
    stored_without_dedup = NewMemory(content="lived in Oslo", scope=Scope("alice", session_id="s"))
    assert not (await elsewhere.memories.add(ME, [stored_without_dedup]))[0].deduplicated
    same, new = await elsewhere.graph.relate(
        ME, NewEdge(source=ids["new"], target=ids["tea"], relation="KNOWS")
    )
    assert (same.id, new) == (ids["amended"], False)
    _, new = await elsewhere.graph.relate(
        ME, NewEdge(source=ids["tea"], target=ids["old"], relation="KNOWS")
    )
    assert new
    await elsewhere.memories.erase(ME, ids["new"])
    assert (await elsewhere.memories.get(ME, ids["old"])).superseded_by is None


async def test_an_import_with_an_idempotency_key_is_answered_the_same_again(
    service: MemoryService, elsewhere: MemoryService
) -> None:
    await town(service)
    records = await exported(service)
    once = replace(ME, once=Once("key", "request"))
    first = await elsewhere.transfer.import_records(once, BOB, records[:-1])
    assert len(first) == len(records) - 1 > 0
    assert not any(each.present or each.replayed for each in first)
    again = await elsewhere.transfer.import_records(once, BOB, records[:-1])
    assert again == first
    assert all(each.replayed for each in again)
    other = replace(ME, once=Once("key", "other"))
    with pytest.raises(IdempotencyMismatch):
        await elsewhere.transfer.import_records(other, BOB, records)


async def test_imports_at_once_with_one_key_have_one_answer(
    service: MemoryService, elsewhere: MemoryService
) -> None:
    await town(service)
    records = await exported(service)
    once = replace(ME, once=Once("key", "request"))
    answers = await asyncio.gather(
        *(elsewhere.transfer.import_records(once, BOB, records) for _ in range(8))
    )
    kept = await elsewhere.transfer.import_records(once, BOB, records)
    assert [each == kept for each in answers] == [True] * 8


async def test_what_an_import_keeps_quotes_nothing_of_its_lines(
    service: MemoryService, redis_server: RedisServer
) -> None:
    ids = await town(service)
    records = await exported(service)
    wrong: list[Record] = []
    for record in records:
        if isinstance(record, MemoryRecord):
            versions = [replace(each, id="zanzibar") for each in record.versions]
            wrong.append(replace(record, versions=tuple(versions)))
            versions = [replace(each, supersedes=("zanzibar",)) for each in record.versions]
            wrong.append(replace(record, versions=tuple(versions)))
            versions = [replace(each, valid_from=0) for each in record.versions]
            wrong.append(replace(record, versions=tuple(versions)))
        else:
            succession: dict[str, Any] = {"relation": "SUPERSEDES", "metadata": {"zanzibar": 1}}
            for change in ({"id": "zanzibar"}, succession, {"valid_to": 1}):
                edges = [replace(each, **change) for each in record.versions]
                wrong.append(replace(record, versions=tuple(edges)))
    once = replace(ME, once=Once("key", "request"))
    outcomes = await service.transfer.import_records(once, None, wrong)
    refused = [each for each in outcomes if isinstance(each, Refused)]
    assert len(refused) == len(wrong)
    assert await service.transfer.import_records(once, None, wrong) == outcomes
    with redis.Redis(port=redis_server.port, decode_responses=True) as client:
        kept = "".join(str(client.get(key)) for key in client.scan_iter("mg:once:*"))
    assert "code" in kept
    for word in ("zanzibar", *ids.values(), *(each.id for each in records)):
        assert word not in kept


async def test_an_erased_memory_is_in_no_export_and_nothing_waits_for_it(
    service: MemoryService, elsewhere: MemoryService
) -> None:
    ids = await town(service)
    await service.memories.erase(ME, ids["old"])
    records = await exported(service)
    assert ids["old"] not in repr(records)
    outcomes = await elsewhere.transfer.import_records(ME, ALICE, records)
    assert all(isinstance(each, Brought) and not each.present for each in outcomes)
    assert len(outcomes) == 3


async def test_lines_may_be_sent_in_parts_twice_and_after_an_interruption(
    service: MemoryService, elsewhere: MemoryService
) -> None:
    await town(service)
    records = await exported(service)
    early = await elsewhere.transfer.import_records(ME, ALICE, records[1:2])
    assert isinstance(early[0], Refused)
    assert "supersedes" in early[0].message
    assert await exported(elsewhere) == []
    edge_first = await elsewhere.transfer.import_records(ME, ALICE, records[3:])
    assert len(edge_first) == len(records) - 3 > 0
    assert all(isinstance(each, Refused) for each in edge_first)
    whole = []
    for start in range(len(records)):
        whole += await elsewhere.transfer.import_records(ME, ALICE, records[start : start + 2])
    new = [each.id for each in whole if isinstance(each, Brought) and not each.present]
    assert len(new) == len(records)
    assert len(whole) - len(new) == len(records) - 1
    again = await elsewhere.transfer.import_records(ME, ALICE, records)
    assert [each.id for each in again] == new
    assert all(each.present for each in again)


async def test_a_memory_that_went_on_is_not_written_over(service: MemoryService) -> None:
    ids = await town(service)
    records = await exported(service)
    await service.memories.correct(ME, ids["tea"], Correction(content="drinks coffee"))
    outcomes = await service.transfer.import_records(ME, None, records)
    refused = [each for each in outcomes if isinstance(each, Refused)]
    assert [each.code for each in refused] == ["conflict"]
    assert (await service.memories.get(ME, ids["tea"])).content == "drinks coffee"


async def test_an_erased_owner_comes_back_from_an_export(service: MemoryService) -> None:
    ids = await town(service)
    records = await exported(service)
    for name in ("old", "new", "tea"):
        await service.memories.erase(ME, ids[name])
    assert await exported(service) == []
    await service.transfer.import_records(ME, None, records)
    assert await exported(service) == records


async def test_an_import_is_embedded_in_one_call_and_found_at_once(
    service: MemoryService, elsewhere: MemoryService, embedder: WordEmbedder
) -> None:
    for number in range(20):
        await add(service, f"number {number} is written")
    records = await exported(service)
    calls = embedder.calls
    await elsewhere.transfer.import_records(ME, BOB, records)
    assert embedder.calls == calls + 1
    await elsewhere.care.settled()
    await elsewhere.transfer.import_records(ME, BOB, records)
    assert embedder.calls == calls + 1


async def test_one_memory_of_many_texts_is_embedded_in_batches(
    service: MemoryService, elsewhere: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory_id = await add(service, "text 0")
    for number in range(1, 300):
        await service.memories.correct(ME, memory_id, Correction(content=f"text {number}"))
    for number in range(30):
        await add(service, f"another {number}")
    records = await exported(service)
    embed, batches = elsewhere.embedder.embed, []

    async def counted(texts: Sequence[str]) -> Vectors:
        batches.append(len(texts))
        return await embed(texts)

    monkeypatch.setattr(elsewhere.embedder, "embed", counted)
    assert not any(
        each.present for each in await elsewhere.transfer.import_records(ME, BOB, records)
    )
    assert (sum(batches), max(batches)) == (330, 256)
    tenants = (await elsewhere.project("default")).tenants()
    points = [each for tenant in tenants for each in await elsewhere.vectors.survey(tenant)]
    assert len(points) == 330


async def test_a_failed_embedding_is_made_good_by_sending_the_lines_again(
    service: MemoryService, elsewhere: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town(service)
    records = await exported(service)
    with monkeypatch.context() as broken:

        async def fail(texts: object) -> None:
            raise StoreUnavailable("no model")

        broken.setattr(elsewhere.embedder, "embed", fail)
        with pytest.raises(StoreUnavailable):
            await elsewhere.transfer.import_records(ME, BOB, records)
    outcomes = await elsewhere.transfer.import_records(ME, BOB, records)
    assert [each.present for each in outcomes[:3]] == [True] * 3
    points = await elsewhere.vectors.survey((await elsewhere.project("default")).tenants()[0])
    assert len(points) == sum(len(each.versions) for each in records[:3])


async def test_what_is_not_reached_in_time_is_refused_as_such(
    service: MemoryService, settings: Settings, redis_server: RedisServer
) -> None:
    await town(service)
    records = await exported(service)
    api = settings.api.model_copy(update={"deadline_s": 1e-9})
    hasty = settings.model_copy(update={"api": api})
    late = await started(hasty, redis_server.url)
    outcomes = await late.transfer.import_records(ME, BOB, records)
    await late.care.close()
    assert {each.code for each in outcomes if isinstance(each, Refused)} == {"deadline_exceeded"}
    assert len(outcomes) == len(records)
    assert await exported(service, BOB) == []


async def test_a_project_with_memories_keeps_its_secret(
    service: MemoryService, elsewhere: MemoryService
) -> None:
    ids = await town(service)
    inventory = await service.transfer.inventory(ME)
    project = [each for each in inventory.entries if each.key == "mg:project:default"]
    mine = await add(elsewhere, "here first")
    (outcome,) = await elsewhere.transfer.restore_entries(ME, project)
    assert isinstance(outcome, Refused)
    (record, *_) = await backed_up(service, inventory.at, [*inventory.slots])
    (refused,) = await elsewhere.transfer.restore_records(ME, [record])
    assert isinstance(refused, Refused)
    assert refused.code == Conflict.code
    await elsewhere.memories.erase(ME, mine)
    assert await elsewhere.transfer.restore_entries(ME, project) == [
        Brought("mg:project:default", False)
    ]
    assert await elsewhere.transfer.restore_entries(ME, project) == [
        Brought("mg:project:default", True)
    ]
    assert await elsewhere.transfer.restore_records(ME, [record]) == [Brought(ids["old"], False)]


async def test_a_bound_caller_moves_its_own_memories_only(service: MemoryService) -> None:
    await town(service)
    records = await exported(service)
    alice, bob = replace(ME, user_id="alice"), replace(ME, user_id="bob")
    assert await exported(service, Scope(), alice) == records
    with pytest.raises(Forbidden):
        await service.transfer.export(bob, ALICE)
    with pytest.raises(Forbidden):
        await service.transfer.import_records(bob, ALICE, records)
    outcomes = await service.transfer.import_records(bob, None, records)
    assert {each.code for each in outcomes if isinstance(each, Refused)} == {"forbidden"}
    assert len(outcomes) == len(records)
    assert await exported(service) == records
    ours = await service.transfer.import_records(bob, BOB, records)
    assert len(ours) == len(records)
    assert all(isinstance(each, Brought) and not each.present for each in ours)
