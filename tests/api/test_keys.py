"""Who is let in, what a key may do, and that a project's memories are its own."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
import redis

from access.model import Demand, Right
from config import Settings
from deployments.api import create_app
from deployments.api.middleware.permissions import OPEN_PATHS, demand_of
from memory.service.service import MemoryService
from tests.api.calls import add, relate, search
from tests.api.conftest import ClientWith
from tests.api.keyed import ADMIN_KEY, AUTH, carry, holder, issue, keyed, project, with_key
from tests.api.test_refusals import UNKNOWN, assert_refused
from tests.redis_server import RedisServer

MEMORIES = "/v1/memories"
ALICE = {"user_id": "alice"}

RIGHTS = {
    "GET /v1/memories": "read",
    "POST /v1/memories": "write",
    "POST /v1/memories/batch": "write",
    "POST /v1/memories/search": "read",
    "GET /v1/memories/search": "read",
    "GET /v1/memories/graph": "read",
    "GET /v1/memories/graph/diff": "read",
    "GET /v1/memories/path": "read",
    "GET /v1/memories/{memory_id}": "read",
    "PUT /v1/memories/{memory_id}": "write",
    "DELETE /v1/memories/{memory_id}": "write",
    "GET /v1/memories/{memory_id}/history": "read",
    "GET /v1/memories/{memory_id}/related": "read",
    "POST /v1/memories/{memory_id}/relationships": "write",
    "GET /v1/memories/{memory_id}/relationships": "read",
    "PATCH /v1/memories/{memory_id}/relationships/{relationship_id}": "write",
    "DELETE /v1/memories/{memory_id}/relationships/{relationship_id}": "write",
    "DELETE /v1/entities/{kind}/{value}": "write",
    "POST /v1/erasures": "write",
    "GET /v1/erasures/{erasure_id}": "read",
    "POST /v1/erasures/check": "read",
    "GET /v1/export": "read",
    "POST /v1/import": "write",
    "GET /v1/events/stream": "read",
    "POST /v1/projects": "admin",
    "GET /v1/projects": "admin",
    "GET /v1/projects/{project_id}": "admin",
    "DELETE /v1/projects/{project_id}": "admin",
    "POST /v1/keys": "admin",
    "GET /v1/keys": "admin",
    "GET /v1/keys/{key_id}": "admin",
    "DELETE /v1/keys/{key_id}": "admin",
}
"""Everything below /v1/admin needs the right admin. Of Mem0's: tests/mem0/test_rights.py."""


def test_every_route_has_its_right(service: MemoryService, settings: Settings) -> None:
    document = create_app(service, settings).openapi()
    for path, methods in document["paths"].items():
        for method in (
            name.upper() for name, each in methods.items() if "mem0" not in each["tags"]
        ):
            if path in OPEN_PATHS:
                continue
            expected = "admin" if path.startswith("/v1/admin/") else RIGHTS[f"{method} {path}"]
            assert demand_of(method, path).right == expected, (method, path)


async def routes_of(client: httpx.AsyncClient) -> list[tuple[str, str]]:
    """Method and path of every operation, its parameters filled in."""
    document = (await client.get("/openapi.json")).json()
    filled = {"{kind}": "user", "{value}": "bob", "{memory_id}": UNKNOWN}
    found = []
    for template, methods in document["paths"].items():
        path = template
        for name, value in filled.items():
            path = path.replace(name, value)
        found += [(method.upper(), path) for method in methods]
    return found


async def test_a_line_feed_leads_past_no_right(client_with: ClientWith) -> None:
    admin = await keyed(client_with)
    theirs = (await add(admin, "bob's", user_id="bob"))["id"]
    bound = await with_key(admin, user_id="alice")
    free = await with_key(admin)
    for method, path in [*await routes_of(admin), ("GET", "/v1/events/stream")]:
        for client in (bound, free, holder(admin, "")):
            for end in ("%0A", "%0a/", "%0D%0A"):
                body = {"content": "x", "project_id": "default", "scopes": ["admin"]}
                answer = await client.request(method, path + end, json=body)
                assert_refused(answer, 404)
    assert (await admin.get(f"{MEMORIES}/{theirs}")).status_code == 200


