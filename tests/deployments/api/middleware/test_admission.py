"""Bad input gets one clear body and changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from access import Access
from access.model import Right
from config import Settings
from deployments.api import create_app
from memory.service.build import MemoryService
from tests.deployments.api.calls import add, assert_refused, routes_of
from tests.deployments.api.conftest import ClientWith
from tests.deployments.api.keyed import (
    ADMIN_KEY,
    AUTH,
    carry,
    holder,
    issue,
    keyed,
    with_key,
)
from tests.deployments.api.middleware.asgi import (
    HANDSHAKE,
    STREAM,
    Line,
    edge,
    lasting,
    reader,
    scope_of,
)

Client = httpx.AsyncClient


async def test_request_ids_are_kept_or_made(client: Client) -> None:
    answer = await client.get("/health", headers={"x-request-id": "mine-1"})
    assert answer.headers.get_list("x-request-id") == ["mine-1"]
    made = (await client.get("/health", headers={"x-request-id": "x" * 500})).headers
    assert len(made["x-request-id"]) == 32


MEMORIES = "/v1/memories"


ALICE = {"user_id": "alice"}


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


@pytest.mark.parametrize("path", [STREAM, "/v1/export", "/v1/admin/backup"])
async def test_what_lasts_is_not_held_back_and_has_no_deadline(
    settings: Settings, access: Access, path: str
) -> None:
    end, line = asyncio.Event(), Line({"type": "http.request", "body": b""})
    app = edge(lasting(end), settings, access, deadline_s=0.2)
    running = asyncio.create_task(app(scope_of("http", path, ADMIN_KEY), line.receive, line.send))
    await line.heard(2)
    await asyncio.sleep(0.4)
    end.set()
    await running
    assert b"".join(each.get("body", b"") for each in line.told) == b"onetwo"


async def test_an_export_that_does_not_begin_meets_the_deadline(
    settings: Settings, access: Access
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    line = Line({"type": "http.request", "body": b""})
    late = edge(app, settings, access, deadline_s=0.05)
    await late(scope_of("http", "/v1/export", ADMIN_KEY), line.receive, line.send)
    assert line.status() == 504


async def test_paths_with_control_characters_are_refused_at_once(
    settings: Settings, access: Access
) -> None:
    async def unreached(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError

    app = edge(unreached, settings, access)
    for character in "\x00\n\r\x1f\x7f\x85\u2028\u2029":
        for path in ("/health", "/v1/keys", STREAM):
            for key in ("", ADMIN_KEY):
                line = Line(HANDSHAKE)
                await app(scope_of("http", path + character, key), line.receive, line.send)
                assert line.status() == 404
                assert b'"code":"not_found"' in line.told[1]["body"]
        line = Line(HANDSHAKE)
        await app(scope_of("websocket", STREAM + character, ADMIN_KEY), line.receive, line.send)
        assert line.told == [{"type": "websocket.close", "code": 1008, "reason": "not_found"}]


async def test_a_stream_can_ask_whether_its_key_stands(settings: Settings, access: Access) -> None:
    key_id, secret = await reader(access, Right.READ)
    asked: list[Callable[[], Awaitable[bool]]] = []
    callers = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope["state"]["key_stands"])
        callers.append(scope["state"]["caller"])

    line = Line(HANDSHAKE)
    guarded = edge(app, settings, access)
    await guarded(scope_of("websocket", STREAM, secret), line.receive, line.send)
    assert callers[0].user_id == "alice"
    assert await asked[0]()
    await access.keys.revoke(await access.keys.get(key_id))
    await asyncio.sleep(1)
    assert not await asked[0]()
