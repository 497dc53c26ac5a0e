"""A request with an Idempotency-Key is carried out once, however often and wherever it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from config import Settings
from graph_store import open_graph_store
from memory.domain.caller import Caller
from memory.domain.errors import (
    Conflict,
    IdempotencyMismatch,
    Mem0gError,
    NotFound,
    Refused,
    StoreUnavailable,
)
from memory.domain.idempotency import Commit
from memory.domain.memory import UNSET, Correction, Memory, NewEdge, NewMemory, Scope
from memory.domain.results import Added
from memory.domain.transaction import Transaction
from memory.ports.models import Vectors
from memory.query.views import Query
from memory.service.build import MemoryService
from tests.memory.failing import Failing
from tests.memory.write.keyed import DEFAULT, keyed
from tests.redis_server import RedisServer
from tests.service import started, started_on
from tests.word_embedder import WordEmbedder
from vector_store import open_vector_store

ALICE = Scope(user_id="alice")
CANARY = "zanzibar"


class CountingEmbedder(WordEmbedder):
    texts = 0

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.texts += len(texts)
        return await super().embed(texts)


@pytest.fixture
def embedder() -> CountingEmbedder:
    return CountingEmbedder()


@pytest.fixture
async def services(
    settings: Settings, redis_server: RedisServer, embedder: WordEmbedder
) -> AsyncIterator[list[MemoryService]]:
    """Two replicas on the same stores; their vector stores can be broken."""
    services = []
    for _ in range(2):
        graph = open_graph_store(settings, redis_server.url)
        vectors: Any = Failing(open_vector_store(settings))
        services.append(await started_on(graph, vectors, settings, embedder))
    yield services
    for service in services:
        await service.care.close()


@pytest.fixture
def service(services: list[MemoryService]) -> MemoryService:
    return services[0]


def draft(content: str, **fields: Any) -> NewMemory:
    return NewMemory(content=content, scope=ALICE, **fields)


async def add(service: MemoryService, content: str, caller: Caller = DEFAULT) -> Memory:
    (answer,) = await service.memories.add(caller, [draft(content)])
    assert isinstance(answer, Added), answer
    return answer.memory


async def all_memories(service: MemoryService, caller: Caller = DEFAULT) -> list[Memory]:
    return [*(await service.memories.page(caller, ALICE, 1_000, None, True)).memories]


async def found(service: MemoryService, text: str) -> list[str]:
    query = Query(text=text, scope=ALICE, limit=10, threshold=0.5)
    return [hit.memory.id for hit in await service.search.find(DEFAULT, query)]


async def pair(service: MemoryService) -> tuple[str, str]:
    return (await add(service, "this")).id, (await add(service, "that")).id


def record(redis_server: RedisServer) -> dict[str, Any]:
    """Every key that holds memories, edges, versions or events."""
    rows = {}
    with redis.Redis(port=redis_server.port, decode_responses=True) as client:
        readers: dict[str, Callable[[str], Any]] = {
            "string": client.get,
            "hash": client.hgetall,
            "zset": lambda key: client.zrange(key, 0, -1, withscores=True),
            "set": client.smembers,
            "stream": client.xrange,
        }
        for key in client.scan_iter():
            rows[key] = readers[client.type(key)](key)
    kinds = ("m", "mv", "e", "ev", "o", "i", "ix", "c", "rc", "sb", "clock")
    return {
        key: value
        for key, value in rows.items()
        if key.startswith("mg:{") and key.split("}:", 1)[1].split(":")[0] in kinds
    }


async def test_50_concurrent_sends_to_two_replicas_leave_one_memory(
    services: list[MemoryService],
) -> None:
    wanted = [draft("likes green tea", metadata={"cups": 3}, dedup=False)]
    answers = await asyncio.gather(
        *(services[n % 2].memories.add(keyed("k"), wanted) for n in range(50))
    )
    assert all(each == answers[0] for each in answers)
    (memory,) = await all_memories(services[1])
    assert answers[0] == [Added(memory)]
    assert len(await services[0].memories.history(DEFAULT, memory.id)) == 1
    assert await found(services[1], "green tea") == [memory.id]


async def test_50_concurrent_sends_of_a_correction_make_one_version(
    services: list[MemoryService],
) -> None:
    made = await add(services[0], "likes green tea")
    correction = Correction(content="likes coffee", if_version=1)
    answers = await asyncio.gather(
        *(services[n % 2].memories.correct(keyed("k"), made.id, correction) for n in range(50))
    )
    assert all(each == answers[0] for each in answers)
    assert answers[0].content == "likes coffee"
    assert len(await services[1].memories.history(DEFAULT, made.id)) == 2


async def test_50_concurrent_sends_of_a_succession_are_all_answered_by_it(
    services: list[MemoryService],
) -> None:
    oslo = await add(services[0], "lives in oslo")
    wanted = [draft("lives in bergen", supersedes=(oslo.id,))]
    answers = await asyncio.gather(
        *(services[n % 2].memories.add(keyed("k"), wanted) for n in range(50))
    )
    assert all(each == answers[0] for each in answers)
    (answer,) = answers[0]
    assert isinstance(answer, Added)
    assert (await services[0].memories.get(DEFAULT, oslo.id)).superseded_by == answer.memory.id


async def test_50_concurrent_erasures_are_one(services: list[MemoryService]) -> None:
    made = await add(services[0], "likes green tea")
    times = await asyncio.gather(
        *(services[n % 2].memories.erase(keyed("k"), made.id) for n in range(50))
    )
    assert len(set(times)) == 1
    with pytest.raises(NotFound):
        await services[0].memories.erase(DEFAULT, made.id)


async def test_50_concurrent_sends_about_an_edge_are_one_of_each(
    services: list[MemoryService],
) -> None:
    source, target = await pair(services[0])

    async def fifty(call: Callable[[MemoryService, Caller], Awaitable[Any]], key: str) -> Any:
        answers = await asyncio.gather(*(call(services[n % 2], keyed(key)) for n in range(50)))
        assert all(each == answers[0] for each in answers)
        return answers[0]

    wanted = NewEdge(source=source, target=target, relation="KNOWS")
    made, new = await fifty(lambda service, who: service.graph.relate(who, wanted), "relate")
    assert new
    amended = await fifty(
        lambda service, who: service.graph.amend_edge(who, source, made.id, UNSET, {"sure": True}),
        "amend",
    )
    at = await fifty(
        lambda service, who: service.graph.retract_edge(who, target, made.id), "retract"
    )
    assert made.recorded_at < amended.recorded_at < at
    assert await services[1].graph.relate(keyed("relate"), wanted) == (made, True)
    again = await services[1].graph.amend_edge(
        keyed("amend"), source, made.id, UNSET, {"sure": True}
    )
    assert again == amended


async def test_a_replay_gives_the_first_answer_whatever_came_after(
    service: MemoryService, embedder: CountingEmbedder, redis_server: RedisServer
) -> None:
    first = await add(service, "lives in oslo", keyed("add"))
    second = await service.memories.correct(
        keyed("fix"), first.id, Correction(content="lives in moss")
    )
    draft_of_next = [draft("lives in bergen", supersedes=(first.id,))]
    next_one = await service.memories.add(keyed("next"), draft_of_next)
    await service.care.settled()
    before, embedded = record(redis_server), embedder.texts
    assert await add(service, "lives in oslo", keyed("add")) == first
    fixed = await service.memories.correct(
        keyed("fix"), first.id, Correction(content="lives in moss")
    )
    assert fixed == second
    assert await service.memories.add(keyed("next"), draft_of_next) == next_one
    assert (record(redis_server), embedder.texts) == (before, embedded)


async def test_a_key_is_for_one_request(service: MemoryService) -> None:
    made = await add(service, "likes green tea", keyed("k", "one"))
    calls = [
        service.memories.add(keyed("k", "other"), [draft("likes coffee")]),
        service.memories.correct(keyed("k", "other"), made.id, Correction(content="likes coffee")),
        service.memories.erase(keyed("k", "other"), made.id),
    ]
    for call in calls:
        with pytest.raises(IdempotencyMismatch):
            await call
    assert await all_memories(service) == [made]


async def test_a_key_is_its_users_and_its_projects_own(service: MemoryService) -> None:
    bound = [replace(DEFAULT, user_id=user) for user in ("alice", "bob")]
    await service.record.projects.read("elsewhere", 1)
    others = [*bound, Caller("elsewhere"), replace(Caller("elsewhere"), user_id="alice")]
    contents = {}
    for number, caller in enumerate([DEFAULT, *others]):
        scope = Scope(user_id=caller.user_id or "alice")
        wanted = NewMemory(content=f"text {number}", scope=scope)
        (answer,) = await service.memories.add(keyed("k", f"digest {number}", caller), [wanted])
        assert isinstance(answer, Added)
        contents[answer.memory.id] = answer.memory.content
    assert len(set(contents.values())) == len(contents) == 5


async def test_every_item_of_a_batch_that_crashed_is_stored_once(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch, redis_server: RedisServer
) -> None:
    """The connection breaks after 30, then after 70 items; two of the hundred are duplicates."""
    commit, left = service.record.commits.commit, 30
    old = await add(service, "was there before")

    async def crashing(transactions: Sequence[Transaction]) -> list[Commit | None]:
        nonlocal left
        part = transactions[:left]
        done = await commit(part) if part else []
        left -= len(part)
        if len(part) < len(transactions):
            raise StoreUnavailable("the connection broke")
        return done

    drafts = [draft(f"number {n}", dedup=n % 2 == 0) for n in range(98)]
    drafts += [draft("was there before", categories=("c",)), draft("number 0")]
    monkeypatch.setattr(service.record.commits, "commit", crashing)
    for allowed in (30, 40):
        left = allowed
        with pytest.raises(StoreUnavailable):
            await service.memories.add(keyed("batch"), drafts)
    left = 1_000
    answers = await service.memories.add(keyed("batch"), drafts)
    added = [each for each in answers if isinstance(each, Added)]
    assert [each.memory.content for each in added[:98]] == [f"number {n}" for n in range(98)]
    assert not any(each.deduplicated for each in added[:98])
    assert added[98] == Added(old, True, ("categories",))
    assert added[99] == Added(added[0].memory, True)
    ids = [each.memory.id for each in added[:98]]
    stored = await all_memories(service)
    assert sorted(each.id for each in stored) == sorted([*ids, old.id])
    assert {each.version for each in stored} == {1}
    before = record(redis_server)
    assert await service.memories.add(keyed("batch"), drafts) == answers
    assert record(redis_server) == before


async def test_a_replay_after_a_crash_before_the_index_can_be_found(
    services: list[MemoryService],
) -> None:
    service, other = services
    vectors: Any = service.vectors
    vectors.broken = {"upsert"}
    with pytest.raises(StoreUnavailable):
        await add(service, "likes green tea", keyed("add"))
    (stored,) = await all_memories(service)
    assert await add(other, "likes green tea", keyed("add")) == stored
    assert await found(other, "green tea") == [stored.id]

    correction = Correction(content="plays the cello")
    with pytest.raises(StoreUnavailable):
        await service.memories.correct(keyed("fix"), stored.id, correction)
    fixed = await other.memories.correct(keyed("fix"), stored.id, correction)
    assert (fixed.content, fixed.version) == ("plays the cello", 2)
    assert await found(other, "cello") == [stored.id]

    vectors.broken = {"erase"}
    with pytest.raises(StoreUnavailable):
        await service.memories.erase(keyed("erase"), stored.id)
    await other.memories.erase(keyed("erase"), stored.id)
    await other.care.settled()
    place = await service.project()
    slot = place.slot(place.owner_hash(ALICE.owner))
    assert await service.record.outbox.pending(slot) == [stored.id]  # repair erases it once more


async def test_what_was_erased_is_not_answered_and_not_stored_again(
    service: MemoryService, redis_server: RedisServer
) -> None:
    made = await add(service, "likes green tea", keyed("add"))
    await service.memories.correct(keyed("fix"), made.id, Correction(content="likes coffee"))
    target = await add(service, "that")
    wanted = NewEdge(source=made.id, target=target.id, relation="KNOWS")
    await service.graph.relate(keyed("relate"), wanted)
    gone = await service.memories.erase(keyed("erase"), made.id)
    before = record(redis_server)
    (answer,) = await service.memories.add(keyed("add"), [draft("likes green tea")])
    assert isinstance(answer, Refused)
    assert (answer.code, "has been erased" in answer.message) == ("not_found", True)
    calls = [
        service.memories.correct(keyed("fix"), made.id, Correction(content="likes coffee")),
        service.graph.relate(keyed("relate"), wanted),
    ]
    for call in calls:
        with pytest.raises(NotFound, match="has been erased"):
            await call
    assert await service.memories.erase(keyed("erase"), made.id) == gone
    assert record(redis_server) == before


async def test_what_an_erasure_took_is_not_stored_again(service: MemoryService) -> None:
    made = await add(service, "likes green tea", keyed("add"))
    await service.memories.correct(keyed("fix"), made.id, Correction(content="likes coffee"))
    await service.erasures.erase(DEFAULT, ALICE)
    (answer,) = await service.memories.add(keyed("add"), [draft("likes green tea")])
    assert isinstance(answer, Refused)
    assert (answer.code, "has been erased" in answer.message) == ("not_found", True)
    with pytest.raises(NotFound):
        await service.memories.correct(keyed("fix"), made.id, Correction(content="likes coffee"))
    assert (await service.memories.page(DEFAULT, ALICE, 10, None, True)).memories == []


async def test_what_changed_nothing_keeps_its_answer(
    service: MemoryService, redis_server: RedisServer
) -> None:
    """Dedup, a correction to the same text, an equal edge: told again as they were, though what
    they found has changed."""
    made = await add(service, "likes green tea")
    target = await add(service, "that")
    wanted = NewEdge(source=made.id, target=target.id, relation="KNOWS")
    edge, _ = await service.graph.relate(DEFAULT, wanted)
    place = await service.project()
    before = record(redis_server)

    async def calls() -> list[Any]:
        return [
            await service.memories.add(
                keyed("add"), [draft("Likes green tea.", metadata={"k": 1})]
            ),
            await service.memories.correct(keyed("fix"), made.id, Correction(content=made.content)),
            await service.graph.relate(keyed("relate"), wanted),
            await service.graph.amend_edge(keyed("amend"), made.id, edge.id, None, UNSET),
        ]

    first = await calls()
    assert first == [[Added(made, True, ("content", "metadata"))], made, (edge, False), edge]
    slot = place.slot(place.owner_hash(ALICE.owner))
    after = record(redis_server)
    assert after | {f"mg:{{{slot}}}:clock": 0} == before | {f"mg:{{{slot}}}:clock": 0}
    await service.memories.correct(DEFAULT, made.id, Correction(content="likes coffee"))
    await service.graph.amend_edge(DEFAULT, made.id, edge.id, UNSET, {"sure": True})
    assert await calls() == first
    await service.graph.retract_edge(DEFAULT, made.id, edge.id)
    assert await calls() == first


async def test_a_refusal_is_judged_anew(service: MemoryService) -> None:
    made = await add(service, "likes green tea")
    correction = Correction(content="likes coffee", if_version=2)
    with pytest.raises(Conflict):
        await service.memories.correct(keyed("fix"), made.id, correction)
    await service.memories.correct(DEFAULT, made.id, Correction(metadata={"sure": True}))
    assert (await service.memories.correct(keyed("fix"), made.id, correction)).version == 3
    succession = [draft("x", supersedes=(made.id,), valid_from=made.valid_from - 1)]
    for _ in range(2):
        (answer,) = await service.memories.add(keyed("x"), succession)
        assert isinstance(answer, Refused)


async def test_a_known_answer_needs_no_vector_store_and_no_model(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await add(service, "likes green tea", keyed("k"))
    await service.care.settled()

    async def down(*_: object) -> Any:
        raise StoreUnavailable("down")

    vectors: Any = service.vectors
    vectors.broken = {"check", "upsert", "nearest", "match"}
    monkeypatch.setattr(service.embedder, "embed", down)
    assert await add(service, "likes green tea", keyed("k")) == made


async def test_nothing_a_key_keeps_holds_any_text(
    service: MemoryService, redis_server: RedisServer
) -> None:
    made = await add(service, f"lives in {CANARY}", keyed(f"add {CANARY}"))
    target = await add(service, f"{CANARY} is far", keyed(f"add {CANARY} too"))
    wanted = NewEdge(source=made.id, target=target.id, relation="KNOWS", metadata={CANARY: CANARY})
    edge, _ = await service.graph.relate(keyed(f"relate {CANARY}"), wanted)
    correction = Correction(content=f"left {CANARY}", metadata=wanted.metadata)
    await service.memories.correct(keyed(f"fix {CANARY}"), made.id, correction)
    await service.memories.add(
        keyed(f"same {CANARY}"), [draft(f"Left {CANARY}.", categories=(CANARY,))]
    )
    await service.graph.retract_edge(keyed("retract"), made.id, edge.id)
    kept = []
    with redis.Redis(port=redis_server.port, decode_responses=True) as client:
        for key in client.scan_iter():
            kind = key.split("}:", 1)[-1].split(":")[0] if key.startswith("mg:{") else key[:8]
            if kind == "op" or kind == "mg:once:":
                assert client.ttl(key) > 23 * 3600
                kept.append(f"{key} {client.get(key)}")
            elif kind == "ev" and client.type(key) == "stream":
                kept.append(f"{key} {client.xrange(key)}")
    assert len(kept) == 6 + 6 + 1
    assert CANARY not in "\n".join(kept)
    assert "alice" not in "\n".join(kept)


async def test_over_http_a_replay_has_the_same_status_and_body(client: httpx.AsyncClient) -> None:
    async def twice(method: str, path: str, body: Any = None) -> Any:
        headers = {"Idempotency-Key": f"{method} {path}"}
        url = f"/v1/memories{path}"
        answers = [await client.request(method, url, json=body, headers=headers) for _ in range(2)]
        assert (answers[0].status_code, answers[0].json()) == (
            answers[1].status_code,
            answers[1].json(),
        )
        assert answers[0].is_success, answers[0].text
        return answers[0].json()

    made = await twice("POST", "", {"content": "likes tea", "user_id": "alice"})
    batch = {"memories": [{"content": text, "user_id": "alice"} for text in ("likes tea", "that")]}
    that = (await twice("POST", "/batch", batch))["results"][1]["memory"]
    await twice("PUT", f"/{made['id']}", {"content": "likes coffee"})
    path = f"/{made['id']}/relationships"
    edge = await twice("POST", path, {"target_id": that["id"], "relation": "KNOWS"})
    await twice("PATCH", f"{path}/{edge['id']}", {"metadata": {"sure": True}})
    await twice("DELETE", f"{path}/{edge['id']}")
    await twice("DELETE", f"/{made['id']}")
    headers, body = {"Idempotency-Key": "POST "}, {"content": "likes milk", "user_id": "alice"}
    other = await client.post("/v1/memories", json=body, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")


@pytest.fixture
async def on_a_cluster(settings: Settings, tmp_path: Path) -> AsyncIterator[MemoryService]:
    (tmp_path / "cluster").mkdir()
    server = RedisServer(tmp_path / "cluster", cluster=True)
    server.start()
    service = await started(settings, server.url)
    yield service
    await service.care.close()
    server.stop()


async def test_a_cluster_answers_a_replay_too(on_a_cluster: MemoryService) -> None:
    service = on_a_cluster
    drafts = [
        NewMemory(content=f"text {n}", scope=Scope(user_id=f"user {n % 7}")) for n in range(30)
    ]
    first = await service.memories.add(keyed("k"), drafts)
    assert not any(isinstance(each, Refused) for each in first)
    assert await service.memories.add(keyed("k"), drafts) == first
    memory_id = first[0].memory.id  # type: ignore[union-attr]
    times = {await service.memories.erase(keyed("erase"), memory_id) for _ in range(2)}
    assert len(times) == 1
    with pytest.raises(Mem0gError, match="another request"):
        await service.memories.erase(keyed("erase", "other"), memory_id)