async def test_administration_asks_for_its_right_a_second_time(
    client_with: ClientWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the edge had taken each path for another one."""
    admin = await keyed(client_with)
    key = await with_key(admin)
    routes = [each for each in await routes_of(admin) if demand_of(*each).right is Right.ADMIN]
    assert len(routes) > 10
    monkeypatch.setattr(
        "deployments.api.middleware.admission.demand_of", lambda *_: Demand(Right.READ, False)
    )
    for method, path in routes:
        assert_refused(await key.request(method, path), 403)


async def test_the_ways_to_send_a_key(client_with: ClientWith) -> None:
    admin = await keyed(client_with)
    key = (await issue(admin))["key"]
    for sent in (key, ADMIN_KEY):
        for headers in (
            {"authorization": f"Token {sent}"},
            {"authorization": f"bearer {sent}"},
            {"authorization": "", "x-api-key": sent},
        ):
            answer = await admin.get(MEMORIES, params=ALICE, headers=headers)
            assert answer.status_code == 200, headers


async def test_who_is_not_let_in(client_with: ClientWith) -> None:
    admin = await keyed(client_with)
    for headers in (
        {"authorization": ""},
        {"authorization": "Token wrong"},
        {"authorization": "Basic wrong"},
        {"authorization": "", "x-api-key": "wrong"},
        {"authorization": "Token m0-" + "A" * 43},
    ):
        for method, path in (("GET", MEMORIES), ("POST", "/v1/keys"), ("GET", "/v9/nothing")):
            answer = await admin.request(method, path, headers=headers, content=b"{")
            assert_refused(answer, 401)
            assert answer.headers["www-authenticate"] == "Bearer"
    nobody = carry(admin, "")
    for path in ("/health", "/ready", "/docs", "/openapi.json"):
        assert (await nobody.get(path)).status_code == 200


async def test_a_key_expires(client_with: ClientWith) -> None:
    admin = await keyed(client_with)
    for past in ("2020-01-01", "2020-01-01T00:00:00+02:00"):
        body = {"project_id": "default", "label": "l", "scopes": ["read"], "expires_at": past}
        assert_refused(await admin.post("/v1/keys", json=body), 400)
    made = await issue(admin, expires_at="2200-01-01")
    assert made["expires_at"] == "2200-01-01T00:00:00.000000Z"
    key = holder(admin, made["key"])
    assert (await key.get(MEMORIES, params=ALICE)).status_code == 200


async def test_what_a_key_may_not_do(client_with: ClientWith) -> None:
    admin = await keyed(client_with)
    memory = (await add(admin, "lives in Oslo"))["id"]
    calls = {
        "read": [
            ("GET", MEMORIES),
            ("POST", f"{MEMORIES}/search"),
            ("GET", f"{MEMORIES}/{memory}"),
        ],
        "write": [("POST", MEMORIES), ("DELETE", f"{MEMORIES}/{memory}")],
        "admin": [("GET", "/v1/keys"), ("GET", "/v1/projects"), ("GET", "/v1/admin/audit")],
    }
    for scope in calls:
        client = await with_key(admin, scopes=[scope])
        for right, requests in calls.items():
            for method, path in requests:
                answer = await client.request(method, path, params=ALICE)
                if right == scope:
                    assert answer.status_code in (200, 400), answer.text
                else:
                    assert_refused(answer, 403)
                    assert right in answer.json()["detail"]
        if scope == "write":
            memory = (await add(admin, "lives in Oslo"))["id"]


async def test_another_projects_memories_read_like_missing_ones(client_with: ClientWith) -> None:
    admin = await keyed(client_with)
    ours, theirs = [await with_key(admin, project_id=await project(admin)) for _ in range(2)]
    memory, other = [(await add(ours, text))["id"] for text in ("lives in Oslo", "likes tea")]
    edge = (await relate(ours, memory, other)).json()["id"]
    for client in (theirs, admin):
        for method, path, body in (
            ("GET", "", None),
            ("PUT", "", {"content": "x"}),
            ("DELETE", "", None),
            ("GET", "/history", None),
            ("GET", "/related", None),
            ("GET", "/relationships", None),
            ("POST", "/relationships", {"target_id": other, "relation": "KNOWS"}),
            ("PATCH", f"/relationships/{edge}", {"metadata": {}}),
            ("DELETE", f"/relationships/{edge}", None),
        ):
            answers = [
                await client.request(method, f"{MEMORIES}/{each}{path}", json=body)
                for each in (memory, UNKNOWN)
            ]
            for answer in answers:
                assert_refused(answer, 404)
            told, missing = [
                answer.json()["detail"].replace(memory, UNKNOWN).replace(other, UNKNOWN)
                for answer in answers
            ]
            assert told == missing
        assert await search(client, "Oslo", threshold=0) == []
        assert (await client.get(MEMORIES, params=ALICE)).json()["memories"] == []
    assert (await ours.get(f"{MEMORIES}/{memory}")).json()["content"] == "lives in Oslo"


async def test_a_revoked_key_is_refused_by_every_instance(client_with: ClientWith) -> None:
    admin, second = await keyed(client_with), await keyed(client_with)
    made = await issue(admin)
    here, there = holder(admin, made["key"]), holder(second, made["key"])
    for client in (here, there):
        assert (await client.get(MEMORIES, params=ALICE)).status_code == 200
    revoked = await admin.delete(f"/v1/keys/{made['id']}")
    assert set(revoked.json()) == {"message", "id", "updated_at"}
    await asyncio.sleep(1)
    for client in (here, there):
        assert_refused(await client.get(MEMORIES, params=ALICE), 401)
    for method in ("GET", "DELETE"):
        assert_refused(await admin.request(method, f"/v1/keys/{made['id']}"), 404)
    assert made["id"] not in (await admin.get("/v1/keys")).text


async def test_keys_are_shown_without_their_secret(
    client_with: ClientWith, redis_server: RedisServer
) -> None:
    admin = await keyed(client_with)
    fields = {"label": "phone", "user_id": "alice", "scopes": ["write", "read"]}
    made = await issue(admin, **fields)
    once = {"Idempotency-Key": "made-once"}
    body = {"project_id": "default", "scopes": ["read"]}
    other = (await admin.post("/v1/keys", json=body, headers=once)).json()
    assert made["key"].startswith("m0-")
    assert made["key"].startswith(made["prefix"])
    shown = (await admin.get(f"/v1/keys/{made['id']}")).json()
    assert shown == {name: value for name, value in made.items() if name != "key"}
    assert shown["scopes"] == ["read", "write"]
    assert shown in (await admin.get("/v1/keys", params={"project_id": "default"})).json()["keys"]
    assert (await holder(admin, made["key"]).get(MEMORIES)).status_code == 200
    assert (await holder(admin, other["key"]).get(MEMORIES, params=ALICE)).status_code == 200
    everything = repr(everything_in(redis_server))
    assert made["id"] in everything
    for each in (made, other):
        assert each["key"] not in everything
        assert each["key"].removeprefix("m0-") not in everything
    assert ADMIN_KEY not in everything


def everything_in(server: RedisServer) -> list[object]:
    """Every key of Redis and all that it holds."""
    with redis.Redis(port=server.port) as client:
        read = {
            b"string": client.get,
            b"hash": client.hgetall,
            b"set": client.smembers,
            b"zset": lambda key: client.zrange(key, 0, -1),
            b"stream": client.xrange,
        }
        return [(key, read[client.type(key)](key)) for key in client.scan_iter()]


@pytest.mark.parametrize(
    "fields",
    [
        {"scopes": []},
        {"scopes": ["everything"]},
        {"scopes": "read"},
        {"scopes": None},
        {"scopes": ["read", "admin"], "user_id": "alice"},
        {"user_id": ""},
        {"user_id": "*"},
        {"label": 7},
        {"label": "x" * 257},
        {"project_id": None},
        {"project_id": "half \ud800 pair"},
        {"expires_at": "soon"},
        {"expires_at": 5},
    ],
    ids=str,
)
async def test_bad_keys(client_with: ClientWith, fields: dict[str, object]) -> None:
    admin = await keyed(client_with)
    body = {"project_id": "default", "label": "l", "scopes": ["read"]} | fields
    answer = await admin.post(
        "/v1/keys", content=json.dumps(body), headers={"content-type": "application/json"}
    )
    assert_refused(answer, 400)
    assert (await admin.get("/v1/keys")).json() == {"keys": []}


async def test_a_key_with_the_right_admin_administers_its_own_project(
    client_with: ClientWith,
) -> None:
    root = await keyed(client_with)
    own, other = await project(root, "own"), await project(root, "other")
    foreign = await issue(root, project_id=other)
    admin = await with_key(root, project_id=own, scopes=["admin"])
    made = await issue(admin, project_id=own)
    assert [each["project_id"] for each in (await root.get("/v1/projects")).json()["projects"]] == [
        "default",
        own,
        other,
    ]
    assert [each["name"] for each in (await admin.get("/v1/projects")).json()["projects"]] == [
        "own"
    ]
    assert (await admin.get(f"/v1/projects/{own}")).json()["project_id"] == own
    keys = (await admin.get("/v1/keys")).json()["keys"]
    assert {each["project_id"] for each in keys} == {own}
    assert made["id"] in {each["id"] for each in keys}
    for path in (f"/v1/projects/{other}", "/v1/projects/proj_none", f"/v1/keys/{foreign['id']}"):
        assert_refused(await admin.get(path), 404)
    assert_refused(await admin.get("/v1/keys", params={"project_id": other}), 404)
    assert_refused(await admin.delete(f"/v1/keys/{foreign['id']}"), 404)
    body = {"project_id": other, "label": "l", "scopes": ["read"]}
    assert_refused(await admin.post("/v1/keys", json=body), 404)
    assert_refused(await admin.post("/v1/projects", json={"name": "mine"}), 403)
    assert (await admin.delete(f"/v1/keys/{made['id']}")).status_code == 200
    assert_refused(await root.post("/v1/keys", json=body | {"project_id": "proj_none"}), 404)
    assert (await root.get(f"/v1/keys/{foreign['id']}")).status_code == 200


async def test_projects_and_keys_are_made_once_for_an_idempotency_key(
    client_with: ClientWith,
) -> None:
    admin, second = await keyed(client_with), await keyed(client_with)
    wanted = {
        "/v1/projects": {"name": "shop"},
        "/v1/keys": {"project_id": "default", "label": "l", "scopes": ["read"]},
    }
    for path, body in wanted.items():
        once = {"Idempotency-Key": f"one {path}"}
        first = await admin.post(path, json=body, headers=once)
        again = await second.post(path, json=body, headers=once)
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        assert "idempotent-replayed" not in first.headers
        assert again.headers["idempotent-replayed"] == "true"
        changed = body | {"name": "other", "label": "other"}
        assert_refused(await admin.post(path, json=changed, headers=once), 409)
        apart = await admin.post(path, json=body, headers={"Idempotency-Key": "another"})
        if path == "/v1/projects":
            assert apart.json()["project_id"] != first.json()["project_id"]
        else:
            assert_refused(apart, 409)  # it was given to the project
    assert len((await admin.get("/v1/keys")).json()["keys"]) == 1
    assert len((await admin.get("/v1/projects")).json()["projects"]) == 3
    for bad in ("", "x" * 256, "a\tb", "é"):
        answer = await admin.post(
            "/v1/projects", json={"name": "n"}, headers={"Idempotency-Key": bad.encode()}
        )
        assert_refused(answer, 400)
    reading = await admin.get("/v1/keys", headers={"Idempotency-Key": "x" * 256})
    assert reading.status_code == 200


async def test_a_replay_does_not_bring_a_revoked_key_back(client_with: ClientWith) -> None:
    admin = await keyed(client_with)
    body = {"project_id": "default", "label": "l", "scopes": ["read"]}
    once = {"Idempotency-Key": "k"}
    made = (await admin.post("/v1/keys", json=body, headers=once)).json()
    await admin.delete(f"/v1/keys/{made['id']}")
    assert (await admin.post("/v1/keys", json=body, headers=once)).json() == made
    assert_refused(await holder(admin, made["key"]).get(MEMORIES, params=ALICE), 401)


async def test_what_a_key_was_made_of_is_gone_when_it_is_revoked(
    client_with: ClientWith, redis_server: RedisServer
) -> None:
    admin = await keyed(client_with)
    once = {"Idempotency-Key": "k"}
    body = {"project_id": "default", "label": "of zelda", "user_id": "zelda", "scopes": ["read"]}
    made = (await admin.post("/v1/keys", json=body, headers=once)).json()
    assert "zelda" in repr(everything_in(redis_server))
    await admin.delete(f"/v1/keys/{made['id']}")
    assert "zelda" not in repr(everything_in(redis_server))
    assert (await admin.post("/v1/keys", json=body, headers=once)).json() == made


async def test_a_key_is_revoked_once_for_an_idempotency_key(client_with: ClientWith) -> None:
    admin = await keyed(client_with)
    first, second = await issue(admin), await issue(admin)
    once = {"Idempotency-Key": "revoke"}
    answers = [await admin.delete(f"/v1/keys/{first['id']}", headers=once) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert [each.headers.get("idempotent-replayed") for each in answers] == [None, "true"]
    assert_refused(await admin.delete(f"/v1/keys/{second['id']}", headers=once), 409)
    assert (await admin.get(f"/v1/keys/{second['id']}")).status_code == 200


async def test_an_idempotency_key_knows_the_path_as_it_was_sent(client_with: ClientWith) -> None:
    admin = await keyed(client_with)
    for user in ("carol", "carol/"):
        await add(admin, "likes tea", user_id=user)
    once = {"Idempotency-Key": "erase"}
    erased = await admin.delete("/v1/entities/user/carol", headers=once)
    assert erased.status_code == 200
    assert_refused(await admin.delete("/v1/entities/user/carol%2F", headers=once), 409)
    left = await admin.get(MEMORIES, params={"user_id": "carol/"})
    assert len(left.json()["memories"]) == 1


async def test_memory_calls_and_projects_agree(client_with: ClientWith) -> None:
    """The record of a project is made by whichever comes first."""
    admin = await keyed(client_with)
    before = (await add(admin, "lives in Oslo"))["id"]
    default = (await admin.get("/v1/projects/default")).json()
    assert default["name"] == "default"
    assert (await admin.get(f"{MEMORIES}/{before}")).status_code == 200
    second = await keyed(client_with)
    assert (await second.memories.get(f"{MEMORIES}/{before}")).status_code == 200
    assert (await second.memories.get("/v1/projects/default")).json() == default
    assert await search(second, "Oslo") == [before]


async def test_the_audit_trail(client_with: ClientWith, caplog: pytest.LogCaptureFixture) -> None:
    root = await keyed(client_with)
    own = await project(root)
    made = await issue(root, project_id=own, scopes=["admin"])
    admin = holder(root, made["key"])
    reader = await with_key(root, scopes=["read"])
    with caplog.at_level("INFO", "mem0g.audit"):
        assert_refused(await reader.get("/v1/keys"), 403)
    assert '"action": "GET /v1/keys", "status": 403' in caplog.text  # and in the log alone
    await admin.get("/v1/keys", headers={"x-request-id": "mine-1"})
    await add(root, "lives in Oslo")
    entries = (await root.get("/v1/admin/audit")).json()["entries"]
    assert [(each["key_id"], each["action"], each["status"]) for each in entries] == [
        (made["id"], "GET /v1/keys", 200),
        ("admin", "POST /v1/keys", 201),
        ("admin", "POST /v1/keys", 201),
        ("admin", "POST /v1/projects", 201),
    ]
    assert entries[0]["request_id"] == "mine-1"
    entries = (await admin.get("/v1/admin/audit")).json()["entries"]
    assert [each["request_id"] for each in entries] == ["mine-1"]
    (last,) = (await root.get("/v1/admin/audit", params={"limit": 1})).json()["entries"]
    assert (last["key_id"], last["action"]) == (made["id"], "GET /v1/admin/audit")
    assert_refused(await root.get("/v1/admin/audit", params={"limit": 0}), 400)


async def test_the_audit_trail_holds_ids_and_no_secrets(
    client_with: ClientWith, caplog: pytest.LogCaptureFixture
) -> None:
    admin = await keyed(client_with)
    made = await issue(admin, scopes=["read", "admin"])
    key, reader = holder(admin, made["key"]), await with_key(admin, scopes=["read"])
    with caplog.at_level("INFO", "mem0g.audit"):
        for client in (key, reader, holder(admin, "wrong")):
            for path in (f"/v1/keys/{made['id']}", f"/v1/keys/{made['key']}", "/v1/projects/alice"):
                await client.get(path)
            await client.get(f"/v1/admin/{made['key']}/alice")
    actions = [
        each["action"]
        for each in (await admin.get("/v1/admin/audit")).json()["entries"]
        if each["key_id"] == made["id"]
    ]
    assert actions == [
        "GET /v1/admin/…",
        "GET /v1/projects/{project_id}",
        "GET /v1/keys/{key_id}",
        f"GET /v1/keys/{made['id']}",
    ]
    assert len(caplog.records) == 12
    for word in (made["key"], "alice"):
        assert word not in caplog.text


async def test_while_redis_is_down_only_the_admin_key_is_known(
    service: MemoryService, settings: Settings
) -> None:
    changed = settings.model_copy(update={"auth": settings.auth.model_copy(update=AUTH)})
    app = create_app(service, changed)  # its keys are in a Redis that nobody has started
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await carry(client, "m0-unknown").get(MEMORIES, params=ALICE)
        assert_refused(answer, 503)
        assert int(answer.headers["retry-after"]) >= 1
        answer = await carry(client, ADMIN_KEY).get(MEMORIES, params=ALICE)
        assert answer.status_code == 200
