"""One clear body for whatever is refused."""

from __future__ import annotations

import httpx
import pytest

from tests.deployments.api.calls import assert_refused

Client = httpx.AsyncClient


@pytest.mark.parametrize("raw", [b"{", b"", b"[1]", b'{"content": NaN}', b"\xff\xfe", b"[" * 5000])
async def test_bodies_that_are_no_object(client: Client, raw: bytes) -> None:
    answer = await client.post(
        "/v1/memories", content=raw, headers={"content-type": "application/json"}
    )
    assert_refused(answer, 400)


async def test_unknown_routes_and_methods(client: Client) -> None:
    assert_refused(await client.get("/v9/nothing"), 404)
    answer = await client.patch("/v1/memories")
    assert_refused(answer, 405)
    assert answer.headers["Allow"] == "DELETE, GET, POST"


async def test_a_body_that_is_not_called_json_is_told_so(client: Client) -> None:
    answer = await client.post("/v1/memories", content=b'{"content": "x", "user_id": "a"}')
    assert_refused(answer, 400)
    assert "Content-Type" in answer.json()["detail"]
