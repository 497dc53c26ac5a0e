"""What only the asynchronous client does: many calls at a time, on one loop."""

from __future__ import annotations

import asyncio

import pytest
from mem0 import AsyncMemoryClient
from mem0.exceptions import MemoryNotFoundError

from tests.deployments.api import documented
from tests.deployments.api.conftest import KEY, Host


@pytest.mark.covers("add", "get", "get_all", "delete")
async def test_many_calls_at_a_time(host: Host) -> None:
    async with AsyncMemoryClient(api_key=KEY, host=host) as client:
        client.async_client.event_hooks = {"response": [documented.acheck]}
        added = await asyncio.gather(
            *(client.add(f"note {each}", user_id="alice", infer=False) for each in range(20))
        )
        ids = {each["results"][0]["id"] for each in added}
        assert len(ids) == 20
        listed = await client.get_all(filters={"user_id": "alice"})
        assert {each["id"] for each in listed["results"]} == ids
        gone, *kept = ids
        await client.delete(gone)
        assert {each["id"] for each in await asyncio.gather(*map(client.get, kept))} == {*kept}
        with pytest.raises(MemoryNotFoundError):
            await client.get(gone)
