"""What admission reads of a request."""

from __future__ import annotations

import httpx

from tests.deployments.api.calls import add, assert_refused
from tests.deployments.api.conftest import ClientWith
from tests.deployments.api.keyed import (
    ADMIN_KEY,
    issue,
    keyed,
)

Client = httpx.AsyncClient


async def test_a_body_over_4_mb(client: Client) -> None:
    assert_refused(await client.post("/v1/memories", content=b" " * 4_000_001), 413)

    async def chunks():  # type: ignore[no-untyped-def]
        for _ in range(41):
            yield b" " * 100_000

    assert_refused(await client.post("/v1/memories", content=chunks()), 413)


MEMORIES = "/v1/memories"


ALICE = {"user_id": "alice"}


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
