"""Exports and imports, as the tests of transfer ask for them."""

from __future__ import annotations

import json
from typing import Any

from tests.deployments.api.calls import Client, Fields, add, edge, put

NDJSON = {"Content-Type": "application/x-ndjson"}


async def export(client: Client, **query: Any) -> list[Fields]:
    answer = await client.get("/v1/export", params={"user_id": "alice"} | query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


async def bring(client: Client, lines: list[Any], status: int = 200, **query: Any) -> Fields:
    body = "".join(each if isinstance(each, str) else json.dumps(each) + "\n" for each in lines)
    answer = await client.post("/v1/import", content=body, headers=NDJSON, params=query)
    assert answer.status_code == status, answer.text
    return answer.json()


async def story(client: Client) -> tuple[str, str]:
    old = await add(client, "lives in Oslo", session_id="s", metadata={"n": 1})
    new = await add(client, "lives in Bergen", session_id="s", supersedes=[old["id"]])
    await put(client, old["id"], content="lived in Oslo")
    await edge(client, new["id"], old["id"], relation="AFTER")
    return old["id"], new["id"]
