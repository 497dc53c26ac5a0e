"""What text and metadata may hold."""

from __future__ import annotations

import httpx

from tests.deployments.api.calls import assert_refused

Client = httpx.AsyncClient


async def test_nan_in_metadata(client: Client) -> None:
    raw = b'{"content": "x", "user_id": "a", "metadata": {"n": NaN}}'
    answer = await client.post(
        "/v1/memories", content=raw, headers={"content-type": "application/json"}
    )
    assert_refused(answer, 400)
