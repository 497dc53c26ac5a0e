"""How often a key may call, as its caller is told."""

from __future__ import annotations

import httpx

from tests.deployments.api.calls import assert_refused
from tests.deployments.api.conftest import ClientWith
from tests.deployments.api.keyed import holder, issue, keyed, project, with_key

MEMORIES = "/v1/memories"
ALICE = {"user_id": "alice"}
HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


def limits(answer: httpx.Response) -> list[int]:
    return [int(answer.headers[name]) for name in HEADERS]


async def test_a_key_over_its_limit(client_with: ClientWith) -> None:
    limit = {"key_read": "3/minute", "key_write": "1/minute"}
    first, second = [await keyed(client_with, limits=limit) for _ in range(2)]
    made = await issue(first)
    clients = [holder(instance, made["key"]) for instance in (first, second)]
    for turn, left in enumerate((2, 1, 0)):
        answer = await clients[turn % 2].get(MEMORIES, params=ALICE)
        assert answer.status_code == 200
        assert limits(answer)[:2] == [3, left]
    for client in clients:
        answer = await client.get(MEMORIES, params=ALICE)
        assert_refused(answer, 429)
        assert answer.json()["code"] == "rate_limited"
        assert limits(answer)[:2] == [3, 0]
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert 0 < limits(answer)[2] <= 60
    written = await clients[0].post(MEMORIES, json=ALICE | {"content": "x"})
    assert (written.status_code, limits(written)[:2]) == (201, [1, 0])
    assert_refused(await clients[1].post(MEMORIES, json=ALICE | {"content": "y"}), 429)
    other = await with_key(first)
    assert (await other.get(MEMORIES, params=ALICE)).status_code == 200
    for _ in range(5):  # the admin key
        answer = await first.get(MEMORIES, params=ALICE)
        assert answer.status_code == 200
        assert not set(HEADERS) & set(answer.headers)


async def test_the_keys_of_a_project_together(client_with: ClientWith) -> None:
    admin = await keyed(client_with, limits={"project_read": "2/minute", "key_read": ""})
    one, other = await project(admin), await project(admin)
    keys = [await with_key(admin, project_id=one) for _ in range(2)]
    for key in keys:
        assert (await key.get(MEMORIES, params=ALICE)).status_code == 200
    for key in keys:
        assert_refused(await key.get(MEMORIES, params=ALICE), 429)
    free = await with_key(admin, project_id=other)
    assert (await free.get(MEMORIES, params=ALICE)).status_code == 200


async def test_refusals_of_a_known_key_tell_its_limits(client_with: ClientWith) -> None:
    admin = await keyed(client_with, limits={"key_read": "5/minute"})
    key = await with_key(admin, scopes=["read"])
    answer = await key.get(f"{MEMORIES}/nothing")
    assert_refused(answer, 404)
    assert limits(answer)[:2] == [5, 4]
    refused = await key.get("/v1/keys")
    assert_refused(refused, 403)
    assert limits(refused)[:2] == [5, 3]
    assert limits(await key.get(MEMORIES, params=ALICE))[:2] == [5, 2]


async def test_calls_that_are_refused_anyway_are_limited_too(client_with: ClientWith) -> None:
    admin = await keyed(client_with, limits={"key_read": "2/minute"})
    key = await with_key(admin, scopes=["read"])
    statuses = [(await key.get("/v1/admin/audit")).status_code for _ in range(4)]
    assert statuses == [403, 403, 429, 429]


async def test_without_keys_nobody_is_limited(client_with: ClientWith) -> None:
    client = await client_with(limits={"key_read": "1/minute", "project_read": "1/minute"})
    for _ in range(3):
        assert (await client.get(MEMORIES, params=ALICE)).status_code == 200
