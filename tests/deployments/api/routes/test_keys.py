"""Keys over HTTP: made once, shown without their secrets, revoked."""

from __future__ import annotations

import json

import pytest
import redis

from tests.deployments.api.calls import assert_refused
from tests.deployments.api.conftest import ClientWith
from tests.deployments.api.keyed import (
    ADMIN_KEY,
    holder,
    issue,
    keyed,
)
from tests.redis_server import RedisServer

MEMORIES = "/v1/memories"


ALICE = {"user_id": "alice"}


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
