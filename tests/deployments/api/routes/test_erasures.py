"""Erasing an entity whole over HTTP: nothing of it is left anywhere, and the receipt holds."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote

import pytest
import redis

from config import Settings
from graph_store.erasure.owner import RedisOwnerErasure
from memory.service.build import MemoryService
from tests.deployments.api.calls import Client, Fields, add, edge, listed, put, read, search
from tests.deployments.api.conftest import ClientWith
from tests.deployments.api.documented import checked
from tests.deployments.api.keyed import keyed, with_key
from tests.redis_server import RedisServer

CANARY = "Zanzibarquux"
ALICE = "alice.of-wonderland@example.com"
NOTHING = dict.fromkeys(("memories", "versions", "edges", "claims", "events", "index_points"), 0)


async def erase(client: Client, status: int = 200, key: str = "", **entity: str) -> Fields:
    headers = {"Idempotency-Key": key} if key else {}
    answer = await client.post("/v1/erasures", json=entity, headers=headers)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def check(client: Client, receipt: Any, **named: str) -> Fields:
    answer = await client.post("/v1/erasures/check", json={"receipt": receipt} | named)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def looked_up(client: Client, erasure_id: str) -> Fields:
    answer = await client.get(f"/v1/erasures/{erasure_id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def everything_in(server: RedisServer) -> Iterator[str]:
    """Every key, and every text in a value."""
    with redis.Redis(port=server.port, decode_responses=True) as client:
        reads = {
            "string": lambda key: [client.get(key)],
            "hash": lambda key: [text for pair in client.hgetall(key).items() for text in pair],
            "set": client.smembers,
            "list": lambda key: client.lrange(key, 0, -1),
            "zset": lambda key: client.zrange(key, 0, -1),
            "stream": lambda key: [str(entry) for entry in client.xrange(key)],
        }
        for key in client.scan_iter():
            yield key
            yield from reads[client.type(key)](key)


def everything_indexed(settings: Settings) -> Iterator[str]:
    """Every row of every table, those inside of the full-text index as well."""
    for path in settings.data_dir.rglob("*.db"):
        with closing(sqlite3.connect(path)) as file:
            names = file.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (name,) in names:
                yield from map(str, file.execute(f'SELECT * FROM "{name}"'))


def mentions(server: RedisServer, settings: Settings, *words: str) -> list[str]:
    texts = [*everything_in(server), *everything_indexed(settings)]
    return [text for text in texts if any(word.lower() in text.lower() for word in words)]


async def a_life(client: Client) -> dict[str, list[str]]:
    """Ids of what there is of alice, and of others. Of alice: six memories, nine versions, five
    edges (two of them say what superseded what), seven claims, fourteen events."""
    hers = {"user_id": ALICE}
    work = hers | {"agent_id": "helper", "app_id": "desk", "session_id": f"{ALICE} monday"}
    home = hers | {"session_id": "tuesday"}
    flat = await add(client, f"lives in {CANARY} street", **work)
    house = await add(client, f"lives in {CANARY} lane", **work, supersedes=[flat["id"]])
    farm = await add(client, f"lives on {CANARY} hill", **home, supersedes=[house["id"]])
    tea = await add(client, "likes tea", **home, metadata={"note": CANARY})
    dog = await add(client, "has a dog", **work, categories=[CANARY])
    await add(client, "has a dog", **hers, dedup=False)
    await put(client, tea["id"], content=f"likes {CANARY} tea")
    kept = await edge(client, tea["id"], farm["id"], metadata={"why": CANARY})
    for pair in ((farm, dog), (dog, tea)):
        made = await edge(client, pair[0]["id"], pair[1]["id"])
    path = f"/v1/memories/{dog['id']}/relationships/{made['id']}"
    assert (await client.delete(path)).status_code == 200
    assert (
        await client.patch(
            f"/v1/memories/{tea['id']}/relationships/{kept['id']}", json={"metadata": {"n": CANARY}}
        )
    ).status_code == 200
    others = [
        (await add(client, text, user_id="bob", agent_id="helper", session_id="tuesday"))["id"]
        for text in ("likes coffee", "has a cat")
    ]
    others.append((await add(client, "is polite", user_id=None, agent_id="helper"))["id"])
    mine = [each["id"] for each in (flat, house, farm, tea, dog)]
    return {"hers": mine, "others": others, "edges": [kept["id"], made["id"]]}


async def test_nothing_is_left_of_an_erased_user_anywhere(
    client: Client, service: MemoryService, settings: Settings, redis_server: RedisServer
) -> None:
    ids = await a_life(client)
    await service.care.settled()
    assert mentions(redis_server, settings, CANARY, ALICE)
    receipt = await erase(client, user_id=ALICE)
    await service.care.settled()
    assert mentions(redis_server, settings, CANARY, ALICE) == []

    for each in ids["hers"]:
        for path in ("", "/history", "/related", "/relationships"):
            await read(client, f"/{each}{path}", 404)
    everything = {"include_superseded": True, "include_expired": True}
    before = {"as_of": receipt["requested_at"], "known_at": receipt["requested_at"]}
    tuesday = {"session_id": "tuesday"}
    for named in ({"user_id": ALICE}, {"app_id": "desk"}, {"session_id": f"{ALICE} monday"}):
        for instants in ({}, before):
            page = await read(client, "", **named, **everything, **instants)
            graph = await read(client, "/graph", **named, **everything, **instants)
            assert page["memories"] == graph["nodes"] == graph["edges"] == []
        body = named | everything | {"user_id": named.get("user_id"), "threshold": 0}
        assert await search(client, f"{CANARY} street tea dog", **body) == []
    *bobs, agents = ids["others"]
    for named, expected in (
        ({"agent_id": "helper"}, [*bobs, agents]),
        ({"user_id": "bob"}, bobs),
        (tuesday, bobs),
    ):
        page = await read(client, "", **named, **everything, order="asc")
        assert [each["id"] for each in page["memories"]] == expected
    hits = await search(client, "likes coffee", user_id=None, agent_id="helper", threshold=0)
    assert set(hits) == set(ids["others"])


async def test_a_receipt_tells_how_much_there_was(client: Client) -> None:
    await a_life(client)
    receipt = await erase(client, user_id=ALICE)
    assert receipt["counts"] == {
        "memories": 6,
        "versions": 9,
        "edges": 5,
        "claims": 7,
        "events": 14,
        "index_points": 9,
    }
    assert receipt["project_id"] == "default"
    assert receipt["scope_kind"] == "user"
    assert receipt["requested_at"] < receipt["completed_at"]
    assert ALICE not in str(receipt)
    assert await looked_up(client, receipt["id"]) == {
        "id": receipt["id"],
        "status": "done",
        "receipt": receipt,
        "signature_valid": True,
        "remaining": NOTHING,
    }
    again = await erase(client, user_id=ALICE)
    assert again["id"] != receipt["id"]
    assert (again["subject"], again["counts"]) == (receipt["subject"], NOTHING)


async def test_a_receipt_that_was_tampered_with_is_found_out(client: Client) -> None:
    await a_life(client)
    receipt = await erase(client, user_id=ALICE)
    assert await check(client, receipt) == {"signature_valid": True, "remaining": NOTHING}
    assert await check(client, receipt, user_id=ALICE) == await check(client, receipt)
    forged: list[Any] = [{}, {"signature": receipt["signature"]}, receipt | {"more": 1}]
    for name, value in receipt.items():
        others = [None, 1, "", [value]]
        others += [value[:-1] + ("0" if value[-1] != "0" else "1")] if value == str(value) else []
        forged += [receipt | {name: other} for other in others]
        forged.append({each: receipt[each] for each in receipt if each != name})
    for name, count in receipt["counts"].items():
        for other in (count - 1, float(count), str(count)):
            forged.append(receipt | {"counts": receipt["counts"] | {name: other}})
    for each in forged:
        assert await check(client, each) == {"signature_valid": False, "remaining": None}, each
    answer = await client.post("/v1/erasures/check", json={"receipt": receipt, "user_id": "bob"})
    assert answer.status_code == 400


async def test_what_is_written_later_remains(client: Client) -> None:
    await a_life(client)
    receipt = await erase(client, user_id=ALICE)
    first, second = [
        (await add(client, text, user_id=ALICE))["id"] for text in ("is back", "is here")
    ]
    await edge(client, first, second)
    await put(client, first, content="is back again")
    found = {
        "memories": 2, "versions": 3, "edges": 1, "claims": 3, "events": 4, "index_points": 3
    }  # fmt: skip
    assert (await looked_up(client, receipt["id"]))["remaining"] == found
    assert (await check(client, receipt))["remaining"] == found
    assert (await erase(client, user_id=ALICE))["counts"] == found


async def test_an_agent_is_erased_with_what_names_it_and_nothing_else(client: Client) -> None:
    await a_life(client)
    receipt = await erase(client, agent_id="helper")
    assert receipt["counts"]["memories"] == 6
    assert (await read(client, "", agent_id="helper"))["memories"] == []
    assert (await read(client, "", app_id="desk"))["memories"] == []
    hers = await read(client, "", user_id=ALICE, include_superseded=True)
    assert {each["content"] for each in hers["memories"]} == {
        f"lives on {CANARY} hill", f"likes {CANARY} tea", "has a dog",
    }  # fmt: skip
    assert (await read(client, "", user_id="bob"))["memories"] == []
    assert (await read(client, "", session_id="tuesday"))["memories"] != []
    assert (await looked_up(client, receipt["id"]))["remaining"] == NOTHING
    await add(client, "met helper", user_id="bob", agent_id="helper")
    await add(client, "met helper", user_id="carol", agent_id="helper")
    assert (await looked_up(client, receipt["id"]))["remaining"]["memories"] == 1
    named = await check(client, receipt, agent_id="helper")
    assert (named["remaining"]["memories"], named["remaining"]["index_points"]) == (2, 2)


async def test_a_session_is_erased_from_the_memories_of_who_took_part(client: Client) -> None:
    await a_life(client)
    receipt = await erase(client, session_id="tuesday")
    assert receipt["counts"]["memories"] == 4
    assert (await read(client, "", session_id="tuesday"))["memories"] == []
    assert (await read(client, "", user_id="bob"))["memories"] == []
    assert len((await read(client, "", agent_id="helper"))["memories"]) == 2


@pytest.mark.parametrize(
    "name", ["a/b", "/", "a/", "a//b/", "a b", "a@b.c", "100%", "%2F", "é?x=1#y", "..", "a+b&c"]
)
async def test_an_entity_is_deleted_by_its_path_whatever_its_name(
    client: Client, name: str
) -> None:
    await add(client, "kept", user_id="a")
    await add(client, "goes", user_id=name)
    path = f"/v1/entities/user/{quote(name, safe='') if name != '..' else '%2e%2e'}"
    gone = await client.delete(path)
    assert gone.status_code == 200, gone.text
    assert gone.json()["memories"] == 1
    assert gone.json()["message"] == "Entity deleted"
    assert await listed_of(client, name) == []
    assert await listed_of(client, "a") != []
    assert (await client.delete(path)).status_code == 404
    receipt = (await looked_up(client, gone.json()["id"]))["receipt"]
    assert (await check(client, receipt, user_id=name))["remaining"] == NOTHING


async def listed_of(client: Client, user_id: str) -> list[str]:
    page = await read(client, "", user_id=user_id)
    return [each["id"] for each in page["memories"]]


async def test_every_kind_of_entity_is_deleted_by_its_path(client: Client) -> None:
    for kind in ("user", "agent", "app", "session"):
        assert (await client.delete(f"/v1/entities/{kind}/x")).status_code == 404
        await add(client, f"of an {kind}", **{"user_id": None, f"{kind}_id": "x"})
        assert (await client.delete(f"/v1/entities/{kind}/x")).json()["memories"] == 1
    for path in ("/v1/entities/dog/x", "/v1/entities/user/%20x", "/v1/entities/user/*"):
        assert (await client.delete(path)).status_code == 400, path


async def test_one_entity_is_erased_at_a_time(client: Client) -> None:
    await add(client, "stays")
    for body in ({}, {"user_id": "alice", "agent_id": "helper"}, {"user_id": " alice"}):
        answer = await client.post("/v1/erasures", json=body)
        assert answer.status_code == 400, answer.text
    assert len(await listed(client)) == 1
    assert (await client.get("/v1/erasures/era_unknown")).status_code == 404


async def test_a_key_of_a_user_erases_and_sees_that_user_alone(client_with: ClientWith) -> None:
    admin = await keyed(client_with)
    alice = await with_key(admin, user_id="alice")
    reader = await with_key(admin, user_id="alice", scopes=["read"])
    for user in ("alice", "bob"):
        await add(admin, "likes tea", user_id=user, agent_id="helper")
    for body in ({"user_id": "bob"}, {"agent_id": "helper"}):
        assert (await alice.post("/v1/erasures", json=body)).status_code == 403
    for path in ("/v1/entities/user/bob", "/v1/entities/agent/helper"):
        assert (await alice.delete(path)).status_code == 403
    assert (await reader.delete("/v1/entities/user/alice")).status_code == 403
    assert (await reader.post("/v1/erasures", json={"user_id": "alice"})).status_code == 403
    bobs = await erase(admin, user_id="bob")
    hers = await erase(alice, user_id="alice")
    assert hers["counts"]["memories"] == 1
    assert (await looked_up(reader, hers["id"]))["signature_valid"]
    assert (await check(reader, hers))["signature_valid"]
    assert (await alice.get(f"/v1/erasures/{bobs['id']}")).status_code == 404
    answer = await alice.post("/v1/erasures/check", json={"receipt": bobs})
    assert answer.status_code == 404
    elsewhere = await admin.post("/v1/projects", json={"name": "other"})
    stranger = await with_key(admin, project_id=elsewhere.json()["project_id"])
    assert (await stranger.get(f"/v1/erasures/{hers['id']}")).status_code == 404
    assert (await check(stranger, hers))["signature_valid"] is False


async def test_a_key_that_is_sent_again_gets_the_same_receipt(client: Client) -> None:
    await a_life(client)
    receipt = await erase(client, user_id=ALICE, key="one")
    await add(client, "is back", user_id=ALICE)
    again = await client.post(
        "/v1/erasures", json={"user_id": ALICE}, headers={"Idempotency-Key": "one"}
    )
    assert again.json() == receipt
    assert again.headers["idempotent-replayed"] == "true"
    assert len(await listed_of(client, ALICE)) == 1
    await erase(client, 409, "one", user_id="bob")
    assert len(await listed_of(client, "bob")) == 2
    headers = {"Idempotency-Key": "two"}
    gone = await client.delete("/v1/entities/user/bob", headers=headers)
    assert gone.json()["memories"] == 2
    assert (await client.delete("/v1/entities/user/bob", headers=headers)).json() == gone.json()


@pytest.mark.parametrize("depth", [9, 700, 100_000])
async def test_a_receipt_of_any_depth_is_refused(client: Client, depth: int) -> None:
    deep = '{"a":' * depth + "1" + "}" * depth
    answer = await client.post(
        "/v1/erasures/check",
        content=f'{{"receipt":{deep}}}',
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")


async def test_an_erasure_that_outlives_the_deadline_goes_on(
    client_with: ClientWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await client_with(api={"deadline_s": 2})
    await a_life(client)
    may_go_on = asyncio.Event()
    expunge = RedisOwnerErasure.expunge

    async def held(*args: Any) -> list[str]:
        await may_go_on.wait()
        return await expunge(*args)

    monkeypatch.setattr(RedisOwnerErasure, "expunge", held)
    for _ in range(2):
        running = await erase(client, 202, user_id=ALICE)
        assert running["status"] == "running"
    gone = await client.delete(f"/v1/entities/user/{ALICE}")
    assert (gone.status_code, gone.json()) == (202, running)
    again = await client.post("/v1/erasures", json={"user_id": ALICE})
    assert [checked(answer) for answer in (gone, again)] == [
        "erase_entity_v1_entities__kind___value__delete",
        "erase_v1_erasures_post",
    ]
    found = await looked_up(client, running["id"])
    assert (found["status"], found["receipt"], found["signature_valid"]) == ("running", None, False)
    assert found["remaining"]["memories"] == 6
    may_go_on.set()
    for _ in range(200):
        found = await looked_up(client, running["id"])
        if found["status"] == "done":
            break
        await asyncio.sleep(0.05)
    assert found["receipt"]["counts"]["memories"] == 6
    assert found["remaining"] == NOTHING
