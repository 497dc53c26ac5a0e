"""Calls of Mem0's that tests of several routes make."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from tests.deployments.api.calls import add

Client = httpx.AsyncClient


async def ask(client: Client, method: str, path: str, status: int = 200, **sent: Any) -> Any:
    answer = await client.request(method, path, **sent)
    assert answer.status_code == status, answer.text
    return answer.json()


async def entities(client: Client, **query: Any) -> dict[tuple[str, str], int]:
    found = await ask(client, "GET", "/v1/entities/", params=query)
    return {(each["type"], each["name"]): each["total_memories"] for each in found["results"]}


async def done(client: Client, event_id: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            event = dict(await ask(client, "GET", f"/v1/event/{event_id}/"))
            if event["status"] in ("SUCCEEDED", "FAILED"):
                assert event["status"] == "SUCCEEDED", event
                return event
            await asyncio.sleep(0.05)


async def forget(client: Client, path: str, **sent: Any) -> dict[str, Any]:
    told = await ask(client, "DELETE", path, **sent)
    assert told["message"]
    return await done(client, told["event_id"])


async def peopled(client: Client) -> None:
    await add(client, "likes tea")
    await add(client, "likes jazz", agent_id="guide", session_id="monday")
    await add(client, "bob's", user_id="bob", agent_id="guide")
    await add(client, "the app's", user_id=None, app_id="desk")
